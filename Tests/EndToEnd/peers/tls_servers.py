"""Brokers that serve TLS, with the certificates of their callers: the servers of Tests/Fixtures/cases/tls.json."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .broker import Broker, settings
from .tls import Authority, Certificate
from .waiting import free_port


@dataclass(frozen=True)
class TLSServers:
    authority: Authority
    #: Nobody trusts it.
    other: Authority
    servers: dict[str, Broker]
    callers: dict[str, Certificate]
    first: Certificate
    second: Certificate

    @property
    def plain(self) -> Broker:
        """The one that asks callers for no certificate."""
        return self.servers["plain"]


@contextmanager
def serve_tls(authority: Authority, folder: Path) -> Iterator[TLSServers]:
    stranger = Authority(folder / "stranger-callers", "Stranger")
    first = authority.issue("first", "DNS:first.example,DNS:localhost", subject="first")
    second = authority.issue("second", "DNS:second.example,DNS:*.second.example", subject="second")
    callers = {
        "good": authority.issue("caller", "URI:spiffe://test.example/caller", subject="caller"),
        "expired": authority.issue("late-caller", "URI:spiffe://test.example/late", days=-1),
        "stranger": stranger.issue("stranger-caller", "URI:spiffe://test.example/caller"),
    }
    pair = {"LATCHKEY_TLS_CERT": f"{first.cert},{second.cert}", "LATCHKEY_TLS_KEY": f"{first.key},{second.key}"}
    ask = {"LATCHKEY_TLS_CLIENT_CA": str(authority.root)}
    nowhere = f"http://127.0.0.1:{free_port()}"

    def serve(**extra: str) -> Broker:
        env = settings(folder, AWS_ENDPOINT_URL=nowhere, LATCHKEY_AUTH0_TOKEN_URL=f"{nowhere}/t", **extra)
        return Broker(env, context=authority.client_context(callers["good"])).wait_live()

    servers = {
        "plain": serve(**pair),
        "request": serve(**pair, **ask),
        "require": serve(**pair, **ask, LATCHKEY_TLS_CLIENT_AUTH="require"),
    }
    yield TLSServers(authority, stranger, servers, callers, first, second)
    for server in servers.values():
        server.stop()


def connect(port: int, context: ssl.SSLContext, timeout: float = 30.0) -> ssl.SSLSocket:
    """A connection on which the end of the stream without close_notify is an error."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(sock, server_hostname="localhost", suppress_ragged_eofs=False)


def read_all(sock: socket.socket) -> bytes:
    return b"".join(iter(lambda: sock.recv(65536), b""))
