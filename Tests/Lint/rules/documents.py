"""What the written pages name is there."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from urllib.parse import unquote

from rule import rule
from tree import ROOT, lines, shown, text, tracked

#: `[text](target)`, pictures included; not in code.
_LINK = re.compile(r"\[[^\]]*\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)")
_PAGE = re.compile(r"<doc:([\w.-]+)(?:#([^>\s]+))?>")
_PATH = re.compile(r"`((?:Sources|Tests|deploy|\.github|\.ci)/[\w./+-]*)")
_GROUP = re.compile(r"`((?:Sources|Tests|deploy)/[\w./+-]*)\{([\w,.-]+)\}([\w./+-]*)`")


def documents() -> list[str]:
    return [shown(path) for path in tracked("*.md")]


@rule("Every relative link of {} leads somewhere", each=documents)
def links(document: str) -> Iterator[str]:
    here = ROOT / document
    for target in _LINK.findall(without_code(document)):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        path = (here.parent / name).resolve() if name else here
        if not path.exists() and not (here.parent / "Resources" / name).exists():
            yield f"{document}: there is no {target}"
        elif anchor and path.suffix == ".md" and anchor not in anchors(shown(path)):
            yield f"{document}: {shown(path)} has no heading for #{anchor}"
    for page, anchor in _PAGE.findall(text(here)):
        found = [path for path in tracked("Sources/*.md") if path.stem == page]
        if not found:
            yield f"{document}: there is no page {page}"
        elif anchor and anchor.lower() not in anchors(shown(found[0])):
            yield f"{document}: {page} has no heading for #{anchor}"


@rule("Every path that {} names is there", each=documents)
def paths(document: str) -> Iterator[str]:
    page = text(ROOT / document)
    named = _PATH.findall(_GROUP.sub("", page))
    named += [f"{head}{part}{tail}" for head, parts, tail in _GROUP.findall(page) for part in parts.split(",")]
    for path in named:
        if not (ROOT / path).exists():
            yield f"{document}: there is no {path}"


@rule("Every type that Architecture.md's guide names is declared in the target that it names")
def guide() -> Iterator[str]:
    page = text(ROOT / "Sources/latchkey/Latchkey.docc/Architecture.md")
    rows = [row.strip("|").split("|") for row in page[page.index("## Where do I find") :].splitlines() if row.startswith("|")]
    named = [(row[1].strip(" `"), re.findall(r"`(\w+)`", row[2])) for row in rows if len(row) == 3]
    if len(named) < 50:
        yield f"only {len(named)} rows were found"
    for target, types in named[2:]:
        source = "\n".join(text(path) for path in tracked(f"Sources/{target}/*.swift"))
        for name in types:
            if not re.search(rf"^\s*(?:[\w@()]+ )*(?:struct|class|enum|actor|protocol|typealias|extension) {name}\b", source, re.MULTILINE):
                yield f"{target} declares no {name}"


@rule("The documentation compiles without a warning")
def documentation() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as output:
        done = subprocess.run(
            [
                *("docc", "convert", "Sources/latchkey/Latchkey.docc", "--warnings-as-errors"),
                *("--fallback-display-name", "Latchkey", "--fallback-bundle-identifier", "latchkey"),
                *("--output-path", output),
            ],
            cwd=ROOT, capture_output=True, text=True,
        )
    if done.returncode != 0:
        yield from (done.stdout + done.stderr).splitlines()


def without_code(document: str) -> str:
    """The page without its blocks and spans of code, in which brackets mean something else."""
    page = re.sub(r"^```.*?^```", "", text(ROOT / document), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", page)


def anchors(document: str) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    found: set[str] = set()
    for line in lines(ROOT / document):
        if heading := re.match(r"#{1,6} (.+?)\s*#*$", line):
            words = re.sub(r"[^\w\- ]", "", heading[1].lower().replace("`", ""))
            found.add(words.replace(" ", "-"))
    return found
