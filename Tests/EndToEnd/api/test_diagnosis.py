"""Failures have one code everywhere and can be acted on: tiers, error codes, config, printed commands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from peers.broker import Broker, run
from peers.doctor import NO_ISSUER, doctor
from peers.faults import aws_error, close_before_answer, never_answer, oauth_error, raw, status, truncate
from peers.issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from peers.pages import CATALOGUE, table
from peers.proxy import operation
from peers.waiting import until

NO_CREDENTIALS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


# tiers


def tiers(world, **env: str | None) -> tuple[int, dict[str, str]]:
    done = run("tiers", "--json", env=world.settings(**env))
    return done.returncode, {line["tier"]: line["outcome"] for line in json.loads(done.stdout)}


def test_tiers_asks_the_issuer_although_a_token_is_shared(world) -> None:
    world.serve().token()
    until(lambda: world.parameter("auth0-cache/expires"), "the token is shared")
    asked = len(world.issuer.requests)
    assert tiers(world) == (0, {"memory": "hit", "parameter-store": "hit", "auth0": "hit"})
    assert len(world.issuer.requests) == asked + 1


def test_tiers_says_that_the_issuer_fails_although_a_token_is_shared(world) -> None:
    world.serve().token()
    until(lambda: world.parameter("auth0-cache/expires"), "the token is shared")
    world.auth.always(oauth_error("access_denied", 403))
    code, report = tiers(world)
    assert (code, report["auth0"], report["parameter-store"]) == (69, "error: access_denied", "hit")


def test_tiers_takes_nothing_for_a_token_that_is_none(world) -> None:
    world.put("auth0-cache/token", "placeholder")
    world.put("auth0-cache/expires", "0", "String")
    assert tiers(world) == (0, {"memory": "miss", "parameter-store": "miss", "auth0": "hit"})


# Error codes


def documented() -> list[str]:
    """The codes of the page's table, as patterns."""
    rows = table(CATALOGUE / "Errors.md", "Upstream codes")
    return [re.sub(r"<\w+>", "[0-9]+", row[0].strip("`")) for row in rows]


def test_no_aws_credentials_have_one_name_everywhere(world) -> None:
    broker: Broker = world.start(**NO_CREDENTIALS)
    answer = broker.get("/secrets/solo")
    assert (answer.status, answer.code, answer.json()["upstream_code"]) == (503, "not_ready", "no_credentials")
    assert "no AWS credentials" in answer.json()["detail"]
    until(lambda: broker.get("/health").json()["tiers"]["parameter-store"]["last_error"] == "no_credentials", "its health")
    codes = lambda: {line.get("code") for line in broker.logs if line["level"] == "warning"}  # noqa: E731
    until(codes, "a warning in the log")
    assert codes() == {"no_credentials"}, broker.logs
    response = broker.get("/systemsmanager/parameters/get?name=%2Forders%2Ftest%2Fsolo")
    assert response.status == 500 and "no AWS credentials" in response.json()["message"]


def test_a_field_that_the_blob_lacks_is_named_everywhere(world) -> None:
    world.put("secrets", json.dumps({"AUTH0_CLIENT_SECRET": CLIENT_SECRET, "AUTH0_AUDIENCE": AUDIENCE}))
    broker: Broker = world.start(AUTH0_CLIENT_ID=None, AUTH0_CLIENT_SECRET=None, AUTH0_AUDIENCE=None)
    answer = broker.token()
    assert (answer.status, answer.code, answer.json()["upstream_code"]) == (503, "not_ready", "AUTH0_CLIENT_ID")
    assert "AUTH0_CLIENT_ID is neither set nor in the blob" in answer.json()["detail"]
    health = broker.get("/health").json()
    assert health["status"] in ("degraded", "unavailable") and health["tiers"]["auth0"]["last_error"] == "AUTH0_CLIENT_ID"
    until(
        lambda: any(line.get("code") == "AUTH0_CLIENT_ID" and line["level"] == "warning" for line in broker.logs),
        "a warning with the code")


#: Faults of the store, and the resulting `last_error`.
STORE_FAULTS = {
    "a connection that ends": (close_before_answer, "closed_before_response"),
    "an answer cut off": (truncate, "truncated"), "no answer": (never_answer, "timed_out"),
    "another protocol": (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "malformed_http"),
    "no JSON": (status(200, b"<html>"), "invalid"), "a failure without a code": (status(500), "unavailable"),
    "a failure with one": (aws_error("InternalServerError", 500), "InternalServerError"),
    "a denial": (aws_error("AccessDeniedException"), "AccessDeniedException"),
    "throttling": (aws_error("ThrottlingException"), "ThrottlingException"),
}


@pytest.mark.parametrize("name", STORE_FAULTS)
def test_last_error_of_the_store_is_a_documented_code(world, name: str) -> None:
    fault, code = STORE_FAULTS[name]
    world.aws.always(fault)
    broker: Broker = world.start(LATCHKEY_UPSTREAM_TIMEOUT="1")
    last_error = lambda: broker.get("/health").json()["tiers"]["parameter-store"]["last_error"]  # noqa: E731
    until(lambda: last_error() == code, f"{code}, not {last_error()}")
    assert "Exception" in code or code == "InternalServerError" or any(re.fullmatch(one, code) for one in documented())


ISSUER_FAULTS = {
    "a refusal": (oauth_error("invalid_client", 401), "invalid_client"), "a refusal without a code": (status(403), "http_403"),
    "a failure": (status(503), "http_503"), "no body": (status(200), "empty_body"), "no JSON": (status(200, b"<html>"), "not_json"),
    "no token": (status(200, b'{"token_type":"Bearer"}'), "access_token"), "no answer": (never_answer, "timed_out"),
    "another type": (status(200, b'{"access_token":"a.b","token_type":"MAC"}'), "token_type"),
    "a redirect": (status(302, b"", ("Location", "/login")), "redirect"), "throttling": (status(429), "throttled"),
    "an odd status": (status(299, b"{}"), "unexpected_status"),
}


@pytest.mark.parametrize("name", ISSUER_FAULTS)
def test_last_error_of_the_issuer_is_a_documented_code(world, name: str) -> None:
    fault, code = ISSUER_FAULTS[name]
    broker: Broker = world.serve(LATCHKEY_UPSTREAM_TIMEOUT="1", LATCHKEY_SHARED_TIER="none")
    world.auth.always(fault)
    assert broker.token().status >= 500
    assert broker.get("/health").json()["tiers"]["auth0"]["last_error"] == code
    assert code == "invalid_client" or any(re.fullmatch(one, code) for one in documented())


# doctor


def not_fine(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # moto allows writing the blob, which doctor reports.
    return [f for f in findings if f["weight"] in ("warning", "problem") and f["subject"] != "ssm:PutParameter"]


@pytest.mark.slow(20)
def test_occasional_throttling_of_doctor_is_no_finding(world) -> None:
    for name in ("GetParameter", "GetParameters", "PutParameter", "GetParametersByPath"):
        world.aws.next(aws_error("ThrottlingException"), when=operation(name))
    # Long enough for one call on a busy machine.
    code, findings = doctor(
        world, AWS_ENDPOINT_URL=world.aws_url, LATCHKEY_SSM_MAX_TPS="2", LATCHKEY_UPSTREAM_TIMEOUT="15")
    assert (code, not_fine(findings)) == (0, []), not_fine(findings)
    assert "hrottl" not in json.dumps(findings) and "LocalRateLimit" not in json.dumps(findings)


@pytest.mark.parametrize(
    "blob", [None, {"STRIPE_KEY": "sk_1"}], ids=["without a blob", "with a blob"])
def test_the_doctor_is_content_with_secrets_alone(world, blob: dict[str, str] | None) -> None:
    if blob:
        world.put("secrets", json.dumps(blob))
    world.put("db/password", "x")
    # Tokens and their permissions are not tested here.
    world.aws.always(aws_error("AccessDeniedException"), when=operation("PutParameter"))
    code, findings = doctor(world, AWS_ENDPOINT_URL=world.aws_url, **NO_ISSUER)
    assert (code, [f for f in findings if f["weight"] in ("warning", "problem")]) == (0, []), findings
    assert any(f["area"] == "issuer" and f["weight"] == "skipped" for f in findings)


def test_the_doctor_is_content_with_tokens_alone(world) -> None:
    code, findings = doctor(world)
    assert (code, not_fine(findings)) == (0, []), findings


def test_the_doctor_names_the_host_that_the_blob_names(world) -> None:
    fields = {
        "AUTH0_DOMAIN": "tenant.nowhere.invalid", "AUTH0_CLIENT_ID": CLIENT_ID, "AUTH0_CLIENT_SECRET": CLIENT_SECRET,
        "AUTH0_AUDIENCE": AUDIENCE,
    }
    world.put("secrets", json.dumps(fields))
    code, findings = doctor(world, **NO_ISSUER)
    report = [f["explanation"] + " " + f["remedy"] for f in findings if f["weight"] == "problem"]
    assert code == 69 and len(report) == 1, findings
    assert "tenant.nowhere.invalid" in report[0] and "getent hosts tenant.nowhere.invalid" in report[0]


# config


def test_config_prints_its_table_although_something_is_wrong(world, tmp_path: Path) -> None:
    env = world.settings(
        LATCHKEY_SECRET_TTL="long", LATCHKEY_TYPO="x", AWS_REGION="no region", LATCHKEY_API_KEY="short",
        AWS_CA_BUNDLE=str(tmp_path / "gone.pem"), AWS_SESSION_TOKEN="session-1f3a")
    done = run("config", env=env)
    assert done.returncode == 78
    assert "LATCHKEY_SECRET_TTL=long\n" in done.stdout and "AUTH0_AUDIENCE=" in done.stdout
    assert f"AWS_ENDPOINT_URL={world.aws_url}\n" in done.stdout and "AWS_CA_BUNDLE=" in done.stdout
    assert "# AWS_SECRET_ACCESS_KEY=<secret>" in done.stdout and "session-1f3a" not in done.stdout
    for name in ("LATCHKEY_SECRET_TTL", "LATCHKEY_TYPO", "AWS_REGION", "LATCHKEY_API_KEY"):
        assert name in done.stderr
    shown = run("config", "--json", env=env)
    assert shown.returncode == 78 and json.loads(shown.stdout)["AWS_SESSION_TOKEN"]["value"] == "<secret>"


def test_config_tells_of_a_bundle_that_cannot_be_used(world, tmp_path: Path) -> None:
    done = run("config", env=world.settings(AWS_CA_BUNDLE=str(tmp_path / "gone.pem")))
    assert done.returncode == 78 and "AWS_CA_BUNDLE=" in done.stdout and "gone.pem" in done.stderr
