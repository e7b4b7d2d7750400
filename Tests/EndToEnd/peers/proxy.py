"""A proxy in front of a real peer that hands requests on until it is told to misbehave.

It counts what reaches it, serves keep-alive connections, and can go down and come back on its own port.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .waiting import free_port, until

#: What a proxy does with one request; true when the connection may carry another.
Fault = Callable[["Exchange"], bool]
Filter = Callable[["Received"], bool]

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server"}


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    head: bytes
    body: bytes
    connection: int
    at: float = field(default_factory=time.monotonic)

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.split(":", 1) for line in lines if ":" in line)
        return {name.strip().lower(): value.strip() for name, value in pairs}

    @property
    def operation(self) -> str:
        """The AWS operation, `PutParameter` for example; empty for what is not AWS JSON."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    def json(self):
        return json.loads(self.body)


def operation(*names: str) -> Filter:
    """Requests of these AWS operations."""
    return lambda request: request.operation in names


def mentions(text: str) -> Filter:
    """Requests with this text in their body."""
    return lambda request: text.encode() in request.body


class ProxiedRequest:
    """One request on one connection, with the means to answer it well or badly."""

    def __init__(self, proxy: FaultProxy, sock: socket.socket, request: Received) -> None:
        self.proxy = proxy
        self.sock = sock
        self.request = request

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        """Ends the connection with RST, what was sent with it."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_for_close(self, within: float = 30.0) -> bool:
        """Holds the connection until the client gives it up; whether it did."""
        deadline = time.monotonic() + within
        self.sock.settimeout(0.1)
        while time.monotonic() < deadline and not self.proxy.closing:
            try:
                if self.sock.recv(65536) == b"":
                    return True
            except TimeoutError:
                continue
            except OSError:
                return True
        return False

    def forward(self) -> bytes:
        """The real peer's answer as bytes, its body with a Content-Length."""
        upstream = http.client.HTTPConnection("127.0.0.1", self.proxy.upstream, timeout=30)
        headers = {name: value for name, value in self.request.headers.items() if name != "connection"}
        upstream.request(self.request.method, self.request.target, body=self.request.body, headers=headers)
        response = upstream.getresponse()
        body = response.read()
        upstream.close()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP]
        return answer(response.status, body, kept)


def answer(status: int, body: bytes = b"", headers: list[tuple[str, str]] | None = None) -> bytes:
    """A well-formed response."""
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Other')}"]
    lines += [f"{name}: {value}" for name, value in headers or []]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def passed_on(proxied: ProxiedRequest) -> bool:
    """No fault at all."""
    proxied.send(proxied.forward())
    return True


class FaultProxy:
    """Listens on a loopback port for one peer. `upstream` may be 0 for a peer that has no well-behaved side."""

    def __init__(
        self, upstream: int = 0, tls: ssl.SSLContext | None = None, greeting: bytes = b"", host: str = "127.0.0.1",
        port: int | None = None,
    ) -> None:
        self.upstream = upstream
        self.tls = tls
        #: Sent to whoever connects, before anything is read.
        self.greeting = greeting
        self.host = host
        self.port = port or free_port()
        self.closing = False
        #: Every request that arrived whole, in order.
        self.requests: list[Received] = []
        #: Connections accepted since the start, and what broke TLS handshakes said.
        self.connections = 0
        self.handshake_faults: list[str] = []
        #: Everything received on any connection inside TLS, whole requests or not.
        self.received = bytearray()
        self._lock = threading.Lock()
        self._open: dict[int, socket.socket] = {}
        self._script: list[tuple[Filter, Fault]] = []
        self._permanent: list[tuple[Filter, Fault]] = []
        self._listener: socket.socket | None = None
        self.up()

    # Script

    def next(self, *faults: Fault, when: Filter = lambda _: True) -> None:
        """The next matching requests meet these faults, one each; after them the peer is well again."""
        with self._lock:
            self._script += [(when, fault) for fault in faults]

    def always(self, fault: Fault, when: Filter = lambda _: True) -> None:
        """Every matching request meets this fault, until `heal`."""
        with self._lock:
            self._permanent.insert(0, (when, fault))

    def heal(self) -> None:
        with self._lock:
            self._script.clear()
            self._permanent.clear()

    def _fault_for(self, request: Received) -> Fault:
        with self._lock:
            for index, (when, fault) in enumerate(self._script):
                if when(request):
                    del self._script[index]
                    return fault
            return next((fault for when, fault in self._permanent if when(request)), passed_on)

    # What happened

    def forget(self) -> None:
        """Counts from here on."""
        with self._lock:
            self.requests.clear()

    def seen(self, when: Filter = lambda _: True) -> list[Received]:
        return [request for request in list(self.requests) if when(request)]

    @property
    def open_connections(self) -> int:
        return len(self._open)

    def settle(self, at_most: int = 0, within: float = 30.0) -> None:
        until(lambda: self.open_connections <= at_most, f"at most {at_most} connections to the peer", within)

    # Listening

    def up(self) -> None:
        """Accepts connections (again)."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(1024)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def down(self) -> None:
        """Refuses connections and drops those there are."""
        listener, self._listener = self._listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop()

    def drop(self) -> None:
        """Closes every connection there is, as a peer does with idle ones."""
        for sock in list(self._open.values()):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        until(lambda: not self._open, "connections dropped")

    def stop(self) -> None:
        self.closing = True
        self.down()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._open[number] = sock
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, raw: socket.socket, number: int) -> None:
        sock = raw
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.greeting:
                sock.sendall(self.greeting)
            if self.tls:
                sock = self._open[number] = self.tls.wrap_socket(raw, server_side=True)
            self._converse(sock, number)
        except ssl.SSLError as fault:
            self.handshake_faults.append(str(fault))
        except OSError:
            pass
        finally:
            sock.close()
            raw.close()
            self._open.pop(number, None)

    def _converse(self, sock: socket.socket, number: int) -> None:
        pending = b""
        while True:
            request, pending = self._read(sock, pending, number)
            if request is None:
                return
            self.requests.append(request)
            if not self._fault_for(request)(ProxiedRequest(self, sock, request)):
                return

    def _read(self, sock: socket.socket, pending: bytes, number: int) -> tuple[Received | None, bytes]:
        """One request with a Content-Length or none, which is all that an AWS or OAuth client sends."""
        while b"\r\n\r\n" not in pending:
            if not (more := self._receive(sock)):
                return None, b""
            pending += more
        head, _, rest = pending.partition(b"\r\n\r\n")
        length = int(Received(head, b"", number).headers.get("content-length", "0"))
        while len(rest) < length:
            if not (more := self._receive(sock)):
                return None, b""
            rest += more
        return Received(head, rest[:length], number), rest[length:]

    def _receive(self, sock: socket.socket) -> bytes:
        data = sock.recv(65536)
        self.received += data
        return data
