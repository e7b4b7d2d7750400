"""The connection of a proxy to its peer."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .proxy import Received


class Link:
    """A kept-alive connection to the peer. It carries the requests of one client's connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, request: Received) -> tuple[http.client.HTTPResponse, bytes]:
        is_used = self._connection.sock is not None
        try:
            return self._ask(request)
        except ConnectionError:
            self.close()
            if not is_used:
                raise
        # The peer has closed the connection since the last request.
        return self._ask(request)

    def _ask(self, request: Received) -> tuple[http.client.HTTPResponse, bytes]:
        headers = {name: value for name, value in request.headers.items() if name != "connection"}
        self._connection.request(request.method, request.target, body=request.body, headers=headers)
        response = self._connection.getresponse()
        return response, response.read()

    def close(self) -> None:
        self._connection.close()
