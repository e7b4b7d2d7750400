"""Facts that stand in a page and in the sources, and the words of the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rule import rule
from tree import ROOT, lines, shown, text, tracked

PAGES = ROOT / "Sources/latchkey/Latchkey.docc"
#: How the name of a family grows in the exposition, by its kind.
_ENDINGS = {"counter": "_total", "info": "_info"}
#: Labels whose values are not listed: AWS's operations, and HTTP's status codes.
_UNLISTED = {"Operation", "StatusCode"}


@rule("Metrics.md has a row for each metric, with its type, and for no other")
def metrics() -> Iterator[str]:
    source = "\n".join(text(path) for path in tracked("Sources/LatchkeyMetrics/*.swift"))
    families = re.findall(r'Family\(\s*"(\w+)",\s*\.(\w+)', source)
    wanted = {name + _ENDINGS.get(kind, ""): kind for name, kind in families}
    if len(wanted) < 20:
        yield f"only {len(wanted)} metrics were found in Sources/LatchkeyMetrics"
    rows = {row[0].strip("`"): row[1] for row in table(PAGES / "Metrics.md", "## Metrics")}
    for name in sorted(wanted.keys() - rows.keys()):
        yield f"Metrics.md has no row for {name}"
    for name in sorted(rows.keys() - wanted.keys()):
        yield f"there is no metric {name}"
    for name, kind in wanted.items():
        # An info is a gauge that is always 1.
        if name in rows and not rows[name].startswith("gauge" if kind == "info" else kind):
            yield f"{name} is a {kind}, not a {rows[name]}"


@rule("Metrics.md has the labels of each metric, and the values of each label")
def labels() -> Iterator[str]:
    source = "\n".join(text(path) for path in tracked("Sources/LatchkeyMetrics/*.swift"))
    for name, declaration in families(source):
        bare = re.sub(r'help: "[^"]*"', "", declaration)
        wanted = [first or second for first, second in re.findall(r'Dimension\(\s*"(\w+)"|\b(profile)\b', bare)]
        row = next((row for row in table(PAGES / "Metrics.md", "## Metrics") if row[0].startswith(f"`{name}")), None)
        if row and re.findall(r"\w+", row[2]) != wanted:
            yield f"{name} has the labels {', '.join(wanted)}, and Metrics.md has {row[2]}"
    listed = {value for row in table(PAGES / "Metrics.md", "## Labels") for value in re.findall(r"`([\w-]+)`", row[1])}
    listed -= {"x-ratelimit-remaining"}
    values: set[str] = set()
    for name, body in re.findall(r"enum (\w+): Int, Label \{(.*?)\n\}", source, re.DOTALL):
        if name not in _UNLISTED:
            values |= set(re.findall(r'case \.\w+: "(\w+)"', body))
    for value in sorted(values ^ listed):
        yield f"{value} is {'missing in Metrics.md' if value in values else 'no value of a label'}"


@rule("The version stands in the sources, and Changes.md and openapi.yaml have the same")
def version() -> Iterator[str]:
    found = [(path, number) for path in tracked("Sources/*.swift") for number in re.findall(
        r'static let number = "(\d+\.\d+\.\d+)"', text(path))]
    if len(found) != 1:
        yield f"the version stands in {len(found)} places of the sources"
        return
    number = found[0][1]
    if f"## {number}" not in lines(PAGES / "Changes.md"):
        yield f"Changes.md has no heading for {number}"
    if f"  version: {number}" not in lines(ROOT / "openapi.yaml"):
        yield f"openapi.yaml has not the version {number}"


@rule("No document but the list of changes has a word that Vocabulary.md replaces")
def words() -> Iterator[str]:
    page = PAGES / "Vocabulary.md"
    replaced = [
        word.strip() for line in lines(page) if line.startswith("|") for word in line.strip("|").split("|")[-1].split(",")
        if word.strip() and word.strip() not in ("not", "---")
    ]
    if len(replaced) < 8:
        yield f"only {len(replaced)} replaced words were found in {shown(page)}"
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, replaced))}|the guide|contract §)\b", re.IGNORECASE)
    for path in documents():
        if path in (page, PAGES / "Changes.md"):
            continue
        for number, line in enumerate(lines(path), 1):
            for word in pattern.findall(re.sub(r"`[^`]*`", "", line)):
                yield f"{shown(path)}:{number}: {word}"


@rule("Every page is in a group of Latchkey.md, and every record of a decision in Decisions.md")
def groups() -> Iterator[str]:
    for folder, index in ((PAGES, "Latchkey.md"), (PAGES / "Decisions", "Decisions.md")):
        listed = re.findall(r"^- <doc:([\w-]+)>$", text(PAGES / index), re.MULTILINE)
        pages = {path.stem for path in folder.glob("*.md")} - {"Latchkey"}
        for name in sorted(pages ^ set(listed)):
            yield f"{name} is {'not listed in ' + index if name in pages else 'listed in ' + index + ' and not there'}"


@rule("README.md has 10 KB at most")
def size() -> Iterator[str]:
    if (count := (ROOT / "README.md").stat().st_size) > 10_000:
        yield f"README.md has {count} bytes"


def families(source: str) -> Iterator[tuple[str, str]]:
    """The name of each family of metrics, and its declaration up to the parenthesis that closes it."""
    for start in re.finditer(r'\bFamily\(\s*"(\w+)"', source):
        depth, end = 1, source.index("(", start.start()) + 1
        while depth:
            depth += (source[end] == "(") - (source[end] == ")")
            end += 1
        yield start[1], source[start.start() : end]


def documents() -> list[Path]:
    return list(tracked("README.md", ".github/*.md", "Sources/latchkey/Latchkey.docc/*.md"))


def table(path: Path, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, its head left out."""
    page = lines(path)
    rows: list[list[str]] = []
    for line in page[page.index(heading) :]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            break
    return rows[2:]
