"""A pytest plugin: several processes run the tests that this one has collected.

    pytest --processes 10

They are forks of this process, so that the tests are read once. Each gets one unit of tests after the other
(schedule.py), and this process reports what they find. If a process ends in a test, the test has failed, and another
process continues.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import time
from collections import deque
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any

import pytest

from . import schedule
from .results import Results
from .schedule import Part
from .worker import work

#: Fewer tests than this run in this process, because each process starts its own peers.
FEW = 40
#: Seconds that the processes get to stop their peers when the run is interrupted.
PATIENCE = 5.0


def add_options(parser: pytest.Parser) -> None:
    parser.addoption(
        "--processes", type=int, default=0, help="run the tests in this number of processes, if they are many"
    )


def pytest_configure() -> None:
    # SIGTERM ends a run as Ctrl-C does: the fixtures stop their peers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def are_several(session: pytest.Session) -> bool:
    """Whether several processes run the tests that were collected."""
    option = session.config.option
    is_unreadable = session.testsfailed and not option.continue_on_collection_errors
    return option.processes > 1 and len(session.items) >= FEW and not option.collectonly and not is_unreadable


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if not are_several(session):
        return None
    Processes(session, session.config.option.processes).run()
    return True


class Worker:
    """A process that runs tests, as this process sees it."""

    def __init__(self, number: int, pid: int, connection: Connection) -> None:
        self.number = number
        self.pid = pid
        self.connection = connection
        #: The indices of the tests that it has and has not finished. It runs the first one.
        self.left: deque[int] = deque()
        #: The last test that it finished.
        self.last: int | None = None

    def send(self, unit: list[int] | None) -> None:
        """Sends it tests, or None to end it. If it has ended, the next message says so."""
        with contextlib.suppress(BrokenPipeError):
            self.connection.send(unit)


class Processes:
    """The processes that run the tests of a session."""

    def __init__(self, session: pytest.Session, count: int) -> None:
        self.session = session
        self.count = count
        self.workers: list[Worker] = []
        self.results: Results | None = session.config.pluginmanager.get_plugin("latchkey-results")

    def run(self) -> None:
        # Objects that all processes have in common are never collected, which would copy their memory.
        gc.collect()
        gc.freeze()
        try:
            for part in schedule.parts(self.session.items, self.count):
                self.retire(0 if part.is_alone else part.processes)
                if self.results:
                    self.results.part(part.name)
                self.run_part(part)
            self.retire(0)
        finally:
            self.end()

    def run_part(self, part: Part) -> None:
        queue = deque(part.units)
        while queue or any(worker.left for worker in self.workers):
            while queue and (worker := self.idle(part)):
                worker.left.extend(unit := queue.popleft())
                worker.send(unit)
            for connection in wait([worker.connection for worker in self.workers]):
                worker = next(worker for worker in self.workers if worker.connection is connection)
                if unfinished := self.receive(worker):
                    queue.appendleft(unfinished)
            if self.session.shouldfail:
                raise self.session.Failed(self.session.shouldfail)
            if self.session.shouldstop:
                raise self.session.Interrupted(self.session.shouldstop)

    def idle(self, part: Part) -> Worker | None:
        """A process without a test, which may be new; None if the part has no more."""
        free = next((worker for worker in self.workers if not worker.left), None)
        return free or (self.start() if len(self.workers) < part.processes else None)

    def start(self) -> Worker:
        number = min(set(range(self.count)) - {worker.number for worker in self.workers})
        ours, theirs = Pipe()
        pid = os.fork()
        if pid == 0:
            for connection in (ours, *(worker.connection for worker in self.workers)):
                connection.close()
            work(self.session, theirs, number, self.count)
        theirs.close()
        worker = Worker(number, pid, ours)
        self.workers.append(worker)
        return worker

    def receive(self, worker: Worker) -> list[int]:
        """Handles one message. Returns the tests that the process leaves to others, if it has ended."""
        hook = self.session.config.hook
        try:
            kind, content = worker.connection.recv()
        except (EOFError, OSError):
            return self.lost(worker)
        if kind == "warning":
            hook.pytest_warning_recorded.call_historic(kwargs=content)
        elif kind == "fault":
            # A fixture of the session could not end.
            self.fail(worker.last, "teardown", content)
        else:
            report = hook.pytest_report_from_serializable(config=self.session.config, data=content)
            hook.pytest_runtest_logreport(report=report)
            if report.when == "teardown":
                worker.last = worker.left.popleft()
                hook.pytest_runtest_logfinish(nodeid=report.nodeid, location=report.location)
        return []

    def lost(self, worker: Worker) -> list[int]:
        """A process has ended. If it ran a test, the test has failed."""
        self.workers.remove(worker)
        worker.connection.close()
        status = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
        if worker.left or status != 0:
            current = worker.left.popleft() if worker.left else worker.last
            self.fail(current, "call", f"the process that ran the test ended with status {status}")
        return list(worker.left)

    def fail(self, index: int | None, when: Any, why: str) -> None:
        item = self.session.items[index or 0]
        report = pytest.TestReport(item.nodeid, item.location, {}, "failed", why, when)
        self.session.config.hook.pytest_runtest_logreport(report=report)

    def retire(self, at_most: int) -> None:
        """Ends the processes beyond this number and waits until they have stopped their peers."""
        for worker in self.workers[at_most:]:
            worker.send(None)
        for worker in self.workers[at_most:]:
            while worker in self.workers:
                self.receive(worker)

    def end(self) -> None:
        """Interrupts the processes that are left after a failure."""
        for worker in self.workers:
            os.kill(worker.pid, signal.SIGINT)
        deadline = time.monotonic() + PATIENCE
        for worker in self.workers:
            while os.waitpid(worker.pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > deadline:
                    os.kill(worker.pid, signal.SIGKILL)
                time.sleep(0.02)
