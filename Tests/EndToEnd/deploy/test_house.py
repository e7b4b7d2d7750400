"""The rules of the house that a compiler does not hold: what lies where, who imports whom, what is never written."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from peers.broker import ROOT

TOP_LEVEL = {"Package.swift", "Sources", "Tests", "deploy", "openapi.yaml", "README.md", "LICENSE"}

#: Which modules of the package each room may import. Down only: see Architecture.md.
ROOMS = {
    "LatchkeyCore": set(),
    "LatchkeyNet": {"LatchkeyCore", "CLinux"},
    "LatchkeyCrypto": {"LatchkeyCore", "COpenSSL"},
    "LatchkeyMetrics": {"LatchkeyCore"},
    "LatchkeyHTTP": {"LatchkeyCore", "LatchkeyNet", "LatchkeyCrypto", "LatchkeyMetrics", "CZlib"},
    "LatchkeyAWS": {"LatchkeyCore", "LatchkeyHTTP", "LatchkeyCrypto"},
    "LatchkeyUpstream": {"LatchkeyCore", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto", "LatchkeyMetrics"},
    "LatchkeyBroker": {"LatchkeyCore", "LatchkeyCrypto", "LatchkeyMetrics"},
    "LatchkeyMigration": {"LatchkeyCore", "LatchkeyCrypto"},
    "LatchkeyDev": {"LatchkeyCore", "LatchkeyNet", "LatchkeyHTTP", "LatchkeyAWS", "LatchkeyCrypto"},
}

#: What is never written, and the one file that may.
FORBIDDEN = {
    r"\btry!": None,
    r"\bas!": None,
    r"\bfatalError\b": None,
    r"\bnonisolated\(unsafe\)": None,
    r"@unchecked\s+Sendable": "Secret.swift",
    r"^\s*(?:package |internal |public )?import Foundation$": None,
    r"^\s*(?:@\w+ )*(?:public|open) ": None,
}


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def shown(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def sources() -> list[Path]:
    return tracked("Sources/*.swift")


def code(path: Path) -> list[str]:
    """The file's lines without comments and the contents of strings."""
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', path.read_text())
    return [line.split("//", 1)[0] for line in text.splitlines()]


def scripts() -> list[Path]:
    """Shell scripts, by their first line."""
    found = []
    for path in tracked():
        with path.open("rb") as file:
            if re.match(rb"#!\s*/(usr/)?bin/(env )?(ba|da)?sh\b", file.readline(80)):
                found.append(path)
    return found


def test_nothing_but_what_was_agreed_lies_at_the_top() -> None:
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} - TOP_LEVEL == set()


def test_no_swift_file_is_over_four_hundred_lines() -> None:
    long = [path for path in tracked("*.swift") if len(path.read_text().splitlines()) > 400]
    assert shown(long) == []


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_downwards_only(room: str) -> None:
    modules = set(ROOMS) | {"CLinux", "COpenSSL", "CZlib", "latchkey"}
    wrong = []
    for path in tracked(f"Sources/{room}/*.swift"):
        for line in code(path):
            if match := re.match(r"\s*(?:@\w+ )?(?:package |internal |public )?import (?:struct |enum |func )?(\w+)", line):
                if match[1] in modules - ROOMS[room] - {room}:
                    wrong.append(f"{path.relative_to(ROOT)} imports {match[1]}")
    assert wrong == []


@pytest.mark.parametrize("pattern", sorted(FORBIDDEN), ids=lambda pattern: re.sub(r"[^\w ]", "", pattern))
def test_what_is_never_written_is_not_written(pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sources()
        if path.name != FORBIDDEN[pattern]
        for number, line in enumerate(code(path), 1)
        if re.search(pattern, line)
    ]
    assert found == []


def test_nothing_is_left_to_be_done() -> None:
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("Sources", "Tests", "deploy", ".github", "README.md", "openapi.yaml", "Package.swift")
        if path.suffix not in {".json", ".txt"}
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_every_swift_file_is_formatted() -> None:
    files = [str(path) for path in tracked("*.swift")]
    lint = subprocess.run(
        ["swift", "format", "lint", "--strict", "--parallel", *files], cwd=ROOT, capture_output=True, text=True
    )
    assert lint.returncode == 0, lint.stderr[-4000:]


@pytest.mark.parametrize("script", scripts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_shellcheck_has_nothing_to_say(script: Path) -> None:
    check = subprocess.run(["shellcheck", "-x", str(script)], cwd=ROOT, capture_output=True, text=True)
    assert check.returncode == 0, check.stdout


@pytest.mark.parametrize("script", scripts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_may_be_run_as_it_lies(script: Path) -> None:
    assert script.stat().st_mode & 0o100, "not executable"


def test_the_python_of_the_tests_is_small() -> None:
    long = [path for path in tracked("*.py") if len(path.read_text().splitlines()) > 400]
    assert shown(long) == []


#: The rows of the table of faults to survive that each have a test at the real socket.
ROWS = {*range(1, 46), *range(48, 55)}


def test_every_fault_to_survive_is_injected_somewhere() -> None:
    text = "".join(path.read_text() for path in tracked("Tests/EndToEnd/*/test_*.py"))
    assert ROWS - {int(row) for row in re.findall(r"mark\.row\((\d+)\)", text)} == set()
