"""The imports in the sources, Package.swift and Architecture.md are checked against the table of targets."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache

from rule import rule
from targets import OUTSIDE, SHARED, SOURCES, folder, permitted
from tree import ROOT, code, shown, tracked

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


@rule("{} imports every module that it depends on", each=all_targets)
def unused(target: str) -> Iterator[str]:
    named = next(
        (entry["dependencies"] for entry in description()["targets"] if entry["name"] == target), [])
    imported = {
        found[1] for path in tracked(f"{folder(target)}/*.swift") for line in code(path) if (found := _IMPORT.match(line))
    }
    for module in sorted({next(iter(dependency.values()))[0] for dependency in named} - imported):
        yield f"Package.swift: {target} does not import {module}"


@rule("Package.swift gives each target what the table permits")
def package() -> Iterator[str]:
    own_targets = {target["name"] for target in description()["targets"]}
    for name in sorted({*SOURCES, *SHARED} - own_targets):
        yield f"{name} is in the table and not in Package.swift"
    for target in description()["targets"]:
        named = {next(iter(dependency.values()))[0] for dependency in target["dependencies"]}
        extra = {module for module in named & own_targets if module not in permitted(target["name"])}
        if target["name"] in SOURCES:
            extra |= SOURCES[target["name"]] - named
        extra |= {module for module in named & set(OUTSIDE) if module not in permitted(target["name"])}
        for module in sorted(extra):
            yield f"{target['name']}: {module} is in one and not in the other"


@cache
def description() -> dict:
    """Package.swift as SwiftPM reads it, with a scratch folder of its own because a build may hold the lock of `.build`."""
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            ["swift", "package", "--scratch-path", scratch, "dump-package"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )
    return json.loads(done.stdout)
