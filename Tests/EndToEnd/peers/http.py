"""A small HTTP client on the standard library: one request, without retries, redirects or pooling."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any

from . import markers


@dataclass(frozen=True)
class Answer:
    """One complete response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return self.headers.get(name)

    @property
    def code(self) -> str | None:
        """The stable code of a problem+json answer."""
        if self.header("Content-Type") != "application/problem+json":
            return None
        return str(self.json()["code"])


def read(connection: http.client.HTTPConnection) -> Answer:
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read())
    markers.require_none(answer)
    return answer


def ask(
    port: int,
    path: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes | str | None = None,
    timeout: float = 30.0,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """Sends one request on a new connection, over TLS if there is a context."""
    if context:
        connection = http.client.HTTPSConnection("localhost", port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        return read(connection)
    finally:
        connection.close()
