"""One broker takes over from another under steady requests (row 62 of Faults.md)."""

from __future__ import annotations

import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peers import longrun
from peers.activation import activate
from peers.broker import BINARY
from peers.child import Child
from peers.steady import SteadyCallers
from peers.waiting import free_port, until

#: Hand-overs of the whole run, and requests per second: half over kept-alive connections, half over new ones.
HANDOVERS = 20
RATE = 2000 if longrun.SCALE == 1 else 400


class Callers:
    """Steady callers, of which half open a connection for each request."""

    def __init__(self, place: int | Path) -> None:
        self.all = [SteadyCallers(place, "/secrets/solo", RATE // 2, connections=50, short=short) for short in (False, True)]

    @property
    def served(self) -> int:
        return sum(callers.served for callers in self.all)

    @property
    def failures(self) -> dict[str, int]:
        return {name: count for callers in self.all for name, count in callers.failures.items()}

    def go_on(self) -> None:
        """Waits until as many requests were answered as are sent in half a second."""
        before = self.served
        until(lambda: self.failures or self.served >= before + RATE // 2, "callers are served")

    def stop(self) -> None:
        for callers in self.all:
            callers.stop()


@pytest.fixture
def children() -> Iterator[list[Child]]:
    children: list[Child] = []
    yield children
    for child in children:
        if child.running:
            child.kill()


def hand_over(place: int | Path, start: Callable[[], Child], children: list[Child]) -> None:
    """Green starts beside blue, which then stops. Repeated under load."""

    def begin() -> Child:
        child = start()
        children.append(child)
        child.ready(lambda: '"listening"' in child.stderr, "it listens")
        return child

    blue = begin()
    callers = Callers(place)
    started = time.monotonic()
    try:
        callers.go_on()
        for number in range(longrun.count(HANDOVERS)):
            green = begin()
            callers.go_on()
            blue.send(signal.SIGTERM)
            callers.go_on()
            assert blue.wait() == 0
            assert callers.failures == {}, f"hand-over {number}: {green.stderr[-2000:]}"
            blue = green
        callers.go_on()
        rate = callers.served / (time.monotonic() - started)
    finally:
        callers.stop()
    assert callers.failures == {}
    assert rate > RATE * 0.75, f"{rate:.0f} requests per second were answered, not about {RATE}"
    repeated = sum(each.repeated for each in callers.all)
    print(f"{place}: {number + 1} hand-overs, {callers.served} requests, {rate:.0f} per second, {repeated} sent again")
    assert blue.stop() == 0


@pytest.mark.row(62)
@pytest.mark.long
@pytest.mark.heavy
@pytest.mark.timeout(900)
@pytest.mark.parametrize("family", ["tcp", "unix"])
def test_a_supervisor_that_holds_the_socket_changes_brokers(world, children: list[Child], family: str) -> None:
    world.put("solo", "v")
    if family == "tcp":
        place: int | Path = free_port()
        listener = socket.create_server(("127.0.0.1", place), backlog=1024)
    else:
        place = world.folder / "held.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(place))
        listener.listen(1024)
    with listener:
        hand_over(place, lambda: activate(listener, world.settings()), children)


@pytest.mark.row(62)
@pytest.mark.long
@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_a_successor_takes_the_path_of_a_unix_socket_over(world, children: list[Child]) -> None:
    world.put("solo", "v")
    path: Path = world.folder / "broker.sock"
    env = world.settings(LATCHKEY_LISTEN=f"unix:{path}", LATCHKEY_UNIX_TAKEOVER="true")
    hand_over(path, lambda: Child([BINARY, "serve"], env), children)
    assert not path.exists(), "the last one removes its socket"


@pytest.mark.row(62)
def test_the_socket_at_the_path_is_always_one_that_accepts(world, children: list[Child]) -> None:
    path: Path = world.folder / "broker.sock"
    env = world.settings(LATCHKEY_LISTEN=f"unix:{path}", LATCHKEY_UNIX_TAKEOVER="true")
    seen: set[int] = set()
    for _ in range(3):
        child = Child([BINARY, "serve"], env)
        children.append(child)
        child.ready(lambda child=child: '"listening"' in child.stderr, "it listens")
        assert stat.S_ISSOCK(path.lstat().st_mode)
        seen.add(path.lstat().st_ino)
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(path))
    assert len(seen) == 3 and all(child.running for child in children)
    # Those whose path was taken remove nothing.
    for child in children[:2]:
        assert child.stop() == 0
        assert path.is_socket()


@pytest.mark.row(62)
def test_a_killed_broker_s_socket_is_replaced_by_a_taker(world, children: list[Child]) -> None:
    path: Path = world.folder / "broker.sock"
    env = world.settings(LATCHKEY_LISTEN=f"unix:{path}", LATCHKEY_UNIX_TAKEOVER="true")
    for _ in range(2):
        child = Child([BINARY, "serve"], env)
        children.append(child)
        child.ready(lambda child=child: '"listening"' in child.stderr, "it listens")
        child.kill()
    assert path.is_socket()
