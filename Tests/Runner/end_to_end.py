"""Runs the end-to-end tests: in parallel, then the heavy ones a few at a time, then those that run alone (peers/processes.py)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from outcome import FAILED, Outcome, Stage, pytest_results
from program import LOGS, ROOT, Stopwatch, run

FOLDER = Path("Tests/EndToEnd")
PYTHON = Path(".build/venv/bin/python")
#: Processes that run tests in parallel. The tests wait most of the time, so there are more processes than cores.
PROCESSES = int(os.environ.get("LATCHKEY_TEST_WORKERS") or 8 * len(os.sched_getaffinity(0)))
#: Exit status of pytest if no test was selected.
NO_TESTS = 5
NAME = "End-to-end tests"


def end_to_end(options: Sequence[str]) -> list[Stage]:
    """Runs the tests that the options of pytest select, or all."""
    chosen = [option if takes_a_value(before) else path_of(option) for before, option in zip(["", *options], options)]
    if any(word in chosen for word in ("--collect-only", "--co", "--fixtures", "--markers", "--help", "-h")):
        raise SystemExit(run(command(chosen), LOGS / "e2e.log"))
    return run_tests(["--processes", str(PROCESSES), *chosen])


def run_tests(options: Sequence[str]) -> list[Stage]:
    """Runs pytest once. There is a stage for each part of the tests, or one if they run in one process."""
    watch, results = Stopwatch(), LOGS / "e2e-results.jsonl"
    print(f"\n== {NAME[0].lower()}{NAME[1:]}", flush=True)
    results.unlink(missing_ok=True)
    status = run(command(options), LOGS / "e2e.log", {"LATCHKEY_TEST_RESULTS": str(results)}, within=7200)
    if not results.exists():
        return [Stage(NAME, faults=[f"{NAME} left no report (exit status {status}): see {LOGS / 'e2e.log'}"])]
    parts, ended = pytest_results(results)
    stages = [Stage(f"{NAME}, {part.name}" if part.name else NAME, part.seconds) for part in parts]
    for stage, part in zip(stages, parts):
        stage.add(part.outcomes)
    # The time of the whole that is in no part: to collect the tests, and to end.
    stages[0].seconds += watch.seconds - sum(stage.seconds for stage in stages)
    if not ended:
        stages[-1].faults.append(f"{NAME} was cut off (exit status {status}): see {LOGS / 'e2e.log'}")
    if status == NO_TESTS:
        stages[-1].faults.append(f"{NAME}: the options choose no test")
    settle(stages, status)
    return stages


def settle(stages: list[Stage], status: int) -> None:
    """Checks the exit status of pytest for all parts together."""
    together = Stage(NAME, faults=[fault for stage in stages for fault in stage.faults])
    for stage in stages:
        together.outcomes |= stage.outcomes
    before = len(together.faults)
    together.settle(status, LOGS / "e2e.log")
    stages[-1].faults += together.faults[before:]


def again(names: Sequence[str]) -> list[Outcome]:
    """Runs these tests again, one at a time in one process. A test without a result has failed."""
    results = LOGS / "e2e-again.jsonl"
    results.unlink(missing_ok=True)
    paths = [f"{FOLDER}/{name}" for name in names]
    run(command(paths), LOGS / "e2e-again.log", {"LATCHKEY_TEST_RESULTS": str(results)}, within=3600)
    parts = pytest_results(results)[0] if results.exists() else []
    found = {outcome.name: outcome for part in parts for outcome in part.outcomes}
    return [found.get(name, Outcome(name, FAILED, 0.0)) for name in names]


def command(options: Sequence[str]) -> list[str | Path]:
    """The pytest command with these options, for the whole folder unless they name a part."""
    has_path = any(not option.startswith("-") and (ROOT / option.partition("::")[0]).exists() for option in options)
    return [
        PYTHON, "-m", "pytest", "-c", FOLDER / "pytest.ini", "--rootdir", FOLDER,
        "-o", f"cache_dir={ROOT / '.build/pytest-cache'}", *options,
        *([] if has_path else [FOLDER]),
    ]


def takes_a_value(option: str) -> bool:
    """Whether the next argument is the value of this option and not a path, as in `-k api`."""
    return option in ("-k", "-m", "-o", "-p", "-W", "--maxfail", "--durations", "--processes", "--tb")


def path_of(option: str) -> str:
    """Accepts `api` and `api/test_auth.py::test_x` as well as a path from the top of the repository."""
    name = option.partition("::")[0]
    is_ours = name and not option.startswith("-") and not (ROOT / name).exists() and (ROOT / FOLDER / name).exists()
    return f"{FOLDER}/{option}" if is_ours else option
