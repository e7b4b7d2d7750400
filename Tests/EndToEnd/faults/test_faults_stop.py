"""SIGTERM: the drain delay for load balancers, and the drain (row 49 of Faults.md)."""

from __future__ import annotations

import contextlib
import http.client
import signal
import threading
import time

import pytest

from peers.broker import API_KEY, BINARY, run
from peers.child import Child
from peers.http import Answer, read
from peers.promises import SLACK
from peers.waiting import accepts, until

#: A delay longer than any test.
LONG = {"LATCHKEY_DRAIN_DELAY": "300", "LATCHKEY_DRAIN_TIMEOUT": "320"}


class Kept(http.client.HTTPConnection):
    """A kept-alive connection."""

    def ask(self, path: str) -> Answer:
        self.request("GET", path, headers={"Authorization": f"Bearer {API_KEY}"})
        return read(self)


def no_longer_ready(broker) -> None:
    until(lambda: broker.get("/readyz", key=None).status == 503, "not ready")


@pytest.mark.row(49)
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_in_the_delay_all_is_as_before_but_readiness_and_a_second_signal_ends_it(world, second: signal.Signals) -> None:
    world.put("solo", "v")
    broker = world.serve(**LONG)
    kept = Kept("127.0.0.1", broker.port, timeout=30)
    with contextlib.closing(kept):
        assert kept.ask("/secrets/solo").status == 200
        broker.child.send(signal.SIGTERM)
        no_longer_ready(broker)
        assert broker.get("/readyz", key=None).text == "not ready"
        assert broker.get("/livez", key=None).status == 200
        health = broker.get("/health")
        assert (health.status, health.json()["status"], health.json()["draining"]) == (200, "degraded", True)
        for ask in (kept.ask, broker.get):
            for _ in range(3):
                answer = ask("/secrets/solo")
                assert (answer.status, answer.header("Connection")) == (200, None)
        assert broker.token().status == 200, "upstreams are asked as ever"
        # A signal without a meaning does not end the delay.
        broker.child.send(signal.SIGUSR1)
        until(lambda: [line for line in broker.logs if "SIGUSR1" in str(line)], "it is logged")
        assert accepts(broker.port)
        broker.child.send(second)
        assert broker.child.wait(30) == 0


@pytest.mark.row(49)
def test_the_drain_begins_when_the_delay_is_over(world) -> None:
    broker = world.serve(LATCHKEY_DRAIN_DELAY="2", LATCHKEY_DRAIN_TIMEOUT="30")
    asked = time.monotonic()
    broker.child.send(signal.SIGTERM)
    until(lambda: not accepts(broker.port), "connections are refused")
    assert 2 <= time.monotonic() - asked < 2 + SLACK
    assert broker.child.wait(30) == 0


@pytest.mark.row(49)
@pytest.mark.slow
def test_long_polling_continues_during_the_drain_delay(world) -> None:
    world.put("solo", "v")
    broker = world.serve(**LONG)
    tag = broker.get("/secrets/solo").header("ETag")
    answers: list[Answer] = []

    def wait() -> None:
        answers.append(broker.get("/secrets/solo?wait=60", headers={"If-None-Match": tag}))

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    until(lambda: broker.metric("latchkey_http_connections") >= 2, "it waits")
    broker.child.send(signal.SIGTERM)
    no_longer_ready(broker)
    world.put("solo", "w")
    until(lambda: answers, "the change")
    assert (answers[0].status, answers[0].json()["value"]) == (200, "w")
    broker.child.send(signal.SIGTERM)
    assert broker.child.wait(30) == 0
    waiting.join(10)


@pytest.mark.row(49)
def test_the_file_of_a_unix_socket_stays_for_the_delay(world, later) -> None:
    path = world.folder / "broker.sock"
    child = Child([BINARY, "serve"], world.settings(LATCHKEY_LISTEN=f"unix:{path}", **LONG))
    later(lambda: child.running and child.kill())
    child.ready(lambda: '"listening"' in child.stderr, "it listens")
    child.send(signal.SIGTERM)
    until(lambda: "connections are still accepted" in child.stderr, "the delay")
    assert path.is_socket()
    child.send(signal.SIGTERM)
    assert child.wait(30) == 0
    assert not path.exists()


@pytest.mark.parametrize(("delay", "timeout"), [("20", None), ("5", "5"), ("6", "5")])
def test_a_delay_that_leaves_no_time_for_the_drain_is_refused(world, delay: str, timeout: str | None) -> None:
    env = world.settings(LATCHKEY_DRAIN_DELAY=delay, LATCHKEY_DRAIN_TIMEOUT=timeout)
    refused = run("serve", env=env)
    assert refused.returncode == 78
    assert "LATCHKEY_DRAIN_DELAY: must be smaller than LATCHKEY_DRAIN_TIMEOUT" in refused.stderr
