"""Logic stands in one place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from rule import rule
from tree import shown, text, tracked

#: So many consecutive lines of logic in two places are a copy.
LINES = 8

#: Lines that are not logic: blank, only punctuation, `else`, imports and comments.
NO_LOGIC = re.compile(r"[\W_]*(?:else[\W_]*)?|(?:@testable )?(?:package |internal |public )?import .*|//.*")


def logic(path) -> list[tuple[int, str]]:
    """The lines of logic with their numbers, in one form of white space. Strings count: a copied message is a copy."""
    found = []
    for number, line in enumerate(text(path).splitlines(), 1):
        line = " ".join(line.partition(" // ")[0].split())
        if not NO_LOGIC.fullmatch(line):
            found.append((number, line))
    return found


@rule(f"No two places in the sources share {LINES} or more consecutive lines of logic")
def copies() -> Iterator[str]:
    files = [(path, logic(path)) for path in tracked("Sources/*.swift")]
    places: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for file, (_, lines) in enumerate(files):
        for start in range(len(lines) - LINES + 1):
            places[tuple(line for _, line in lines[start : start + LINES])].append((file, start))
    shared = {(first, other) for found in places.values() for i, first in enumerate(found) for other in found[i + 1 :]}
    for (file, start), (other, begin) in sorted(shared):
        # Only the beginning of a copy is reported.
        if ((file, start - 1), (other, begin - 1)) in shared:
            continue
        length = LINES
        while ((file, start + length - LINES + 1), (other, begin + length - LINES + 1)) in shared:
            length += 1
        (path, lines), (second, others) = files[file], files[other]
        yield f"{shown(path)}:{lines[start][0]} and {shown(second)}:{others[begin][0]}: {length} lines"
