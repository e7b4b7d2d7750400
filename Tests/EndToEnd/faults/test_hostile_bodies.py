"""Bodies of requests without a key that opens the route (row 56 of Faults.md)."""

from __future__ import annotations

import base64
import json
import socket
import time
from typing import Any

import pytest

from peers.broker import API_KEY, ROOT, Broker

CASES = ROOT / "Tests/Fixtures/cases"
TABLE = [
    case
    for name in ("keyless-bodies.json", "keyless-bodies-more.json")
    for case in json.loads((CASES / name).read_text())["cases"]
]
KEYS = {"wrong": "wrong-key-4f9c1b7de2a84c63b05f1e9d", "right": API_KEY}
FORM = b"grant_type=client_credentials&client_id=default&client_secret=" + API_KEY.encode()
REJECTION = b'{"sha256":"' + b"0" * 64 + b'"}'


def head_of(case: dict[str, Any]) -> bytes:
    lines = [f"{case['request']} HTTP/1.1", "Host: a"]
    if case["key"]:
        lines.append(f"Authorization: Bearer {KEYS[case['key']]}")
    if "expect" in case:
        lines.append(f"Expect: {case['expect']}")
    if "/oauth/" in case["request"]:
        lines.append("Content-Type: application/x-www-form-urlencoded")
    if case.get("transfer") == "chunked":
        lines.append("Transfer-Encoding: chunked")
    else:
        lines.append(f"Content-Length: {case['content_length']}")
    head = "\r\n".join([*lines, "", ""]).encode()
    padding = case.get("head_bytes", 0) - len(head)
    return head[:-2] + b"X-Padding: " + b"a" * (padding - 13) + b"\r\n\r\n" if padding > 13 else head


def body_of(case: dict[str, Any]) -> bytes:
    if case["key"] == "right" and "rejected" in case["request"]:
        return REJECTION.ljust(case["sent"])
    data = b"a" * case["sent"]
    return b"%x\r\n" % (case["sent"] + 1) + data if case.get("transfer") == "chunked" else data


def first_answer(sock: socket.socket) -> bytes:
    """The bytes up to the end of the first final head."""
    data = b""
    while b"\r\n\r\n" not in data.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b""):
        more = sock.recv(65536)
        assert more, f"closed after {data!r}"
        data += more
    return data


def connect(broker: Broker) -> socket.socket:
    return socket.create_connection(("127.0.0.1", broker.port), timeout=10)


@pytest.fixture
def broker(world) -> Broker:
    broker = world.serve()
    broker.token()
    return broker


def name_of(case: dict[str, Any]) -> str:
    return f"{case['request'].replace('/', '_')} key {case['key']} sent {case['sent']}"


@pytest.mark.row(56)
@pytest.mark.parametrize("case", [case for case in TABLE if "connections" not in case], ids=name_of)
def test_a_request_rejected_by_its_head_is_answered_before_its_body(case: dict[str, Any], broker) -> None:
    with connect(broker) as sock:
        sock.sendall(head_of(case))
        if "expect" not in case:
            sock.sendall(body_of(case))
        started = time.monotonic()
        if case.get("continue_sent"):
            assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            sock.sendall(body_of(case))
        answer = first_answer(sock)
        # The body timeout is 30 s, so an earlier answer did not wait for the body.
        assert time.monotonic() - started < 10 * case.get("within_s", 1)
        wanted = case["status"] if isinstance(case["status"], list) else [case["status"]]
        assert int(answer.rpartition(b"HTTP/1.1 ")[2][:3]) in wanted, answer
        assert b"100 Continue" not in answer


@pytest.mark.row(56)
@pytest.mark.parametrize("case", [case for case in TABLE if "connections" in case], ids=name_of)
def test_nothing_is_kept_of_bodies_without_a_key(case: dict[str, Any], broker) -> None:
    before = broker.memory_kib()
    held = [connect(broker) for _ in range(case["connections"])]
    for sock in held:
        sock.sendall(head_of(case) + body_of(case))
    for sock in held:
        assert b" 401 " in first_answer(sock)
    assert broker.memory_kib() - before <= case["grows_at_most_MB"] * 1024
    for sock in held:
        sock.close()


@pytest.mark.row(56)
def test_the_rest_of_a_refused_body_is_passed_over_and_the_next_request_answered(broker) -> None:
    with connect(broker) as sock:
        sock.sendall(b"POST /token/rejected HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n" + b"x" * 100)
        assert b" 401 " in first_answer(sock)
        sock.sendall(b"x" * (65536 - 100) + b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        rest = b"".join(iter(lambda: sock.recv(65536), b""))
        assert b"HTTP/1.1 200 " in rest and rest.endswith(b"ok")


@pytest.mark.row(56)
@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("x-www-form-urlencoded", FORM + b"&x=" + b"a" * 60_000, 200),
        ("x-www-form-urlencoded", b"x=" + b"a" * 60_000 + b"&" + FORM, 413),
        ("x-www-form-urlencoded", FORM.replace(API_KEY.encode(), b"wrong") + b"&x=" + b"a" * 60_000, 401),
        (
            "json",
            json.dumps(
                {
                    "grant_type": "client_credentials",
                    "client_id": "default",
                    "client_secret": API_KEY,
                    "x": [",", {"client_secret": "other"}, "a" * 20_000],
                }
            ).encode(),
            200,
        ),
        ("json", json.dumps({"x": "a" * 20_000, "client_id": "default", "client_secret": API_KEY}).encode(), 413),
    ],
    ids=["first", "last", "wrong", "json first", "json last"],
)
def test_an_oauth_client_has_8_kib_for_its_credentials(kind: str, body: bytes, status: int, broker) -> None:
    head = f"POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/{kind}\r\nContent-Length: {len(body)}"
    with connect(broker) as sock:
        sock.sendall(head.encode() + b"\r\n\r\n" + body)
        assert first_answer(sock).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.row(56)
@pytest.mark.parametrize(("key", "status"), [(API_KEY, 100), ("wrong", 401)])
def test_basic_credentials_are_judged_at_the_head(key: str, status: int, broker) -> None:
    basic = base64.b64encode(f"default:{key}".encode()).decode()
    head = f"POST /oauth/token HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {basic}\r\nExpect: 100-continue\r\n"
    with connect(broker) as sock:
        sock.sendall(head.encode() + b"Content-Length: 29\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.row(56)
@pytest.mark.slow
def test_a_connection_that_brings_no_valid_request_is_closed_after_10_s(broker) -> None:
    silent, refused, valid = connect(broker), connect(broker), connect(broker)
    started = time.monotonic()
    for sock in (silent, refused, valid):
        sock.settimeout(20)
    refused.sendall(b"GET /token HTTP/1.1\r\nHost: a\r\n\r\n")
    valid.sendall(f"GET /token HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\n\r\n".encode())
    assert b" 401 " in first_answer(refused)
    assert b" 200 " in first_answer(valid)
    assert silent.recv(65536) == b""
    while refused.recv(65536):
        pass
    assert time.monotonic() - started >= 9
    valid.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert b"".join(iter(lambda: valid.recv(65536), b"")).endswith(b"ok")
    for sock in (silent, refused, valid):
        sock.close()
