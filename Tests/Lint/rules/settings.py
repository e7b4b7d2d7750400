"""The written tables of settings against the table in the sources, read without a compiler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rule import rule
from tree import ROOT, lines, shown, text, tracked

NAMES = ROOT / "Sources/LatchkeySettings/Table/SettingName.swift"
#: The alternative names.
LOOKUP = ROOT / "Sources/LatchkeySettings/Table/SettingName+Lookup.swift"
SETTINGS = ROOT / "Sources/latchkey/Latchkey.docc/Settings.md"
ENVIRONMENT = ROOT / "deploy/systemd/latchkey.env"
#: The unit gives the key itself, and a file and an address are for other ways to start and for clients.
ELSEWHERE = {"LATCHKEY_API_KEY", "LATCHKEY_CONFIG", "LATCHKEY_URL"}

#: Names of the tests and of scripts in deploy/ for themselves.
OTHERS = ("LATCHKEY_TEST_", "LATCHKEY_LAYER_")

_LITERAL = r'"((?:\\.|[^"\\\n])*)"'


@dataclass(frozen=True)
class Setting:
    name: str
    standard: str
    meaning: str
    reserved: bool


@cache
def settings() -> tuple[Setting, ...]:
    """Every case of `SettingName` with its row, in order."""
    source = text(NAMES)
    names = dict(re.findall(rf"^    case (\w+) = {_LITERAL}", source, re.MULTILINE))
    cases = re.split(r"^        case ", source[source.index("package var row: SettingRow") :], flags=re.MULTILINE)[1:]
    rows: dict[str, str] = {}
    for case in cases:
        label, _, row = case.partition(":")
        for name in re.findall(r"\.(\w+)", label):
            rows[name] = row.partition("\n        }")[0]
    found = []
    for case, name in names.items():
        row = rows[case]
        meaning = literal(row, "meaning")
        if bounds := re.search(r"bounds: ([\d_]+)\.\.\.([\d_]+)", row):
            meaning = meaning.replace("{bounds}", f"{bounds[1]} to {bounds[2]}".replace("_", ""))
        found.append(Setting(name, literal(row, "defaultValue"), meaning, "isReserved: true" in row))
    return tuple(found)


def literal(row: str, argument: str) -> str:
    """The text of an argument: one literal, or several with `+` between them."""
    found = re.search(rf"{argument}:\s*({_LITERAL}(?:\s*\+\s*{_LITERAL})*)", row)
    if found is None:
        return ""
    return "".join(re.findall(_LITERAL, found[1])).replace('\\"', '"').replace("\\\\", "\\")


@rule("Every setting has a name and a meaning that the rules can read")
def readable() -> Iterator[str]:
    if len(settings()) < 20:
        yield f"only {len(settings())} settings were found in {shown(NAMES)}"
    for setting in settings():
        if not setting.meaning:
            yield f"{setting.name} has no meaning"


@rule("The page of settings has the table of settings")
def page() -> Iterator[str]:
    rows = table(SETTINGS, "# Settings")
    wanted = [[f"`{s.name}`", f"`{s.standard}`" if s.standard else "", s.meaning] for s in settings()]
    for row in wanted:
        if row not in rows:
            yield f"{shown(SETTINGS)} has not the row | {' | '.join(row)} |"
    for row in rows:
        if row not in wanted:
            yield f"{shown(NAMES)} has not the row | {' | '.join(row)} |"
    if rows != wanted and sorted(rows) == sorted(wanted):
        yield "the order is another"


@rule("The unit's environment file shows every setting that a service may have, at its default")
def environment() -> Iterator[str]:
    listed = [line for line in lines(ENVIRONMENT) if "=" in line and not line.startswith(("# ", "#AWS_"))]
    wanted = [f"#{s.name}={s.standard}" for s in settings() if not s.reserved and s.name not in ELSEWHERE]
    for line in wanted:
        if line not in listed:
            yield f"{shown(ENVIRONMENT)} has not {line}"
    for line in listed:
        if line not in wanted:
            yield f"{shown(ENVIRONMENT)} has {line}, and no such setting or default is in {shown(NAMES)}"


@rule("A setting's name is nowhere written but of a setting that there is")
def known_names() -> Iterator[str]:
    known = {setting.name for setting in settings()}
    known |= set(re.findall(rf"{_LITERAL}: \.\w+", text(LOOKUP)))
    for path in tracked("README.md", "openapi.yaml", "deploy", "Sources/*.md"):
        for number, line in enumerate(lines(path), 1):
            for name in re.findall(r"\bLATCHKEY_[A-Z0-9_]*[A-Z0-9]\b(?!\*)", line):
                if name in known or name.startswith(OTHERS):
                    continue
                if not any(other.startswith(f"{name}_") for other in known):
                    yield f"{shown(path)}:{number}: {name}"


def table(path: Path, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading of a page, its head left out."""
    page = lines(path)
    below = page[page.index(heading) :]
    first = next(number for number, line in enumerate(below) if line.startswith("|"))
    rows = []
    for line in below[first + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line[1:-1].split("|")])
    return rows
