"""What the service manager is told: READY, RELOADING, STOPPING, STATUS and the watchdog (sd_notify(3))."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peers.broker import run
from peers.reloading import Reloaded
from peers.service_manager import ServiceManager
from peers.tracing import stopped, waiting_in_epoll
from peers.waiting import until


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, world) -> Iterator[ServiceManager]:
    name = f"{world.folder}/notify" if request.param == "path" else f"@latchkey{world.folder}"
    manager = ServiceManager(name)
    yield manager
    manager.end()


def test_it_is_told_when_the_broker_listens_and_when_it_stops(world, manager: ServiceManager) -> None:
    broker = world.serve(**manager.env)
    until(lambda: manager.messages, "READY")
    assert manager.messages[0] == {"READY": "1", "STATUS": f"listening on 127.0.0.1:{broker.port}"}
    broker.stop(signal.SIGTERM)
    until(lambda: manager.got("STOPPING"), "STOPPING")
    assert manager.messages[1:] == [{"STOPPING": "1", "STATUS": "finishing requests"}], "without a watchdog nothing else"


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_it_is_told_of_a_reload(world, manager: ServiceManager, tmp_path: Path) -> None:
    reloaded = Reloaded(world, tmp_path, **manager.env)
    began = time.clock_gettime(time.CLOCK_MONOTONIC)
    reloaded.hang_up()
    until(lambda: len(manager.got("READY")) == 2, "the end of the reload")
    ready, reloading, again = manager.messages
    assert reloading.keys() == {"RELOADING", "MONOTONIC_USEC"} and reloading["RELOADING"] == "1"
    assert began < int(reloading["MONOTONIC_USEC"]) / 1e6 < time.clock_gettime(time.CLOCK_MONOTONIC)
    assert again == ready
    reloaded.broker.stop(signal.SIGTERM)
    until(lambda: manager.got("STOPPING"), "STOPPING")
    assert len(manager.messages) == 4, "nothing after the end"


def test_a_start_that_fails_is_not_ready(world, manager: ServiceManager) -> None:
    broker = world.serve()
    refused = run("serve", env=world.settings(LATCHKEY_LISTEN=f"127.0.0.1:{broker.port}", **manager.env))
    assert refused.returncode == 78
    assert manager.messages == []


def test_a_service_manager_that_does_not_listen_is_no_reason_to_fail(world) -> None:
    broker = world.serve(NOTIFY_SOCKET=f"{world.folder}/nobody")
    assert broker.get("/livez", key=None).status == 200
    assert [line for line in broker.logs if "the service manager did not get a message" in line["message"]]


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_the_watchdog_is_fed_while_all_loops_run(world, manager: ServiceManager) -> None:
    broker = world.serve(WATCHDOG_USEC="1000000", LATCHKEY_WORKERS="2", **manager.env)
    until(lambda: len(manager.got("WATCHDOG")) > 8, "the watchdog is fed")
    broker.stop(signal.SIGTERM)


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_the_watchdog_of_another_process_is_not_fed(world, manager: ServiceManager) -> None:
    broker = world.serve(WATCHDOG_USEC="100000", WATCHDOG_PID="1", **manager.env)
    broker.stop(signal.SIGTERM)
    until(lambda: manager.got("STOPPING"), "STOPPING")
    assert manager.got("WATCHDOG") == []


@pytest.mark.slow
@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_a_stuck_loop_misses_the_watchdog(world, manager: ServiceManager) -> None:
    """Of three event loops each is stopped in turn; two workers and the client."""
    broker = world.serve(WATCHDOG_USEC="1000000", LATCHKEY_WORKERS="2", **manager.env)
    until(lambda: manager.got("WATCHDOG"), "the watchdog is fed")
    loops = until(lambda: (found := waiting_in_epoll(broker.child.pid)) and len(found) == 3 and found, "idle loops")
    fed: Callable[[], int] = lambda: len(manager.got("WATCHDOG"))  # noqa: E731
    for loop in loops:
        with stopped(loop):
            until(lambda: manager.since("WATCHDOG") > 1.5, "a missed watchdog")
        before = fed()
        until(lambda before=before: fed() > before + 2, "the watchdog is fed again")
    broker.stop(signal.SIGTERM)
