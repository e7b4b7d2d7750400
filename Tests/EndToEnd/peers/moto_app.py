"""moto on a server that keeps connections alive. It answers one request at a time: its stores are plain dictionaries.

    python -m peers.moto_app PORT

moto's own server closes every connection. Several threads at once would now and then meet a dictionary that another one is changing, and answer 500.
"""

from __future__ import annotations

import functools
import io
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Dispatcher(DomainDispatcherApplication):
    """Remembers which service a host name means: moto looks through its own folders for that, at every request."""

    @functools.lru_cache(maxsize=1000)
    def get_backend_for_host(self, host: str | None) -> Any:
        return super().get_backend_for_host(host)


_moto = Dispatcher(create_backend_app)
_turn = threading.Lock()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    # The body first: a slow client holds up nobody.
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    with _turn:
        answer = _moto(environ, start_response)
        try:
            return list(answer)
        finally:
            if close := getattr(answer, "close", None):
                close()


class Handler(WSGIRequestHandler):
    """One connection, in a thread of its own: none waits for another's peer."""

    protocol_version = "HTTP/1.1"
    # Head and body are two writes. With Nagle's algorithm the second would wait for the acknowledgement of the first.
    disable_nagle_algorithm = True
    #: Seconds that a connection may be idle.
    timeout = 30

    def log(self, kind: str, message: str, *arguments: Any) -> None:
        """Says nothing: what was asked is counted elsewhere."""


if __name__ == "__main__":
    server = make_server("127.0.0.1", int(sys.argv[1]), application, threaded=True, request_handler=Handler)
    server.daemon_threads = True
    server.serve_forever()
