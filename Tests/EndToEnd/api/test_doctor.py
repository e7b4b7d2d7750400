"""`latchkey doctor` finds each problem, names the remedy, and changes nothing."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from peers.broker import PREFIX, run
from peers.doctor import BLOB, FROM_BLOB, Doctor
from peers.faults import aws_error
from peers.issuer import CLIENT_SECRET
from peers.moto import TABLE
from peers.proxy import Received
from peers.waiting import free_port

LIBRARY = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu/faketime/libfaketimeMT.so.1"


@pytest.fixture
def well(world):
    """A world in which doctor finds no problem."""
    world.put("secrets", json.dumps(BLOB))
    return world


def test_nothing_is_wrong_and_nothing_is_changed(well) -> None:
    before = well.ssm.get_parameters_by_path(Path="/", Recursive=True, WithDecryption=True)["Parameters"]
    found = Doctor(well, **FROM_BLOB)
    assert (found.status, found.of("problem"), found.of("skipped")) == (0, [], []), found.findings
    # moto allows everything, which is more than the broker should have.
    assert found.of("warning") == [("permission", "ssm:PutParameter")]
    assert "a Deny" in next(f["explanation"] for f in found.findings if f["subject"] == "ssm:GetParametersByPath")
    assert well.ssm.get_parameters_by_path(Path="/", Recursive=True, WithDecryption=True)["Parameters"] == before
    assert well.issuer.requests == ["POST /oauth/token 200"]
    assert Doctor(well, "--strict", "--no-token").status == 1
    assert len(well.issuer.requests) == 1
    done = run("doctor", "--no-token", env=well.settings(AWS_ENDPOINT_URL=well.moto.url))
    assert done.returncode == 0 and "0 problems, 1 warnings" in done.stdout


# Permissions

def test_a_forbidden_kms_key_is_no_missing_permission(well) -> None:
    decrypts = lambda request: b'"WithDecryption":true' in request.body  # noqa: E731
    well.aws.always(aws_error("AccessDeniedException"), when=decrypts)
    found = Doctor(well, AWS_ENDPOINT_URL=well.aws_url)
    assert found.status == 77 and found.of("problem") == [("key", "kms:Decrypt")]
    assert "KMS" in found.text("key")


# Credentials, clock, endpoints


def test_missing_credentials_are_a_configuration_problem(well) -> None:
    found = Doctor(well, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert found.status == 78 and found.of("problem")[0][0] == "credentials"
    assert ("permission", "all") in found.of("skipped")


@pytest.mark.parametrize(("shift", "status", "severity"), [("-400s", 78, "problem"), ("+90s", 0, "warning")])
def test_a_wrong_clock_is_found(well, shift: str, status: int, severity: str) -> None:
    assert LIBRARY.exists(), f"{LIBRARY} is missing: install libfaketime"
    faked = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "LATCHKEY_SHARED_TIER": "none"}
    found = Doctor(well, "--no-token", **faked)
    assert found.status == status and ("clock", "skew") in found.of(severity)
    assert ("behind" if shift[0] == "-" else "ahead") in found.text("clock")


def test_an_unreachable_endpoint_is_one_finding(well) -> None:
    found = Doctor(well, AWS_ENDPOINT_URL_SSM=f"http://127.0.0.1:{free_port()}")
    assert found.status == 69 and found.of("problem") == [("endpoint", "ssm")]
    assert ("permission", "ssm") in found.of("skipped")


def test_the_other_checks_run_without_sts(well) -> None:
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
def test_an_issuer_without_a_token_is_found_with_the_reason(well, env: dict[str, str], status: int, words: str) -> None:
    found = Doctor(well, **env)
    assert found.status == status and found.of("problem") == [("issuer", "default")]
    assert words in found.text("issuer")


def test_an_invalid_certificate_is_found(well, authority, later) -> None:
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
def test_a_malformed_blob_is_found(world, blob: Any, subject: str) -> None:
    if blob is not None:
        world.put("secrets", blob if isinstance(blob, str) else json.dumps(blob))
    found = Doctor(world, "--no-token", **FROM_BLOB)
    assert ("blob", subject) in found.of("problem")
    assert found.status in (1, 78)


@pytest.mark.parametrize(
    ("token", "expires", "severity", "words"),
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
def test_a_malformed_pair_is_found(well, token: str | None, expires, severity: str, words: str) -> None:
    if token:
        well.put("auth0-cache/token", token)
    if expires:
        well.put("auth0-cache/expires", expires(time.time()), "String")
    found = Doctor(well, "--no-token")
    assert ("tokens", f"{PREFIX}/auth0-cache/token") in found.of(severity) and words in found.text("tokens")
    assert found.status == (1 if severity == "problem" else 0)
    assert "opaque-token-7c" not in found.output


def test_an_unencrypted_secret_is_found(world) -> None:
    world.put("secrets", json.dumps(BLOB), "String")
    assert ("key", f"{PREFIX}/secrets") in Doctor(world, "--no-token").of("warning")


def test_a_missing_table_is_found(well) -> None:
    found = Doctor(well, "--no-token", LATCHKEY_SHARED_TIER=f"dynamodb:{TABLE}")
    assert found.status == 78 and ("settings", "LATCHKEY_SHARED_TIER") in found.of("problem")


@pytest.mark.parametrize(
    ("backend", "status", "severity", "words"),
    [
        (None, 0, "fine", "Secrets Manager"), ("shadow", 0, "fine", "is shadow"),
        ("parameterstore", 78, "problem", "is not the name of a backend"),
    ],
)
def test_the_backend_parameter_is_checked_and_one_store_may_be_empty(
    world, backend: str | None, status: int, severity: str, words: str
) -> None:
    name = f"{PREFIX.removeprefix('/')}/secrets"
    world.secrets_manager.create_secret(Name=name, SecretString=json.dumps(BLOB))
    if backend:
        world.put("latchkey/backend", backend, "String")
    found = Doctor(world, "--no-token", LATCHKEY_SECRETS_BACKEND="auto", **FROM_BLOB)
    assert found.status == status, found.findings
    assert ("settings", f"{PREFIX}/latchkey/backend") in found.of(severity) and words in found.text("settings")
    assert ("blob", f"{PREFIX}/secrets") in found.of("warning") and ("blob", name) in found.of("fine")


# Settings, and a broker


def test_all_errors_of_the_settings_are_reported_at_once(well) -> None:
    found = Doctor(well, LATCHKEY_PREFIX="no-slash", LATCHKEY_SECRET_TTL="long", LATCHKEY_API_KEY="short")
    assert found.status == 78
    assert {subject for _, subject in found.of("problem")} == {"LATCHKEY_PREFIX", "LATCHKEY_SECRET_TTL", "LATCHKEY_API_KEY"}


def test_the_health_of_a_running_broker_is_checked(well) -> None:
    broker = well.serve(AWS_ENDPOINT_URL=well.moto.url, **FROM_BLOB)
    assert ("broker", broker.url) in Doctor(well, "--no-token", LATCHKEY_URL=broker.url).of("fine")
    broker.stop()
    assert Doctor(well, "--no-token", LATCHKEY_URL=broker.url).status == 69


def test_it_costs_few_calls(well) -> None:
    Doctor(well, AWS_ENDPOINT_URL=well.aws_url)
    calls: list[Received] = well.aws.requests
    assert len(calls) <= 12, [call.operation for call in calls]
