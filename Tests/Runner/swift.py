"""Builds the product and the tests, and runs the Swift tests."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from outcome import FAILED, Outcome, Stage, junit
from program import LOGS, Stopwatch, run

#: Builds the executable as deploy/ does.
PRODUCT = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", "latchkey"]
#: Builds the tests in debug, with checks of exclusive access. An import that a target does not declare is an error.
TESTS = ["swift", "build", "--build-tests", "--explicit-target-dependency-import-check", "error"]
#: Lines of a test log that describe a failure.
TROUBLE = re.compile(r"✘|error:|Fatal|Crash")


def build(name: str, command: Sequence[str], log_name: str) -> Stage:
    watch, stage, log = Stopwatch(), Stage(name), LOGS / log_name
    print(f"\n== {name[0].lower()}{name[1:]}", flush=True)
    log.unlink(missing_ok=True)
    status = run(command, log, is_shown=False)
    stage.seconds = watch.seconds
    if status != 0:
        show(log, re.compile(r"error:|warning:"))
        stage.faults.append(f"{name} failed: see {log}")
    return stage


def swift_tests(options: Sequence[str]) -> Stage:
    watch, stage, log = Stopwatch(), Stage("Swift tests"), LOGS / "swift.log"
    print("\n== Swift tests", flush=True)
    status, report = tests(options, "swift", log)
    stage.seconds = watch.seconds
    if report.exists():
        stage.add(junit(report))
    else:
        stage.faults.append(f"Swift tests left no report (exit status {status}): see {log}")
    if status != 0:
        show(log, TROUBLE)
    stage.settle(status, log)
    return stage


def again(names: Sequence[str]) -> list[Outcome]:
    """Runs these tests again, one at a time. A test without a result has failed."""
    filters = [word for name in names for word in ("--filter", pattern(name))]
    _, report = tests(["--no-parallel", *filters], "swift-again", LOGS / "swift-again.log")
    found = {outcome.name: outcome for outcome in junit(report)} if report.exists() else {}
    return [found.get(name, Outcome(name, FAILED, 0.0)) for name in names]


def tests(options: Sequence[str], name: str, log: Path) -> tuple[int, Path]:
    """Runs the tests. Returns the exit status and the path of the report."""
    report = LOGS / f"{name}-swift-testing.xml"
    report.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    command = ["swift", "test", "--skip-build", "--xunit-output", LOGS / f"{name}.xml", *options]
    return run(command, log, within=3600, is_shown=False), report


def pattern(name: str) -> str:
    """A regular expression that matches only this test. Swift Testing appends a source location to the name.

    Swift's expressions know no escape of a character that means nothing.
    """
    escaped = re.sub(r"([\\^$.|?*+()\[\]{}/])", r"\\\1", name)
    return f"^{escaped}(?:/.*)?$"


def show(log: Path, pattern: re.Pattern[str], max_lines: int = 60) -> None:
    lines = [line for line in log.read_text(errors="replace").splitlines() if pattern.search(line)]
    for line in list(dict.fromkeys(lines))[:max_lines] or log.read_text(errors="replace").splitlines()[-40:]:
        print(line, file=sys.stderr)
