"""The files of the tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rule import rule
from tree import shown, text, tracked


@rule("Every Python file can be compiled")
def python() -> Iterator[str]:
    for path in tracked("*.py"):
        try:
            compile(text(path), str(path), "exec")
        except SyntaxError as error:
            yield str(error)


@rule("A suite with a long run has a name that ends in LongRuns")
def long_runs() -> Iterator[str]:
    for path in tracked("Tests/*Tests/*.swift"):
        if "LongRun." in text(path) and not re.search(r"(struct|extension) \w*LongRuns\b", text(path)):
            yield f"{shown(path)}: `Tests/run long` would not find it"
