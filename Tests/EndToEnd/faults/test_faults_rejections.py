"""A consumer that rejects tokens, even all of them, leaves other callers with a valid token."""

from __future__ import annotations

import hashlib
import json
import threading
import time

import pytest

from peers.broker import Broker
from peers.cases import cases
from peers.crowd import crowd
from peers.faults import status
from peers.http import Answer
from peers.waiting import until


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def reject(broker: Broker, token: str) -> int:
    return broker.get("/token/rejected", method="POST", body=json.dumps({"sha256": digest(token)})).status


def token(broker: Broker) -> Answer:
    answer = broker.token()
    assert answer.status == 200, answer.text
    broker.remember_secret(answer.json()["access_token"])
    return answer


class Loop:
    """A consumer that rejects every token, and a second one that only requests tokens."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.statuses: list[int] = []
        self.rejected = 0
        self.failures: list[str] = []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._guarded, args=(work,)) for work in (self._consume, self._ask)]

    def run(self, seconds: float) -> None:
        for thread in self._threads:
            thread.start()
        self._end.wait(seconds)
        self._end.set()
        for thread in self._threads:
            thread.join(15)
        assert not self.failures, self.failures

    def _guarded(self, work) -> None:
        while not self._end.is_set():
            try:
                work()
            except Exception as failure:  # noqa: BLE001  (told by the thread that waits)
                self.failures.append(repr(failure))
                return
            self._end.wait(0.02)

    def _consume(self) -> None:
        assert reject(self.broker, token(self.broker).json()["access_token"]) == 202
        self.rejected += 1

    def _ask(self) -> None:
        self.statuses.append(self.broker.token().status)


def issued(world) -> int:
    return len(world.auth.seen())


@pytest.mark.slow(40)
@pytest.mark.timeout(300)
@pytest.mark.row(60)
@pytest.mark.parametrize("case", cases("rejects"))
def test_a_report_of_another_caller_removes_no_valid_token(world, case: dict) -> None:
    broker = world.serve(LATCHKEY_ISSUE_BUDGET_PER_HOUR=str(case["budget_per_hour"]))
    held = token(broker).json()["access_token"]
    until(lambda: world.parameter("auth0-cache/expires"), "the pair is written")
    if case.get("spent"):
        while "issue_budget" not in (broker.token("?refresh=true").header("X-Latchkey-Refresh-Error") or ""):
            threading.Event().wait(0.1)
        held = token(broker).json()["access_token"]
        until(lambda: (world.parameter("auth0-cache/token") or {}).get("Value") == held, "the last one is shared")
    if "issuer_answers" in case:
        world.auth.always(status(case["issuer_answers"]))
    if "loop" in case:
        loop = Loop(broker)
        loop.run(case["for_s"])
        assert loop.rejected > 1 and loop.statuses and set(loop.statuses) == {200}
    elif "at_once" in case:
        threads = [threading.Thread(target=reject, args=(broker, held)) for _ in range(case["at_once"]["callers"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    else:
        known = "nobody" not in case["once"][0]
        assert reject(broker, held if known else "nobody has this one") == 202
    require_outcome(world, broker, case, held)
    if "issuances_at_most" in case:
        assert issued(world) <= case["issuances_at_most"]


def require_outcome(world, broker: Broker, case: dict, held: str) -> None:
    other = case.get("other_caller", {})
    if other.get("token") == "the successor":
        began = time.monotonic()
        until(lambda: token(broker).json()["access_token"] != held, "the successor", within=other["within_s"])
        assert time.monotonic() - began <= other["within_s"] + 1
    elif "GET /token" in other:
        assert broker.token().status == other["GET /token"]
    if "then" in case:
        answer = token(broker)
        assert answer.json()["access_token"] == held
        assert answer.header("X-Latchkey-Rejected") == "true"
    if "shared_pair" in case:
        pair = world.parameter("auth0-cache/token")["Value"]
        broker.remember_secret(pair)
        assert pair.count(".") == 2
        assert int(world.parameter("auth0-cache/expires")["Value"]) / 1000 > time.time()
    if "replica_started_after" in case:
        answer = token(world.serve())
        assert answer.header("X-Latchkey-Tier") == "parameter-store"


def test_a_refused_token_says_so_on_every_front_and_stops_when_its_successor_is_there(world) -> None:
    broker = world.serve()
    held = token(broker).json()["access_token"]
    world.auth.always(status(500))
    reject(broker, held)
    until(lambda: broker.token().header("X-Latchkey-Rejected") == "true", "it is marked")
    form = "grant_type=client_credentials"
    response = broker.get(
        "/oauth/token?", key=None, method="POST", body=form,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Authorization": basic()},
    )
    assert (response.status, response.header("X-Latchkey-Rejected")) == (200, "true")
    world.auth.heal()
    fresh = until(lambda: (a := token(broker)).header("X-Latchkey-Rejected") is None and a, "a successor", within=20)
    assert fresh.json()["access_token"] != held


def test_callers_do_not_wait_for_an_issuer_that_hangs(world) -> None:
    broker = world.serve()
    held = token(broker).json()["access_token"]
    gate = threading.Event()
    from peers.faults import when_released

    world.auth.always(when_released(gate))
    reject(broker, held)
    answers = crowd(broker.port, ["/token"] * 20)
    assert {timed.answer.status for timed in answers} == {200}
    assert {timed.answer.header("X-Latchkey-Rejected") for timed in answers} == {"true"}
    gate.set()
    until(lambda: token(broker).json()["access_token"] != held, "the successor")


def basic() -> str:
    import base64

    from peers.broker import API_KEY

    return "Basic " + base64.b64encode(f"default:{API_KEY}".encode()).decode()
