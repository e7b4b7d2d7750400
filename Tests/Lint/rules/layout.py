"""Where files are, how they are named, and how large they may be."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from rule import rule
from tree import ROOT, code, lines, shown, text, tracked

TOP_LEVEL = {"Package.swift", "Sources", "Tests", "deploy", "openapi.yaml", "README.md", "LICENSE"}

#: Lines of a Swift or Python file: what is aimed at, and what no exception allows.
GOAL, BOUND = 300, 400
#: `lines`: files over the goal, with the lines each may have; `names`: files not named after a type. Both may only shrink.
EXCEPTIONS = Path(__file__).resolve().parents[1] / "exceptions.json"

#: The folders of the end-to-end tests.
SUBJECTS = {"api", "faults", "migrate", "credentials", "fleet", "deploy"}

_TYPE = re.compile(
    r"(?:@\w+(?:\(.*\))? )*(?:(?:package|public|internal|private|fileprivate|final|indirect|nonisolated) )*"
    r"(?:struct|class|enum|actor|protocol|extension|typealias|macro) ([\w.]+)"
)
_NEW_TYPE = re.compile(_TYPE.pattern.replace("extension|", ""))
_FREE = re.compile(
    r"(?:@\w+(?:\(.*\))? )*(?:(?:package|public|internal) )?(?:func|let|var|infix operator) `?(\w+)"
)


@rule("Nothing lies at the top of the tree but what was agreed")
def top_level() -> Iterator[str]:
    for name in sorted({shown(path).split("/")[0] for path in tracked()}):
        if not name.startswith(".") and name not in TOP_LEVEL:
            yield name


@rule(f"No Swift file has more than {BOUND} lines")
def swift_sizes() -> Iterator[str]:
    yield from longer("*.swift", BOUND)


@rule(f"No Python file has more than {BOUND} lines")
def python_sizes() -> Iterator[str]:
    yield from longer("*.py", BOUND)


@rule(f"A file of more than {GOAL} lines is a known exception, and has not grown")
def known_sizes() -> Iterator[str]:
    known = exceptions()["lines"]
    for path in tracked("*.swift", "*.py"):
        count, allowed = len(lines(path)), known.get(shown(path), GOAL)
        if count > allowed:
            yield f"{shown(path)}: {count} lines, at most {allowed}: divide it"


@rule("A Swift file is named after a type that it declares or, with `+`, extends, or is a known exception")
def swift_names() -> Iterator[str]:
    for path in tracked("Sources/*.swift", "Tests/*.swift"):
        if not well_named(path) and shown(path) not in exceptions()["names"]:
            yield f"{shown(path)} declares {', '.join(sorted(declared(path))) or 'nothing'}"


@rule("The list of exceptions names no file that needs none any more")
def no_old_exceptions() -> Iterator[str]:
    old = [name for name in exceptions()["lines"] if not is_there(name) or len(lines(ROOT / name)) <= GOAL]
    old += [name for name in exceptions()["names"] if not is_there(name) or well_named(ROOT / name)]
    for name in old:
        yield f"{name}: take it out of {shown(EXCEPTIONS)}"


@rule("The list of exceptions only shrinks")
def exceptions_shrink() -> Iterator[str]:
    """Against the list as it was first committed, where the history is there to see it."""
    name = shown(EXCEPTIONS)
    added = git("log", "--diff-filter=A", "--format=%H", "--", name).split()
    if not added:
        return
    first = json.loads(git("show", f"{added[-1]}:{name}"))
    for path, count in exceptions()["lines"].items():
        if count > first["lines"].get(path, 0):
            yield f"{path}: {count} lines, at first {first['lines'].get(path, 'none')}"
    for path in sorted({*exceptions()["names"]} - {*first["names"]}):
        yield f"{path}: its name was no exception at first"


@rule("An end-to-end test is in the folder of its subject, and its file's name is like no other")
def python_names() -> Iterator[str]:
    seen: dict[str, str] = {}
    for path in tracked("Tests/EndToEnd/*.py"):
        parts = path.relative_to(ROOT / "Tests/EndToEnd").parts
        if not re.fullmatch(r"[a-z_][a-z0-9_]*\.py", path.name):
            yield f"{shown(path)}: a name is of small letters, digits and underscores"
        if path.name.startswith("test_"):
            if len(parts) != 2 or parts[0] not in SUBJECTS:
                yield f"{shown(path)}: tests are in {', '.join(sorted(SUBJECTS))}"
            if other := seen.get(path.name):
                yield f"{shown(path)}: {other} has the same name"
            seen[path.name] = shown(path)


@rule("Nothing is left to be done")
def no_marks() -> Iterator[str]:
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    for path in tracked("Sources", "Tests", "deploy", ".github", ".ci", "README.md", "openapi.yaml", "Package.swift"):
        if path.suffix not in {".json", ".txt"} and "Fixtures/cases" not in shown(path):
            for number, line in enumerate(lines(path), 1):
                if marks.search(line):
                    yield f"{shown(path)}:{number}"


def longer(pattern: str, bound: int) -> Iterator[str]:
    for path in tracked(pattern):
        if len(lines(path)) > bound:
            yield f"{shown(path)}: {len(lines(path))} lines"


def declared(path: Path, *patterns: re.Pattern[str]) -> set[str]:
    """What stands at the top level of a file: types, functions and what is extended, or what the patterns match."""
    found: set[str] = set()
    for line in code(path):
        if match := next((match for pattern in patterns or (_TYPE, _FREE) if (match := pattern.match(line))), None):
            found |= {match[1], match[1].rpartition(".")[2], match[1].partition(".")[0]}
    return found


def well_named(path: Path) -> bool:
    """`Type.swift`, or `Type+Aspect.swift` for an extension. A test's file may have the name of a function."""
    name, plus, _ = path.stem.partition("+")
    if not shown(path).startswith("Sources/"):
        return name.lower() in {word.lower() for word in declared(path)}
    if plus:
        return name in declared(path, _TYPE)
    if name in declared(path, _NEW_TYPE):
        return True
    # What this target adds to a type of another target may have that type's plain name.
    return name in declared(path, _TYPE) and name not in new_types(shown(path).split("/")[1])


@cache
def new_types(target: str) -> frozenset[str]:
    """The types that the target declares."""
    return frozenset(name for path in tracked(f"Sources/{target}/*.swift") for name in declared(path, _NEW_TYPE))


def is_there(name: str) -> bool:
    return (ROOT / name).is_file()


@cache
def exceptions() -> dict[str, Any]:
    return json.loads(text(EXCEPTIONS))


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout
