"""The files that the rules check: all that git tracks or would add, as in the working tree."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    """Files that match the patterns of git, or all files. New files are included, ignored ones are not."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )
    paths = {ROOT / name for name in listing.stdout.split("\0") if name}
    return tuple(sorted(path for path in paths if path.is_file()))


def shown(path: Path) -> str:
    """The path relative to the top of the repository."""
    return str(path.relative_to(ROOT))


@cache
def text(path: Path) -> str:
    return path.read_text(errors="replace")


def lines(path: Path) -> list[str]:
    return text(path).splitlines()


@cache
def code(path: Path) -> tuple[str, ...]:
    """The lines of a Swift file without comments and without the contents of strings."""
    bare = re.sub(r'"""\n.*?"""', lambda found: '""' + "\n" * found[0].count("\n"), text(path), flags=re.DOTALL)
    bare = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', bare)
    return tuple(line.split("//", 1)[0] for line in bare.splitlines())


@cache
def scripts() -> tuple[str, ...]:
    """Shell scripts, found by their first line."""
    found = []
    for path in tracked():
        with path.open("rb") as file:
            if re.match(rb"#!\s*/(usr/)?bin/(env )?(ba|da)?sh\b", file.readline(80)):
                found.append(shown(path))
    return tuple(found)
