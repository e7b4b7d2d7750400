"""The pages of the documentation: links, groups, terms, and the tables about the source code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from peers.broker import ROOT
from peers.pages import CATALOGUE, anchors, documents, links, prose, spans, table, tables
from peers.sources import SOURCES, text, tracked

#: Every Markdown file of the project.
PAGES = tracked("*.md")
FAULTS = CATALOGUE / "Faults.md"
#: A path at the beginning of a code span, and several paths written with braces.
PATH = re.compile(r"(?:Sources|Tests|deploy|\.github|\.ci)/[\w./+-]*")
PATHS = re.compile(r"((?:Sources|Tests|deploy)/[\w./+-]*)\{([\w,.-]+)\}([\w./+-]*)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    pages = {found.stem: found for found in documents()}
    for target in links(page):
        if target.startswith("doc:"):
            name, _, anchor = target.removeprefix("doc:").partition("#")
            assert name in pages, target
            found = pages[name]
        elif re.match("[a-z][a-z0-9+.-]*:", target):
            continue
        else:
            name, _, anchor = target.partition("#")
            places = [page.parent / name, page.parent / "Resources" / name, CATALOGUE / "Resources" / name] if name else [page]
            found = next((place for place in places if place.exists()), None)
            assert found, target
        assert not anchor or found.suffix != ".md" or anchor.lower() in anchors(found), target


def test_the_documentation_has_links() -> None:
    assert sum(1 for page in documents() for _ in links(page)) > 100


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    for span in spans(page):
        if several := PATHS.fullmatch(span):
            head, parts, tail = several.groups()
            named = [f"{head}{part}{tail}" for part in parts.split(",")]
        else:
            named = [found[0]] if (found := PATH.match(span)) else []
        for path in named:
            assert (ROOT / path).exists(), path


@pytest.mark.parametrize(("folder", "index"), [(CATALOGUE, "Latchkey.md"), (CATALOGUE / "Decisions", "Decisions.md")], ids=["pages", "decisions"])
def test_every_page_is_listed_in_its_index(folder: Path, index: str) -> None:
    listed = {target.removeprefix("doc:") for target in links(CATALOGUE / index) if target.startswith("doc:")}
    pages = {page.stem for page in folder.glob("*.md")} - {"Latchkey"}
    assert pages <= listed


def test_no_page_but_changes_has_a_word_that_the_vocabulary_replaces() -> None:
    page = CATALOGUE / "Vocabulary.md"
    replaced = [word.strip() for row in tables(page) for word in row[-1].split(",") if word.strip() not in ("", "not")]
    assert len(replaced) >= 8
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, replaced))}|the guide|contract §)\b", re.IGNORECASE)
    pages = [*documents(), *tracked(".github/*.md")]
    found = [
        f"{other.relative_to(ROOT)}:{line}: {word}"
        for other in pages if other not in (page, CATALOGUE / "Changes.md")
        for line, text in prose(other) for word in pattern.findall(text)
    ]
    assert found == []


def test_architecture_lists_the_imports_of_each_target() -> None:
    def full_name(word: str) -> str:
        return f"Latchkey{word}" if f"Latchkey{word}" in SOURCES else word

    documented: dict[str, set[str]] = {}
    for targets, _, imports in table(CATALOGUE / "Architecture.md", "Targets"):
        for name in re.findall(r"`(\w+)`", targets):
            documented[name] = {full_name(word.strip(" `")) for word in imports.split(",") if word.strip()}
    assert documented.keys() == SOURCES.keys()
    for name, modules in SOURCES.items():
        assert documented[name] in (modules, {"all of them"}), name


def test_architecture_names_types_that_their_target_declares() -> None:
    rows = [row for row in table(CATALOGUE / "Architecture.md", "Where do I find …") if len(row) == 3]
    assert len(rows) > 45
    for _, target, types in rows:
        source = "\n".join(text(path) for path in tracked(f"Sources/{target.strip('`')}/*.swift"))
        for name in re.findall(r"`(\w+)`", types):
            pattern = rf"^\s*(?:[\w@()]+ )*(?:struct|class|enum|actor|protocol|typealias|extension) {name}\b"
            assert re.search(pattern, source, re.MULTILINE), f"{target} declares no {name}"


def test_every_fault_is_injected_by_a_test_and_every_cited_fault_exists() -> None:
    tests = "".join(text(path) for path in tracked("Tests/EndToEnd/*/test_*.py"))
    cited = {int(row) for row in re.findall(r"mark\.row\((\d+)\)", tests)}
    listed = {int(row[0]) for row in tables(FAULTS) if row[0].isdigit()}
    assert len(listed) >= 60
    assert cited == listed


def test_the_threat_model_names_code_and_tests_that_exist() -> None:
    rows = [row for row in tables(CATALOGUE / "ThreatModel.md") if len(row) == 4 and row[0] != "threat"]
    assert len(rows) > 60
    for column, (pattern, folder) in enumerate([("Sources/*", "."), ("Tests/*.swift", "Tests/EndToEnd")], start=2):
        known = {name for path in tracked(pattern) for name in (path.name, path.stem)}
        for row in rows:
            names = re.findall(r"`([^`]+)`", row[column])
            assert names, row
            for name in names:
                paths = [ROOT / name, ROOT / folder / name]
                assert name in known or any(path.is_file() for path in paths), name
