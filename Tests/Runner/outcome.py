"""Test results, read from the reports of the stages."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True)
class Outcome:
    """One test."""

    #: The name of the test, with which its stage can run it again.
    name: str
    result: str
    seconds: float


@dataclass
class Stage:
    """One step of a run."""

    name: str
    #: Wall clock time in seconds.
    seconds: float = 0.0
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    #: Failures that are not tests, such as a crash or a missing report. Each counts as one failure.
    faults: list[str] = field(default_factory=list)

    def add(self, outcomes: list[Outcome]) -> None:
        self.outcomes |= {outcome.name: outcome for outcome in outcomes}

    @property
    def failed(self) -> list[str]:
        """The tests that failed."""
        return [outcome.name for outcome in self.outcomes.values() if outcome.result == FAILED]

    def count(self, result: str) -> int:
        found = sum(outcome.result == result for outcome in self.outcomes.values())
        return found + len(self.faults) if result == FAILED else found

    def settle(self, status: int, log: Path) -> None:
        """Checks the exit status of the stage's program: a failure needs a failed test, and a run needs tests."""
        if status != 0 and self.count(FAILED) == 0:
            self.faults.append(f"{self.name} ended with {status} though no test of it failed: see {log}")
        elif not self.outcomes and not self.faults:
            self.faults.append(f"{self.name} ran no test: see {log}")

    def __str__(self) -> str:
        counts = ", ".join(f"{self.count(result)} {result}" for result in (PASSED, FAILED, SKIPPED))
        return f"{self.name}: {counts}"


def junit(path: Path) -> list[Outcome]:
    """Reads a JUnit report of Swift Testing or the lint."""
    outcomes = []
    for case in ElementTree.parse(path).iter("testcase"):
        result = PASSED
        if case.find("failure") is not None or case.find("error") is not None:
            result = FAILED
        elif case.find("skipped") is not None:
            result = SKIPPED
        name = f"{case.get('classname')}/{case.get('name')}"
        outcomes.append(Outcome(name, result, float(case.get("time") or 0)))
    return outcomes


@dataclass
class Part:
    """A part of a run of pytest: its name is empty if the run has no parts."""

    name: str = ""
    #: When it started, in seconds of a clock without a meaning, and its wall clock time.
    at: float = 0.0
    seconds: float = 0.0
    outcomes: list[Outcome] = field(default_factory=list)


def pytest_results(path: Path) -> tuple[list[Part], bool]:
    """Reads the lines of Tests/EndToEnd/peers/results.py. Also returns whether the run completed. There is at least one part.

    A test has failed when any phase of it has, or when it did not come to its last phase.
    """
    parts, lines = [Part()], [[]]
    ended = False
    for entry in map(json.loads, path.read_text().splitlines()):
        if "test" in entry:
            lines[-1].append(entry)
            continue
        if parts[-1].at:
            parts[-1].seconds = entry["at"] - parts[-1].at
        if "part" in entry:
            parts.append(Part(entry["part"], entry["at"]))
            lines.append([])
        else:
            ended = True
    for part, entries in zip(parts, lines):
        part.outcomes = outcomes(entries)
    # Before the first part is only what cannot be read.
    return [part for part in parts if part.name or part.outcomes] or parts, ended


def outcomes(entries: Iterable[Mapping[str, Any]]) -> list[Outcome]:
    """The results of tests, of which each phase has an entry."""
    results: dict[str, str] = {}
    finished: set[str] = set()
    seconds: dict[str, float] = {}
    for entry in entries:
        name, outcome = entry["test"], entry["outcome"]
        seconds[name] = seconds.get(name, 0.0) + entry["seconds"]
        if entry["when"] == "teardown":
            finished.add(name)
        before = results.get(name, PASSED)
        results[name] = FAILED if FAILED in (before, outcome) else SKIPPED if SKIPPED in (before, outcome) else PASSED
    for name in set(results) - finished:
        results[name] = FAILED
    return [Outcome(name, result, seconds[name]) for name, result in results.items()]
