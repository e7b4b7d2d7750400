"""The audit log says of each name whether the callers file gives it out, refuses it, or would refuse it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from peers import audit_log, sdk
from peers.audit_log import of
from peers.broker import PREFIX, Broker
from peers.callers import Connection, Member, write

MAIL = "https://mail.test/"
#: May have one of two secrets, and the default profile alone.
ORDERS = Member("orders", ["secrets", "token"], ["db/*"])
Lines = Callable[[str | None], list[tuple[Any, ...]]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return audit_log.place(tmp_path)


@pytest.fixture
def serve(world, path: Path, tmp_path: Path) -> Callable[[str], Broker]:
    def start(mode: str) -> Broker:
        world.put("db/password", "value-of-a-password")
        world.put("level", "value-of-level")
        profiles = tmp_path / "profiles.json"
        profiles.write_text(f'[{{"name": "mail", "kind": "auth0", "audience": "{MAIL}"}}]')
        profiles.chmod(0o600)
        file = write(tmp_path / "callers.json", [ORDERS.entry(tmp_path)], mode=mode)
        broker: Broker = world.serve(
            [ORDERS.key, ORDERS.signing], LATCHKEY_AUDIT_LOG=str(path), LATCHKEY_CALLERS_FILE=str(file),
            LATCHKEY_PROFILES_FILE=str(profiles), LATCHKEY_UPSTREAM_TIMEOUT="15")
        return broker

    return start


def told(path: Path, request_id: str | None) -> list[tuple[Any, ...]]:
    return [
        (line["action"], line["name"], line["decision"], line["reason"], line["status"]) for line in of(path, request_id)
    ]


def grant(broker: Broker, audience: str) -> Any:
    body = f"grant_type=client_credentials&client_id=orders&client_secret={ORDERS.key}&audience={audience}"
    return Connection(broker).ask("/oauth/token", {"Content-Type": "application/x-www-form-urlencoded"}, "POST", body)


def counted(broker: Broker) -> tuple[float, float, float]:
    """Requests for tokens that were allowed and denied, and what would be denied."""
    requests = lambda decision: broker.metric(  # noqa: E731
        "latchkey_caller_requests_total", caller="orders", resource="token", decision=decision)
    return requests("allowed"), requests("denied"), broker.metric("latchkey_policy_would_deny_total", caller="orders")


def test_lists_and_pages_say_what_enforce_would_leave_out(serve, path: Path) -> None:
    broker = serve("observe")
    answer = broker.get("/secrets", key=ORDERS.key)
    assert answer.json()["names"] == ["db/password", "level"]
    assert told(path, answer.header("X-Request-Id")) == [("secret.list", None, "would_deny", "pattern", 200)]
    store = sdk.client(broker, "ssm", "orders", ORDERS.signing)
    pages = store.get_paginator("get_parameters_by_path").paginate(
        Path=PREFIX, Recursive=True, PaginationConfig={"PageSize": 1})
    found = [told(path, page["ResponseMetadata"]["RequestId"]) for page in pages]
    assert found == [
        [("secret.read", "db/password", "allowed", None, 200)], [("secret.read", "level", "would_deny", "pattern", 200)]]


def test_enforced_lists_have_an_ordinary_line(serve, path: Path) -> None:
    broker = serve("enforce")
    answer = broker.get("/secrets", key=ORDERS.key)
    assert answer.json()["names"] == ["db/password"]
    assert told(path, answer.header("X-Request-Id")) == [("secret.list", None, "allowed", None, 200)]


def test_an_audience_that_only_observe_allows_is_would_deny_and_counts_once(serve, path: Path) -> None:
    broker = serve("observe")
    # The first one has to look the audience up, the second one has it in memory.
    for number in (1, 2):
        answer = grant(broker, MAIL)
        assert answer.status == 200, answer.text
        assert told(path, answer.header("X-Request-Id")) == [("token.read", "mail", "would_deny", "profile", 200)]
        assert counted(broker) == (number, 0, number)
    missing = grant(broker, "https://none.test/")
    assert missing.json()["error"] == "invalid_target"
    assert told(path, missing.header("X-Request-Id")) == [
        ("token.read", "https://none.test/", "failed", "invalid_target", 400)]
    assert counted(broker) == (2, 0, 2)


def test_an_audience_that_is_refused_is_denied_whether_it_exists_or_not(serve, path: Path) -> None:
    broker = serve("enforce")
    for number, audience in enumerate((MAIL, "https://none.test/"), 1):
        answer = grant(broker, audience)
        assert answer.json()["error"] == "invalid_target"
        assert told(path, answer.header("X-Request-Id")) == [("token.read", audience, "denied", "profile", 400)]
        assert counted(broker) == (0, number, 0)
