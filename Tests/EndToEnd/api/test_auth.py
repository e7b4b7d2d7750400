"""Authentication with the API key, and the errors without it."""

from __future__ import annotations

import pytest

from peers.broker import API_KEY
from peers.http import ask

PROTECTED = ["/token", "/token/default", "/secrets/solo", "/health", "/metrics"]


@pytest.fixture
def broker(world):
    world.put("solo", "v")
    return world.serve()


@pytest.mark.parametrize("path", PROTECTED)
def test_without_a_key_nothing_is_answered(broker, path: str) -> None:
    answer = broker.get(path, key=None)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert answer.header("WWW-Authenticate") == 'Bearer realm="latchkey"'
    assert answer.json()["request_id"] == answer.header("X-Request-Id")


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer ", f"Bearer {API_KEY}x", f"Bearer {API_KEY[:-1]}", f"Basic {API_KEY}", API_KEY, f"Bearer{API_KEY}"],
)
def test_a_wrong_key_is_refused_and_never_echoed(broker, value: str) -> None:
    answer = ask(broker.port, "/token", headers={"Authorization": value})
    assert answer.status == 401
    assert API_KEY[:-1] not in answer.text + str(answer.headers)
    assert broker.metric("latchkey_auth_failures_total") >= 1


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_case_insensitive(broker, scheme: str) -> None:
    assert ask(broker.port, "/health", headers={"Authorization": f"{scheme} {API_KEY}"}).status == 200


def test_the_probes_are_open_and_say_nothing_more(broker) -> None:
    live, ready = broker.get("/livez", key=None), broker.get("/readyz", key=None)
    assert (live.status, live.body) == (200, b"ok")
    assert (ready.status, ready.body) == (200, b"ok")


def test_without_a_key_unknown_and_known_paths_get_the_same_answer(broker) -> None:
    assert broker.get("/no/such/route", key=None).status == broker.get("/token", key=None).status == 401


def test_an_unknown_path_is_not_found_with_a_key(broker) -> None:
    assert broker.get("/no/such/route").code == "not_found"


def test_an_unsupported_method_gets_the_supported_ones(broker) -> None:
    answer = broker.get("/token", method="DELETE")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert "GET" in (answer.header("Allow") or "")


def test_head_is_get_without_the_body(broker) -> None:
    answer = broker.get("/token", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.header("Content-Length") or 0) > 0


def test_a_sane_request_id_is_kept_and_another_replaced(broker) -> None:
    assert broker.get("/health", headers={"X-Request-Id": "abc-123"}).header("X-Request-Id") == "abc-123"
    replaced = broker.get("/health", headers={"X-Request-Id": "a" * 500}).header("X-Request-Id")
    assert replaced and replaced != "a" * 500
    assert broker.get("/livez", key=None).header("X-Request-Id")


def test_an_unknown_profile_is_not_found(broker) -> None:
    assert broker.get("/token/nobody").code == "not_found"


def test_health_and_metrics_hold_no_secret(broker) -> None:
    token = broker.token().json()["access_token"]
    for path in ("/health", "/metrics"):
        assert token not in broker.get(path).text
        assert API_KEY not in broker.get(path).text
