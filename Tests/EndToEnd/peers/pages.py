"""Reads README.md and the pages of the catalogue with a Markdown parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .broker import ROOT

CATALOGUE = ROOT / "Sources/latchkey/Latchkey.docc"


def documents() -> list[Path]:
    """README.md and every page of the catalogue."""
    return [ROOT / "README.md", *sorted(CATALOGUE.rglob("*.md"))]


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    return tuple(MarkdownIt("commonmark").enable("table").parse(page.read_text()))


def section(page: Path, heading: str) -> list[Token]:
    """The tokens below the last heading with this text, up to the next heading. The title may have the same text."""
    found = tokens(page)
    start = max(
        number for number, token in enumerate(found)
        if token.type == "inline" and token.content == heading and found[number - 1].type == "heading_open")
    end = next(
        (number for number in range(start, len(found)) if found[number].type == "heading_open"), len(found))
    return list(found[start + 1 : end])


def table(page: Path, heading: str) -> list[list[str]]:
    """The Markdown of the cells of the first table below a heading, without the header row."""
    rows: list[list[str]] = []
    found = section(page, heading)
    for token, content in zip(found, found[1:], strict=False):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("td_open", "th_open"):
            rows[-1].append(content.content)
        elif token.type == "table_close":
            break
    assert rows, f"{page.name} has no table below {heading}"
    return rows[1:]


def tables(page: Path) -> Iterator[list[str]]:
    """The rows of all tables of a page, header rows included."""
    row: list[str] = []
    found = tokens(page)
    for token, content in zip(found, found[1:], strict=False):
        if token.type == "tr_open":
            row = []
        elif token.type in ("td_open", "th_open"):
            row.append(content.content)
        elif token.type == "tr_close":
            yield row


def numbers(page: Path, heading: str) -> list[str]:
    """The numbers of the ordered list below a heading."""
    return [token.info for token in section(page, heading) if token.type == "list_item_open" and token.info and token.level == 1]


def headings(page: Path) -> list[str]:
    found = tokens(page)
    return [content.content for token, content in zip(found, found[1:], strict=False) if token.type == "heading_open"]


def spans(page: Path) -> Iterator[str]:
    """Every code span of a page."""
    for token in tokens(page):
        yield from (part.content for part in token.children or () if part.type == "code_inline")


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """The text of a page without code, with line numbers."""
    for token in tokens(page):
        if token.type == "inline":
            text = " ".join(part.content for part in token.children or () if part.type != "code_inline")
            yield (token.map or [0])[0] + 1, text


def links(page: Path) -> Iterator[str]:
    """The target of every link and image of a page."""
    for token in tokens(page):
        for part in token.children or ():
            target = part.attrGet("href") or part.attrGet("src")
            if target is not None:
                yield str(target)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings as GitHub and docc make them, in lower case."""
    return {re.sub(r"[^\w\- ]", "", text.lower().replace("`", "")).replace(" ", "-") for text in headings(page)}
