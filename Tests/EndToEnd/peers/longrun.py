"""The cases of a long run: all with `Tests/run long`, otherwise a seeded hundredth.

Tests/Support/LongRun.swift is the same for the Swift tests, and says what the environment variables mean.
"""

from __future__ import annotations

import os
import random

#: The share of the cases to run.
SCALE = min(max(float(os.environ.get("LATCHKEY_TEST_SCALE", "0.01")), 0.0), 1.0)
#: Selects the cases. Set in the environment for programs that a test starts.
SEED = int(os.environ.setdefault("LATCHKEY_TEST_SEED", str(random.SystemRandom().randrange(2**32))))


def count(whole: int) -> int:
    """The number of cases to run out of `whole`: at least one."""
    return max(1, round(whole * SCALE))


def rng(name: str) -> random.Random:
    """A random number generator for a test, the same for the same seed."""
    return random.Random(f"{SEED} {name}")


def cases(whole: int, name: str) -> list[int]:
    """The numbers of the cases to run, in order, out of 0 to `whole` - 1."""
    if only := os.environ.get("LATCHKEY_TEST_CASE"):
        return [int(only)]
    return sorted(rng(name).sample(range(whole), count(whole)))
