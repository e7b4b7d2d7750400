"""Callers that share one call to the store each have their own deadline."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from peers.broker import ROOT, Broker
from peers.faults import after
from peers.http import Answer
from peers.promises import SLACK
from peers.proxy import operation
from peers.waiting import until

FILES = [ROOT / "Tests/Fixtures/cases" / name for name in ("deadlines.json", "deadlines-more.json")]
CASES = [
    pytest.param(table["settings"], case, id=f"{file.stem}-{number}")
    for file in FILES
    for table in [json.loads(file.read_text())]
    for number, case in enumerate(table["cases"])
]
READS = operation("GetParameter", "GetParameters")


class Caller:
    """One request in its own thread."""

    def __init__(self, broker: Broker, path: str) -> None:
        self.answer: Answer | None = None
        self.seconds = 0.0
        self._thread = threading.Thread(target=self._ask, args=(broker, path))
        self._thread.start()

    def _ask(self, broker: Broker, path: str) -> None:
        started = time.monotonic()
        self.answer = broker.get(path)
        self.seconds = time.monotonic() - started

    def require(self, wanted: dict[str, Any]) -> None:
        self._thread.join(40)
        assert self.answer is not None, "no answer at all"
        assert self.answer.status == wanted["status"], self.answer.text
        assert self.seconds >= wanted.get("not_before_s", 0)
        assert self.seconds < wanted.get("within_s", 10) + SLACK
        if after_s := wanted.get("after_s"):
            assert after_s[0] <= self.seconds <= after_s[1] + SLACK


@pytest.mark.row(65)
@pytest.mark.slow(40)
@pytest.mark.parametrize(("settings", "case"), CASES)
def test_each_caller_keeps_a_deadline_of_its_own(world, settings: dict[str, int], case: dict[str, Any]) -> None:
    for name in ("leader", "follower", "queue"):
        world.put(name, f"of {name}", kind="String")
    broker = world.serve(**{name: str(value) for name, value in settings.items()})
    # The prefetch is over, and the rate limit allows calls again.
    until(lambda: broker.get("/secrets/never-there").status == 404, "the store answers")
    time.sleep(1.1)
    world.aws.always(after(case["store_answers_after_s"]), when=READS)
    misses = lambda: broker.metric("latchkey_tier_requests_total", resource="secret", tier="memory", outcome="miss")  # noqa: E731
    started = time.monotonic()
    before = misses()
    queue = []
    for number in range(4 if "queue" in case else 0):
        queue.append(Caller(broker, f"/secrets/queue?version={number + 1}"))
        until(lambda wanted=before + number + 1: misses() >= wanted, "it is asked for")
    time.sleep(max(0.0, started + case["leader_asks_at_s"] - time.monotonic()))
    leader = Caller(broker, "/secrets/leader")
    time.sleep(max(0.0, started + case["follower_asks_at_s"] - time.monotonic()))
    same = case.get("follower_asks_for") == "the same"
    follower = Caller(broker, "/secrets/leader" if same else "/secrets/follower")
    follower.require(case["follower"])
    leader.require(case.get("leader", {"status": leader.answer.status if leader.answer else 200}))
    for each in queue:
        each._thread.join(40)
