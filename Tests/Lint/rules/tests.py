"""What the tests must cover."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rule import rule
from tree import ROOT, shown, text, tracked

#: The table of the faults to survive, which tests cite by their numbers.
FAULTS = ROOT / "Sources/latchkey/Latchkey.docc/Faults.md"


@rule("Every fault of Faults.md is injected by some test, and every number that a test cites is one of its")
def faults() -> Iterator[str]:
    pages = "".join(text(path) for path in tracked("Tests/EndToEnd/*/test_*.py"))
    cited = {int(row) for row in re.findall(r"mark\.row\((\d+)\)", pages)}
    listed = {int(row) for row in re.findall(r"^\| (\d+) \|", text(FAULTS), re.MULTILINE)}
    if len(listed) < 60:
        yield f"only {len(listed)} faults were found in {shown(FAULTS)}"
    for row in sorted(listed - cited):
        yield f"no test has mark.row({row})"
    for row in sorted(cited - listed):
        yield f"{shown(FAULTS)} has no row {row}"


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
