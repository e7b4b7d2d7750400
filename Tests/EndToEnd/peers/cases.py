"""Reads the tables of inputs and expected results in Tests/Fixtures/cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CASES = Path(__file__).resolve().parents[2] / "Fixtures" / "cases"


def cases(name: str) -> list[Any]:
    """The cases of `name.json` and `name-more.json`, each with an id for pytest."""
    import pytest

    found = []
    for file in (CASES / f"{name}.json", CASES / f"{name}-more.json"):
        if file.exists():
            for number, case in enumerate(json.loads(file.read_text())["cases"]):
                found.append(pytest.param(case, id=f"{file.stem}-{case.get('name', number)}"))
    return found
