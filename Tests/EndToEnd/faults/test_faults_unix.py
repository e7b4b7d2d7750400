"""Successive brokers on one Unix socket (row 62 of Faults.md)."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
import pytest

from peers.broker import API_KEY, BINARY
from peers.child import Child
from peers.faults import when_released
from peers.proxy import mentions
from peers.waiting import until

CASES = json.loads((Path(__file__).parents[2] / "Fixtures/cases/unix-socket-handover.json").read_text())["cases"]


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def ask(path: Path, target: str) -> int:
    connection = Connection(path)
    with contextlib.closing(connection):
        connection.request("GET", target, headers={"Authorization": f"Bearer {API_KEY}"})
        response = connection.getresponse()
        response.read()
        return response.status


def lives(path: Path) -> bool:
    try:
        return ask(path, "/livez") == 200
    except OSError:
        return False


class Handover:
    """A folder with a socket, and the brokers that use it."""

    def __init__(self, world) -> None:
        self.world = world
        self.path: Path = world.folder / "broker.sock"
        self.brokers: dict[str, Child] = {}
        self.slow: list[int] = []
        self.asking: threading.Thread | None = None
        #: Set to let the store answer for the slow secret.
        self.released = threading.Event()
        world.put("slow", "v")
        world.aws.always(when_released(self.released), when=mentions("/slow"))

    def start(self, name: str) -> Child:
        env = self.world.settings(LATCHKEY_LISTEN=f"unix:{self.path}", LATCHKEY_UPSTREAM_TIMEOUT="15")
        self.brokers[name] = Child([BINARY, "serve"], env)
        return self.brokers[name]

    def listens(self, name: str) -> None:
        broker = self.brokers[name]
        broker.ready(lambda: '"listening"' in broker.stderr and lives(self.path), f"{name} answers")

    def ask_slowly(self) -> None:
        def run() -> None:
            self.slow.append(ask(self.path, "/secrets/slow"))

        self.asking = threading.Thread(target=run, daemon=True)
        self.asking.start()
        until(lambda: self.world.aws.seen(mentions("/slow")), "the store is asked")

    @property
    def is_socket(self) -> bool:
        try:
            return stat.S_ISSOCK(self.path.lstat().st_mode)
        except FileNotFoundError:
            return False

    def end(self) -> None:
        self.released.set()
        for broker in self.brokers.values():
            if broker.running:
                broker.stop(signal.SIGTERM)


@pytest.fixture
def handover(world) -> Iterator[Handover]:
    handover = Handover(world)
    yield handover
    handover.end()


@pytest.mark.row(62)
def test_a_successor_keeps_its_socket_and_the_caller_of_the_one_before_its_answer(handover: Handover) -> None:
    first = handover.start("A")
    handover.listens("A")
    handover.ask_slowly()
    first.send(signal.SIGTERM)
    until(lambda: not handover.is_socket, "the socket is gone as soon as A listens no more")
    assert handover.slow == [] and first.running, "and while A still works"
    handover.start("B")
    handover.listens("B")
    assert first.running
    handover.released.set()
    assert first.wait() == 0
    handover.asking.join(20)
    assert handover.slow == [200]
    assert handover.is_socket and lives(handover.path)


@pytest.mark.row(62)
def test_an_idle_broker_removes_its_socket_at_exit(handover: Handover) -> None:
    handover.start("A")
    handover.listens("A")
    assert handover.brokers["A"].stop(signal.SIGTERM) == 0
    assert not handover.path.exists()


@pytest.mark.row(62)
def test_the_socket_of_a_broker_that_was_killed_is_replaced(handover: Handover) -> None:
    handover.start("A")
    handover.listens("A")
    handover.brokers["A"].kill()
    assert handover.is_socket
    handover.start("B")
    handover.listens("B")


@pytest.mark.row(62)
def test_a_live_broker_s_socket_is_not_taken(handover: Handover) -> None:
    handover.start("A")
    handover.listens("A")
    second = handover.start("B")
    assert second.wait() == 78
    assert str(handover.path) in second.stderr
    assert handover.is_socket and lives(handover.path)


@pytest.mark.row(62)
@pytest.mark.parametrize("there", ["plain file", "folder", "symbolic link"])
def test_a_file_at_the_path_that_is_not_the_brokers_is_kept(handover: Handover, there: str) -> None:
    def put() -> None:
        match there:
            case "plain file":
                handover.path.write_text("somebody else's\n")
            case "folder":
                handover.path.mkdir()
            case "symbolic link":
                handover.path.symlink_to(handover.path.with_name("elsewhere"))

    handover.start("A")
    handover.listens("A")
    handover.path.unlink()
    put()
    before = handover.path.lstat()
    assert handover.brokers["A"].stop(signal.SIGTERM) == 0
    assert handover.path.lstat() == before
    refused = handover.start("B")
    assert refused.wait() == 78
    assert str(handover.path) in refused.stderr
    assert handover.path.lstat() == before


@pytest.mark.row(62)
def test_a_socket_that_was_moved_away_is_not_taken_for_the_successor_s(handover: Handover) -> None:
    handover.start("A")
    handover.listens("A")
    handover.path.rename(handover.path.with_name("moved.sock"))
    handover.start("B")
    handover.listens("B")
    assert handover.brokers["A"].stop(signal.SIGTERM) == 0
    assert handover.is_socket and lives(handover.path)


def test_the_cases_of_the_case_file_are_those_above() -> None:
    assert len(CASES) == 7, "a case was added: add a test for it"


@pytest.mark.row(62)
def test_no_continuous_caller_is_refused(handover: Handover) -> None:
    """Between two brokers the socket may be missing, but it never refuses a connection or breaks one."""
    handover.start("A")
    handover.listens("A")
    refusals: list[str] = []
    served = [0]
    over = threading.Event()

    def call() -> None:
        while not over.is_set():
            try:
                assert ask(handover.path, "/livez") == 200
                served[0] += 1
            except FileNotFoundError:
                time.sleep(0.001)
            except (OSError, http.client.HTTPException) as error:
                refusals.append(repr(error))

    callers = [threading.Thread(target=call, daemon=True) for _ in range(4)]
    for caller in callers:
        caller.start()
    for old, new in (("A", "B"), ("B", "C"), ("C", "D")):
        until(lambda: served[0] > 50, "callers are served")
        handover.brokers[old].send(signal.SIGTERM)
        until(lambda: not handover.is_socket, "the path is free")
        handover.start(new)
        handover.listens(new)
        assert handover.brokers[old].wait() == 0
        served[0] = 0
    until(lambda: served[0] > 50, "callers are served")
    over.set()
    for caller in callers:
        caller.join(10)
    assert refusals == []
