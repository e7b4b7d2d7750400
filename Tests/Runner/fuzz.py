"""Runs each fuzz target for a short time with the seed of the run."""

from __future__ import annotations

import os
from collections.abc import Sequence

from outcome import Stage, junit
from program import LOGS, Stopwatch, run

#: Builds the targets with libFuzzer and AddressSanitizer in a separate folder.
BUILD = ["Tests/Fuzz/run", "--build"]
#: Seconds for all targets together. `Tests/Fuzz/run --cpu 1200` is the long run.
BUDGET = 60


def fuzz(options: Sequence[str]) -> Stage:
    """Runs the targets. A crash is a failure and is not retried; the input is kept."""
    watch, stage, report, log = Stopwatch(), Stage("Fuzzing"), LOGS / "fuzz.xml", LOGS / "fuzz.log"
    print("\n== fuzzing", flush=True)
    report.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    seed = ["--seed", os.environ["LATCHKEY_TEST_SEED"]]
    status = run(["Tests/Fuzz/run", "--within", str(BUDGET), *seed, "--junit", report, *options], log)
    stage.seconds = watch.seconds
    if report.exists():
        stage.add(junit(report))
    else:
        stage.faults.append(f"Fuzzing left no report (exit status {status}): see {log}")
    stage.settle(status, log)
    return stage
