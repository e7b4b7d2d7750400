"""`traceparent`: logged, passed to the upstreams that are called for the request, and exported as spans (W3C Trace Context,
OTLP, OpenMetrics)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.openmetrics import parser as openmetrics

from peers.broker import Broker
from peers.faults import document, never_answer
from peers.proxy import FaultProxy, Received
from peers.waiting import until

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


@pytest.fixture
def broker(world) -> Broker:
    world.put("solo", "v")
    return world.serve(LATCHKEY_UPSTREAM_TIMEOUT="15", LATCHKEY_LOG_LEVEL="debug")


def parents(requests: list[Received]) -> list[str | None]:
    """The values of `traceparent` that an upstream got."""
    return [request.headers.get("traceparent") for request in requests]


def line(broker: Broker, request_id: str | None) -> dict[str, str]:
    """The line of the request log."""
    return until(
        lambda: next((line for line in broker.logs if line.get("request_id") == request_id), None), "the line of the request")


def test_a_miss_passes_the_trace_on_and_each_call_has_its_own_span(world, broker: Broker) -> None:
    before = len(world.aws.requests)
    answer = broker.get("/secrets/solo?refresh=true", headers=PARENT)
    assert answer.status == 200
    passed = [parent for parent in parents(world.aws.requests[before:]) if parent]
    assert passed and all(parent.startswith(f"00-{TRACE}-") and parent.endswith("-01") for parent in passed)
    spans = [parent.split("-")[2] for parent in passed]
    assert len(set(spans)) == len(spans) and SPAN not in spans
    assert line(broker, answer.header("X-Request-Id"))["trace_id"] == TRACE


def test_a_hit_is_logged_with_its_trace_and_calls_nobody(world, broker: Broker) -> None:
    broker.get("/secrets/solo")
    before = len(world.aws.requests)
    answer = broker.get("/secrets/solo", headers=PARENT)
    assert answer.header("X-Latchkey-Tier") == "memory" and len(world.aws.requests) == before
    assert line(broker, answer.header("X-Request-Id"))["trace_id"] == TRACE


def test_without_a_valid_trace_nothing_is_passed_on_or_logged(world, broker: Broker) -> None:
    for headers in ({}, {"traceparent": f"00-{TRACE}-{SPAN}"}, {"traceparent": "00-" + "0" * 32 + f"-{SPAN}-01"}):
        before = len(world.aws.requests)
        assert broker.get("/cache/clear", method="POST").status == 204
        answer = broker.get("/secrets/solo", headers=headers)
        assert answer.status == 200
        assert set(parents(world.aws.requests[before:])) == {None}
        assert "trace_id" not in line(broker, answer.header("X-Request-Id"))


@pytest.fixture
def collector() -> Iterator[FaultProxy]:
    """An OpenTelemetry collector that takes everything."""
    collector = FaultProxy()
    collector.always(document({}))
    yield collector
    collector.stop()


def spans(collector: FaultProxy) -> list[dict[str, Any]]:
    """All spans that the collector got."""
    bodies = [json.loads(request.body) for request in collector.seen()]
    return [
        span for body in bodies for resource in body["resourceSpans"] for scope in resource["scopeSpans"] for span in scope["spans"]
    ]


def attributes(owner: dict[str, Any]) -> dict[str, str]:
    return {each["key"]: next(iter(each["value"].values())) for each in owner["attributes"]}


def exporting(world, collector: FaultProxy, **settings: str) -> Broker:
    world.put("solo", "v")
    return world.serve(
        LATCHKEY_UPSTREAM_TIMEOUT="15", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}", **settings)


def test_requests_of_a_recorded_trace_and_their_calls_are_exported_as_spans(world, collector: FaultProxy) -> None:
    broker = exporting(
        world, collector, OTEL_EXPORTER_OTLP_HEADERS="x-key=a%20key", OTEL_SERVICE_NAME="secrets-of-orders")
    before = time.time_ns()
    assert broker.get("/secrets/solo?refresh=true", headers=PARENT).status == 200
    assert broker.get("/secrets/solo", headers=PARENT).header("X-Latchkey-Tier") == "memory"
    assert broker.get("/secrets/nothing", headers=PARENT).status == 404
    until(lambda: len([span for span in spans(collector) if span["kind"] == 2]) == 3, "three spans of requests")
    exported = spans(collector)
    assert {span["traceId"] for span in exported} == {TRACE}
    requests = [span for span in exported if span["kind"] == 2]
    assert {span["parentSpanId"] for span in requests} == {SPAN}
    assert {span["name"] for span in requests} == {"GET /secrets/{key}"}
    assert sorted(attributes(span)["http.response.status_code"] for span in requests) == ["200", "200", "404"]
    calls = [span for span in exported if span["kind"] == 3]
    assert calls and {span["parentSpanId"] for span in calls} <= {span["spanId"] for span in requests}
    assert {attributes(span)["server.address"] for span in calls} == {"127.0.0.1"}
    # The upstreams saw the ids of these spans.
    seen = {parent.split("-")[2] for parent in parents(world.aws.requests) if parent}
    assert {span["spanId"] for span in calls} == seen
    for span in exported:
        assert before - 1_000_000_000 < int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]) < time.time_ns() + 1_000_000_000
    first = collector.seen()[0]
    assert first.target == "/v1/traces" and first.headers["x-key"] == "a key"
    assert attributes(json.loads(first.body)["resourceSpans"][0]["resource"])["service.name"] == "secrets-of-orders"
    # No name and no value is in a span.
    assert not any(word in request.body for request in collector.seen() for word in (b"solo", b"nothing"))


def test_requests_of_no_recorded_trace_have_no_span(world, collector: FaultProxy) -> None:
    broker = exporting(world, collector)
    for headers in ({}, {"traceparent": f"00-{TRACE}-{SPAN}-00"}):
        assert broker.get("/secrets/solo?refresh=true", headers=headers).status == 200
        assert broker.get("/secrets/solo", headers=headers).status == 200
    assert broker.get("/token", headers=PARENT).status == 200
    until(lambda: spans(collector), "the spans of the token")
    assert {span["name"] for span in spans(collector) if span["kind"] == 2} == {"GET /token"}


def test_a_collector_that_does_not_answer_delays_nobody(world, collector: FaultProxy) -> None:
    collector.always(never_answer)
    broker = exporting(world, collector)
    for _ in range(300):
        assert broker.get("/secrets/solo", headers=PARENT).status == 200
    until(lambda: any(line["message"] == "spans are lost; requests go on" for line in broker.logs), "the log says so")


def test_what_waits_is_exported_at_the_end(world, collector: FaultProxy) -> None:
    broker = exporting(world, collector)
    assert broker.get("/token", headers=PARENT).status == 200
    broker.stop()
    assert any(span["name"] == "GET /token" for span in spans(collector))


def test_a_histogram_names_the_last_trace_of_a_bucket(world, broker: Broker) -> None:
    assert broker.get("/secrets/solo?refresh=true", headers=PARENT).status == 200
    page = broker.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}).text
    found = {
        sample.name for family in openmetrics.text_string_to_metric_families(page) for sample in family.samples
        if sample.exemplar and sample.exemplar.labels == {"trace_id": TRACE}
    }
    assert found == {"latchkey_http_request_duration_seconds_bucket", "latchkey_upstream_request_duration_seconds_bucket"}
    assert "trace_id" not in broker.get("/metrics").text
