"""The Swift tests, built and run with a sanitizer: `Tests/run sanitize [address|thread] [OPTION…]`.

Each sanitizer has a build of its own beside the usual one. Nothing that one reports is suppressed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import swift
from outcome import Stage, junit
from program import LOGS, ROOT, Stopwatch, run

KINDS = ("address", "thread")
SCRATCH = {"address": ".build-asan", "thread": ".build-tsan"}
#: Preloaded before the library that implements locks, so that ThreadSanitizer sees their ordering.
MUTEX = "Tests/Sanitizers/mutex.c"
#: The first line of a report, and its summary line.
REPORT = re.compile(r"(?:WARNING|ERROR): (?:Address|Thread|Leak)Sanitizer")
SUMMARY = re.compile(r"SUMMARY: ((?:Address|Thread|Leak)Sanitizer: .*)")


def parts(options: Sequence[str]) -> tuple[list[str], list[str]]:
    """The named sanitizers, or both, and the options for `swift test`."""
    named = [word for word in options if word in KINDS]
    return named or list(KINDS), [word for word in options if word not in KINDS]


def folder(kind: str) -> list[str]:
    return ["--sanitize", kind, "--scratch-path", SCRATCH[kind]]


def library() -> Path:
    return ROOT / SCRATCH["thread"] / "mutex.so"


def build(kind: str) -> Stage:
    stage = swift.build(f"Build for the {kind} sanitizer", [*swift.TESTS, *folder(kind)], f"build-{kind}.log")
    if kind == "thread" and not stage.faults:
        command = ["clang", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library(), MUTEX]
        if run(command, LOGS / f"build-{kind}.log") != 0:
            stage.faults.append(f"{MUTEX} cannot be built: see {LOGS / f'build-{kind}.log'}")
    return stage


def tests(kind: str, options: Sequence[str]) -> Stage:
    """Runs the tests. Each kind of report is a failure of the stage, even if all tests pass."""
    watch, stage, log = Stopwatch(), Stage(f"Swift tests, {kind} sanitizer"), LOGS / f"sanitize-{kind}.log"
    report = LOGS / f"sanitize-{kind}.xml"
    print(f"\n== Swift tests with the {kind} sanitizer", flush=True)
    report.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    # XCTest, which has no tests here, would run first and leaks memory.
    command = ["swift", "test", "--skip-build", "--disable-xctest", *folder(kind)]
    command += ["--xunit-output", report, *options]
    status = run(command, log, env=environment(kind), within=2 * 3600, is_shown=False)
    stage.seconds = watch.seconds
    if report.exists():
        stage.add(junit(report))
    else:
        stage.faults.append(f"{stage.name} left no report (exit status {status}): see {log}")
    stage.faults += found(log)
    if status != 0:
        swift.show(log, swift.TROUBLE)
    stage.settle(status, log)
    return stage


def found(log: Path) -> list[str]:
    """Each kind of report, with its number."""
    text = log.read_text(errors="replace")
    sums = SUMMARY.findall(text)
    if not sums and REPORT.search(text):
        return [f"a report without an end: see {log}"]
    return [f"{line} ({sums.count(line)} of them): see {log}" for line in dict.fromkeys(sums)]


def environment(kind: str) -> dict[str, str]:
    """The options of the sanitizer's runtime. ThreadSanitizer continues after a report, so that one run finds all."""
    # The backtracer would handle a crash before the sanitizer.
    env = {"SWIFT_BACKTRACE": "enable=no"}
    if kind == "thread":
        return env | {"TSAN_OPTIONS": "halt_on_error=0:history_size=4", "LD_PRELOAD": str(library())}
    return env | {"ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"}
