"""Searches for the most expensive request (row 56 of Faults.md).

Each case is a hill climb: it starts with a random request and continues with variations of the most expensive one so
far, over every route, every place for text, and every framing.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from peers import longrun
from peers.broker import API_KEY, PREFIX, Broker, settings
from peers.callers import Member, write
from peers.cpu import ThreadTimes
from peers.hostile import KINDS, PLACES, Shape, Shapes, encoded
from peers.raw import bearer, send_and_read, request, signature, status_of
from peers.textstore import TextStore

#: Milliseconds of one thread that one request may cost (the limits in openapi.yaml and ThreatModel.md).
BOUND = 50
#: Requests of one climb, and climbs of a long run.
STEPS, CLIMBS = 20, 4_000
#: Caller ids that are guessed at in turn.
GUESSED = 400
#: Typical blobs and listings, as the reference for the cost of a request.
DEEP = json.dumps({"a": {"a": {"a": [[1.50, {"a": "b"}], "c"]}}, "a.a": "d", **{f"a{number}": number for number in range(200)}})
WIDE = json.dumps({"a": list(range(2_000)), "b": [[], {}]})


class Target:
    """A broker over filled stores, and the cost of a shape."""

    def __init__(self, folder: Path) -> None:
        self.store = TextStore()
        for name, text in (("secrets", json.dumps({"deep": DEEP, "wide": WIDE})), ("a", DEEP)):
            self.store.put(f"{PREFIX}/{name}", text)
        for number in range(60):
            self.store.put(f"{PREFIX}/list/a{number}", "listed")
        # Answers to guesses at one caller id are delayed, so each has an id of its own.
        self.guessed = itertools.cycle([f"guessed-{number}" for number in range(GUESSED)])
        members = [Member(f"guessed-{number}", ["secrets"], ["**"]) for number in range(GUESSED)]
        file = write(folder / "callers.json", [member.entry(folder) for member in members])
        self.broker = Broker(settings(folder, **self.store.settings(), LATCHKEY_CALLERS_FILE=str(file)))
        self.broker.wait_live().wait_ready()
        self.times = ThreadTimes(self.broker.child.pid)

    def bytes_of(self, shape: Shape) -> bytes:
        place, text = shape.place, self.guessing(shape.text())
        fields = [(place.field, text)] * shape.lines if place.field else []
        if place.credential == "key" and place.field != "Authorization":
            fields.append(bearer())
        if place.content_type:
            fields.append(("Content-Type", place.content_type))
        if place.route == "GET":
            return request("GET", text, fields)
        body = b"{}" if place.field else encoded(text)
        if place.route.startswith("/") and place.route not in ("/oauth/token", "/token/rejected"):
            return request("GET", place.route, fields)
        if place.credential == "signed":
            fields += signature(self.broker.port, place.operation, body)
        elif place.credential == "listed":
            fields += self.listed(place.field)
        return request("POST", place.route.removeprefix("POST "), fields, body, shape.chunk)

    def guessing(self, text: str) -> str:
        """The text with another id in place of one that a wrong credential claims."""
        text = text.replace("Credential=default/", f"Credential={next(self.guessed)}/")
        return text if API_KEY in text else text.replace("client_id=default", f"client_id={next(self.guessed)}")

    def listed(self, field: str) -> list[tuple[str, str]]:
        """The fields of a caller who knows an id and no key, with a field that is said to be signed."""
        good = signature(self.broker.port, "AmazonSSM.GetParameter", b"{}", caller=next(self.guessed))
        authorization = dict(good)["Authorization"].partition("SignedHeaders=")[0]
        listed = ";".join(sorted({"host", "x-amz-date", "x-amz-target", field.lower()}))
        claim = ("Authorization", f"{authorization}SignedHeaders={listed}, Signature={'0' * 64}")
        return [claim, *((name, value) for name, value in good if name.startswith("X-Amz-") and name != field)]

    def cost(self, shape: Shape, enough: float) -> tuple[float, int]:
        """Milliseconds and status. A request over `enough` is repeated, and the minimum counts."""
        data = self.bytes_of(shape)
        best, status = self.once(data)
        for _ in range(4):
            if best <= enough:
                break
            again, status = self.once(data)
            best = min(best, again)
        return best, status

    def once(self, data: bytes) -> tuple[float, int]:
        spent, answer = self.times.spent(lambda: send_and_read(self.broker.port, data, has_own_address=True))
        assert self.broker.child.running, f"the broker ended: {self.broker.child.stderr[-2000:]}"
        return spent, status_of(answer)


@pytest.fixture(scope="module")
def search(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    searched = Target(tmp_path_factory.mktemp("search"))
    yield searched
    searched.broker.stop()
    searched.store.stop()


def climb(search: Target, number: int) -> tuple[float, Shape]:
    """The most expensive request of a climb: each kind of text at one place, then variations of the most expensive."""
    numbers = random.Random(number)
    shapes = Shapes(numbers)
    place = PLACES[number % len(PLACES)]
    kinds = numbers.sample(KINDS, len(KINDS))
    best, dearest = 0.0, shapes.fresh(place, kinds[0])
    for step in range(STEPS):
        shape = shapes.fresh(place, kinds[step]) if step < len(kinds) else shapes.near(dearest)
        spent, status = search.cost(shape, enough=max(best, 5.0))
        assert status < 500 or status in (502, 503), f"case {number}: {status} for {shape}"
        if spent >= best:
            best, dearest = spent, shape
    return best, dearest


@pytest.mark.row(56)
@pytest.mark.alone
@pytest.mark.long
@pytest.mark.slow(20)
@pytest.mark.timeout(600)
def test_no_request_that_can_be_found_costs_more_than_50_ms_of_a_thread(search: Target) -> None:
    found = []
    for number in longrun.cases(CLIMBS, "hostile requests"):
        best, shape = climb(search, number)
        found.append((best, number, str(shape)))
    found.sort(reverse=True)
    for best, number, shape in found[:10]:
        print(f"{best:.1f} ms, case {number}: {shape}")
    dear = [f"{best:.1f} ms, case {number}: {shape}" for best, number, shape in found if best > BOUND]
    assert not dear, f"{len(dear)} of {len(found)}:\n" + "\n".join(dear[:20])
