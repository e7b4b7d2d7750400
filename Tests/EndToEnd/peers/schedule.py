"""A pytest plugin: the order of the tests, and which of them must share a process when several processes run them."""

from __future__ import annotations

import os

import pytest

from . import longrun


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    side_by_side = "PYTEST_XDIST_WORKER_COUNT" in os.environ
    for item in items:
        if longrun.SCALE > 0.01 and item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(3600))
        if side_by_side and item.get_closest_marker("xdist_group") is None and shares_a_fixture(item):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    if side_by_side:
        # Slow tests first, so that none starts late and delays the end.
        items.sort(key=lambda item: not any(map(item.get_closest_marker, ("timeout", "slow", "xdist_group"))))


def shares_a_fixture(item: pytest.Item) -> bool:
    """Whether the test uses a fixture that its file shares between tests, which another process would create again."""
    fixtures = getattr(item, "_fixtureinfo", None)
    definitions = fixtures.name2fixturedefs.values() if fixtures else []
    return any(
        definition.scope in ("module", "class") and definition.func.__module__ == item.module.__name__
        for found in definitions
        for definition in found
    )
