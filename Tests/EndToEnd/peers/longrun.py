"""How much of a long run is made: all of it by `Tests/run long`, a seeded hundredth by any other.

Tests/Support/LongRun.swift is the same for the Swift tests, and says what the environment variables mean.
"""

from __future__ import annotations

import os
import random

#: The share of the cases that is made.
SCALE = min(max(float(os.environ.get("LATCHKEY_TEST_SCALE", "0.01")), 0.0), 1.0)
#: Decides which cases are made. Set here for whatever a test starts.
SEED = int(os.environ.setdefault("LATCHKEY_TEST_SEED", str(random.SystemRandom().randrange(2**32))))


def count(whole: int) -> int:
    """How many of `whole` are made: at least one."""
    return max(1, round(whole * SCALE))


def rng(name: str) -> random.Random:
    """Random numbers for a test of that name, the same for the same seed."""
    return random.Random(f"{SEED} {name}")


def cases(whole: int, name: str) -> list[int]:
    """The numbers of the cases that are made, in order, of those from 0 to below `whole`."""
    if only := os.environ.get("LATCHKEY_TEST_CASE"):
        return [int(only)]
    return sorted(rng(name).sample(range(whole), count(whole)))
