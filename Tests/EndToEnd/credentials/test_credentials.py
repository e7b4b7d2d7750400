"""Sources of AWS credentials: a local peer emulates each one, and boto3 must find the same credentials."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from peers.broker import run
from peers.credentials import (
    NO_KEYS, action, assumed, boto3_resolves, credentials, is_signed_with, iso, play_instance, reads, secret_of,
    signer, target, token_of,
)
from peers.faults import document, status
from peers.proxy import FaultProxy
from peers.waiting import until

ROLE = "arn:aws:iam::123456789012:role/reader"
PROFILE = f"[profile app]\nrole_arn = {ROLE}\nrole_session_name = app-1\n"
SOURCE = "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = base-secret\n"
SSO = "sso_region = us-east-1\nsso_start_url = https://acme.example/start\n"
SSO_ROLE = "sso_account_id = 123456789012\nsso_role_name = reader\n"


def play_sso(peer: FaultProxy, access_key: str) -> None:
    answer = {
        "accessKeyId": access_key, "secretAccessKey": secret_of(access_key), "sessionToken": token_of(access_key),
        "expiration": 4_000_000_000_000,
    }
    peer.always(document({"message": "no token"}, 401))
    peer.always(
        document({"roleCredentials": answer}),
        when=lambda r: target("/federation/credentials")(r) and r.headers.get("x-amz-sso_bearer_token") == "sso-token",
    )


@dataclass
class Row:
    """One scenario. `{peer}`, `{aws}` and `{home}` in its texts are the URLs of the peers and the home directory."""

    source: str
    key: str
    env: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    play: Callable[[FaultProxy, FaultProxy], None] = lambda peer, aws: None
    secret: str | None = None
    has_token: bool = True


def sso_file(name: str) -> str:
    return f".aws/sso/cache/{hashlib.sha1(name.encode()).hexdigest()}.json"


SSO_TOKEN = json.dumps({"accessToken": "sso-token", "expiresAt": "2096-01-01T00:00:00Z", "region": "us-east-1"})
SSO_ENV = {"AWS_PROFILE": "app", "AWS_ENDPOINT_URL_SSO": "{peer}", "AWS_ENDPOINT_URL_SSO_OIDC": "{peer}"}
WEB_ENV = {"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token", "AWS_ROLE_ARN": ROLE}
PROGRAM = "#!/bin/sh\n" + """printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"%s"}' "$1" "$2"\n"""

ROWS = {
    "keys of the environment": Row(
        "environment", "AKIAENV", {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "env-secret"},
        secret="env-secret", has_token=False,
    ),
    "keys of a profile": Row(
        "shared credentials file", "AKIAFILE", {"AWS_PROFILE": "app"},
        {".aws/credentials": "[app]\naws_access_key_id = AKIAFILE\naws_secret_access_key = file-secret\n"},
        secret="file-secret", has_token=False,
    ),
    "a role with a source profile": Row(
        "assume-role profile", "ASIAROLE", {"AWS_PROFILE": "app"},
        {".aws/config": PROFILE + "source_profile = base\nexternal_id = x-1\nduration_seconds = 1800\n" + SOURCE},
        lambda peer, aws: aws.always(assumed("AssumeRole", "ASIAROLE"), when=action("AssumeRole")),
    ),
    "a role with the instance's credentials": Row(
        "assume-role profile", "ASIAROLE",
        {"AWS_PROFILE": "app", "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "{peer}"},
        {".aws/config": PROFILE + "credential_source = Ec2InstanceMetadata\n"},
        lambda peer, aws: (
            play_instance(peer, "ASIAINST"),
            aws.always(assumed("AssumeRole", "ASIAROLE"), when=action("AssumeRole")),
        ),
    ),
    "a web identity of the environment": Row(
        "web identity", "ASIAWEB", {**WEB_ENV, "AWS_ROLE_SESSION_NAME": "app-1"}, {"token": "jwt.of.pod"},
        lambda peer, aws: aws.always(
            assumed("AssumeRoleWithWebIdentity", "ASIAWEB"), when=action("AssumeRoleWithWebIdentity")
        ),
    ),
    "a web identity of a profile": Row(
        "web identity", "ASIAWEB", {"AWS_PROFILE": "app"},
        {".aws/config": PROFILE + "web_identity_token_file = {home}/token\n", "token": "jwt.of.pod"},
        lambda peer, aws: aws.always(
            assumed("AssumeRoleWithWebIdentity", "ASIAWEB"), when=action("AssumeRoleWithWebIdentity")
        ),
    ),
    "SSO, the older form": Row(
        "SSO", "ASIASSO", SSO_ENV,
        {".aws/config": "[profile app]\n" + SSO + SSO_ROLE, sso_file("https://acme.example/start"): SSO_TOKEN},
        lambda peer, aws: play_sso(peer, "ASIASSO"),
    ),
    "SSO with a session": Row(
        "SSO", "ASIASSO", SSO_ENV,
        {".aws/config": f"[profile app]\nsso_session = acme\n{SSO_ROLE}[sso-session acme]\n{SSO}",
         sso_file("acme"): SSO_TOKEN},
        lambda peer, aws: play_sso(peer, "ASIASSO"),
    ),
    "a program": Row(
        "credential_process", "AKIAPROG", {"AWS_PROFILE": "app"},
        {".aws/config": "[profile app]\ncredential_process = '{home}/my creds' AKIAPROG \"pro\\\"gram\" \n",
         "my creds": PROGRAM.replace("%s\"}'", "%s\"}'").replace('"$2"', "program")},
        secret="program", has_token=False,
    ),
    "a container with a token in a file": Row(
        "container", "ASIACONT",
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{peer}/v1/credentials",
         "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{home}/token"}, {"token": "jwt.of.pod"},
        lambda peer, aws: (
            peer.always(status(401)),
            peer.always(
                credentials("ASIACONT"),
                when=lambda r: target("/v1/credentials")(r) and r.headers.get("authorization") == "jwt.of.pod",
            ),
        ),
    ),
    "an instance": Row(
        "instance metadata", "ASIAINST",
        {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "{peer}"}, {},
        lambda peer, aws: play_instance(peer, "ASIAINST"),
    ),
}


@pytest.fixture
def peer() -> Iterator[FaultProxy]:
    peer = FaultProxy()
    yield peer
    peer.stop()


def prepare(world, peer: FaultProxy, row: Row) -> dict[str, str | None]:
    """Writes the files and prepares the peers. Returns the environment."""
    def fill(text: str) -> str:
        return (
            text.replace("{peer}", f"http://127.0.0.1:{peer.port}").replace("{aws}", world.aws_url)
            .replace("{home}", str(world.folder))
        )

    for name, text in row.files.items():
        path = world.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(fill(text))
        path.chmod(0o700 if text.startswith("#!") else 0o600)
    row.play(peer, world.aws)
    return {**NO_KEYS, **{name: fill(value) for name, value in row.env.items()}}


@pytest.mark.parametrize("name", list(ROWS))
def test_a_source_gives_the_credentials_that_boto3_finds(world, peer: FaultProxy, name: str) -> None:
    row = ROWS[name]
    world.put("solo", "the value")
    env = prepare(world, peer, row)
    broker = world.serve(
        [secret_of(row.key), token_of(row.key), "jwt.of.pod", "sso-token"], LATCHKEY_LOG_LEVEL="debug", **env
    )
    assert broker.get("/secrets/solo").json()["value"] == "the value"
    request = world.aws.seen(reads("solo"))[-1]
    found = boto3_resolves(world.settings(**env))
    assert found == [signer(request), row.secret or secret_of(row.key), request.headers.get("x-amz-security-token")]
    assert found[0] == row.key
    assert (found[2] == token_of(row.key)) is row.has_token
    assert is_signed_with(request, found[1])
    walks = [line for line in broker.logs if line["message"] == "searched for AWS credentials"]
    assert [walk["answered"] for walk in walks] == [row.source], "once, for however many calls"
    assert row.source == "environment" or "AWS_ACCESS_KEY_ID is not set" in walks[0]["others"]
    latchkey, boto = [sts_forms(world, id) for id in ("latchkey", "Boto")]
    assert latchkey == boto


def sts_forms(world, agent: str) -> list[bytes]:
    """The requests of this program to STS, with the pairs of each form sorted."""
    calls = world.aws.seen(lambda r: b"Action=AssumeRole" in r.body and agent in r.headers.get("user-agent", ""))
    return [b"&".join(sorted(call.body.split(b"&"))) for call in calls]


def test_calls_are_signed_with_an_assumed_role(world) -> None:
    world.put("solo", "the value")
    (world.folder / ".aws").mkdir()
    (world.folder / ".aws/config").write_text(
        f"[profile app]\nrole_arn = {ROLE}\nsource_profile = mid\n"
        f"[profile mid]\nrole_arn = {ROLE}-mid\nsource_profile = base\n" + SOURCE
    )
    broker = world.serve(**NO_KEYS, AWS_PROFILE="app")
    assert broker.get("/secrets/solo").status == 200
    first, second = world.aws.seen(action("AssumeRole"))
    assert signer(first) == "AKIABASE" and is_signed_with(first, "base-secret")
    assert signer(second).startswith("ASIA") and second.headers["x-amz-security-token"]
    read = world.aws.seen(reads("solo"))[-1]
    assert signer(read).startswith("ASIA") and signer(read) != signer(second)


def test_an_sso_token_that_has_ended_is_renewed_and_left_for_the_command_line(world, peer: FaultProxy) -> None:
    world.put("solo", "the value")
    path = world.folder / sso_file("acme")
    ended = {
        "startUrl": "https://acme.example/start", "region": "us-east-1", "accessToken": "ended", "expiresAt": iso(-60),
        "clientId": "client", "clientSecret": "client-secret", "refreshToken": "refresh-1",
        "registrationExpiresAt": iso(86_400),
    }
    env = prepare(world, peer, Row("SSO", "ASIASSO", SSO_ENV, {**ROWS["SSO with a session"].files, sso_file("acme"): json.dumps(ended)}))
    play_sso(peer, "ASIASSO")
    peer.always(
        document({"accessToken": "sso-token", "expiresIn": 28_800, "refreshToken": "refresh-2", "tokenType": "Bearer"}),
        when=target("/token"),
    )
    broker = world.serve(["sso-token", "client-secret", "refresh-1", "refresh-2"], **env)
    assert broker.get("/secrets/solo").status == 200
    assert [call.json() for call in peer.seen(target("/token"))] == [
        {"grantType": "refresh_token", "clientId": "client", "clientSecret": "client-secret", "refreshToken": "refresh-1"}
    ]
    kept = json.loads(path.read_text())
    assert (kept["accessToken"], kept["refreshToken"]) == ("sso-token", "refresh-2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    peer.forget()
    assert boto3_resolves(world.settings(**env))[0] == "ASIASSO", "what is left there is good for boto3"
    assert peer.seen(target("/token")) == []


def test_a_missing_sso_token_is_reported_with_the_command(world, peer: FaultProxy) -> None:
    row = ROWS["SSO with a session"]
    env = prepare(world, peer, Row(row.source, row.key, row.env, {".aws/config": row.files[".aws/config"]}))
    broker = world.start(**env)
    answer = broker.get("/secrets/solo")
    assert (answer.status, answer.code) == (503, "not_ready")
    until(lambda: any("aws sso login --sso-session acme" in str(line) for line in broker.logs), "the hint in the log")


def test_doctor_names_the_source_and_why_others_were_skipped(world, peer: FaultProxy) -> None:
    env = prepare(world, peer, ROWS["an instance"])
    done = run("doctor", "--json", "--no-token", env=world.settings(**env))
    findings = [f for f in json.loads(done.stdout)["findings"] if (f["area"], f["subject"]) == ("credentials", "source")]
    text = json.dumps(findings)
    assert len(findings) == 1 and "instance metadata; not from environment: AWS_ACCESS_KEY_ID is not set" in text
    assert secret_of("ASIAINST") not in done.stdout + done.stderr
