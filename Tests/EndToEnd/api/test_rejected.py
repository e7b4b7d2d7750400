"""A resource server rejects a token: one report replaces it everywhere, and a thousand reports cost no more."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import time

import pytest

from peers.broker import API_KEY, Broker
from peers.http import Answer, ask
from peers.waiting import until


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def reject(broker: Broker, body: object, key: str | None = API_KEY, **headers: str) -> Answer:
    data = body if isinstance(body, str) else json.dumps(body)
    fields = {"Authorization": f"Bearer {key}"} if key else {}
    return ask(broker.port, "/token/rejected", method="POST", body=data, headers={**fields, **headers})


def token(broker: Broker) -> str:
    answer = broker.token()
    assert answer.status == 200, answer.text
    value = answer.json()["access_token"]
    broker.remember_secret(value)
    return value


def stored(world, value: str) -> None:
    until(lambda: (world.parameter("auth0-cache/token") or {}).get("Value") == value, "the pair is written")


PATIENT = {"LATCHKEY_UPSTREAM_TIMEOUT": "15"}


@pytest.fixture
def broker(world) -> Broker:
    """A broker with long timeouts, because after a timeout a rejected token is served again."""
    return world.serve(**PATIENT)


def test_the_cached_token_is_replaced_for_one_request_more(broker, world) -> None:
    first = token(broker)
    stored(world, first)
    answer = reject(broker, {"sha256": digest(first)})
    assert (answer.status, answer.body, answer.header("Cache-Control")) == (202, b"", "no-store")
    assert answer.header("X-Request-Id")
    second = token(broker)
    assert second != first
    assert len(world.issuer.requests) == 2
    assert broker.metric("latchkey_token_refreshes_total", reason="rejected", outcome="success") == 1


def test_the_new_token_takes_the_place_of_the_old_one_in_parameter_store(broker, world) -> None:
    first = token(broker)
    stored(world, first)
    old = until(lambda: world.parameter("auth0-cache/expires"), "its expiry is written")
    began = int(time.time())
    until(lambda: int(time.time()) > began, "another second, for exp counts in seconds")
    reject(broker, {"sha256": digest(first)})
    second = token(broker)
    stored(world, second)
    until(lambda: world.parameter("auth0-cache/expires")["Version"] > old["Version"], "its expiry is written")
    assert int(world.parameter("auth0-cache/expires")["Value"]) > int(old["Value"])


def test_another_digest_changes_nothing(broker, world) -> None:
    first = token(broker)
    for other in (digest(first + "x"), digest(""), "0" * 64):
        assert reject(broker, {"sha256": other}).status == 202
    assert token(broker) == first
    assert broker.token().header("X-Latchkey-Tier") == "memory"
    assert len(world.issuer.requests) == 1


def test_a_report_that_comes_late_does_not_touch_the_new_token(broker, world) -> None:
    first = token(broker)
    reject(broker, {"sha256": digest(first)})
    second = token(broker)
    assert reject(broker, {"sha256": digest(first).upper(), "profile": "default"}).status == 202
    assert token(broker) == second
    assert len(world.issuer.requests) == 2


def test_a_burst_of_two_hundred_costs_one_issuance(broker, world) -> None:
    first = token(broker)
    stored(world, first)
    body = json.dumps({"sha256": digest(first)})
    head = f"POST /token/rejected HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\nConnection: close\r\n"
    message = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    async def one() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        writer.write(message)
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        return answer.split(b" ", 2)[1]

    async def burst() -> list[bytes]:
        return await asyncio.gather(*(one() for _ in range(200)))

    assert set(asyncio.run(burst())) == {b"202"}
    second = token(broker)
    assert second != first
    assert len(world.issuer.requests) == 2


def test_rejecting_one_token_after_the_other_is_held_back(broker, world) -> None:
    began = time.monotonic()
    for _ in range(2):
        reject(broker, {"sha256": digest(held := token(broker))})
    answer = broker.token()
    # The delay may have ended on a slow machine.
    if time.monotonic() - began < 2:
        assert answer.json()["access_token"] == held and answer.header("X-Latchkey-Rejected") == "true"
        assert answer.header("X-Latchkey-Refresh-Error") == "rejection_floor"
    until(lambda: token(broker) != held, "a third token")
    assert len(world.issuer.requests) == 3
    assert time.monotonic() - began >= 2, "the delay between two issuances that rejections cause"


def test_a_sibling_adopts_the_token_that_replaced_the_rejected_one(world) -> None:
    one = world.serve(**PATIENT)
    first = token(one)
    stored(world, first)
    other = world.serve(**PATIENT)
    assert token(other) == first
    reject(one, {"sha256": digest(first)})
    second = token(one)
    stored(world, second)
    until(lambda: world.parameter("auth0-cache/expires"), "the pair is whole")
    reject(other, {"sha256": digest(first)})
    assert token(other) == second
    assert len(world.issuer.requests) == 2


def test_concurrent_reports_cost_one_more_request(world) -> None:
    brokers = [world.serve(**PATIENT) for _ in range(3)]
    first = token(brokers[0])
    stored(world, first)
    assert {token(broker) for broker in brokers} == {first}
    for broker in brokers:
        reject(broker, {"sha256": digest(first)})
    assert first not in {token(broker) for broker in brokers}
    assert len(world.issuer.requests) == 2


def test_while_the_issuer_is_down_a_rejected_token_is_given_out_and_marked(broker, world) -> None:
    first = token(broker)
    stored(world, first)
    world.auth.down()
    reject(broker, {"sha256": digest(first)})
    answer = broker.token()
    assert (answer.status, answer.json()["access_token"]) == (200, first)
    assert answer.header("X-Latchkey-Rejected") == "true"
    assert world.parameter("auth0-cache/token")["Value"] == first
    world.auth.up()
    answer = until(lambda: (a := broker.token()).header("X-Latchkey-Rejected") is None and a, "another")
    assert answer.json()["access_token"] != first


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "json object"),
        ("{", "json object"),
        ("[]", "json object"),
        ({}, "sha256"),
        ({"sha256": "abc"}, "sha256"),
        ({"sha256": "g" * 64}, "sha256"),
        ({"sha256": "0" * 63}, "sha256"),
        ({"sha256": "0" * 64, "token": "x"}, "token"),
        ({"sha256": "0" * 64, "profile": 5}, "profile"),
        ('{"sha256":"' + "0" * 64 + '","sha256":"' + "1" * 64 + '"}', "twice"),
    ],
)
def test_a_malformed_rejection_gets_the_reason(body: object, says: str, broker) -> None:
    answer = reject(broker, body)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert says in answer.json()["detail"]


def test_the_other_refusals_are_those_of_every_route(broker) -> None:
    good = {"sha256": "0" * 64}
    assert reject(broker, good, key=None).status == 401
    assert reject(broker, good, key=API_KEY + "x").code == "unauthorized"
    assert reject(broker, {**good, "profile": "nobody"}).code == "not_found"
    assert reject(broker, json.dumps(good) + " " * 70_000).code == "payload_too_large"
    wrong = broker.get("/token/rejected")
    assert (wrong.status, wrong.header("Allow")) == (405, "POST")
    assert broker.get("/token/rejected?x=1", method="POST", body="{}").code == "unknown_parameter"


def test_neither_length_nor_chunks_is_length_required(broker) -> None:
    # http.client adds a Content-Length to every POST, so a request without one is written by hand.
    with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as sock:
        head = f"POST /token/rejected HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n\r\n"
        sock.sendall(head.encode())
        answer = sock.recv(65536)
    assert answer.startswith(b"HTTP/1.1 411 ") and b"length_required" in answer
