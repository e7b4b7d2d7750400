"""The rules of Prometheus: promtool accepts and tests each, and each alert leads to its section of the runbook."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from peers.broker import ROOT
from peers.pages import CATALOGUE, anchors, section, table, tokens
from peers.prometheus import RULES, rules, shortened

TESTS = sorted((ROOT / "Tests/Fixtures/prometheus").glob("*.test.yml"))
RUNBOOK = CATALOGUE / "Runbook.md"
#: What each section of the runbook says, in order.
PARTS = ["What it means", "What the graph shows", "What to do", "How to confirm it is over"]
ALERTS = sorted(rules())


def promtool(*arguments: str | Path) -> str:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed: this check has NOT been made")
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_accepts_the_rules_without_a_warning() -> None:
    count = sum(len(group["rules"]) for group in parsed(RULES)["groups"])
    assert f"SUCCESS: {count} rules found" in promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name.removesuffix(".test.yml"))
def test_the_rules_pass_their_tests(path: Path) -> None:
    assert "SUCCESS" in promtool("test", "rules", path)


def parsed(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_each_alert_is_shown_to_fire_to_be_quiet_before_and_to_end() -> None:
    shown: dict[str, list[bool]] = {}
    for case in (case for path in TESTS for case in parsed(path)["tests"]):
        for check in case.get("alert_rule_test", []):
            shown.setdefault(check["alertname"], []).append(bool(check.get("exp_alerts")))
    assert sorted(shown) == ALERTS
    assert all(found == [False, True, False] for found in shown.values()), shown


def test_each_recording_rule_has_a_test() -> None:
    recorded = {rule["record"] for group in parsed(RULES)["groups"] for rule in group["rules"] if "record" in rule}
    used = {
        check["expr"] for path in TESTS for case in parsed(path)["tests"] for check in case.get("promql_expr_test", [])}
    # The first one is what the others are made of.
    assert recorded - used == {"latchkey:tier_requests:rate5m"} and used <= recorded


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_it_is_and_leads_to_its_section(name: str) -> None:
    rule = rules()[name]
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert page.endswith("/Runbook.md") and anchor == name.lower() and anchor in anchors(RUNBOOK)


@pytest.mark.parametrize("name", ALERTS)
def test_a_section_of_the_runbook_has_every_part(name: str) -> None:
    bold = [
        part.content for token in section(RUNBOOK, name) if token.type == "inline"
        for before, part in zip(token.children or [], (token.children or [])[1:]) if before.type == "strong_open"]
    assert bold == PARTS


def test_the_page_about_monitoring_lists_the_alerts_in_order() -> None:
    listed = [(row[0], row[1]) for row in table(CATALOGUE / "Monitoring.md", "Prometheus")]
    assert listed == [(f"<doc:Runbook#{name}>", rule["labels"]["severity"]) for name, rule in rules().items()]


def test_the_runbook_has_no_section_for_an_alert_that_does_not_exist() -> None:
    found = tokens(RUNBOOK)
    named = [text.content for token, text in zip(found, found[1:]) if token.type == "heading_open" and token.tag == "h3"]
    assert sorted(named) == ALERTS


def test_the_tests_with_faults_change_only_durations() -> None:
    text = RULES.read_text()
    short = shortened(text)
    duration = r"\b\d+[smh]\b"
    assert re.sub(duration, "", re.sub(r"\[\d+m\]", "[]", text)) == re.sub(duration, "", re.sub(r"\[8s\]", "[]", short))
    assert set(re.findall(duration, re.sub(r"#.*|description:.*|rate5m|\n {12}.*minutes.*", "", short))) <= {"8s", "1s"}
