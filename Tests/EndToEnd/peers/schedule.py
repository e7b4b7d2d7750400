"""Which tests run side by side, in which order, and which of them must share a process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from . import longrun

#: Seconds of a test with the mark `slow` without a number, and of one without the mark.
SLOW, USUAL = 5.0, 0.05
#: Processes that run the heavy tests, which load the machine for moments and wait most of the time.
HEAVY = 2 * len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Part:
    """Tests that run in the same number of processes. The parts run one after the other."""

    name: str
    processes: int
    #: What one process runs without interruption, as indices of the collected tests.
    units: list[list[int]]

    @property
    def is_alone(self) -> bool:
        """Whether the part gets a process that has run nothing else."""
        return self.name == "alone"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if longrun.SCALE > 0.01 and item.get_closest_marker("long"):
            # Before a timeout of its own, which is for the hundredth of an ordinary run.
            item.add_marker(pytest.mark.timeout(4 * 3600), append=False)


def parts(items: Sequence[pytest.Item], count: int) -> list[Part]:
    """The tests in `count` processes, the heavy ones in a few, and those that run alone. A part has a test."""
    processes = {"side by side": count, "heavy": min(count, HEAVY), "alone": 1}
    units: dict[str, dict[object, list[int]]] = {name: {} for name in processes}
    for index, item in enumerate(items):
        name = next((mark for mark in ("alone", "heavy") if item.get_closest_marker(mark)), "side by side")
        units[name].setdefault(group(item) or index, []).append(index)
    made = []
    for name, found in units.items():
        # Long ones first, so that none starts late and delays the end.
        ordered = sorted(found.values(), key=lambda unit: -sum(seconds(items[index]) for index in unit))
        if ordered:
            made.append(Part(name, processes[name], ordered))
    return made


def seconds(item: pytest.Item) -> float:
    """About how long the test takes."""
    if mark := item.get_closest_marker("slow"):
        return float(mark.args[0]) if mark.args else SLOW
    return SLOW if item.get_closest_marker("timeout") else USUAL


def group(item: pytest.Item) -> str | None:
    """What the test shares with others, which one process runs: a named resource, or fixtures of its file."""
    if mark := item.get_closest_marker("together"):
        return f"resource {mark.args[0]}"
    return str(item.path) if shares_a_fixture(item) else None


def shares_a_fixture(item: pytest.Item) -> bool:
    """Whether the test uses a fixture that tests of its file share, which another process would create again."""
    fixtures = getattr(item, "_fixtureinfo", None)
    definitions = fixtures.name2fixturedefs.values() if fixtures else []
    return any(
        definition.scope in ("module", "class") and definition.argname != CHEAP
        for found in definitions
        for definition in found
    )


#: A fixture that a file's tests share but that is quickly created again.
CHEAP = "cloud"
