"""The metrics page: promtool, and checks that promtool lacks. deploy/test_monitoring.py has Prometheus scrape it."""

from __future__ import annotations

import gzip
import math
import re
import subprocess
from collections import Counter, defaultdict

import pytest

from peers.broker import Broker

SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$")
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')

#: All metrics of Latchkey.
FAMILIES = {
    "latchkey_tier_requests_total", "latchkey_tier_request_duration_seconds", "latchkey_http_requests_total",
    "latchkey_http_request_duration_seconds", "latchkey_http_connections", "latchkey_upstream_requests_total",
    "latchkey_upstream_request_duration_seconds", "latchkey_upstream_retries_total",
    "latchkey_token_expiry_timestamp_seconds", "latchkey_token_refreshes_total",
    "latchkey_singleflight_joined_total", "latchkey_stale_served_total", "latchkey_auth_failures_total",
    "latchkey_issuer_quota_remaining", "latchkey_shadow_comparisons_total", "latchkey_build_info",
    "latchkey_reload_failures_total", "latchkey_caller_requests_total", "latchkey_policy_would_deny_total",
    "latchkey_audit_lines_total", "latchkey_health_status", "latchkey_reloads_failing", "latchkey_issuer_quota_limit",
    "latchkey_oldest_stale_secret_age_seconds",
}  # fmt: skip


@pytest.fixture
def broker(world) -> Broker:
    """A broker with hits, misses, rejections and absences."""
    world.put("solo", "v")
    broker = world.serve()
    for _ in range(3):
        broker.token()
        broker.get("/secrets/solo")
        broker.get("/secrets/absent")
        broker.get("/token", key="wrong-key-of-some-length")
        broker.get("/health")
        broker.get("/nowhere", method="POST")
    return broker


def samples(text: str) -> list[tuple[str, dict[str, str], float]]:
    found = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = SAMPLE.match(line)
            assert match, f"not a sample: {line}"
            found.append((match[1], dict(LABEL.findall(match[2] or "")), float(match[3])))
    return found


def test_promtool_accepts_the_page(broker: Broker) -> None:
    text = broker.get("/metrics").text
    check = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr
    assert check.stderr == ""


def test_no_series_is_there_twice(broker: Broker) -> None:
    series = Counter((name, tuple(sorted(labels.items()))) for name, labels, _ in samples(broker.get("/metrics").text))
    assert [name for name, count in series.items() if count > 1] == []


def test_each_family_is_declared_once_and_contiguous(broker: Broker) -> None:
    lines = broker.get("/metrics").text.splitlines()
    types = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    assert len(types) == len(set(types))
    order = [family(name, types) for name, _, _ in samples("\n".join(lines))]
    changes = [name for name, before in zip(order, [None, *order]) if name != before]
    assert len(changes) == len(set(changes))


def family(name: str, types: list[str]) -> str:
    return next((t for t in types if name == t or re.fullmatch(re.escape(t) + "_(bucket|sum|count|total)", name)), name)


def test_histograms_are_cumulative_and_whole(broker: Broker) -> None:
    found = samples(broker.get("/metrics").text)
    buckets: dict[tuple, list[tuple[float, float]]] = defaultdict(list)
    for name, labels, value in found:
        if name.endswith("_bucket"):
            rest = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
            buckets[(name.removesuffix("_bucket"), rest)].append((float(labels["le"]), value))
    values = {(name, tuple(sorted(labels.items()))): value for name, labels, value in found}
    assert buckets
    for (name, labels), steps in buckets.items():
        bounds, counts = [bound for bound, _ in steps], [count for _, count in steps]
        assert bounds == sorted(set(bounds)) and bounds[-1] == math.inf, name
        assert counts == sorted(counts), f"{name} {labels} is not cumulative"
        assert values[(f"{name}_count", labels)] == counts[-1]
        assert values[(f"{name}_sum", labels)] >= 0


def test_the_names_are_those_of_the_contract(broker: Broker) -> None:
    lines = broker.get("/metrics").text.splitlines()
    names = {line.split()[2] for line in lines if line.startswith("# TYPE ")}
    own = {name for name in names if name.startswith("latchkey_")}
    assert own <= FAMILIES
    assert {"latchkey_tier_requests_total", "latchkey_http_requests_total", "latchkey_build_info"} <= own
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"} <= names


def test_requests_are_counted(broker: Broker) -> None:
    tiers = "latchkey_tier_requests_total"
    assert broker.metric(tiers, resource="token", tier="memory", outcome="hit") == 2
    assert broker.metric(tiers, resource="token", tier="auth0", outcome="hit") == 1
    assert broker.metric(tiers, resource="token", tier="parameter_store", outcome="miss") == 1
    assert broker.metric("latchkey_http_requests_total", route="token", code="200") == 3
    assert broker.metric("latchkey_http_requests_total", code="401") == 3
    assert broker.metric("latchkey_auth_failures_total") == 3
    assert broker.metric("latchkey_upstream_requests_total", upstream="auth0", outcome="success") == 1
    assert broker.metric("latchkey_token_refreshes_total", reason="cold") == 1


def test_no_label_contains_text_of_a_caller(broker: Broker) -> None:
    broker.get("/secrets/caller-chosen-name-5f")
    broker.get("/caller-chosen-path-5f")
    broker.get("/health", method="CALLERCHOSEN")
    assert "caller-chosen" not in broker.get("/metrics").text
    assert "CALLERCHOSEN" not in broker.get("/metrics").text


def test_openmetrics_is_sent_if_preferred(broker: Broker) -> None:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    answer = broker.get("/metrics", headers={"Accept": accept})
    assert (answer.header("Content-Type") or "").startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert "latchkey_tier_requests" in names


def test_gzip_is_used_when_accepted(broker: Broker) -> None:
    plain = broker.get("/metrics")
    assert plain.header("Content-Encoding") is None
    assert (plain.header("Content-Type") or "").startswith("text/plain; version=0.0.4")
    packed = broker.get("/metrics", headers={"Accept-Encoding": "gzip"})
    assert packed.header("Content-Encoding") == "gzip"
    assert b"latchkey_build_info" in gzip.decompress(packed.body)
