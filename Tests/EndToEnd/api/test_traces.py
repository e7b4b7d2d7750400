"""`traceparent`: logged, and passed to the upstreams that are called for the request (W3C Trace Context)."""

from __future__ import annotations

import pytest

from peers.broker import Broker
from peers.proxy import Received
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
