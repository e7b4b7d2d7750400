"""moto's WSGI application by name, for gunicorn. It answers one request at a time: its stores are plain dictionaries.

Several threads at once would now and then meet a dictionary that another one is changing, and answer 500.
"""

from __future__ import annotations

import functools
import io
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app


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
