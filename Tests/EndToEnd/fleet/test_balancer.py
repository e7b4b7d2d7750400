"""Three brokers behind haproxy with continuous load."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peers import longrun
from peers.broker import BINARY, Broker
from peers.child import Child
from peers.haproxy import Haproxy
from peers.steady import SteadyCallers
from peers.waiting import until

RATE = 1000


@pytest.fixture
def balance(world, later) -> Iterator[Callable[..., tuple[Haproxy, list[Broker]]]]:
    """Starts three brokers with these settings and their own ones, and haproxy in front of them."""
    if not Haproxy.installed():
        pytest.skip("haproxy is not installed")

    def start(
        own: Callable[[int], dict[str, str]] = lambda _: {}, **extra: str | None
    ) -> tuple[Haproxy, list[Broker]]:
        world.put("solo", "v")
        brokers = [world.start(LATCHKEY_WORKERS="1", **extra, **own(number)) for number in range(3)]
        for broker in brokers:
            broker.wait_ready()
            assert broker.get("/secrets/solo").status == 200
        balancer = Haproxy(world.folder, [broker.port for broker in brokers])
        later(balancer.stop)
        balancer.wait_for_all()
        return balancer, brokers

    return start


def restart(broker: Broker) -> None:
    """Stops a broker with SIGTERM and starts one at the same address."""
    assert broker.child.stop() == 0
    broker.require_clean_output()
    broker.child = Child([BINARY, "serve"], broker.env)
    broker.wait_live().wait_ready()


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_a_rolling_restart_fails_no_request(balance) -> None:
    balancer, brokers = balance(LATCHKEY_DRAIN_DELAY="2", LATCHKEY_DRAIN_TIMEOUT="20")
    callers = SteadyCallers(balancer.port, "/secrets/solo", RATE)
    try:
        for _ in range(longrun.count(10)):
            for broker in brokers:
                served = callers.served
                restart(broker)
                balancer.wait_for_all()
                until(lambda at=served: callers.served > at + 500 or callers.failures, "callers are served")
    finally:
        callers.stop()
    assert not callers.failures, f"{callers.failures} of {callers.served}"
    # All at once: the second signal at the end of the test ends the delay.
    for broker in brokers:
        broker.child.send(signal.SIGTERM)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_with_the_store_down_no_broker_leaves_the_balancer(world, balance) -> None:
    """Five minutes, of which any run but the long one takes a few seconds, with a TTL that is over by then."""
    seconds = max(4.0, 300 * longrun.SCALE)
    balancer, brokers = balance(
        LATCHKEY_SECRET_TTL="1", LATCHKEY_STALE_TTL="3600",
        **dict.fromkeys(["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_AUDIENCE"]),
        LATCHKEY_AUTH0_TOKEN_URL=None,
    )
    world.aws.down()
    ended = time.monotonic() + seconds
    callers = SteadyCallers(balancer.port, "/secrets/solo", 100, connections=10)
    try:
        for broker in brokers:
            until(lambda b=broker: b.get("/secrets/solo").header("X-Latchkey-Stale") == "true", "past its time")
            until(lambda b=broker: b.get("/health").json()["status"] == "degraded", "the outage is known")
        until(lambda: time.monotonic() > ended, "the outage has lasted long enough", seconds + 60)
    finally:
        callers.stop()
    assert callers.served > 0
    assert not callers.failures, f"{callers.failures} of {callers.served}"
    assert balancer.states() == ["UP"] * 3
    assert balancer.downs() == 0


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_with_warm_files_a_rolling_restart_while_everything_is_down_fails_no_request(world, balance, tmp_path: Path) -> None:
    key = tmp_path / "warm.key"
    key.write_text(os.urandom(32).hex())
    files = [tmp_path / f"warm{number}" / "file" for number in range(3)]
    for file in files:
        file.parent.mkdir()
    balancer, brokers = balance(
        lambda number: {"LATCHKEY_WARM_FILE": str(files[number])}, LATCHKEY_WARM_KEY=f"file:{key}",
        LATCHKEY_SECRET_TTL="1", LATCHKEY_DRAIN_DELAY="2", LATCHKEY_DRAIN_TIMEOUT="20")
    for broker in brokers:
        assert broker.token().status == 200
    world.aws.down()
    world.auth.down()
    callers = [SteadyCallers(balancer.port, path, RATE / 4, connections=20) for path in ("/secrets/solo", "/token")]
    try:
        for _ in range(longrun.count(10)):
            for broker in brokers:
                served = [one.served for one in callers]
                restart(broker)
                assert broker.get("/secrets/solo").header("X-Latchkey-Stale") == "true"
                balancer.wait_for_all()
                for one, at in zip(callers, served, strict=True):
                    until(lambda one=one, at=at: one.served > at + 100 or one.failures, "callers are served")
    finally:
        for one in callers:
            one.stop()
    assert [one.failures for one in callers] == [{}, {}], [one.served for one in callers]
    for broker in brokers:
        broker.child.send(signal.SIGTERM)
