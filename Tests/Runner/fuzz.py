"""The fuzz targets: a short run of each, with the seed of the whole run."""

from __future__ import annotations

import os
from collections.abc import Sequence

from outcome import Stage, junit
from program import LOGS, Stopwatch, run

#: Builds the targets with the instrumentation of the fuzzer and of the address sanitizer, in a folder of their own.
BUILD = ["Tests/Fuzz/run", "--build"]
#: Seconds for all targets together. `Tests/Fuzz/run --cpu 1200` is the long run.
BUDGET = 60


def fuzz(options: Sequence[str]) -> Stage:
    """Runs the targets. What ends a process is a failure, and is not tried again: the input is kept."""
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
