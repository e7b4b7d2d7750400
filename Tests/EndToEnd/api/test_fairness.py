"""Two callers: one takes all that it can get, and the other is served as before."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from peers.broker import Broker
from peers.callers import Member, bearer, write
from peers.faults import when_released
from peers.proxy import mentions
from peers.raw import request
from peers.waiting import until

GREEDY = Member("greedy", ["secrets", "token"], ["**"])
MODEST = Member("modest", ["secrets", "token"], ["**"])
#: Requests on one connection without an answer: fewer than the broker allows, so that it notices the end of the connection.
DEPTH = 50


@dataclass
class Two:
    world: object
    broker: Broker

    def get(self, path: str, member: Member, **headers: str):
        return self.broker.get(path, key=member.key, headers=headers)


@pytest.fixture
def start(world, tmp_path: Path) -> Iterator:
    def serve(**settings: str) -> Two:
        file = write(tmp_path / "callers.json", [member.entry(tmp_path) for member in (GREEDY, MODEST)])
        settings = {"LATCHKEY_UPSTREAM_TIMEOUT": "15", **settings}
        broker = world.serve(
            [member.key for member in (GREEDY, MODEST)], LATCHKEY_CALLERS_FILE=str(file), **settings)
        return Two(world, broker)

    world.put("solo", "value-of-solo")
    for number in range(20):
        world.put(f"modest-{number}", f"value-{number}")
    yield serve


def send(broker: Broker, paths: list[str], headers: dict[str, str], depth: int = DEPTH) -> list[socket.socket]:
    """Sends requests, `depth` on a connection, and does not read the answers."""
    sockets = []
    for first in range(0, len(paths), depth):
        sock = socket.create_connection(("127.0.0.1", broker.port), 30)
        sock.sendall(b"".join(request("GET", path, list(headers.items())) for path in paths[first : first + depth]))
        sockets.append(sock)
    return sockets


@pytest.mark.heavy
def test_one_caller_cannot_take_all_places_of_long_polls(start) -> None:
    two = start()
    tag = {"If-None-Match": two.get("/secrets/solo", GREEDY).header("ETag") or ""}
    held = send(two.broker, ["/secrets/solo?wait=60"] * 600, {**bearer(GREEDY.key), **tag}, depth=1)

    def refusals() -> int:
        return sum((line.get("caller"), line.get("status")) == (GREEDY.name, "503") for line in two.broker.logs)

    # Half of the places. No request before that, since it would take one of them.
    until(lambda: refusals() == 100, "half of the places are taken")
    refused = two.get("/secrets/solo?wait=1", GREEDY, **tag)
    assert (refused.status, refused.code, refused.header("Retry-After")) == (503, "overloaded", "1")
    assert "share" in refused.json()["detail"]
    # The other caller waits as before, and the greedy one is served all that needs no place.
    assert two.get("/secrets/solo?wait=1", MODEST, **tag).status == 304
    assert two.get("/secrets/solo", GREEDY).status == 200
    for sock in held:
        sock.close()
    until(lambda: two.get("/secrets/solo?wait=1", GREEDY, **tag).status == 304, "the places are free again")


@pytest.mark.heavy
def test_reads_that_hang_for_one_caller_leave_room_for_the_other(start) -> None:
    two = start(LATCHKEY_SSM_MAX_TPS="1000")
    assert two.get("/secrets/solo", MODEST).status == 200
    gate = threading.Event()
    two.world.aws.always(when_released(gate), when=mentions("flood-"))
    held = send(two.broker, [f"/secrets/flood-{number}" for number in range(1_500)], bearer(GREEDY.key))

    def flooded() -> int:
        """Names that the store was asked for; a call may have several."""
        return len({name for seen in two.world.aws.seen() for name in re.findall(rb"flood-\d+", seen.body)})

    # Half of what may be in progress.
    until(lambda: flooded() >= 32, "the share is in use")
    for number in range(20):
        assert two.get(f"/secrets/modest-{number}", MODEST).status == 200
    assert two.get("/secrets/solo", MODEST).status == 200
    assert flooded() == 32
    gate.set()
    two.world.aws.heal()
    until(lambda: flooded() > 100, "the reads of the greedy caller go on")
    for sock in held:
        sock.close()


@pytest.mark.slow(15)
def test_a_caller_has_a_share_of_forced_refreshes(start) -> None:
    two = start(LATCHKEY_ISSUE_BUDGET_PER_HOUR="8", LATCHKEY_SHARED_TIER="none")
    assert two.get("/token", MODEST).status == 200
    issued = lambda: len(two.world.auth.seen())  # noqa: E731
    first = issued()
    forced = {GREEDY.name: 0, MODEST.name: 0}

    def force(member: Member) -> bool:
        before = issued()
        answer = two.get("/token?refresh=true", member)
        assert answer.status == 200
        forced[member.name] += answer.header("X-Latchkey-Refresh-Error") is None
        return issued() > before

    # A quarter of the budget for each caller; one forced refresh every two seconds.
    until(lambda: force(GREEDY) and forced[GREEDY.name] == 2, "the greedy caller has its share", 30)
    last = time.monotonic()
    until(lambda: not force(GREEDY) and time.monotonic() > last + 2.5, "no further one for it", 30)
    assert force(MODEST) and forced == {GREEDY.name: 2, MODEST.name: 1}
    assert issued() == first + 3
    assert two.get("/token", GREEDY).status == 200


def test_rejections_of_one_caller_do_not_delay_those_of_another(start) -> None:
    import hashlib

    two = start(LATCHKEY_SHARED_TIER="none")

    def reject(member: Member) -> str:
        token = two.get("/token", member).json()["access_token"]
        body = json.dumps({"sha256": hashlib.sha256(token.encode()).hexdigest()})
        from peers.http import ask

        assert ask(two.broker.port, "/token/rejected", "POST", bearer(member.key), body).status == 202
        return token

    first = reject(GREEDY)
    until(lambda: two.get("/token", GREEDY).json()["access_token"] != first, "it is replaced")
    # The greedy caller's next rejection has to wait for two seconds, and that of the other caller has not.
    second = reject(GREEDY)
    assert reject(MODEST) == second
    until(lambda: two.get("/token", MODEST).json()["access_token"] != second, "it is replaced again")
