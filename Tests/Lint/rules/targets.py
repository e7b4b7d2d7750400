"""The targets and their imports, in the sources, in Package.swift and in Architecture.md, against the one table."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache

from rule import rule
from targets import OUTSIDE, SHARED, SOURCES, folder, permitted
from tree import ROOT, code, lines, shown, tracked

_IMPORT = re.compile(
    r"\s*(?:@\w+ )?(?:(?:package|internal|public|private|fileprivate) )?import (?:(?:struct|enum|func|class|typealias) )?(\w+)"
)


def test_targets() -> list[str]:
    return sorted({shown(path).split("/")[1] for path in tracked("Tests/*Tests/*.swift")})


def all_targets() -> list[str]:
    return [*SOURCES, *SHARED, *test_targets()]


@rule("{} imports only what its row of the table of targets permits", each=all_targets)
def imports(target: str) -> Iterator[str]:
    for path in tracked(f"{folder(target)}/*.swift"):
        for number, line in enumerate(code(path), 1):
            if (found := _IMPORT.match(line)) and found[1] not in permitted(target):
                yield f"{shown(path)}:{number} imports {found[1]}"


@rule("Imports between the targets point down only")
def downwards() -> Iterator[str]:
    order = list(SOURCES)
    for target, modules in SOURCES.items():
        for module in modules:
            if order.index(module) >= order.index(target):
                yield f"{target} may import {module}, which is not above it in the table"


@rule("Every folder below Sources is a target of the table")
def no_unknown_target() -> Iterator[str]:
    for name in sorted({shown(path).split("/")[1] for path in tracked("Sources")} - set(SOURCES)):
        yield f"Sources/{name}: give it a row in Tests/Lint/targets.py"


@rule("Package.swift gives each target what the table permits")
def package() -> Iterator[str]:
    ours = {target["name"] for target in description()["targets"]}
    for name in sorted({*SOURCES, *SHARED} - ours):
        yield f"{name} is in the table and not in Package.swift"
    for target in description()["targets"]:
        named = {next(iter(dependency.values()))[0] for dependency in target["dependencies"]}
        extra = {module for module in named & ours if module not in permitted(target["name"])}
        if target["name"] in SOURCES:
            extra |= SOURCES[target["name"]] - named
        extra |= {module for module in named & set(OUTSIDE) if module not in permitted(target["name"])}
        for module in sorted(extra):
            yield f"{target['name']}: {module} is in one and not in the other"


@rule("Architecture.md's table of imports is the table of targets")
def architecture() -> Iterator[str]:
    rows: dict[str, set[str]] = {}
    page = lines(ROOT / "Sources/latchkey/Latchkey.docc/Architecture.md")
    for line in page[page.index("## Targets") :]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            wanted = {full_name(word.strip(" `")) for word in cells[2].split(",") if word.strip()}
            for name in re.findall(r"`(\w+)`", cells[0]):
                rows[name] = wanted
        elif rows and not line.startswith("|"):
            break
    for name, modules in SOURCES.items():
        said = rows.get(name)
        if said is None:
            yield f"{name} has no row"
        elif said != modules and said != {"all of them"}:
            yield f"{name}: the page says {sorted(said)}, the table {sorted(modules)}"


def full_name(word: str) -> str:
    return f"Latchkey{word}" if f"Latchkey{word}" in SOURCES else word


@cache
def description() -> dict:
    """Package.swift as SwiftPM reads it, with a folder of its own so that a build may be under way."""
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            ["swift", "package", "--scratch-path", scratch, "dump-package"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )
    return json.loads(done.stdout)
