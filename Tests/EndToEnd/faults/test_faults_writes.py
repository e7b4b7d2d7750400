"""The shared tier cannot be written or is slow to write (rows 31 and 32 of Faults.md), and torn pairs."""

from __future__ import annotations

import time

import pytest

from peers.broker import PREFIX
from peers.faults import aws_error, never_answer
from peers.promises import SLACK
from peers.proxy import operation
from peers.waiting import until

PUT = operation("PutParameter")


@pytest.mark.row(31)
def test_a_denied_write_fails_no_request_and_is_not_repeated(world) -> None:
    broker = world.serve()
    world.aws.always(aws_error("AccessDeniedException"), when=PUT)
    assert broker.token().header("X-Latchkey-Tier") == "auth0"
    until(lambda: len(world.aws.seen(PUT)) == 2, "the lease and the token are tried")
    until(lambda: [line for line in broker.logs if line["level"] == "warning"], "a warning")
    for _ in range(50):
        assert broker.token().header("X-Latchkey-Tier") == "memory"
    assert len(world.aws.seen(PUT)) == 2
    denied = broker.metric("latchkey_upstream_requests_total", upstream="parameter_store", outcome="denied")
    assert denied == 2


@pytest.mark.row(32)
@pytest.mark.parametrize(
    "fault", [aws_error("ThrottlingException"), never_answer], ids=["throttled", "never answered"]
)
def test_a_write_that_takes_its_time_does_not_delay_the_caller(world, fault) -> None:
    broker = world.serve(LATCHKEY_UPSTREAM_TIMEOUT="10")
    world.aws.always(fault, when=PUT)
    started = time.monotonic()
    answer = broker.token()
    assert (answer.status, answer.header("X-Latchkey-Tier")) == (200, "auth0")
    assert time.monotonic() - started < 0.5 + SLACK, "a claim has half a second, and the write's timeout is 10 s"
    until(lambda: world.aws.seen(PUT), "the write is tried")


@pytest.mark.row(38)
@pytest.mark.parametrize("expires", ["0", "-1", "not a number", "1e99", "99999999999999999999", ""])
def test_a_pair_with_an_odd_expiry_is_a_miss_and_is_mended(world, expires: str) -> None:
    world.put("auth0-cache/token", "whose-expiry-is-odd")
    if expires:
        world.put("auth0-cache/expires", expires, "String")
    broker = world.serve(secrets=["whose-expiry-is-odd"])
    answer = broker.token()
    assert (answer.header("X-Latchkey-Tier"), answer.status) == ("auth0", 200)
    token = answer.json()["access_token"]
    until(lambda: (world.parameter("auth0-cache/token") or {}).get("Value") == token, "the pair is overwritten")


@pytest.mark.row(39)
@pytest.mark.parametrize("token", ['{"v":2,"token":"x"}\n', "with space", "\N{SNOWMAN}", "x" * 17_000])
def test_a_malformed_stored_token_is_a_miss_and_is_overwritten(world, token: str) -> None:
    world.ssm.put_parameter(Name=f"{PREFIX}/auth0-cache/token", Value=token, Type="SecureString", Tier="Advanced")
    world.put("auth0-cache/expires", str(int((time.time() + 600) * 1000)), "String")
    answer = world.serve().token()
    assert (answer.header("X-Latchkey-Tier"), answer.status) == ("auth0", 200)
    token = answer.json()["access_token"]
    until(lambda: (world.parameter("auth0-cache/token") or {}).get("Value") == token, "the pair is overwritten")


@pytest.mark.row(38)
def test_a_token_past_its_exp_claim_is_never_served(world) -> None:
    import jwt

    expired = jwt.encode({"exp": int(time.time()) - 10}, "k" * 32, algorithm="HS256")
    world.put("auth0-cache/token", expired)
    world.put("auth0-cache/expires", str(int((time.time() + 3600) * 1000)), "String")
    assert world.serve(secrets=[expired]).token().header("X-Latchkey-Tier") == "auth0"
