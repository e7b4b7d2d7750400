"""Routes with a body, over a socket: every framing, whole and byte by byte, with a request after it."""

from __future__ import annotations

import base64
import json
import socket
from typing import Any

import pytest

from peers.broker import API_KEY, ROOT, Broker
from test_smuggling import PROBE, received, statuses, talk

TABLE = json.loads((ROOT / "Tests/Fixtures/http/posts.json").read_text())["cases"]
WORDS = {"{key}": API_KEY, "{basic}": base64.b64encode(f"default:{API_KEY}".encode()).decode()}
FORM = f"grant_type=client_credentials&client_id=default&client_secret={API_KEY}".encode()


def octets(value: Any) -> bytes:
    """The bytes of a body or chunk, with repetitions expanded."""
    if isinstance(value, dict):
        return octets(value["repeat"]) * value["count"]
    if isinstance(value, list):
        return b"".join(map(octets, value))
    for word, meaning in WORDS.items():
        value = value.replace(word, meaning)
    return value.encode()


def message(case: dict[str, Any]) -> bytes:
    if "chunks" in case:
        chunks = [octets(chunk) for chunk in case["chunks"]]
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
        return octets(case["head"]) + b"\r\n" + body + b"0\r\n" + octets(case["trailer"]) + b"\r\n"
    body = octets(case["body"])
    return octets(case["head"].replace("{length}", str(len(body)))) + b"\r\n" + body


@pytest.fixture
def broker(world) -> Broker:
    broker = world.serve()
    broker.token()
    return broker


def cases() -> list[Any]:
    """Every case whole, and cases under 10 kB byte by byte."""
    found = []
    for case in TABLE:
        size = sum(len(message(one)) for one in case["bytes"])
        for bytewise in (False, True) if size < 10_000 else (False,):
            name = f"{case['name'].replace('/', '_')} {'byte by byte' if bytewise else 'whole'}"
            found.append(pytest.param(case, bytewise, id=name))
    return found


@pytest.mark.parametrize(("case", "bytewise"), cases())
def test_a_body_ends_where_its_framing_says(case: dict[str, Any], bytewise: bool, broker) -> None:
    data = b"".join(map(message, case["bytes"]))
    def connect(timeout: float) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", broker.port), timeout=timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    answer = talk(connect, data + PROBE, bytewise)
    found = statuses(answer, [case.get("head", False)])
    assert found == case["statuses"] + ([] if case["closes"] else [200]), answer[:400]
    if not case["closes"]:
        assert answer.endswith(b"ok"), "the probe's own answer is the last"


@pytest.mark.parametrize("cut", [1, 20, len(FORM) - 1])
def test_a_body_cut_short_is_no_request(cut: int, broker, world) -> None:
    head = b"POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as sock:
        sock.sendall(head + b"Content-Length: %d\r\n\r\n" % len(FORM) + FORM[:cut])
        sock.shutdown(socket.SHUT_WR)
        assert b"200" not in b"".join(received(sock))
    assert broker.metric("latchkey_http_requests_total", route="oauth_token") == 0


@pytest.mark.parametrize(("secret", "status"), [(API_KEY, 200), ("x", 401)])
def test_a_client_that_expects_100_continue_gets_it(secret: str, status: int, broker) -> None:
    form = FORM.replace(API_KEY.encode(), secret.encode())
    head = b"POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as sock:
        sock.sendall(head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(form))
        assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(form + PROBE)
        assert statuses(b"".join(received(sock)), []) == [status, 200]


def test_no_100_continue_for_a_body_over_the_limit(broker) -> None:
    head = f"POST /token/rejected HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\nExpect: 100-continue\r\n"
    with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as sock:
        sock.sendall(head.encode() + b"Content-Length: 65537\r\n\r\n")
        assert statuses(b"".join(received(sock)), []) == [413]
