"""Each alert fires because of a real fault of a real broker, and ends when the fault does."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from peers.issuer import Issuer
from peers.moto import KeepAliveMoto
from peers.prometheus import Prometheus, rules
from peers.tls import Authority
from peers.watched import SCRAPER, Scene, Watched

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
    if name != "LatchkeyAbsent":
        assert labels["instance"] in {f"127.0.0.1:{b.port}" for b in watched.brokers.values()} | {
            f"localhost:{b.port}" for b in watched.brokers.values()}
    assert NAMES.get(name, set()) <= set(labels)


def test_prometheus_needs_a_key_for_metrics_alone(watched: Watched) -> None:
    for broker in watched.brokers.values():
        assert broker.get("/metrics", key=SCRAPER.key).status == 200
        for path in ("/health", "/token", "/secrets/solo"):
            assert broker.get(path, key=SCRAPER.key).status == 403
