"""The examples of the documents: what stands in their blocks and spans of code, and how each language is run."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .broker import ROOT

CATALOGUE = ROOT / "Sources/latchkey/Latchkey.docc"
BIN = Path(sys.executable).parent
#: Programs that examples start and that not every machine has.
PROGRAMS = ("node", "go", "java", "docker", "aws")


@dataclass(frozen=True)
class Example:
    """One block of code."""

    page: str
    #: Of the page, from 1.
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def first(self) -> str:
        return self.text.splitlines()[0]

    def command(self, folder: Path) -> list[str]:
        """What runs it; a file that it takes is written into the folder."""
        if self.language == "sh":
            return ["bash", "-euo", "pipefail", "-c", self.text]
        name = {"python": "example.py", "js": "example.mjs", "go": "main.go"}.get(self.language, "")
        if self.language == "java":
            name = re.findall(r"public class (\w+)", self.text)[0] + ".java"
        file = folder / name
        file.write_text(self.text)
        program = {"python": [sys.executable], "js": ["node"], "go": ["go", "run"], "java": ["java"]}[self.language]
        return [*program, str(file)]

    def needs(self) -> list[str]:
        """The programs that it cannot be run without."""
        needed = {"js": ["node"], "go": ["go"], "java": ["java"]}.get(self.language, [])
        words = re.findall(r"[\w./-]+", self.text) if self.language == "sh" else []
        return needed + [program for program in PROGRAMS if program in words]

    def is_possible(self) -> bool:
        return all(shutil.which(program) or (BIN / program).exists() for program in self.needs())


def documents() -> list[Path]:
    """README.md and every page of the catalogue."""
    return [ROOT / "README.md", *sorted(CATALOGUE.rglob("*.md"))]


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    return tuple(MarkdownIt("commonmark").enable("table").parse(page.read_text()))


def examples() -> Iterator[Example]:
    for page in documents():
        for token in tokens(page):
            if token.type in ("fence", "code_block"):
                line = (token.map or [0])[0] + 1
                yield Example(page.name, line, token.info.strip(), token.content)


def spans() -> Iterator[tuple[str, str]]:
    """Every span of code, with the name of its page."""
    for page in documents():
        for token in tokens(page):
            for part in token.children or ():
                if part.type == "code_inline":
                    yield page.name, part.content


def links() -> Iterator[tuple[Path, str]]:
    """The target of every link and picture, with its page."""
    for page in documents():
        for token in tokens(page):
            for part in token.children or ():
                target = part.attrGet("href") or part.attrGet("src")
                if target is not None:
                    yield page, str(target)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and docc make them, in small letters."""
    found: set[str] = set()
    parts = tokens(page)
    for token, content in zip(parts, parts[1:], strict=False):
        if token.type == "heading_open":
            words = re.sub(r"[^\w\- ]", "", content.content.lower().replace("`", ""))
            found.add(words.replace(" ", "-"))
    return found
