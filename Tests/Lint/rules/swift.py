"""Format of Swift files, and forbidden constructs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

from rule import rule
from tree import ROOT, code, shown, tracked

#: Constructs that are forbidden below Sources, the reason, and the one exempt file.
FORBIDDEN: dict[str, tuple[str, str | None]] = {
    "try!": (r"\btry!", None),
    "as!": (r"\bas!", None),
    "fatalError": (r"\bfatalError\b", None),
    "nonisolated(unsafe)": (r"\bnonisolated\(unsafe\)", None),
    "@unchecked Sendable": (r"@unchecked\s+Sendable", "Secret.swift"),
    "import Foundation": (r"^\s*(?:package |internal |public )?import Foundation$", None),
    "public": (r"^\s*(?:@\w+ )*(?:public|open) ", None),
}


@rule("Every Swift file is formatted")
def formatted() -> Iterator[str]:
    files = [str(path) for path in tracked("*.swift")]
    lint = subprocess.run(
        ["swift", "format", "lint", "--strict", "--parallel", *files], cwd=ROOT, capture_output=True, text=True
    )
    found = [line.replace(f"{ROOT}/", "") for line in lint.stderr.splitlines() if re.search(r": (error|warning): ", line)]
    yield from found
    if lint.returncode != 0 and not found:
        yield f"swift format ended with {lint.returncode}: {lint.stderr[-2000:]}"


@rule("The sources do not use `{}`", each=lambda: FORBIDDEN)
def forbidden(word: str) -> Iterator[str]:
    pattern, exempt = FORBIDDEN[word]
    for path in tracked("Sources/*.swift"):
        if path.name != exempt:
            for number, line in enumerate(code(path), 1):
                if re.search(pattern, line):
                    yield f"{shown(path)}:{number}: {line.strip()}"


@rule("A time limit of a Swift test is 20 minutes")
def time_limit() -> Iterator[str]:
    """It ends what hangs. All tests share two threads, so a shorter one ends what is slow on a busy machine."""
    for path in tracked("Tests/*.swift"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if ".timeLimit(" in line and ".timeLimit(.minutes(20))" not in line:
                yield f"{shown(path)}:{number}: {line.strip()}"
