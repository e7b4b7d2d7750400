"""Upstreams that are down (rows 1 to 5 of Faults.md)."""

from __future__ import annotations

import statistics
import time

import pytest

from peers.faults import document, status
from peers.promises import DEADLINE, SLACK
from peers.proxy import mentions
from peers.waiting import until


@pytest.mark.row(1)
def test_with_everything_down_at_the_start_it_starts_and_heals_without_a_restart(world) -> None:
    world.put("solo", "v")
    world.aws.down()
    world.auth.down()
    broker = world.start()
    assert broker.get("/livez", key=None).status == 200
    assert broker.get("/readyz", key=None).status == 503
    assert (broker.get("/health").status, broker.get("/health").json()["status"]) == (503, "unavailable")
    started = time.monotonic()
    assert broker.token().status in (502, 503)
    assert time.monotonic() - started < DEADLINE
    world.aws.up()
    world.auth.up()
    # Within 5 s after they return.
    until(lambda: broker.token().status == 200, "a token", within=5 + SLACK)
    until(lambda: broker.get("/secrets/solo").status == 200, "a secret", within=5 + SLACK)
    until(lambda: broker.get("/readyz", key=None).status == 200, "ready")


@pytest.mark.row(2)
@pytest.mark.alone
def test_with_parameter_store_down_memory_is_as_quick_as_before(world) -> None:
    broker = world.serve()
    broker.token()

    def seconds() -> list[float]:
        spans = []
        for _ in range(300):
            started = time.perf_counter()
            answer = broker.token()
            spans.append(time.perf_counter() - started)
            assert (answer.status, answer.header("X-Latchkey-Tier")) == (200, "memory")
        return spans

    # On a busy machine the 99th percentile varies by milliseconds. Latency that
    # the broker adds would appear in every round.
    rounds = []
    for _ in range(5):
        world.aws.up() if rounds else None
        before = statistics.quantiles(seconds(), n=100)[98]
        world.aws.down()
        after = statistics.quantiles(seconds(), n=100)[98]
        rounds.append((before, after))
        if after < max(2 * before, 0.02):
            break
    else:
        pytest.fail(f"slower in every round: {rounds}")


@pytest.mark.row(3)
def test_with_parameter_store_down_the_token_comes_straight_from_the_issuer(world) -> None:
    broker = world.serve()
    world.aws.down()
    answer = broker.token()
    assert (answer.status, answer.header("X-Latchkey-Tier")) == (200, "auth0")
    until(lambda: [line for line in broker.logs if line["level"] in ("warning", "error")], "a warning")
    reads = [line for line in broker.logs if line["level"] == "warning" and "read" in str(line)]
    assert len(reads) <= 1, reads
    assert broker.metric("latchkey_tier_requests_total", resource="token", tier="parameter_store", outcome="error") >= 1


@pytest.mark.row(4)
def test_with_the_issuer_down_a_valid_pair_is_served(world) -> None:
    world.put("auth0-cache/token", "stored-token-3d1f")
    world.put("auth0-cache/expires", str(int((time.time() + 600) * 1000)), "String")
    world.auth.down()
    answer = world.start(secrets=["stored-token-3d1f"]).token()
    assert (answer.status, answer.header("X-Latchkey-Tier")) == (200, "parameter-store")
    assert answer.json()["access_token"] == "stored-token-3d1f"


@pytest.mark.row(5)
@pytest.mark.slow
def test_with_the_issuer_down_the_old_token_is_served_until_it_expires_and_not_after(world) -> None:
    broker = world.serve(secrets=["short-lived-91c"])
    world.auth.next(document({"access_token": "short-lived-91c", "token_type": "Bearer", "expires_in": 12}))
    started = time.monotonic()
    assert broker.token().json()["access_token"] == "short-lived-91c"
    given = time.monotonic()
    world.auth.always(status(503))
    stale = until(lambda: (a := broker.token()).header("X-Latchkey-Stale") and a, "its buffer")
    assert (stale.status, stale.header("X-Latchkey-Stale")) == (200, "true")
    told = until(lambda: (a := broker.token()).header("X-Latchkey-Refresh-Error") and a, "a refresh has failed")
    assert told.status == 200
    assert "http_503" in told.header("X-Latchkey-Refresh-Error")
    assert broker.metric("latchkey_stale_served_total", resource="token") >= 1
    served = []

    def ended():
        asked = time.monotonic()
        answer = broker.token()
        if answer.status == 200:
            served.append(asked)
        return answer.status != 200 and answer

    refused = until(ended, "the end of the token")
    lived = time.monotonic() - started
    assert (refused.status, refused.code) == (503, "upstream_unavailable")
    assert 1 <= int(refused.header("Retry-After")) <= 5
    assert lived >= 11, f"served for {lived:.1f} s of 12"
    assert not served or served[-1] < given + 12, "never given out past its end"
    assert len(world.auth.seen()) >= 2, "it was tried to be replaced before its end"
    world.auth.heal()
    until(lambda: broker.token().status == 200, "a new token")


@pytest.mark.row(2)
def test_with_parameter_store_down_a_secret_in_memory_outlives_its_ttl(world) -> None:
    world.put("solo", "v")
    broker = world.serve(LATCHKEY_SECRET_TTL="1")
    assert broker.get("/secrets/solo").status == 200
    world.aws.down()
    stale = until(lambda: (a := broker.get("/secrets/solo")).header("X-Latchkey-Stale") == "true" and a, "stale")
    assert (stale.status, stale.json()["value"]) == (200, "v")
    assert broker.metric("latchkey_stale_served_total", resource="secret") >= 1
    world.put("solo", "w")
    world.aws.up()
    until(lambda: broker.get("/secrets/solo").json()["value"] == "w", "the new value")
    assert world.aws.seen(mentions("solo"))
