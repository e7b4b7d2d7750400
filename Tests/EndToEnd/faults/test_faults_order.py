"""A read that starts after a change returns the change, and memory never returns to an older value."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from peers.broker import PREFIX, Broker
from peers.cases import cases
from peers.http import Answer
from peers.proxy import ProxiedRequest
from peers.waiting import until


@dataclass
class Held:
    """A read whose answer is delayed until a time of the test's clock."""

    gate: threading.Event = field(default_factory=threading.Event)
    release_at: float | None = None


class Timeline:
    """Runs a case on a virtual clock. It waits for events, not for times."""

    def __init__(self, world, broker: Broker, case: dict, name: str) -> None:
        self.world, self.broker, self.case, self.name = world, broker, case, name
        self.now = 0.0
        self.held: list[Held] = []
        self.calls: list[tuple[threading.Thread, list[Answer], Any]] = []
        self._lock = threading.Lock()
        read_s = case["read_s"]
        self.lengths = read_s if isinstance(read_s, list) else None
        self.length = 0.0 if self.lengths else read_s
        world.aws.always(self._hold, when=self._is_ours)

    def _is_ours(self, request) -> bool:
        return request.operation in ("GetParameter", "GetParameters") and f'{PREFIX}/{self.name}"' in request.body.decode()

    def _hold(self, proxied: ProxiedRequest) -> bool:
        data = proxied.forward()
        held = Held()
        with self._lock:
            self.held.append(held)
        if self.lengths or self.length:
            held.gate.wait(40)
        proxied.send(data)
        return True

    def play(self) -> None:
        for at, what, *wanted in self.case["timeline"]:
            if isinstance(at, str):
                at = self.now + 0.1
            self.advance(at)
            self.do(what, wanted[0] if wanted else None)
        until(self._finished, "every call is answered", within=40)
        for thread, answers, wanted in self.calls:
            thread.join(20)
            assert answers, "a call was not answered"
            self.require(answers[0], wanted)
        if "store_reads_at_most" in self.case:
            assert len(self.held) <= self.case["store_reads_at_most"]

    def _finished(self) -> bool:
        self.advance(1e9)
        return not self.open_calls()

    def advance(self, to: float) -> None:
        """Releases all answers that are due, in order."""
        while True:
            self.date_reads()
            waiting = sorted((h.release_at, i) for i, h in enumerate(self.held) if not h.gate.is_set() and h.release_at is not None)
            if not waiting or waiting[0][0] > to:
                break
            self.now, index = waiting[0]
            before, open_calls = len(self.held), self.open_calls()
            self.held[index].gate.set()
            if open_calls:
                until(lambda: len(self.held) > before or self.open_calls() < open_calls, "an answer, or the next read")
        self.now = max(self.now, to)

    def date_reads(self) -> None:
        for index, held in enumerate(list(self.held)):
            if held.release_at is None:
                lengths = self.lengths
                length = lengths[min(index, len(lengths) - 1)] if lengths else self.length
                held.release_at = self.now + length

    def open_calls(self) -> int:
        return sum(thread.is_alive() for thread, _, _ in self.calls)

    def do(self, what: str, wanted: Any) -> None:
        verb, _, rest = what.partition(" ")
        if verb == "store:":
            self.world.put(self.name, rest)
        elif verb == "blob:":
            self.world.put("secrets", rest)
        elif verb in ("GET", "POST"):
            self.call(verb, rest.replace("orders/dev", PREFIX.strip("/")), wanted)
        else:
            self.look()

    def call(self, method: str, path: str, wanted: Any) -> None:
        answers: list[Answer] = []
        thread = threading.Thread(target=lambda: answers.append(self.broker.get(path, method=method)))
        before = len(self.held)
        joined = self.joined()
        self.calls.append((thread, answers, wanted))
        thread.start()
        # The request is answered, or the store is reading for it, or it has joined a read.
        until(lambda: not thread.is_alive() or len(self.held) > before or self.joined() > joined, f"{path} is under way")
        self.date_reads()

    def joined(self) -> float:
        return self.broker.metric("latchkey_singleflight_joined_total", resource="secret")

    def look(self) -> None:
        """Waits for the broker's own check of the blob."""
        self.world.aws.forget()
        until(lambda: self.world.aws.seen(self._is_ours), "a look of the broker's own", within=30)

    def require(self, answer: Answer, wanted: Any) -> None:
        if wanted is None or isinstance(wanted, int):
            assert wanted is None or answer.status == wanted
            return
        allowed = wanted["either"] if isinstance(wanted, dict) else [wanted]
        value = value_of(answer)
        for each in allowed:
            if isinstance(each, str) and value == each:
                return
            if isinstance(each, dict) and value == each["value"]:
                assert answer.header("X-Latchkey-Refresh-Error") == each["X-Latchkey-Refresh-Error"]
                return
        raise AssertionError(f"{value!r} is none of {allowed}")


def value_of(answer: Answer) -> str:
    assert answer.status == 200, answer.text
    page = answer.json()
    if "secrets" in page:
        return next(iter(page["secrets"].values()))["value"]
    if "Parameter" in page:
        return page["Parameter"]["Value"]
    return page["SecretString"] if "SecretString" in page else page["value"]


@pytest.mark.row(63)
@pytest.mark.parametrize("case", cases("refresh-order"))
def test_a_read_after_a_change_returns_the_change(world, case: dict) -> None:
    is_blob = any("blob:" in str(step) for step in case["timeline"])
    first = case["timeline"][0][1]
    world.put("secrets" if is_blob else "k", first.partition(" ")[2])
    broker = world.serve(LATCHKEY_UPSTREAM_TIMEOUT="10", LATCHKEY_PREFETCH="" if is_blob else "secrets")
    if not is_blob:
        # The absence of the blob is cached, so a read of the parameter is one request.
        until(lambda: broker.get("/secrets/nothing-of-that-name").status == 404, "the store answers")
    else:
        assert broker.get("/cache/clear", method="POST").status == 204
    Timeline(world, broker, case, "secrets" if is_blob else "k").play()


def test_a_forced_read_without_permission_is_rejected_on_every_route(world) -> None:
    world.put("k", "v1")
    broker = world.serve()
    for path in ("/secrets/k?refresh=true", "/secrets?keys=k&refresh=true", "/secrets?refresh=true",
                 f"/secretsmanager/get?secretId={PREFIX.strip('/')}/k&refreshNow=true"):
        broker.get("/cache/clear", method="POST")
        first = broker.get(path)
        assert (first.status, first.header("X-Latchkey-Refresh-Error")) == (200, None), path
        second = broker.get(path)
        assert (second.status, second.header("X-Latchkey-Refresh-Error")) == (200, "refresh_floor"), path
    broker.get("/cache/clear", method="POST")
    assert broker.get("/secrets/none?refresh=true").header("X-Latchkey-Refresh-Error") is None
    absent = broker.get("/secrets/none?refresh=true")
    assert (absent.status, absent.header("X-Latchkey-Refresh-Error")) == (404, "refresh_floor")


def test_a_forced_token_that_is_not_new_is_marked(world) -> None:
    broker = world.serve()
    assert broker.token("?refresh=true").header("X-Latchkey-Refresh-Error") is None
    second = broker.token("?refresh=true")
    assert (second.status, second.header("X-Latchkey-Refresh-Error")) == (200, "refresh_floor")
