"""The table of raw requests in Tests/Fixtures/http over plain, TLS and Unix sockets, whole and byte by byte.

A second request follows each case. After a rejected message the server must not answer it; after an accepted one it
must. Otherwise request smuggling is possible.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from peers.broker import ROOT, Broker, settings
from peers.tls import Authority
from peers.waiting import free_port

TABLE = json.loads((ROOT / "Tests/Fixtures/http/requests.json").read_text())["cases"]
#: The request that shows how the server read the bytes before it.
PROBE = b"GET /livez HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"


def octets(value: Any) -> bytes:
    """The bytes of a case: one for each character, with repetitions written out."""
    if isinstance(value, str):
        return value.encode("latin-1")
    if isinstance(value, dict):
        return octets(value["repeat"]) * value["count"]
    return b"".join(map(octets, value))


def name(case: dict[str, Any]) -> str:
    return re.sub(r"[^\w.,:/ -]", "_", case["name"])


def kinds(kind: str) -> list[Any]:
    return [pytest.param(case, id=name(case)) for case in TABLE if kind in case["expect"]]


Connect = Callable[[float], socket.socket]


@pytest.fixture(scope="module", params=["plain", "tls", "unix"])
def connect(request, binary, authority: Authority, tmp_path_factory) -> Iterator[Connect]:
    """Connects to a broker without upstreams, with a timeout: nothing here goes further than its server."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    home = tmp_path_factory.mktemp("home")
    extra: dict[str, str] = {}
    context = None
    if request.param == "tls":
        leaf = authority.issue("raw", "DNS:localhost")
        context = authority.client_context()
        extra = {"LATCHKEY_TLS_CERT": str(leaf.cert), "LATCHKEY_TLS_KEY": str(leaf.key)}
    path = home / "l.sock"
    port = free_port()
    extra["LATCHKEY_LISTEN"] = f"127.0.0.1:{port},unix:{path}"
    env = settings(home, AWS_ENDPOINT_URL=nowhere, LATCHKEY_AUTH0_TOKEN_URL=f"{nowhere}/t", **extra)
    broker = Broker(env, context=context)
    broker.port = port
    broker.wait_live()

    def connect(timeout: float) -> socket.socket:
        if request.param == "unix":
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(timeout)
            sock.connect(str(path))
            return sock
        sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Without close_notify at the end, reading fails.
        return context.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False) if context else sock

    yield connect
    broker.stop()


def talk(connect: Connect, data: bytes, bytewise: bool, pause: float = 5.0) -> bytes:
    """The bytes from the server until it closes, or until `pause` seconds without data."""
    with connect(pause) as sock:
        try:
            for piece in (data[i : i + 1] for i in range(len(data))) if bytewise else (data,):
                sock.sendall(piece)
        except OSError:
            pass  # the server has refused and closed: its answer is still to be read
        return b"".join(received(sock))


def received(sock: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            data = sock.recv(65536)
        except (TimeoutError, ConnectionResetError):
            return
        if not data:
            return
        yield data


def statuses(answer: bytes, heads: list[bool]) -> list[int]:
    """The final status codes of a stream of responses; `heads` tells which of them answer a HEAD request."""
    found: list[int] = []
    while answer:
        head, separator, answer = answer.partition(b"\r\n\r\n")
        assert separator, f"not a response: {head[:200]!r}"
        status = int(head.split(b" ", 2)[1])
        if status == 100:
            continue
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        is_head = heads[len(found)] if len(found) < len(heads) else False
        answer = answer[int(length[1]) if length and not is_head else 0 :]
        found.append(status)
    return found


def is_head(case: dict[str, Any]) -> bool:
    return octets(case["bytes"]).lstrip(b"\r\n").startswith(b"HEAD ")


def is_answered_at_the_head(case: dict[str, Any]) -> bool:
    """These requests have no key: one with a body is refused as soon as its head is whole, whatever the body is."""
    return case["name"] in ("a chunked body over the limit", "incomplete inside a body", "incomplete inside a chunked body")


def waits_for_leave(case: dict[str, Any]) -> bool:
    """Whether the message has an expectation. Refused when nothing of its body has come, it ends the connection: whether
    the body comes after all is for its sender to say. Refused when some has come, it does not.
    """
    return case["expect"].get("accept", {}).get("expectContinue", False)


def expected(expect: dict[str, Any]) -> tuple[int, int | None]:
    """How many messages of a case are accepted, and the status of the one refused behind them, if one is."""
    accepted = 0
    while "accept" in expect:
        accepted += 1
        expect = expect.get("then", {})
    return accepted, expect.get("status")


def test_the_table_has_the_cases_it_must_have() -> None:
    assert len(TABLE) >= 60
    assert all(case["source"] for case in TABLE)


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("case", kinds("status"))
def test_a_refused_message_is_answered_once_and_takes_the_connection_with_it(case, bytewise, connect) -> None:
    answer = talk(connect, octets(case["bytes"]) + PROBE, bytewise)
    status = 400 if is_answered_at_the_head(case) else case["expect"]["status"]
    assert statuses(answer, [is_head(case)]) == [status], answer[:400]


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("case", kinds("accept"))
def test_an_accepted_message_leaves_the_next_one_whole(case, bytewise, connect) -> None:
    answer = talk(connect, octets(case["bytes"]) + PROBE, bytewise)
    found = statuses(answer, [is_head(case)])
    accepted, refused = expected(case["expect"])
    if refused:
        assert len(found) == accepted + 1 and found[-1] == refused, answer[:400]
    elif case["close"] or waits_for_leave(case) and len(found) == accepted:
        assert len(found) == accepted, answer[:400]
        assert b"\r\nConnection: close\r\n" in answer
    else:
        assert len(found) == accepted + 1 and found[-1] == 200, answer[:400]
        assert answer.endswith(b"ok"), "the probe's own answer is the last"


@pytest.mark.parametrize("case", kinds("incomplete"))
def test_an_incomplete_message_is_waited_for(case, connect) -> None:
    answer = talk(connect, octets(case["bytes"]), False, pause=0.1)
    assert statuses(answer, []) == ([400] if is_answered_at_the_head(case) else []), answer[:400]
