"""The end-to-end tests: side by side first, then the heavy ones, a few at a time, then those that run alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from outcome import FAILED, Outcome, Stage, pytest_results
from program import LOGS, ROOT, Stopwatch, run

FOLDER = Path("Tests/EndToEnd")
PYTHON = Path(".build/venv/bin/python")
#: Processes that run tests side by side. The tests wait most of the time, so there are more of them than cores.
WORKERS = int(os.environ.get("LATCHKEY_TEST_WORKERS") or 5 * len(os.sched_getaffinity(0)))
#: Processes that run the heavy tests: each of these loads the machine for moments, and waits most of its time.
HEAVY_WORKERS = 2 * len(os.sched_getaffinity(0))
#: Fewer tests than this run in one process: each further one starts peers of its own.
FEW = 40
#: What pytest says by its exit status when nothing was to be run.
NO_TESTS = 5


def end_to_end(options: Sequence[str]) -> list[Stage]:
    """Runs the tests that pytest's options choose; all without any."""
    chosen = [option if takes_a_value(before) else path_of(option) for before, option in zip(["", *options], options)]
    if any(word in chosen for word in ("--collect-only", "--co", "--fixtures", "--markers", "--help", "-h")):
        raise SystemExit(run(command(chosen), LOGS / "e2e.log"))
    dealt = ["--dist", "loadgroup", "--no-loadscope-reorder"]
    parallel = ["-n", str(WORKERS), *dealt]
    if options and collected(chosen) < FEW:
        return [phase("End-to-end tests", chosen)]
    if "-m" in chosen or any(word.startswith("-m") for word in chosen):
        return [phase("End-to-end tests", [*parallel, *chosen])]
    stages = [
        phase("End-to-end tests, side by side", [*parallel, "-m", "not alone and not heavy", *chosen], "e2e-results"),
        phase(
            "End-to-end tests, heavy", ["-n", str(HEAVY_WORKERS), *dealt, "-m", "heavy", *chosen], "e2e-heavy-results"
        ),
        phase("End-to-end tests, alone", ["-m", "alone", *chosen], "e2e-alone-results"),
    ]
    found = [stage for stage in stages if stage.outcomes or stage.faults]
    return found or [Stage("End-to-end tests", faults=["End-to-end tests: the options choose no test"])]


def phase(name: str, options: Sequence[str], report: str = "e2e-results") -> Stage:
    """One run of pytest. What became of each test stays in a file of that name."""
    watch, stage = Stopwatch(), Stage(name)
    print(f"\n== {name[0].lower()}{name[1:]}", flush=True)
    results = LOGS / f"{report}.jsonl"
    results.unlink(missing_ok=True)
    status = run(command(options), LOGS / "e2e.log", {"LATCHKEY_TEST_RESULTS": str(results)}, within=7200)
    stage.seconds = watch.seconds
    read(stage, results, status)
    if status != NO_TESTS or stage.outcomes:
        stage.settle(status, LOGS / "e2e.log")
    else:
        stage.faults.clear()
    return stage


def again(names: Sequence[str]) -> list[Outcome]:
    """Runs these tests once more, one at a time in one process. What is not told of has failed."""
    results = LOGS / "e2e-again.jsonl"
    results.unlink(missing_ok=True)
    paths = [f"{FOLDER}/{name}" for name in names]
    run(command(paths), LOGS / "e2e-again.log", {"LATCHKEY_TEST_RESULTS": str(results)}, within=3600)
    found = {outcome.name: outcome for outcome in pytest_results(results)[0]} if results.exists() else {}
    return [found.get(name, Outcome(name, FAILED, 0.0)) for name in names]


def read(stage: Stage, results: Path, status: int) -> None:
    if not results.exists():
        stage.faults.append(f"{stage.name} left no report (exit status {status}): see {LOGS / 'e2e.log'}")
        return
    outcomes, ended = pytest_results(results)
    stage.add(outcomes)
    if not ended:
        stage.faults.append(f"{stage.name} was cut off (exit status {status}): see {LOGS / 'e2e.log'}")


def command(options: Sequence[str]) -> list[str | Path]:
    """pytest with these options; on the whole folder unless they name a part of it."""
    has_path = any(not option.startswith("-") and (ROOT / option.partition("::")[0]).exists() for option in options)
    return [
        PYTHON, "-m", "pytest", "-c", FOLDER / "pytest.ini", "--rootdir", FOLDER,
        "-o", f"cache_dir={ROOT / '.build/pytest-cache'}", *options,
        *([] if has_path else [FOLDER]),
    ]


def collected(options: Sequence[str]) -> int:
    """How many tests the options choose."""
    log = LOGS / "e2e-collected.log"
    log.unlink(missing_ok=True)
    run(command([*options, "--collect-only"]), log, is_shown=False)
    return sum("::" in line for line in log.read_text(errors="replace").splitlines())


def takes_a_value(option: str) -> bool:
    """Whether the word behind this one is its value and no path: `-k api`."""
    return option in ("-k", "-m", "-n", "-o", "-p", "-W", "--maxfail", "--durations", "--dist", "--tb")


def path_of(option: str) -> str:
    """`api` or `api/test_auth.py::test_x` as well as the path from the top of the tree."""
    name = option.partition("::")[0]
    is_ours = name and not option.startswith("-") and not (ROOT / name).exists() and (ROOT / FOLDER / name).exists()
    return f"{FOLDER}/{option}" if is_ours else option
