"""The dashboard is a sound document for Grafana, and its panels are those that the runbook names."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

from peers.dashboard import dashboard, expressions, panels
from peers.pages import CATALOGUE, section, tokens
from peers.prometheus import rules

#: Units and types of Grafana that the dashboard uses.
UNITS = {"none", "s", "percentunit", "bytes", "reqps", "cps"}
TYPES = {"row", "stat", "timeseries", "heatmap"}


def test_ids_and_titles_are_unique_and_types_are_known() -> None:
    found = dashboard()["panels"]
    for member in ("id", "title"):
        values = [panel[member] for panel in found]
        assert len(values) == len(set(values))
    assert {panel["type"] for panel in found} == TYPES
    assert all(panel["description"] for panel in panels())
    for panel in panels():
        names = [target["refId"] for target in panel["targets"]]
        assert len(names) == len(set(names)) >= 1


def test_panels_fill_the_grid_without_overlap() -> None:
    def cells(place: dict[str, int]) -> set[tuple[int, int]]:
        return {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}

    taken = [cells(panel["gridPos"]) for panel in dashboard()["panels"]]
    assert not any(first & second for first, second in combinations(taken, 2))
    everything = set().union(*taken)
    assert everything == {(x, y) for x in range(24) for y in range(max(y for _, y in everything) + 1)}


def test_a_panel_has_a_unit() -> None:
    for panel in panels():
        unit = panel["options"].get("yAxis", {}).get("unit") or panel["fieldConfig"]["defaults"]["unit"]
        assert unit in UNITS, panel["title"]


def test_everything_asks_the_data_source_that_the_reader_chooses() -> None:
    variables = {variable["name"]: variable for variable in dashboard()["templating"]["list"]}
    assert list(variables) == ["datasource", "job", "instance"] and variables["datasource"]["type"] == "datasource"

    def sources(value: Any) -> list[str]:
        if isinstance(value, list):
            return [found for one in value for found in sources(one)]
        if not isinstance(value, dict):
            return []
        own = [value["datasource"]["uid"]] if isinstance(value.get("datasource"), dict) else []
        return own + [found for one in value.values() for found in sources(one)]

    asked = sources(dashboard())
    assert set(asked) == {"${datasource}"} and len(asked) > 2 * len(panels())


def test_every_metric_of_an_expression_is_that_of_the_chosen_jobs_and_brokers() -> None:
    for expression in expressions():
        selectors = re.findall(r"\b((?:latchkey|process)_\w+)(\{[^}]*\})?", expression.text)
        assert selectors
        for name, labels in selectors:
            assert labels.startswith('{job=~"$job",instance=~"$instance"'), f"{expression.panel}: {name}"


def test_every_metric_that_is_used_is_documented() -> None:
    documented = {part.content for token in tokens(CATALOGUE / "Metrics.md") for part in token.children or [] if part.type == "code_inline"}
    texts = [expression.text for expression in expressions()] + [rule["expr"] for rule in rules().values()]
    used = {name for text in texts for name in re.findall(r"\b(?:latchkey|process)_\w+", text)}
    assert len(used) > 25
    assert {re.sub(r"_bucket$", "", name) for name in used} <= documented


def test_the_picture_of_the_documentation_shows_every_panel_with_data() -> None:
    shown = [element.text for element in ElementTree.parse(CATALOGUE / "Resources/dashboard.svg").iter() if element.text]
    assert {panel["title"] for panel in dashboard()["panels"]} <= set(shown) and "no data" not in shown


def test_the_runbook_names_panels_that_exist() -> None:
    titles = {panel["title"] for panel in panels()}
    runbook = CATALOGUE / "Runbook.md"
    for name in rules():
        text = " ".join(" ".join(token.content.split()) for token in section(runbook, name))
        named = re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", text)
        assert (named or name == "LatchkeyAbsent") and set(named) <= titles, (name, set(named) - titles)
