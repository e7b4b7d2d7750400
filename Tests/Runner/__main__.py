"""Runs the stages of `Tests/run`, the one retry, and prints the counts.

    python3 Tests/Runner all|lint|swift|fuzz|e2e|long|sanitize [OPTION…]
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import end_to_end  # noqa: E402
import fuzz  # noqa: E402
import sanitize  # noqa: E402
import swift  # noqa: E402
from outcome import FAILED, PASSED, SKIPPED, Stage, junit  # noqa: E402
from program import LOGS, Stopwatch, run  # noqa: E402
from retry import Again, retry  # noqa: E402


def lint(options: Sequence[str]) -> Stage:
    """Runs the lint. It is not retried, because its result does not vary."""
    watch, stage, report = Stopwatch(), Stage("Lint"), LOGS / "lint.xml"
    if "--list" in options:
        raise SystemExit(run([sys.executable, "Tests/Lint", *options], LOGS / "lint.log"))
    print("\n== lint", flush=True)
    report.unlink(missing_ok=True)
    status = run([sys.executable, "Tests/Lint", "--junit", report, *options], LOGS / "lint.log")
    stage.seconds = watch.seconds
    if report.exists():
        stage.add(junit(report))
    else:
        stage.faults.append(f"Lint left no report (exit status {status})")
    stage.settle(status, LOGS / "lint.log")
    return stage


class Run:
    """The stages of one run, in order."""

    def __init__(self) -> None:
        self.watch = Stopwatch()
        self.stages: list[Stage] = []
        self.again: list[tuple[Stage, Again]] = []

    def add(self, stage: Stage, again: Again | None = None) -> bool:
        """Records a stage. Returns false if later stages cannot run after its failure."""
        self.stages.append(stage)
        if again:
            self.again.append((stage, again))
        for fault in stage.faults:
            print(fault, file=sys.stderr, flush=True)
        if stage.outcomes:
            print(stage, flush=True)
        return not stage.faults

    def build(self) -> bool:
        """Runs all stages. The build of the product uses one core for most of its time, so other work runs beside it.

        The Swift tests come after, since SwiftPM builds one thing at a time in a folder.
        """
        with ThreadPoolExecutor() as pool:
            meanwhile = [
                pool.submit(swift.build, "Python peers", ["Tests/run", "python"], "python.log"),
                pool.submit(swift.build, "Build of the fuzz targets", fuzz.BUILD, "build-fuzz.log"),
            ]
            built = [self.add(swift.build("Build of the product", swift.PRODUCT, "build.log"))]
            built += [self.add(stage.result()) for stage in meanwhile]
        return all(built) and self.build_tests()

    def build_tests(self) -> bool:
        return self.add(swift.build("Build of the tests", swift.TESTS, "build-tests.log"))

    def swift_tests(self, options: Sequence[str]) -> None:
        self.add(swift.swift_tests(options), swift.again)

    def end_to_end(self, options: Sequence[str]) -> None:
        binary = os.environ.get("LATCHKEY_BINARY", ".build/release/latchkey")
        if not Path(binary).exists():
            fault = f"there is no {binary}: run Tests/run, or swift build -c release --static-swift-stdlib --product latchkey"
            self.add(Stage("End-to-end tests", faults=[fault]))
            return
        for stage in end_to_end.end_to_end(options):
            self.add(stage, end_to_end.again)

    def finish(self) -> int:
        """Runs the retry and prints the summary. Returns the exit status."""
        stage, flaky = retry(self.again)
        if any(stage.failed for stage, _ in self.again) or flaky:
            self.stages.append(stage)
        print()
        for stage, _ in self.again:
            for name in stage.failed:
                print(f"failed twice: {name}")
        for name in flaky:
            print(f"flaky: {name}")
        if flaky:
            print(f"{len(flaky)} flaky")
        self.table()
        counts = {result: sum(stage.count(result) for stage in self.stages) for result in (PASSED, FAILED, SKIPPED)}
        words = f"{counts[PASSED]} passed, {counts[FAILED]} failed"
        print(f"{words}, {counts[SKIPPED]} skipped" if counts[SKIPPED] else words, flush=True)
        return 0 if counts[FAILED] == 0 and counts[PASSED] > 0 else 1

    def table(self) -> None:
        """Prints the time of each stage and folder. The time of a folder is the sum of its tests, which may run in parallel."""
        print(f"\n{'where the time went':44}{'seconds':>9}{'tests':>8}")
        for stage in self.stages:
            print(f"{stage.name:44}{stage.seconds:9.0f}{len(stage.outcomes) or '':>8}")
            folders: dict[str, list[float]] = {}
            for outcome in stage.outcomes.values():
                if stage.name.startswith("End"):
                    folders.setdefault(outcome.name.partition("/")[0], []).append(outcome.seconds)
            for folder, seconds in sorted(folders.items()):
                print(f"    {folder:40}{sum(seconds):9.0f}{len(seconds):>8}")
        print(f"{'all of it':44}{self.watch.seconds:9.0f}\n")


def main(arguments: Sequence[str]) -> int:
    wanted, options = arguments[0], list(arguments[1:])
    LOGS.mkdir(parents=True, exist_ok=True)
    # Handle SIGTERM like Ctrl-C, so that child processes end first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for old in ("e2e.log", "e2e-again.log", "lint.log"):
        (LOGS / old).unlink(missing_ok=True)
    os.environ.setdefault("LATCHKEY_TEST_SEED", str(secrets.randbelow(2**32)))
    if wanted == "long":
        os.environ.setdefault("LATCHKEY_TEST_SCALE", "1")
    print(f"LATCHKEY_TEST_SEED={os.environ['LATCHKEY_TEST_SEED']}", flush=True)
    current = Run()
    if wanted in ("all", "lint"):
        current.add(lint(options))
    if wanted == "all" and current.build():
        current.swift_tests([])
        current.add(fuzz.fuzz([]))
        current.end_to_end([])
    if wanted == "swift" and current.build_tests():
        current.swift_tests(options)
    if wanted == "fuzz":
        current.add(fuzz.fuzz(options))
    if wanted == "e2e":
        current.end_to_end(options)
    if wanted == "long" and current.build():
        current.swift_tests(["--filter", "LongRuns"])
        current.end_to_end(["-m", "long"])
    if wanted == "sanitize":
        kinds, rest = sanitize.parts(options)
        for kind in kinds:
            if current.add(sanitize.build(kind)):
                current.add(sanitize.tests(kind, rest))
    return current.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
