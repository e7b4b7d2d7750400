"""A pytest plugin: writes one JSON line for each phase of each test to the file that LATCHKEY_TEST_RESULTS names.

`Tests/Runner` reads it. With pytest-xdist the controller writes it.
"""

from __future__ import annotations

import json
import os

import pytest


def register(config: pytest.Config) -> None:
    path = os.environ.get("LATCHKEY_TEST_RESULTS")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Results(path), "latchkey-results")


class Results:
    def __init__(self, path: str) -> None:
        self.file = open(path, "w", encoding="utf-8", buffering=1)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        line = {
            # xdist appends the group to the name.
            "test": report.nodeid.rpartition("@")[0] if is_grouped(report.nodeid) else report.nodeid,
            "when": report.when, "outcome": report.outcome, "seconds": round(report.duration, 3),
        }
        self.file.write(json.dumps(line) + "\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported is a failure of that file."""
        if report.failed:
            line = {"test": report.nodeid, "when": "collect", "outcome": "failed", "seconds": 0}
            self.file.write(json.dumps(line) + "\n")

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Writes the last line; without it the run did not complete."""
        self.file.write(json.dumps({"exit": int(exitstatus)}) + "\n")
        self.file.close()


def is_grouped(nodeid: str) -> bool:
    """Whether the id ends in `@` and a group name. A group name has no bracket or slash, unlike the rest of an id with `@`."""
    head, at, group = nodeid.rpartition("@")
    return bool(at) and "::" in head and group.isidentifier()
