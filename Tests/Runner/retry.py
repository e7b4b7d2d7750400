"""The one retry: failed tests run again at the end, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from outcome import FAILED, PASSED, Outcome, Stage
from program import Stopwatch

#: Runs tests again, one at a time, and returns their results.
Again = Callable[[Sequence[str]], list[Outcome]]


def retry(stages: Sequence[tuple[Stage, Again]]) -> tuple[Stage, list[str]]:
    """Runs every failed test again and records the second result in its stage.

    Returns how long it took, and the tests that failed first and then passed. A fault that is not a test stays: a crash
    is not tried again.
    """
    watch, flaky = Stopwatch(), []
    for stage, again in stages:
        failed = stage.failed
        if not failed:
            continue
        print(f"\n== once more, alone: {len(failed)} of {stage.name}", flush=True)
        for outcome in again(failed):
            if outcome.result != FAILED:
                first = stage.outcomes[outcome.name]
                stage.outcomes[outcome.name] = Outcome(outcome.name, outcome.result, first.seconds)
            if outcome.result == PASSED:
                flaky.append(outcome.name)
    return Stage("Retries", watch.seconds), flaky
