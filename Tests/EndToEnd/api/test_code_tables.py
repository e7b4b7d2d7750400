"""Tables in the documentation, the deployment files and openapi.yaml are those of the code."""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from peers.broker import ROOT, run, settings
from peers.pages import CATALOGUE, headings, section, table, tables
from peers.sources import LEVELS, events, log_calls, text, tracked

#: Prints the code's tables. `swift build --build-tests` builds it.
PROGRAM = Path(os.environ.get("LATCHKEY_CODE_TABLES", ROOT / ".build/debug/code-tables"))
ENVIRONMENT = ROOT / "deploy/systemd/latchkey.env"
#: The unit file sets the key. The other two are for other ways to start the broker, and for clients.
NOT_IN_ENVIRONMENT = {"LATCHKEY_API_KEY", "LATCHKEY_CONFIG", "LATCHKEY_URL"}
#: Variables of the tests and of scripts in deploy/, which are not settings.
OTHER_VARIABLES = ("LATCHKEY_TEST_", "LATCHKEY_LAYER_")
LITERAL = r'"((?:\\.|[^"\\\n])*)"'
#: The suffix of a metric family's name on the metrics page, by kind.
SUFFIXES = {"counter": "_total", "info": "_info"}
#: Labels whose values are not listed: AWS operations and HTTP status codes.
UNLISTED = {"Operation", "StatusCode"}


@cache
def code() -> dict[str, Any]:
    done = subprocess.run([PROGRAM], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@cache
def openapi() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "openapi.yaml").read_text())


# Settings


def test_every_setting_has_a_meaning() -> None:
    assert len(code()["settings"]) >= 20
    assert all(setting["meaning"] for setting in code()["settings"])


def test_settings_page_has_every_setting_in_order() -> None:
    rows = table(CATALOGUE / "Settings.md", "Settings")
    assert rows == [
        [f"`{s['name']}`", f"`{s['default']}`" if s["default"] is not None else "", s["meaning"]] for s in code()["settings"]
    ]


def test_environment_file_has_every_setting_of_a_service_at_its_default() -> None:
    shown = [
        line for line in ENVIRONMENT.read_text().splitlines() if "=" in line and not line.startswith(("# ", "#AWS_"))
    ]
    assert shown == [
        f"#{s['name']}={s['default'] or ''}" for s in code()["settings"]
        if s["name"] not in NOT_IN_ENVIRONMENT
    ]


def test_environment_file_has_the_meaning_above_each_setting() -> None:
    meanings = {s["name"]: s["meaning"] for s in code()["settings"]}
    comment: list[str] = []
    seen = 0
    for line in ENVIRONMENT.read_text().splitlines():
        name = line[1:].partition("=")[0]
        if line.startswith("#") and name in meanings:
            seen += 1
            meaning = meanings[name]
            assert " ".join(comment) == f"{meaning[0].upper()}{meaning[1:]}.", name
        comment = [*comment, line[2:]] if line.startswith("# ") else []
    assert seen >= 20


def test_help_of_serve_names_every_backend() -> None:
    text = run("serve", "--help", env=settings(Path("/"))).stdout
    line = next(part for part in re.split(r"\n  (?=-)", text) if "(LATCHKEY_SECRETS_BACKEND)" in " ".join(part.split()))
    for backend in [*code()["backends"], "auto"]:
        assert backend in line, backend


def test_documents_and_deployment_files_name_only_settings_that_exist() -> None:
    known = {setting["name"] for setting in code()["settings"]}
    lookup = text(ROOT / "Sources/LatchkeySettings/Table/SettingName+Lookup.swift")
    known |= set(re.findall(rf"{LITERAL}: \.\w+", lookup))
    unknown = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in tracked("README.md", "openapi.yaml", "deploy", "Sources/*.md")
        for name in re.findall(r"\bLATCHKEY_[A-Z0-9_]*[A-Z0-9]\b(?!\*)", text(path))
        if name not in known and not name.startswith(OTHER_VARIABLES)
        and not any(other.startswith(f"{name}_") for other in known)
    ]
    assert unknown == []


# Routes, errors and variables


def test_openapi_has_every_route_method_and_query_parameter() -> None:
    components = openapi()["components"]["parameters"]

    def query(item: dict[str, Any]) -> set[str]:
        parameters = [*item.get("parameters", []), *(p for m in item if m != "parameters" for p in item[m].get("parameters", []))]
        resolved = [components[p["$ref"].rpartition("/")[2]] if "$ref" in p else p for p in parameters]
        return {parameter["name"] for parameter in resolved if parameter["in"] == "query"}

    documented = {path: (set(item) - {"parameters"}, query(item)) for path, item in openapi()["paths"].items()}
    assert documented == {route["path"]: (set(route["methods"]), set(route["query"])) for route in code()["routes"]}


def test_openapi_and_the_errors_page_have_every_error_code() -> None:
    assert set(openapi()["components"]["schemas"]["Code"]["enum"]) == set(code()["error_codes"])
    rows = table(CATALOGUE / "Errors.md", "Errors")
    assert [row[0] for row in rows] == [f"`{name}`" for name in code()["error_codes"]]


def test_errors_page_has_every_upstream_code() -> None:
    rows = table(CATALOGUE / "Errors.md", "Upstream codes")
    assert rows == [[f"`{name}`", meaning, remedy] for name, meaning, remedy in code()["upstream_codes"]]


def test_page_of_variables_that_run_code_has_every_name() -> None:
    page = CATALOGUE / "CodeVariables.md"
    shown = [
        part.content
        for heading in headings(page)[1:] for token in section(page, heading)
        for part in token.children or () if part.type == "code_inline" and token.content.startswith("`")
    ]
    variables = code()["code_variables"]
    wanted = [f"{prefix}*" for prefix in variables["prefixes"]] + [f"*{suffix}" for suffix in variables["suffixes"]]
    wanted += [f"npm_config_{name}" for name in variables["npm_settings"]] + variables["names"]
    assert sorted(shown) == sorted(wanted)


# Metrics


def metrics_source() -> str:
    return "\n".join(text(path) for path in tracked("Sources/LatchkeyMetrics/*.swift"))


def declarations() -> dict[str, str]:
    """The declaration of each metric family up to its closing parenthesis, by name."""
    source, found = metrics_source(), {}
    for start in re.finditer(r'\bFamily\(\s*"(\w+)"', source):
        depth, end = 1, source.index("(", start.start()) + 1
        while depth:
            depth += (source[end] == "(") - (source[end] == ")")
            end += 1
        found[start[1]] = source[start.start() : end]
    return found


def test_metrics_page_has_every_metric_and_its_type() -> None:
    kinds = dict(re.findall(r'Family\(\s*"(\w+)",\s*\.(\w+)', metrics_source()))
    wanted = {name + SUFFIXES.get(kind, ""): kind for name, kind in kinds.items()}
    assert len(wanted) >= 20
    rows = {row[0].strip("`"): row[1] for row in table(CATALOGUE / "Metrics.md", "Metrics")}
    assert rows.keys() == wanted.keys()
    for name, kind in wanted.items():
        # An info is a gauge that is always 1.
        assert rows[name].startswith("gauge" if kind == "info" else kind), name


def test_metrics_page_has_the_labels_of_every_metric() -> None:
    rows = {row[0].strip("`"): row[2] for row in table(CATALOGUE / "Metrics.md", "Metrics")}
    for name, declaration in declarations().items():
        bare = re.sub(r'help: "[^"]*"', "", declaration)
        labels = [first or second for first, second in re.findall(r'Dimension\(\s*"(\w+)"|\b(profile|caller)\b', bare)]
        row = next((shown for metric, shown in rows.items() if metric.startswith(name)), None)
        assert row is not None and re.findall(r"\w+", row) == labels, name


def test_metrics_page_has_every_value_of_a_label() -> None:
    listed = {value for row in table(CATALOGUE / "Metrics.md", "Labels") for value in re.findall(r"`([\w-]+)`", row[1])}
    # The name of a header, which explains a value.
    listed -= {"x-ratelimit-remaining"}
    values: set[str] = set()
    for name, body in re.findall(r"enum (\w+): Int, Label \{(.*?)\n\}", metrics_source(), re.DOTALL):
        if name not in UNLISTED:
            values |= set(re.findall(r'case \.\w+: "(\w+)"', body))
    assert values == listed


# Log events


def event_rows() -> list[list[str]]:
    """The rows of all tables of events: name, levels, when, what to do."""
    return [row for row in tables(CATALOGUE / "Logs.md") if len(row) == 4 and row[0] != "event"]


def test_logs_page_has_every_event_in_order_and_says_when_it_occurs() -> None:
    occasions = dict(events().values())
    assert [name for name, _ in events().values()] == code()["log_events"]
    assert len(code()["log_events"]) >= 50
    shown = [(name.strip("`"), when.casefold()) for name, _, when, _ in event_rows()]
    assert shown == [(name, occasions[name].removesuffix(".").casefold()) for name in code()["log_events"]]
    assert all(action for *_, action in event_rows())


def test_logs_page_has_the_headings_of_the_events() -> None:
    marks = re.findall(r"// MARK: (.+)", text(ROOT / "Sources/LatchkeyLog/LoggedEvent.swift"))
    assert headings(CATALOGUE / "Logs.md")[-len(marks):] == marks


def levels_of_events() -> dict[str, set[str]]:
    """The levels of each event, as the calls in the sources have them."""
    # A change of a followed file has the event that the file was given. The other lines are written without swift-log.
    changes = [case for path in tracked("Sources/LatchkeyService/*.swift") for case in re.findall(
        r"\bchangeEvent = (?:LoggedEvent)?\.(\w+)", text(path))]
    found = [(case, call.levels) for call in log_calls() for case in (
        changes if call.arguments[0] == "file.changeEvent" else re.findall(r"\.(\w+)", call.arguments[0]))]
    requests = text(ROOT / "Sources/LatchkeyAPI/RequestLog/RequestLog.swift")
    found += [(case, {level}) for case, level in re.findall(r'\bwrite\(\s*\.(\w+), "[^"]*", \.(\w+)', requests)]
    found += [("crashed", {"critical"}), ("linesDropped", {"warning"})]
    levels: dict[str, set[str]] = {case: set() for case in events()}
    for case, some in found:
        levels[case] |= some
    return {events()[case][0]: some for case, some in levels.items()}


def test_logs_page_has_the_levels_of_every_event() -> None:
    levels = levels_of_events()
    assert all(levels.values())
    documented = {name.strip("`"): shown for name, shown, *_ in event_rows()}
    assert documented == {
        name: ", ".join(f"`{level}`" for level in LEVELS if level in some) for name, some in levels.items()
    }


# Version


def test_changes_and_openapi_have_the_version_of_the_code() -> None:
    found = [number for path in tracked("Sources/*.swift") for number in re.findall(
        r'static let number = "(\d+\.\d+\.\d+)"', text(path))]
    assert len(found) == 1
    assert openapi()["info"]["version"] == found[0]
    assert found[0] in headings(CATALOGUE / "Changes.md")


@pytest.mark.parametrize("name", ["settings", "backends", "routes", "error_codes", "upstream_codes", "log_events"])
def test_every_table_of_the_code_has_rows(name: str) -> None:
    assert code()[name]
