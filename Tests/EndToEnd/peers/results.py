"""A pytest plugin: writes one JSON line for each phase of each test to the file that LATCHKEY_TEST_RESULTS names.

`Tests/Runner` reads it. If several processes run the tests, the one that collected them writes it.
"""

from __future__ import annotations

import json
import os
import time

import pytest


def register(config: pytest.Config) -> None:
    path = os.environ.get("LATCHKEY_TEST_RESULTS")
    if path:
        config.pluginmanager.register(Results(path), "latchkey-results")


class Results:
    def __init__(self, path: str) -> None:
        self.file = open(path, "w", encoding="utf-8", buffering=1)

    def part(self, name: str) -> None:
        """Writes that the following tests belong to a part of the run, and when it starts."""
        self.file.write(json.dumps({"part": name, "at": time.monotonic()}) + "\n")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        line = {
            "test": report.nodeid, "when": report.when, "outcome": report.outcome,
            "seconds": round(report.duration, 3),
        }
        self.file.write(json.dumps(line) + "\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported is a failure of that file."""
        if report.failed:
            line = {"test": report.nodeid, "when": "collect", "outcome": "failed", "seconds": 0}
            self.file.write(json.dumps(line) + "\n")

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Writes the last line; without it the run did not complete."""
        self.file.write(json.dumps({"exit": int(exitstatus), "at": time.monotonic()}) + "\n")
        self.file.close()

