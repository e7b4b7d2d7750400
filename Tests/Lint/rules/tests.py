"""What the tests must cover."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rule import rule
from tree import shown, text, tracked

#: The rows of the table of faults to survive that each have a test at the real socket.
ROWS = {*range(1, 46), *range(48, 55)}


@rule("Every fault to survive is injected by some test")
def faults() -> Iterator[str]:
    pages = "".join(text(path) for path in tracked("Tests/EndToEnd/*/test_*.py"))
    for row in sorted(ROWS - {int(row) for row in re.findall(r"mark\.row\((\d+)\)", pages)}):
        yield f"no test has mark.row({row})"


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
