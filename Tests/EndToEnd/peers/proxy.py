"""A proxy in front of a real peer. It forwards requests until a test gives it a fault.

It records requests, keeps connections alive, and can stop and start on the same port.
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

from .link import Link
from .waiting import free_port, until

#: Answers one request; returns whether the connection may carry another.
Fault = Callable[["Exchange"], bool]
Filter = Callable[["Received"], bool]

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server"}


@dataclass(frozen=True)
class Received:
    """One request as received."""

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
        """The AWS operation, such as `PutParameter`; empty for other protocols."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    def json(self):
        return json.loads(self.body)


def operation(*names: str) -> Filter:
    """Requests for these AWS operations."""
    return lambda request: request.operation in names


def mentions(text: str) -> Filter:
    """Requests with this text in their body."""
    return lambda request: text.encode() in request.body


class ProxiedRequest:
    """One request on its connection. A fault answers it."""

    def __init__(self, proxy: FaultProxy, sock: socket.socket, request: Received, link: Link) -> None:
        self.proxy = proxy
        self.sock = sock
        self.request = request
        self.link = link

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        """Closes the connection with RST, which discards unsent data."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_for_close(self, within: float = 30.0) -> bool:
        """Waits until the client closes the connection. Returns whether it did."""
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
        """The peer's answer as bytes, with a Content-Length."""
        try:
            response, body = self.link.ask(self.request)
        except BaseException:
            self.link.close()
            raise
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP]
        return answer(response.status, body, kept)


def answer(status: int, body: bytes = b"", headers: list[tuple[str, str]] | None = None) -> bytes:
    """A well-formed response."""
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Other')}"]
    lines += [f"{name}: {value}" for name, value in headers or []]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def passed_on(proxied: ProxiedRequest) -> bool:
    """No fault: the answer of the peer."""
    proxied.send(proxied.forward())
    return True


class FaultProxy:
    """A proxy on a loopback port for one peer. `upstream` is 0 if only faults answer."""

    def __init__(
        self, upstream: int = 0, tls: ssl.SSLContext | None = None, greeting: bytes = b"", host: str = "127.0.0.1",
        port: int | None = None,
    ) -> None:
        self.upstream = upstream
        self.tls = tls
        #: Sent on each new connection before anything is read.
        self.greeting = greeting
        self.host = host
        self.port = port or free_port()
        self.closing = False
        #: Every complete request, in order.
        self.requests: list[Received] = []
        #: Connections accepted since the start, and the errors of TLS handshakes.
        self.connections = 0
        self.handshake_faults: list[str] = []
        #: All bytes received, decrypted, complete requests or not.
        self.received = bytearray()
        self._lock = threading.Lock()
        self._open: dict[int, socket.socket] = {}
        self._script: list[tuple[Filter, Fault]] = []
        self._permanent: list[tuple[Filter, Fault]] = []
        self._listener: socket.socket | None = None
        self.up()

    # Faults

    def next(self, *faults: Fault, when: Filter = lambda _: True) -> None:
        """Applies these faults to the next matching requests, one each."""
        with self._lock:
            self._script += [(when, fault) for fault in faults]

    def always(self, fault: Fault, when: Filter = lambda _: True) -> None:
        """Applies this fault to every matching request until `heal`."""
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

    # Recorded requests

    def forget(self) -> None:
        """Forgets the recorded requests."""
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
        """Starts to accept connections."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(1024)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def down(self) -> None:
        """Refuses new connections and closes the open ones."""
        listener, self._listener = self._listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop()

    def drop(self) -> None:
        """Closes every open connection, as a peer does with idle ones."""
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
        link = Link(self.upstream)
        try:
            self._answer_all(sock, number, link)
        finally:
            link.close()

    def _answer_all(self, sock: socket.socket, number: int, link: Link) -> None:
        pending = b""
        while True:
            request, pending = self._read(sock, pending, number)
            if request is None:
                return
            self.requests.append(request)
            if not self._fault_for(request)(ProxiedRequest(self, sock, request, link)):
                return

    def _read(self, sock: socket.socket, pending: bytes, number: int) -> tuple[Received | None, bytes]:
        """Reads one request, with or without a Content-Length. AWS and OAuth clients send no chunked bodies."""
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
