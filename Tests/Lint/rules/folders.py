"""The folders of one target depend on each other in one direction only. The compiler cannot check that."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from rule import rule
from targets import SOURCES
from tree import ROOT, code, shown, text, tracked

#: `folders`: the circles that are known. The list may only shrink.
EXCEPTIONS = Path(__file__).resolve().parents[1] / "exceptions.json"

#: References shown for each pair of folders.
SHOWN = 3

_TOP_LEVEL = re.compile(
    r"(?:@\w+(?:\(.*\))? )*(?:(?:package|public|internal|final|indirect|nonisolated) )*"
    r"(?:struct|class|enum|actor|protocol|typealias) (\w+)"
)
_NESTED = re.compile(
    r"\s+(?:[\w@()]+ )*(?:struct|class|enum|actor|protocol|typealias|associatedtype) (\w+)"
)
#: A type's name, unless it is a member: `Plan` in `Plan.Item`, but not `Item`.
_NAME = re.compile(r"(?<![\w.])[A-Z]\w+")

#: Folder that refers, folder that is referred to: which file names which type.
Edges = dict[tuple[str, str], list[tuple[str, str]]]


def swift_targets() -> list[str]:
    return [target for target in SOURCES if tracked(f"Sources/{target}/*.swift")]


@rule("The folders of {} have no circular references", each=swift_targets)
def acyclic(target: str) -> Iterator[str]:
    edges = references(target)
    for circle in circles(edges):
        if any(set(circle) <= set(folders) for folders in exceptions().get(target, [])):
            continue
        yield f"{target}: {', '.join(circle)} refer to each other"
        for (source, aim), found in sorted(edges.items()):
            if source in circle and aim in circle:
                places = ", ".join(f"{file} names {name}" for file, name in found[:SHOWN])
                yield f"    {source} -> {aim}: {places}"


@rule("The list of exceptions names no circle of folders that is gone")
def no_old_circles() -> Iterator[str]:
    for target, folders in exceptions().items():
        found = circles(references(target))
        for known in folders:
            if not any(set(circle) <= set(known) for circle in found):
                yield f"{target}: take {', '.join(known)} out of {shown(EXCEPTIONS)}"


@rule("Only the composition root and its adapters see both the broker and the upstreams")
def adapters() -> Iterator[str]:
    root = ROOT / "Sources/LatchkeyService"
    for path in tracked("Sources/LatchkeyService/*.swift"):
        imported = {match[1] for line in code(path) if (match := re.match(r"(?:\w+ )?import (\w+)", line))}
        if {"LatchkeyBroker", "LatchkeyUpstream"} <= imported and path.parent not in {root, root / "Adapters"}:
            yield f"{shown(path)} imports LatchkeyBroker and LatchkeyUpstream: move it to Adapters/"


@cache
def references(target: str) -> Edges:
    """Who names a type that is declared at the top level of a file in another folder of the target."""
    root = ROOT / "Sources" / target
    files = {path: (folder(path, root), code(path)) for path in tracked(f"Sources/{target}/*.swift")}
    homes: dict[str, set[str]] = defaultdict(set)
    for where, bare in files.values():
        for line in bare:
            if match := _TOP_LEVEL.match(line):
                homes[match[1]].add(where)
    edges: Edges = defaultdict(list)
    for path, (where, bare) in files.items():
        own = {match[1] for line in bare if (match := _NESTED.match(line))}
        for name in sorted({name for line in bare for name in _NAME.findall(line)} - own):
            # A name that several folders declare is no reference to one of them.
            if len(homes[name]) == 1 and where not in homes[name]:
                edges[where, next(iter(homes[name]))].append((path.name, name))
    return dict(edges)


def folder(path: Path, root: Path) -> str:
    """The folder below the target's; `.` for the target's own."""
    return path.parent.relative_to(root).as_posix()


def circles(edges: Edges) -> list[list[str]]:
    """The folders that reach each other, each group sorted."""
    reach: dict[str, set[str]] = defaultdict(set)
    for source, aim in edges:
        reach[source].add(aim)
    for _ in range(len(reach)):
        for source in reach:
            reach[source] |= {far for aim in reach[source] for far in reach.get(aim, ())}
    groups = {tuple(sorted(other for other in reach[node] if node in reach.get(other, ()))) for node in list(reach)}
    return sorted(list(group) for group in groups if group)


@cache
def exceptions() -> dict[str, list[list[str]]]:
    return json.loads(text(EXCEPTIONS)).get("folders", {})
