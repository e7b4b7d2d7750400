"""A process that runs tests: a fork of the process that collected them."""

from __future__ import annotations

import os
import random
import signal
import traceback
import warnings
from multiprocessing.connection import Connection
from typing import Any, NoReturn

import pytest

from . import waiting
from .nursery import end_with_parent


def work(session: pytest.Session, connection: Connection, number: int, count: int) -> NoReturn:
    """Runs the tests whose indices arrive, until None or the end of the connection. Does not return."""
    status = 1
    try:
        separate(session.config, number, count)
        session.config.pluginmanager.register(Reporter(session.config, connection))
        try:
            while unit := connection.recv():
                run(session, unit)
            status = 0
        except EOFError:
            pass
        finally:
            stop_peers(session, connection)
    except KeyboardInterrupt:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        # Nothing that belongs to the other process, such as its reports, may be flushed here.
        os._exit(status)


def separate(config: pytest.Config, number: int, count: int) -> None:
    """Gives the process what it may not share with others: a session, output, folders and ports."""
    # Linux divides CPU time between sessions (sched_autogroup). In one session, all processes that run tests, with the
    # proxies in them, would together get no more of a busy machine than a single broker.
    os.setsid()
    end_with_parent(signal.SIGINT)
    config.get_terminal_writer()._file = open(os.devnull, "w")
    if results := config.pluginmanager.get_plugin("latchkey-results"):
        config.pluginmanager.unregister(results)
    # Captured output is in files, whose position forks share.
    capture = config.pluginmanager.get_plugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
    capture.suspend_global_capture()
    folders = config._tmp_path_factory
    folders._basetemp = folders.getbasetemp() / f"process-{number}"
    folders._basetemp.mkdir(exist_ok=True)
    waiting.take_share(number, count)
    random.seed()


def run(session: pytest.Session, unit: list[int]) -> None:
    """Runs tests. After the last one the fixtures of its file end, and those of the session stay."""
    following: list[Any] = [*(session.items[index] for index in unit[1:]), session]
    for index, after in zip(unit, following):
        item = session.items[index]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)


def stop_peers(session: pytest.Session, connection: Connection) -> None:
    """Ends the fixtures of the session."""
    try:
        session._setupstate.teardown_exact(None)
    except Exception:
        connection.send(("fault", traceback.format_exc()))


class Reporter:
    """Sends what this process finds to the one that reports it."""

    def __init__(self, config: pytest.Config, connection: Connection) -> None:
        self.config = config
        self.connection = connection

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
        self.connection.send(("report", data))

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str, location: Any
    ) -> None:
        message = warnings.WarningMessage(
            str(warning_message.message), UserWarning, warning_message.filename, warning_message.lineno
        )
        self.connection.send(
            ("warning", {"warning_message": message, "when": when, "nodeid": nodeid, "location": location})
        )
