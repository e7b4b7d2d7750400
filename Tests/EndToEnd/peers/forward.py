"""A forward proxy: CONNECT tunnels, requests with an absolute target, and its failures."""

from __future__ import annotations

import http.client
import selectors
import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlsplit

from .proxy import ProxiedRequest, Fault, FaultProxy, Received, answer, passed_on


class ForwardProxy(FaultProxy):
    """Maps each `host:port` to a port on loopback, so that the names need not resolve."""

    def __init__(
        self, routes: Mapping[str, int], user: str | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.routes = dict(routes)
        #: The required `user:password`.
        self.user = user
        super().__init__(tls=tls)

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        """The method and target of each request."""
        return [f"{request.method} {request.target}" for request in self.requests]

    def _fault_for(self, request: Received) -> Fault:
        fault = super()._fault_for(request)
        return self._pass_on if fault is passed_on else fault

    def _pass_on(self, proxied: ProxiedRequest) -> bool:
        request = proxied.request
        wanted = "Basic " + b64encode((self.user or "").encode()).decode()
        if self.user and request.headers.get("proxy-authorization") != wanted:
            proxied.send(answer(407, b"who are you?", [("Proxy-Authenticate", 'Basic realm="proxy"')]))
            return True
        if request.method == "CONNECT":
            return self._tunnel(proxied)
        url = urlsplit(request.target)
        port = self.routes.get(f"{url.hostname}:{url.port or 80}")
        if url.scheme != "http" or port is None:
            proxied.send(answer(502, b"no such host"))
            return True
        proxied.send(forwarded(request, url._replace(scheme="", netloc="").geturl() or "/", port))
        return True

    def _tunnel(self, proxied: ProxiedRequest) -> bool:
        port = self.routes.get(proxied.request.target)
        if port is None:
            proxied.send(answer(502, b"no such host"))
            return True
        with socket.create_connection(("127.0.0.1", port)) as origin:
            proxied.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pump(proxied.sock, origin)
        return False


def forwarded(request: Received, target: str, port: int) -> bytes:
    """The origin's answer to the request, without the fields between client and proxy."""
    origin = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    skipped = ("connection", "proxy-authorization")
    headers = {name: value for name, value in request.headers.items() if name not in skipped}
    origin.request(request.method, target, body=request.body, headers=headers)
    response = origin.getresponse()
    body = response.read()
    origin.close()
    kept = ("content-type", "date", "x-amzn-requestid")
    return answer(response.status, body, [pair for pair in response.getheaders() if pair[0].lower() in kept])


def pump(left: socket.socket, right: socket.socket) -> None:
    """Copies bytes in both directions until one side closes."""
    other = {left: right, right: left}
    with selectors.DefaultSelector() as selector:
        for side in other:
            selector.register(side, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                source = key.fileobj
                data = source.recv(65536)
                # The TLS layer may hold another record, which the selector does not see.
                while isinstance(source, ssl.SSLSocket) and source.pending():
                    data += source.recv(65536)
                if not data:
                    return
                other[source].sendall(data)
