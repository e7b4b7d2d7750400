"""A real Prometheus and real brokers: each alert fires because of a fault and ends with it, and the dashboard has data."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from peers.dashboard import DRAW, Expression, dashboard, expressions, panels
from peers.issuer import Issuer
from peers.moto import KeepAliveMoto
from peers.prometheus import Prometheus, rules
from peers.tls import Authority
from peers.watched import FAULTS, SCRAPER, Scene, Watched

pytestmark = pytest.mark.timeout(600)
#: What each alert must name besides the broker.
NAMES = {
    "LatchkeyTierErrors": {"resource", "tier"}, "LatchkeyTokenExpiresSoon": {"profile"},
    "LatchkeyIssuerQuotaLow": {"profile", "bucket"}, "LatchkeyIssueBudgetSpent": {"profile"},
    "LatchkeyStaleServed": {"resource"}, "LatchkeyAuthenticationFailures": {"reason"},
    "LatchkeyPolicyWouldDeny": {"caller"}, "LatchkeyReloadFailing": {"what"}, "LatchkeyCertificateExpiresSoon": {"name"},
}


@pytest.fixture(scope="module")
def watched(
    cloud: KeepAliveMoto, issuer_server: Issuer, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    if not Prometheus.installed():
        pytest.skip("Prometheus is not installed: this check has NOT been made")
    scene = Scene(cloud, issuer_server, authority, tmp_path_factory.mktemp("watched"))
    try:
        yield scene.watch()
    finally:
        scene.end()


def test_every_alert_has_a_fault() -> None:
    assert set(FAULTS) == set(rules())


@pytest.mark.slow(60)
@pytest.mark.parametrize("name", sorted(rules()))
def test_an_alert_fires_and_ends(watched: Watched, name: str) -> None:
    assert name in watched.fired, f"fired: {sorted(watched.fired)}"
    assert name not in watched.left


@pytest.mark.parametrize("name", sorted(rules()))
def test_an_alert_names_the_broker_and_what_fails(watched: Watched, name: str) -> None:
    alert = watched.fired[name]
    labels, texts = alert["labels"], alert["annotations"]
    assert labels["severity"] == rules()[name]["labels"]["severity"] and labels["job"] == "latchkey"
    assert "<no value>" not in str(texts) and not re.search(r"\{\{|NaN|\b \b\.", str(texts)), texts
    assert labels.get("instance") == watched.instance(name)
    assert NAMES.get(name, set()) <= set(labels)


def test_prometheus_needs_a_key_for_metrics_alone(watched: Watched) -> None:
    for broker in watched.brokers.values():
        assert broker.get("/metrics", key=SCRAPER.key).status == 200
        for path in ("/health", "/token", "/secrets/solo"):
            assert broker.get(path, key=SCRAPER.key).status == 403


def test_every_expression_of_the_dashboard_has_data_and_the_labels_of_its_legend(watched: Watched) -> None:
    span = {"start": str(watched.start), "end": str(watched.end), "step": "1"}

    def check(expression: Expression) -> str | None:
        found = watched.prometheus.api("query_range", query=expression.filled("8s"), **span)["result"]
        values = [float(value) for series in found for _, value in series["values"]]
        if not any(math.isfinite(value) for value in values):
            return "has no data"
        missing = [series["metric"] for series in found if not expression.labels <= series["metric"].keys()]
        return f"lacks a label: {missing}" if missing else None

    wrong = {expression: said for expression in expressions() if (said := check(expression))}
    assert wrong == {}


def test_the_variables_of_the_dashboard_have_values(watched: Watched) -> None:
    for variable in dashboard()["templating"]["list"][1:]:
        query = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
        assert query and query[2] == variable["name"]
        found = watched.prometheus.api(
            f"label/{query[2]}/values", **{"match[]": query[1].replace("$job", ".*")}, start=str(watched.start), end=str(watched.end))
        assert len(found) == {"job": 1, "instance": len(watched.brokers)}[variable["name"]]


def test_the_dashboard_is_drawn(watched: Watched, tmp_path: Path) -> None:
    out = tmp_path / "dashboard.svg"
    minutes = (watched.end - watched.start) / 60
    command = [
        sys.executable, DRAW, "--prometheus", watched.prometheus.url, "--out", out, "--until", watched.end, "--minutes", minutes,
        "--rate-interval", "8s"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    texts = [element.text for element in ElementTree.parse(out).iter("{http://www.w3.org/2000/svg}text")]
    assert {panel["title"] for panel in panels()} <= set(texts) and "no data" not in texts


def test_drawing_without_prometheus_says_so(tmp_path: Path) -> None:
    command = [sys.executable, str(DRAW), "--prometheus", "http://127.0.0.1:9", "--out", str(tmp_path / "dashboard.svg")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 69 and "refused" in done.stderr
