"""`latchkey doctor`: each thing that can be wrong is named with what to do, and looking changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peers.broker import AWS_SECRET_ACCESS_KEY, BINARY, PREFIX, run
from peers.faults import aws_error
from peers.issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from peers.moto import TABLE
from peers.proxy import Received
from peers.waiting import free_port

LIBRARY = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu/faketime/libfaketimeMT.so.1"
BLOB = {"AUTH0_CLIENT_ID": CLIENT_ID, "AUTH0_CLIENT_SECRET": CLIENT_SECRET, "AUTH0_AUDIENCE": AUDIENCE}
FROM_BLOB = dict.fromkeys(BLOB)
IN_A_TABLE = {"LATCHKEY_SHARED_TIER": f"dynamodb:{TABLE}", "LATCHKEY_SECRETS_BACKEND": "secrets-manager"}


class Doctor:
    """One examination in a world."""

    def __init__(self, world, *arguments: str, **env: str | None) -> None:
        started = {"AWS_ENDPOINT_URL": world.moto.url, "LATCHKEY_AUTH0_TOKEN_URL": world.issuer.token_url, **env}
        # A library that is preloaded changes the environment of the first process it is in.
        done = subprocess.run(
            ["/usr/bin/env", str(BINARY), "doctor", "--json", *arguments], env=world.settings(**started),
            capture_output=True, text=True, timeout=60,
        )
        assert CLIENT_SECRET not in done.stdout + done.stderr
        assert AWS_SECRET_ACCESS_KEY not in done.stdout + done.stderr
        self.status = done.returncode
        self.said = done.stdout
        said = json.loads(done.stdout)
        self.findings: list[dict[str, Any]] = said["findings"]
        assert said["healthy"] == (self.status == 0) and said["exit_code"] == self.status
        assert all("remedy" in f for f in self.findings if f["weight"] in ("problem", "warning"))

    def of(self, weight: str) -> list[tuple[str, str]]:
        return [(f["area"], f["subject"]) for f in self.findings if f["weight"] == weight]

    def text(self, area: str) -> str:
        return " ".join(f["explanation"] + f.get("remedy", "") for f in self.findings if f["area"] == area)


@pytest.fixture
def well(world):
    """Everything as it should be."""
    world.put("secrets", json.dumps(BLOB))
    return world


def test_nothing_is_wrong_and_nothing_is_changed(well) -> None:
    before = well.ssm.get_parameters_by_path(Path="/", Recursive=True, WithDecryption=True)["Parameters"]
    found = Doctor(well, **FROM_BLOB)
    assert (found.status, found.of("problem"), found.of("skipped")) == (0, [], []), found.findings
    # moto forbids nobody anything, which is more than the broker should have.
    assert found.of("warning") == [("permission", "ssm:PutParameter")]
    assert "no Deny" in next(f["explanation"] for f in found.findings if f["subject"] == "ssm:GetParametersByPath")
    assert well.ssm.get_parameters_by_path(Path="/", Recursive=True, WithDecryption=True)["Parameters"] == before
    assert well.issuer.requests == ["POST /oauth/token 200"]
    assert Doctor(well, "--strict", "--no-token").status == 1
    assert len(well.issuer.requests) == 1
    done = run("doctor", "--no-token", env=well.settings(AWS_ENDPOINT_URL=well.moto.url))
    assert done.returncode == 0 and "0 problems, 1 warnings" in done.stdout


# Permissions


class Enforced:
    """moto with its policies in force, and a user that has one."""

    def __init__(self, world) -> None:
        self.world = world
        iam = world.moto.client("iam")
        iam.create_user(UserName="broker")
        self.key = iam.create_access_key(UserName="broker")["AccessKey"]

    def allow(self, document: dict[str, Any]) -> dict[str, str]:
        """The broker's environment with that policy and no other. moto knows no resources of Parameter Store."""
        statements = [{"Effect": s["Effect"], "Action": s["Action"], "Resource": "*"} for s in document["Statement"]]
        self.world.moto.client("iam").put_user_policy(
            UserName="broker", PolicyName="runtime",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
        self.world.moto.enforce(0)
        return {"AWS_ACCESS_KEY_ID": self.key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": self.key["SecretAccessKey"]}


@pytest.fixture
def enforced(well, table) -> Iterator[Enforced]:
    name = f"{PREFIX.removeprefix('/')}/secrets"
    well.secrets_manager.create_secret(Name=name, SecretString=json.dumps(BLOB))
    yield Enforced(well)
    well.moto.enforce(None)


def runtime(world, **env: str) -> dict[str, Any]:
    return json.loads(run("policy", env=world.settings(**env)).stdout)


def without(document: dict[str, Any], action: str) -> dict[str, Any]:
    kept = []
    for statement in document["Statement"]:
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        kept.append({**statement, "Action": [a for a in actions if a != action] or "none:None"})
    return {**document, "Statement": kept}


#: Every action of the runtime role, with the settings that bring it in.
ACTIONS = [
    *((action, {}) for action in ("ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter")),
    *((action, IN_A_TABLE) for action in ("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret")),
    *((action, IN_A_TABLE) for action in ("dynamodb:GetItem", "dynamodb:UpdateItem")),
]


def test_these_are_all_the_actions_there_are(world) -> None:
    for settings in ({}, IN_A_TABLE):
        text = json.dumps(runtime(world, **settings))
        named = {action for action, env in ACTIONS if env == settings}
        assert {word for word in text.split('"') if word.count(":") == 1 and word[0].islower()} - {
            "dynamodb:LeadingKeys"
        } == named


@pytest.mark.parametrize(("action", "settings"), ACTIONS, ids=[action for action, _ in ACTIONS])
def test_an_action_that_is_taken_away_is_named(enforced: Enforced, action: str, settings: dict[str, str]) -> None:
    env = enforced.allow(without(runtime(enforced.world, **settings), action))
    found = Doctor(enforced.world, **env, **settings)
    problems = [f for f in found.findings if f["weight"] == "problem"]
    assert found.status == 77
    assert {f["subject"] for f in problems if f["area"] == "permission"} == {action}, problems
    assert all(f["resource"].startswith("arn:aws:") and action in f["explanation"] for f in problems)


@pytest.mark.parametrize("settings", [{}, IN_A_TABLE], ids=["parameter store", "table and secrets manager"])
def test_the_runtime_role_is_enough_and_not_too_much(enforced: Enforced, settings: dict[str, str]) -> None:
    env = enforced.allow(runtime(enforced.world, **settings))
    document = runtime(enforced.world, **settings)
    found = Doctor(enforced.world, **env, **settings)
    assert (found.status, found.of("problem")) == (0, [])
    # moto takes the permission to write the pair for one to write everything.
    assert set(found.of("warning")) <= {("permission", "ssm:PutParameter")}
    assert ("ssm:PutParameter" in json.dumps(document)) == bool(found.of("warning"))
    # Not to list is as it should be, and said with what it means.
    listing = [f for f in found.findings if f["subject"] in ("ssm:GetParametersByPath", "secretsmanager:ListSecrets")]
    assert [f["weight"] for f in listing] == ["fine"]
    assert "GET /secrets" in listing[0]["explanation"] and "--with-listing" in listing[0]["explanation"]


@pytest.mark.parametrize("settings", [{}, IN_A_TABLE], ids=["parameter store", "table and secrets manager"])
def test_listing_that_was_opened_is_noted_with_its_price(enforced: Enforced, settings: dict[str, str]) -> None:
    opened = json.loads(run("policy", "--with-listing", env=enforced.world.settings(**settings)).stdout)
    found = Doctor(enforced.world, "--no-token", **enforced.allow(opened), **settings)
    assert (found.status, found.of("problem")) == (0, [])
    listing = [f for f in found.findings if f["subject"] in ("ssm:GetParametersByPath", "secretsmanager:ListSecrets")]
    assert [f["weight"] for f in listing] == ["fine"]
    assert "no Deny" in listing[0]["explanation"] or "every secret of the region" in listing[0]["explanation"]


def test_keys_that_aws_does_not_know_are_told_apart_from_policies(enforced: Enforced) -> None:
    env = enforced.allow(runtime(enforced.world))
    found = Doctor(enforced.world, **{**env, "AWS_SECRET_ACCESS_KEY": "another-secret-key-0b8e"})
    assert found.status == 77 and ("credentials", "identity") in found.of("problem")
    assert "AWS_SECRET_ACCESS_KEY" in found.text("credentials")
    assert ("permission", "all") in found.of("skipped")


def test_a_key_that_may_not_be_used_is_no_permission_that_lacks(well) -> None:
    decrypts = lambda request: b'"WithDecryption":true' in request.body  # noqa: E731
    well.aws.always(aws_error("AccessDeniedException"), when=decrypts)
    found = Doctor(well, AWS_ENDPOINT_URL=well.aws_url)
    assert found.status == 77 and found.of("problem") == [("key", "kms:Decrypt")]
    assert "KMS" in found.text("key")


# Credentials, clock, endpoints


def test_no_credentials_are_a_matter_of_configuration(well) -> None:
    found = Doctor(well, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert found.status == 78 and found.of("problem")[0][0] == "credentials"
    assert ("permission", "all") in found.of("skipped")


@pytest.mark.parametrize(("shift", "status", "weight"), [("-400s", 78, "problem"), ("+90s", 0, "warning")])
def test_a_clock_that_is_off_is_told(well, shift: str, status: int, weight: str) -> None:
    assert LIBRARY.exists(), f"{LIBRARY} is missing: install libfaketime"
    faked = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "LATCHKEY_SHARED_TIER": "none"}
    found = Doctor(well, "--no-token", **faked)
    assert found.status == status and ("clock", "skew") in found.of(weight)
    assert ("behind" if shift[0] == "-" else "ahead") in found.text("clock")


def test_an_endpoint_that_is_away_is_told_once(well) -> None:
    found = Doctor(well, AWS_ENDPOINT_URL_SSM=f"http://127.0.0.1:{free_port()}")
    assert found.status == 69 and found.of("problem") == [("endpoint", "ssm")]
    assert ("permission", "ssm") in found.of("skipped")


def test_without_sts_the_rest_is_still_looked_at(well) -> None:
    found = Doctor(well, AWS_ENDPOINT_URL_STS=f"http://127.0.0.1:{free_port()}")
    assert found.status == 0 and ("credentials", "identity") in found.of("warning")
    assert ("permission", "ssm:GetParameter") in found.of("fine")


# The issuer


@pytest.mark.parametrize(
    ("env", "status", "words"),
    [
        ({"AUTH0_CLIENT_SECRET": "not-the-secret-5d1"}, 77, "client id and secret"),
        ({"LATCHKEY_AUTH0_TOKEN_URL": "https://nobody.invalid/oauth/token"}, 69, "has no address"),
        ({"LATCHKEY_AUTH0_TOKEN_URL": "http://127.0.0.1:9/oauth/token"}, 69, "no connection"),
    ],
    ids=["refused", "no such name", "nobody there"],
)
def test_an_issuer_that_gives_no_token_is_told_with_why(well, env: dict[str, str], status: int, words: str) -> None:
    found = Doctor(well, **env)
    assert found.status == status and found.of("problem") == [("issuer", "default")]
    assert words in found.text("issuer")


def test_a_certificate_that_does_not_hold_is_told(well, authority, later) -> None:
    from peers.proxy import FaultProxy

    proxy = FaultProxy(well.issuer.port, tls=authority.issue("untrusted", "IP:127.0.0.1").context())
    later(proxy.stop)
    found = Doctor(well, LATCHKEY_AUTH0_TOKEN_URL=f"https://127.0.0.1:{proxy.port}/oauth/token")
    assert found.status == 69 and "certificate" in found.text("issuer")


# Shapes


@pytest.mark.parametrize(
    ("blob", "subject"),
    [
        (None, f"{PREFIX}/secrets"), ("not json", f"{PREFIX}/secrets"), ("[1]", f"{PREFIX}/secrets"),
        ({}, "AUTH0_CLIENT_ID"), ({**BLOB, "AUTH0_AUDIENCE": 5}, "AUTH0_AUDIENCE"),
        ({**BLOB, "AUTH0_CLIENT_SECRET": CLIENT_SECRET + "\n"}, "AUTH0_CLIENT_SECRET"),
    ],
    ids=["absent", "no JSON", "no object", "lacks fields", "no text", "a pasted line end"],
)
def test_a_blob_of_another_shape_is_told(world, blob: Any, subject: str) -> None:
    if blob is not None:
        world.put("secrets", blob if isinstance(blob, str) else json.dumps(blob))
    found = Doctor(world, "--no-token", **FROM_BLOB)
    assert ("blob", subject) in found.of("problem")
    assert found.status in (1, 78)


@pytest.mark.parametrize(
    ("token", "expires", "weight", "words"),
    [
        ("opaque-token-7c", lambda now: str(int(now + 3600)), "problem", "seconds"),
        ("opaque-token-7c", lambda now: "soon", "problem", "not milliseconds"),
        ("two words", lambda now: str(int((now + 3600) * 1000)), "problem", "visible ASCII"),
        ("opaque-token-7c", None, "warning", "no expiry"),
        (None, lambda now: "1", "warning", "is missing"),
        ("placeholder", lambda now: "0", "fine", "placeholder"),
        ("opaque-token-7c", lambda now: str(int((now + 3600) * 1000)), "fine", "lasts"),
    ],
    ids=["seconds", "no number", "no token", "torn", "torn the other way", "placeholder", "good"],
)
def test_a_pair_of_another_shape_is_told(well, token: str | None, expires, weight: str, words: str) -> None:
    if token:
        well.put("auth0-cache/token", token)
    if expires:
        well.put("auth0-cache/expires", expires(time.time()), "String")
    found = Doctor(well, "--no-token")
    assert ("tokens", f"{PREFIX}/auth0-cache/token") in found.of(weight) and words in found.text("tokens")
    assert found.status == (1 if weight == "problem" else 0)
    assert "opaque-token-7c" not in found.said


def test_a_secret_that_is_not_encrypted_is_told(world) -> None:
    world.put("secrets", json.dumps(BLOB), "String")
    assert ("key", f"{PREFIX}/secrets") in Doctor(world, "--no-token").of("warning")


def test_a_table_that_is_not_there_is_told(well) -> None:
    found = Doctor(well, "--no-token", LATCHKEY_SHARED_TIER=f"dynamodb:{TABLE}")
    assert found.status == 78 and ("settings", "LATCHKEY_SHARED_TIER") in found.of("problem")


@pytest.mark.parametrize(
    ("word", "status", "weight", "words"),
    [
        (None, 0, "fine", "Secrets Manager"), ("shadow", 0, "fine", "says shadow"),
        ("parameterstore", 78, "problem", "is not the name of a backend"),
    ],
)
def test_what_a_fleet_follows_is_looked_at_and_one_store_may_be_empty(
    world, word: str | None, status: int, weight: str, words: str
) -> None:
    name = f"{PREFIX.removeprefix('/')}/secrets"
    world.secrets_manager.create_secret(Name=name, SecretString=json.dumps(BLOB))
    if word:
        world.put("latchkey/backend", word, "String")
    found = Doctor(world, "--no-token", LATCHKEY_SECRETS_BACKEND="auto", **FROM_BLOB)
    assert found.status == status, found.findings
    assert ("settings", f"{PREFIX}/latchkey/backend") in found.of(weight) and words in found.text("settings")
    assert ("blob", f"{PREFIX}/secrets") in found.of("warning") and ("blob", name) in found.of("fine")


# Settings, and a broker


def test_all_that_is_wrong_with_the_settings_is_told_at_once(well) -> None:
    found = Doctor(well, LATCHKEY_PREFIX="no-slash", LATCHKEY_SECRET_TTL="long", LATCHKEY_API_KEY="short")
    assert found.status == 78
    assert {subject for _, subject in found.of("problem")} == {"LATCHKEY_PREFIX", "LATCHKEY_SECRET_TTL", "LATCHKEY_API_KEY"}


def test_a_broker_is_asked_how_it_is(well) -> None:
    broker = well.serve(AWS_ENDPOINT_URL=well.moto.url, **FROM_BLOB)
    assert ("broker", broker.url) in Doctor(well, "--no-token", LATCHKEY_URL=broker.url).of("fine")
    broker.stop()
    assert Doctor(well, "--no-token", LATCHKEY_URL=broker.url).status == 69


def test_it_costs_few_calls(well) -> None:
    Doctor(well, AWS_ENDPOINT_URL=well.aws_url)
    calls: list[Received] = well.aws.requests
    assert len(calls) <= 12, [call.operation for call in calls]
