"""Callers of the callers file on every front, against an oracle of their patterns that is independent of the product."""

from __future__ import annotations

import json
import os
import random
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from peers.broker import API_KEY, PREFIX, Broker
from peers.callers import Connection, Member, allowed, bearer, stable, write
from peers.sdk import client
from peers.waiting import free_port

#: Parameters, fields of the blob, and names that no store has.
PARAMETERS = ["db/password", "db/user", "db/root", "api/a/key", "api/b/key", "api/key", "solo", "x", "deep/a/b/c", "Solo"]
FIELDS = ["STRIPE_KEY", "db.url", "API_TOKEN", "mail/user", "a", "b", "é", "two words", "secretsX"]
MISSING = ["db/none", "api/none", "none", "deep/none", "STRIPE_KE", "db", "api/a", "mail/none", "zz", "A"]
NAMES = [*PARAMETERS, *FIELDS, *MISSING, "secrets"]
PATTERNS = [
    "db/*", "db/**", "api/*/key", "api/**", "**", "*", "solo", "STRIPE_KEY", "*_KEY", "deep/**/c", "secrets", "é", "mail/*",
    "two words", "!db/root", "!api/**", "!solo", "!**/key", "s*", "none", "db/none", "!secrets", "z*", "**a**",
]
ROOT = PREFIX.removeprefix("/")


def value(name: str) -> str:
    return f"value-of-{name}"


def members() -> list[Member]:
    """Twenty callers with patterns drawn at random, and those at the ends: everything, nothing, the blob alone."""
    rng = random.Random(15)
    some = [
        Member(f"caller-{number}", ["secrets"], rng.sample(PATTERNS, rng.randint(1, 6))) for number in range(14)
    ]
    return [
        *some, Member("all", ["secrets", "token"], ["**"]), Member("blob", ["secrets"], ["secrets"]),
        Member("nothing", ["secrets"]), Member("both", ["secrets"], ["**", "secrets"]),
        Member("tokens", ["token"], ["**"]), Member("metrics", ["metrics"], ["**"]),
    ]


MEMBERS = members()


@dataclass
class Place:
    broker: Broker
    tls: Broker
    unix: Path
    names: list[str]
    #: Which callers are known by a certificate.
    certificates: dict[str, object]


@pytest.fixture
def place(world, authority, tmp_path: Path) -> Iterator[Place]:
    for name in PARAMETERS:
        world.put(name, value(name))
    world.put("secrets", json.dumps({name: value(name) for name in FIELDS}))
    shown = MEMBERS[:3] + MEMBERS[14:]
    issued = {
        member.name: authority.issue(f"c-{member.name}", f"URI:spiffe://test.example/{member.name}") for member in shown
    }
    for member in MEMBERS:
        member.more = {"tls": {"uri": f"spiffe://test.example/{member.name}"}}
    MEMBERS[4].more = {"unix": {"uid": os.geteuid()}}
    server = authority.issue("callers-server", "DNS:localhost")
    unix = tmp_path / "b.sock"
    file = write(tmp_path / "callers.json", [member.entry(tmp_path) for member in MEMBERS])
    secrets = [member.key for member in MEMBERS] + [member.signing for member in MEMBERS]
    env = dict(
        LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_TLS_CLIENT_CA=str(authority.root), LATCHKEY_TLS_CERT=str(server.cert),
        LATCHKEY_TLS_KEY=str(server.key), LATCHKEY_UPSTREAM_TIMEOUT="15",
    )
    broker = world.serve(secrets, LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_UPSTREAM_TIMEOUT="15")
    port = free_port()
    env["LATCHKEY_LISTEN"] = f"127.0.0.1:{port},unix:{unix}"
    tls = Broker(world.settings(**env), secrets, context=authority.client_context())
    tls.port = port
    world.brokers.append(tls)
    tls.wait_live().wait_ready()
    contexts = {name: authority.client_context(certificate) for name, certificate in issued.items()}
    yield Place(broker, tls, unix, NAMES, contexts)


def native(connection: Connection, name: str, headers: dict[str, str]) -> int:
    answer = connection.ask(f"/secrets/{urllib.parse.quote(name)}", headers)
    if answer.status == 200 and name != "secrets":
        assert answer.json()["value"] == value(name), name
    return answer.status


def expected(member: Member, name: str) -> int:
    if not member.may(name):
        return 403
    return 404 if name in MISSING else 200


def parameters(connection: Connection, name: str, headers: dict[str, str]) -> int:
    answer = connection.ask(f"/systemsmanager/parameters/get?name={urllib.parse.quote(f'{PREFIX}/{name}')}", headers)
    return aws_status(answer.status, answer.json())


def secret_paths(connection: Connection, name: str, headers: dict[str, str]) -> int:
    answer = connection.ask(f"/secretsmanager/get?secretId={urllib.parse.quote(f'{ROOT}/{name}')}", headers)
    return aws_status(answer.status, answer.json())


def aws_status(status: int, body: dict) -> int:
    """AWS's errors as the statuses of the native routes."""
    kind = str(body.get("__type", "")).rpartition("#")[2]
    if status in (401, 403):
        return status
    return {"AccessDeniedException": 403, "ParameterNotFound": 404, "ResourceNotFoundException": 404}.get(kind, status)


def on_aws(member: Member, name: str) -> int | None:
    """What a front of AWS answers: it has no fields of the blob. None where a name is not one of AWS's."""
    if not all(character.isascii() and (character.isalnum() or character in "_.-/") for character in name):
        return None
    if not member.may(name):
        return 403
    return 200 if name in (*PARAMETERS, "secrets") else 404


FRONTS = {"native": native, "parameters": parameters, "secrets": secret_paths}


def want(front: str, member: Member, name: str) -> int | None:
    return expected(member, name) if front == "native" else on_aws(member, name)


@pytest.mark.slow(20)
def test_keys_open_what_the_oracle_says_on_every_front(place: Place) -> None:
    connection = Connection(place.broker)
    for member in MEMBERS:
        for name in NAMES:
            for front, ask in FRONTS.items():
                if (status := want(front, member, name)) is not None:
                    assert ask(connection, name, bearer(member.key)) == status, f"{member} {front} {name}"
            for field in ("X-Aws-Parameters-Secrets-Token", "X-Vault-Token"):
                if (status := on_aws(member, name)) is not None:
                    assert parameters(connection, name, {field: member.key}) == status, f"{member} {field} {name}"
    connection.close()


@pytest.mark.slow(20)
def test_certificates_and_unix_users_open_the_same(place: Place) -> None:
    by_name = {member.name: member for member in MEMBERS}
    links = [(by_name[name], Connection(place.tls, context)) for name, context in place.certificates.items()]
    links.append((MEMBERS[4], Connection(place.tls, unix=place.unix)))
    for member, connection in links:
        for name in NAMES:
            for front, ask in FRONTS.items():
                if (status := want(front, member, name)) is not None:
                    assert ask(connection, name, {}) == status, f"{member} {front} {name}"
        connection.close()


@pytest.mark.slow(30)
def test_signed_requests_open_the_same(place: Place) -> None:
    for member in MEMBERS:
        ssm = client(place.broker, "ssm", member.name, member.signing)
        store = client(place.broker, "secretsmanager", member.name, member.signing)
        for name in NAMES:
            if (status := on_aws(member, name)) is None:
                continue
            for call, ask in (
                (ssm.get_parameter, {"Name": f"{PREFIX}/{name}", "WithDecryption": True}),
                (store.get_secret_value, {"SecretId": f"{ROOT}/{name}"}),
                (store.describe_secret, {"SecretId": f"{ROOT}/{name}"}),
            ):
                try:
                    call(**ask)
                    found = 200
                except ClientError as error:
                    found = aws_status(400, {"__type": error.response["Error"]["Code"]})
                assert found == status, f"{member} {ask}"


def test_lists_have_what_a_caller_may_have(place: Place) -> None:
    connection = Connection(place.broker)
    for member in MEMBERS:
        if "secrets" not in member.scopes:
            assert connection.ask("/secrets", bearer(member.key)).status == 403
            continue
        shown = connection.ask("/secrets", bearer(member.key)).json()["names"]
        assert shown == sorted(name for name in [*PARAMETERS, *FIELDS] if member.may(name)), member
        ssm = client(place.broker, "ssm", member.name, member.signing)
        pages = ssm.get_paginator("get_parameters_by_path").paginate(
            Path=PREFIX, Recursive=True, PaginationConfig={"PageSize": 2}
        )
        found = [item["Name"].removeprefix(f"{PREFIX}/") for page in pages for item in page["Parameters"]]
        assert sorted(found) == sorted(name for name in [*PARAMETERS, "secrets"] if member.may(name)), member
    connection.close()


def test_batches_have_the_same_decision_about_each_name(place: Place) -> None:
    connection = Connection(place.broker)
    batch = [name for name in NAMES if "," not in name]
    for member in MEMBERS:
        if "secrets" not in member.scopes:
            continue
        keys = urllib.parse.quote(",".join(batch))
        answer = connection.ask(f"/secrets?keys={keys}", bearer(member.key)).json()
        found = {name: 200 for name in answer.get("secrets", {})}
        found |= {name: problem["status"] for name, problem in answer["errors"].items()}
        assert found == {name: expected(member, name) for name in batch}, member
        store = client(place.broker, "secretsmanager", member.name, member.signing)
        ids = ["db/password", "db/none", "solo", "secrets", "api/a/key"]
        got = store.batch_get_secret_value(SecretIdList=[f"{ROOT}/{name}" for name in ids])
        have = {item["Name"].removeprefix(f"{ROOT}/"): 200 for item in got["SecretValues"]}
        have |= {
            error["SecretId"].removeprefix(f"{ROOT}/"): aws_status(400, {"__type": error["ErrorCode"]})
            for error in got["Errors"]
        }
        assert have == {name: on_aws(member, name) for name in ids}, member
        ssm = client(place.broker, "ssm", member.name, member.signing)
        try:
            got = ssm.get_parameters(Names=[f"{PREFIX}/{name}" for name in ids])
            assert all(member.may(name) for name in ids)
            assert got["InvalidParameters"] == [f"{PREFIX}/db/none"]
        except ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDeniedException"
            assert not all(member.may(name) for name in ids), member
    connection.close()


def test_a_denial_says_nothing_of_the_name(place: Place) -> None:
    member = next(member for member in MEMBERS if member.name == "nothing")
    connection = Connection(place.broker)
    for path in (
        "/secrets/{}", "/systemsmanager/parameters/get?name=" + f"{PREFIX}/{{}}", "/secretsmanager/get?secretId=" + f"{ROOT}/{{}}",
        f"/v1/{ROOT}/{{}}", "/secrets/{}?version=1", "/secrets/{}?field=a", "/secrets/{}?refresh=true", "/secrets/{}?wait=5",
    ):
        answers = [
            connection.ask(path.format(name), {**bearer(member.key), "If-None-Match": '"x"'})
            for name in ("db/password", "STRIPE_KEY", "none", "secrets", "zz")
        ]
        assert len({str(stable(answer)) for answer in answers}) == 1, path
        assert not any("password" in answer.text or "STRIPE" in answer.text for answer in answers)
    connection.close()


def test_a_credential_in_the_request_decides_alone(place: Place) -> None:
    connection = Connection(place.tls, place.certificates["all"])
    assert connection.ask("/secrets/solo").status == 200
    for headers in (
        bearer("a-wrong-key-of-nobody"), {"Authorization": ""}, {"Authorization": "Basic YTpi"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=all/20260101/us-east-1/ssm/aws4_request"},
    ):
        assert Connection(place.tls, place.certificates["all"]).ask("/secrets/solo", headers).status == 401, headers
    other = next(member for member in MEMBERS if member.name == "nothing")
    assert connection.ask("/secrets/solo", bearer(other.key)).status == 403
    assert Connection(place.tls, place.certificates["all"]).ask(
        f"/systemsmanager/parameters/get?name={PREFIX}/solo", {"X-Vault-Token": "wrong-wrong-wrong"}
    ).status == 401
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    tried = Connection(place.tls, place.certificates["all"]).ask(
        "/oauth/token", form, "POST", "grant_type=client_credentials"
    )
    assert tried.status == 401
    signed = Connection(place.tls, place.certificates["all"]).ask(
        "/", {"X-Amz-Target": "AmazonSSM.GetParameter"}, "POST", "{}"
    )
    assert signed.status in (400, 401, 403) and "UnrecognizedClient" in signed.text or "MissingAuthentication" in signed.text
    assert Connection(place.tls, place.tls.context).ask("/secrets/solo").status == 401
    assert Connection(place.broker).ask("/secrets/solo").status == 401


def test_scopes_and_the_API_key_are_as_before(place: Place) -> None:
    by_name = {member.name: member for member in MEMBERS}
    get = lambda path, name: place.broker.get(path, key=by_name[name].key).status  # noqa: E731
    assert get("/metrics", "metrics") == 200 and get("/health", "metrics") == 403 and get("/token", "metrics") == 403
    assert get("/health", "nothing") == 200 and get("/metrics", "nothing") == 403
    assert get("/token", "tokens") == 200 and get("/token", "nothing") == 403
    assert place.broker.get("/secrets/secrets").status == 200
    assert place.broker.get("/secrets/none", key=API_KEY).status == 404
    assert place.broker.metric("latchkey_caller_requests_total", caller="default", resource="secret", decision="allowed") == 2
    assert place.broker.metric("latchkey_caller_requests_total", caller="tokens", resource="token", decision="allowed") == 1


def test_the_oracle_itself() -> None:
    assert allowed(["db/*"], "db/a") and not allowed(["db/*"], "db/a/b") and allowed(["db/**"], "db/a/b")
    assert not allowed(["**"], "secrets") and allowed(["secrets"], "secrets") and not allowed(["**", "!a"], "a")
