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

import moto.core.errors
import moto.core.responses
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client


class Dispatcher(DomainDispatcherApplication):
    """Caches the service of a host name. moto would search its folders for it at every request."""

    @functools.lru_cache(maxsize=1000)
    def get_backend_for_host(self, host: str | None) -> Any:
        return super().get_backend_for_host(host)


def service_app(service: Any) -> Any:
    """The application of a service, without Flask's checks for developers, which make a class for each request."""
    app = create_backend_app(service)
    app.debug = False
    return app


# moto would search a class for its methods at each request, and go through the errors of a service at each error.
moto.core.responses.method_names_from_class = functools.cache(moto.core.responses.method_names_from_class)
moto.core.errors.ErrorLookupFactory = functools.cache(moto.core.errors.ErrorLookupFactory)

_moto = Dispatcher(service_app)
_lock = threading.Lock()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    # Read the body before taking the lock, so that a slow client delays no other.
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    with _lock:
        answer = _moto(environ, start_response)
        try:
            return list(answer)
        finally:
            if close := getattr(answer, "close", None):
                close()


class Handler(WSGIRequestHandler):
    """One connection, in its own thread, so that a slow client delays no other."""

    protocol_version = "HTTP/1.1"
    # Head and body are two writes. With Nagle's algorithm the second would wait for the acknowledgement of the first.
    disable_nagle_algorithm = True
    #: Seconds that a connection may be idle.
    timeout = 30

    def log(self, kind: str, message: str, *arguments: Any) -> None:
        """Logs nothing: the proxies record the requests."""


def load(service: str, target: str) -> None:
    """Loads a service, which moto does at its first request."""
    signature = f"AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"X-Amz-Target": target, "Authorization": signature, "Content-Type": "application/x-amz-json-1.1"}
    answer = Client(application).post("/", data="{}", headers=headers)
    assert answer.status_code == 200, answer.text


def serve(port: int) -> None:
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
