"""Numbers from outside are converted in one place, so that none can trap."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rule import rule
from tree import code, shown, tracked

#: The only file that converts floating-point numbers to integers.
PLACE = "Sources/LatchkeyCore/Numbers/OutsideNumber.swift"

#: `Int(…)` and similar without a label, which trap for NaN, infinities and numbers out of range.
_UNCHECKED = re.compile(r"(?<![\w.])U?Int(?:8|16|32|64)?\((?!\w+:|OutsideNumber\.)(.*)")
#: Signs that the argument is a floating-point number.
_FLOATING = re.compile(r"\.rounded\(|\bDouble\(|\.double\b|\.inSeconds\b|\bsum\(|\* ?1e\d|\* 1000\)")
#: Arithmetic on an unchecked member of a JSON document.
_RAW = re.compile(r"\.(?:integer|double)\b[)?]*\s*(?:[-+*]|<<)\s*[\w(]|[\w)]\s*(?:[-+*]|<<)\s*\w+(?:\[[^\]]*\])?\??\.(?:integer|double)\b")
#: Incrementing a version of a store, which may be the maximum integer.
_VERSION = re.compile(r"\b(?:leaseVersion|sharedVersion|\w+\.version)\s*(?:\+=?|\*)\s*\w")


@rule("Only `OutsideNumber` converts floating-point numbers to integers")
def conversions() -> Iterator[str]:
    for where, line in sources():
        for found in _UNCHECKED.finditer(line):
            if _FLOATING.search(argument(found[1])):
                yield f"{where}: {line.strip()}"


@rule("A number of a JSON document is checked before arithmetic")
def reckoning() -> Iterator[str]:
    for where, line in sources():
        if _RAW.search(line):
            yield f"{where}: {line.strip()}"


@rule("A version of a store is incremented with an operator that does not trap")
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
    """The text up to the closing parenthesis of the call."""
    depth = 1
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return text[:index] + ")"
    return text
