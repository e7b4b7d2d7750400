"""The moto server of the tests answers bytes that are not HTTP at once, whatever they are."""

from __future__ import annotations

import socket
import ssl

import pytest

from peers.moto import KeepAliveMoto

#: The first line of a TLS client's first message is random. It may look like three words.
FIRST_LINES = [b"\x16\x03\x01\x02\x00\n", b"\x16\x03\x01 a b\n", b"\x16 HTTP/1.1 b\n", b"GET /\n", b"\n", b"x" * 70_000]


@pytest.mark.parametrize("line", FIRST_LINES, ids=lambda line: repr(line[:20]))
def test_bytes_that_are_not_http_are_refused_while_the_client_still_waits(moto_server: KeepAliveMoto, line: bytes) -> None:
    with socket.create_connection(("127.0.0.1", moto_server.port), timeout=30) as sock:
        sock.sendall(line)
        assert sock.recv(1024).startswith(b"HTTP/1.1 400 ")


def test_a_tls_client_learns_that_this_is_no_tls(moto_server: KeepAliveMoto) -> None:
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", moto_server.port), timeout=30) as sock, \
                pytest.raises(ssl.SSLError, match="WRONG_VERSION_NUMBER"):
            ssl.create_default_context().wrap_socket(sock, server_hostname="localhost")
