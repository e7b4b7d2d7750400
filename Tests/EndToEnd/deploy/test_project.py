"""What lies in .github and .ci: workflows whose commands exist, and templates that ask for a diagnosis."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from peers.broker import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = sorted(path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
#: What a form's field may be (GitHub's syntax for issue forms).
FIELDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


def parsed(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text())


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in parsed(path)["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read_and_runs_what_is_there(path: Path) -> None:
    workflow = parsed(path)
    # YAML 1.1 reads the key `on` as a truth value.
    assert workflow[True] and workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] and job["container"].startswith("swift:")
    commands = [step["run"].split()[0] for step in steps(path) if "run" in step]
    for command in commands:
        assert command == "git" or (ROOT / command).stat().st_mode & 0o100, command
    for action in (step["uses"] for step in steps(path) if "uses" in step):
        assert re.fullmatch(r"actions/[\w-]+@v\d+", action), action


def test_lint_and_tests_run_for_each_change_and_the_newest_dependencies_each_week() -> None:
    ran = {path.stem: [step.get("run") for step in steps(path)] for path in WORKFLOWS}
    for name in ("lint", "tests"):
        assert {"pull_request", "push"} <= parsed(ROOT / f".github/workflows/{name}.yml")[True].keys()
    assert "Tests/run lint" in ran["lint"] and ".ci/run" in ran["tests"]
    assert "schedule" in parsed(ROOT / ".github/workflows/weekly.yml")[True]
    assert {".ci/newest", ".ci/run", "Tests/run long", "Tests/run sanitize thread"} <= set(ran["weekly"])


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_is_one_and_asks_for_a_diagnosis(path: Path) -> None:
    form = parsed(path)
    assert form["name"] and form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in form["body"]} <= FIELDS
    assert len({field["id"] for field in fields}) == len(fields)
    assert any("latchkey doctor --json" in field["attributes"]["label"] for field in fields)


def test_a_change_is_asked_for_a_diagnosis_too() -> None:
    assert "latchkey doctor --json" in (ROOT / ".github/pull_request_template.md").read_text()


def test_the_newest_dependencies_are_allowed_and_nothing_else_changes(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / ".ci").mkdir(parents=True)
    (copy / "Tests/EndToEnd").mkdir(parents=True)
    lists = ["Tests/EndToEnd/requirements.txt", "Tests/EndToEnd/constraints.txt"]
    for name in (".ci/newest", "Package.swift", *lists):
        shutil.copy2(ROOT / name, copy / name)
    done = subprocess.run(["git", "init", "-q", "."], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([copy / ".ci/newest"], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    before, after = (root.joinpath("Package.swift").read_text() for root in (ROOT, copy))
    assert "exact:" in before and after == before.replace("exact: ", "from: ")
    pins, bounds = (
        [Requirement(line) for line in (root / lists[0]).read_text().splitlines() if line[:1].isalpha()]
        for root in (ROOT, copy))
    assert [pin.name for pin in pins] == [bound.name for bound in bounds]
    assert all(str(pin.specifier).replace("==", ">=") == str(bound.specifier) for pin, bound in zip(pins, bounds, strict=True))
    assert "==" not in (copy / lists[1]).read_text()
