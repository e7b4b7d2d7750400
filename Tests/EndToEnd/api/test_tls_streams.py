"""What passes over a TLS connection, and how it ends: the same as on a plain one."""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import Any

import pytest

from peers.http import ask
from peers.raw import bearer, request
from peers.tls_clients import REQUEST
from peers.tls_servers import connect, read_all
from peers.waiting import until


# MARK: The ends of a stream


def test_a_reply_is_complete_and_ends_with_close_notify(tls_servers) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = tls_servers.authority.client_context()
        context.minimum_version = context.maximum_version = version
        with connect(tls_servers.plain.port, context) as sock:
            sock.sendall(REQUEST)
            assert read_all(sock).endswith(b"\r\n\r\nok")


def test_a_client_that_has_sent_close_notify_still_gets_its_reply(tls_servers) -> None:
    """In TLS 1.3 close_notify ends one direction alone."""
    context = tls_servers.authority.client_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", tls_servers.plain.port), timeout=30) as sock:
        def run(step) -> Any:
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    sock.sendall(outgoing.read())
                    data = sock.recv(65536)
                    incoming.write(data) if data else incoming.write_eof()

        run(tls.do_handshake)
        tls.write(request("GET", "/health", [bearer()]))
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.unwrap()  # close_notify is then in the output, behind the request
        sock.sendall(outgoing.read())
        sock.shutdown(socket.SHUT_WR)
        ciphertext = read_all(sock)
    # Python gives no plaintext after its own close_notify. A reply and the peer's close_notify are two records or more.
    assert len(ciphertext) > 1000 and ciphertext[0] == 0x17


@pytest.mark.parametrize("bytes_sent", [0, 1, 5, 100])
def test_a_client_that_leaves_within_the_handshake_costs_nothing(bytes_sent: int, tls_servers) -> None:
    context = tls_servers.authority.client_context()
    outgoing = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    before = tls_servers.plain.metric("latchkey_tls_handshakes_total", outcome="aborted")
    with socket.create_connection(("127.0.0.1", tls_servers.plain.port), timeout=30) as sock:
        sock.sendall(outgoing.read()[:bytes_sent])
    until(
        lambda: tls_servers.plain.metric("latchkey_tls_handshakes_total", outcome="aborted") > before, "the attempt is counted"
    )


def test_a_client_that_is_cut_off_within_a_request_affects_nobody(tls_servers) -> None:
    sock = connect(tls_servers.plain.port, tls_servers.authority.client_context())
    sock.sendall(REQUEST[:20])
    sock.detach()  # leaves without a word of TLS
    assert tls_servers.plain.get("/livez").status == 200


def test_plain_http_is_answered_with_a_plain_400(tls_servers) -> None:
    answer = ask(tls_servers.plain.port, "/livez")
    assert answer.status == 400 and answer.code == "bad_request" and "https" in answer.json()["detail"]
    assert answer.header("Connection") == "close"


def test_bytes_that_are_no_tls_end_in_an_alert(tls_servers) -> None:
    with socket.create_connection(("127.0.0.1", tls_servers.plain.port), timeout=30) as sock:
        sock.sendall(b"\x16\x03\x01\x00\x05\xff\x00\x00\x01\x00")
        answer = read_all(sock)
    assert answer[:1] == b"\x15", "an alert record"


def test_altered_ciphertext_ends_the_connection_with_an_alert(tls_servers) -> None:
    sock = connect(tls_servers.plain.port, tls_servers.authority.client_context())
    plain = socket.socket(fileno=sock.detach())
    plain.settimeout(30)
    with plain:
        plain.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        answer = read_all(plain)
    # Two tickets may come before it; the alert is encrypted too.
    assert answer, "the peer is told"


# MARK: Requests


def test_records_of_one_byte_and_many_requests_in_one_record(tls_servers) -> None:
    one = request("GET", "/livez")
    with connect(tls_servers.plain.port, tls_servers.authority.client_context()) as sock:
        for byte in one:
            sock.sendall(bytes([byte]))
        sock.sendall(one * 500 + REQUEST)
        assert read_all(sock).count(b"HTTP/1.1 200 OK") == 502


def test_a_reader_that_stops_holds_little_and_gets_everything(tls_servers) -> None:
    """The bound on unsent replies is the same as on plain connections."""
    # Without upstreams the report comes with 503.
    ask_for, start = request("GET", "/health", [bearer()]), b"HTTP/1.1 503 "
    before = tls_servers.plain.memory_kib()
    with connect(tls_servers.plain.port, tls_servers.authority.client_context(), timeout=60) as sock:
        # As much as fits into one record each time, so that no record is left half sent.
        asked = 0
        sock.settimeout(1)
        with contextlib.suppress(TimeoutError):
            while asked < 100_000:
                sock.sendall(ask_for * 100)
                asked += 100
        assert asked < 100_000, "the broker reads no more"
        assert tls_servers.plain.memory_kib() < before + 8 * 1024
        sock.settimeout(60)
        answers, rest = 0, b""
        while answers < asked:
            data = rest + sock.recv(1 << 20)
            answers += data.count(start)
            rest = data[1 - len(start) :]


def test_a_large_body_arrives_whole(tls_servers) -> None:
    body = b'{"sha256":"' + b"0" * 60_000 + b'"}'
    answer = tls_servers.plain.get("/token/rejected", method="POST", body=body)
    assert answer.status == 400 and answer.code == "bad_request"
    assert tls_servers.plain.get("/token/rejected", method="POST", body=b"x" * 70_000).status == 413


