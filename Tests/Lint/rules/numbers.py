"""Numbers from outside are made in one place, so that none can end the process."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rule import rule
from tree import code, shown, tracked

#: The one file that makes whole numbers of floating-point ones.
PLACE = "Sources/LatchkeyCore/Numbers/OutsideNumber.swift"

#: `Int(…)` and its like without a label, which traps for NaN, infinities and what is out of range.
_UNCHECKED = re.compile(r"(?<![\w.])U?Int(?:8|16|32|64)?\((?!\w+:|OutsideNumber\.)(.*)")
#: What shows that its argument is a floating-point number.
_FLOATING = re.compile(r"\.rounded\(|\bDouble\(|\.double\b|\.inSeconds\b|\bsum\(|\* ?1e\d|\* 1000\)")
#: Reckoning with a member of a JSON document as it stands there.
_RAW = re.compile(r"\.(?:integer|double)\b[)?]*\s*(?:[-+*]|<<)\s*[\w(]|[\w)]\s*(?:[-+*]|<<)\s*\w+(?:\[[^\]]*\])?\??\.(?:integer|double)\b")
#: Counting a store's version on, where it might be the last number there is.
_VERSION = re.compile(r"\b(?:leaseVersion|sharedVersion|\w+\.version)\s*(?:\+=?|\*)\s*\w")


@rule("A floating-point number is made a whole one by `OutsideNumber` alone")
def conversions() -> Iterator[str]:
    for where, line in sources():
        for found in _UNCHECKED.finditer(line):
            if _FLOATING.search(argument(found[1])):
                yield f"{where}: {line.strip()}"


@rule("A number of a JSON document is checked before it is reckoned with")
def reckoning() -> Iterator[str]:
    for where, line in sources():
        if _RAW.search(line):
            yield f"{where}: {line.strip()}"


@rule("A version that a store gave is counted on with an operator that does not trap")
def versions() -> Iterator[str]:
    for where, line in sources():
        if _VERSION.search(line) and "&+" not in line and "Overflow" not in line:
            yield f"{where}: {line.strip()}"


def sources() -> Iterator[tuple[str, str]]:
    for path in tracked("Sources/*.swift"):
        if shown(path) != PLACE:
            for number, line in enumerate(code(path), 1):
                yield f"{shown(path)}:{number}", line


def argument(text: str) -> str:
    """Up to the parenthesis that closes the call."""
    depth = 1
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return text[:index] + ")"
    return text
