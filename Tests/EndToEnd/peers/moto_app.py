"""moto on a server that keeps connections alive. It answers one request at a time: its stores are plain dictionaries.

    python -m peers.moto_app PORT

moto's own server closes every connection, and takes longer than moto. Several threads at once would now and then meet a
dictionary that another one is changing, and answer 500.
"""

from __future__ import annotations

import contextlib
import functools
import io
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from email.utils import formatdate
from typing import IO, Any
from urllib.parse import unquote

import moto.core.errors
import moto.core.responses
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
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

#: Bytes.
LONGEST_LINE = 65_536
REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) (HTTP/1\.[01])\r?\n")

_moto = Dispatcher(service_app)
_lock = threading.Lock()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    with _lock:
        answer = _moto(environ, start_response)
        try:
            return list(answer)
        finally:
            if close := getattr(answer, "close", None):
                close()


def load(service: str, target: str) -> None:
    """Loads a service, which moto does at its first request."""
    signature = f"AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"X-Amz-Target": target, "Authorization": signature, "Content-Type": "application/x-amz-json-1.1"}
    answer = Client(application).post("/", data="{}", headers=headers)
    assert answer.status_code == 200, answer.text


def serve(port: int) -> None:
    """Serves each connection in a thread of its own, so that a slow client delays no other."""
    with socket.create_server(("127.0.0.1", port), backlog=1024) as listener:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=converse, args=(sock, port), daemon=True).start()


def converse(sock: socket.socket, port: int) -> None:
    """Answers the requests of a connection until the client closes it: without a limit of time, no request meets a
    connection that is about to be closed.
    """
    with sock, sock.makefile("rb") as incoming, contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while line := incoming.readline(LONGEST_LINE):
            if not (request := REQUEST_LINE.fullmatch(line)):
                refuse(sock, incoming)
                return
            environ = read(request, incoming, port)
            sock.sendall(answer(environ))
            if environ.get("HTTP_CONNECTION", "").lower() == "close":
                return


def refuse(sock: socket.socket, incoming: IO[bytes]) -> None:
    """Answers bytes that are not HTTP, such as the first message of a TLS client. What the client still sends is read:
    otherwise the kernel would reset the connection, and the client might not see the answer.
    """
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    sock.shutdown(socket.SHUT_WR)
    while incoming.read(LONGEST_LINE):
        pass


def read(request: re.Match[bytes], incoming: IO[bytes], port: int) -> dict[str, Any]:
    """One request as WSGI wants it. SDKs send no chunked bodies here."""
    method, target, version = (word.decode("latin-1") for word in request.groups())
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr, "wsgi.multithread": True,
        "wsgi.multiprocess": False, "wsgi.run_once": False, "REQUEST_METHOD": method, "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, "latin-1"), "QUERY_STRING": query, "REQUEST_URI": target, "RAW_URI": target,
        "REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": str(port), "SERVER_PROTOCOL": version,
    }
    while line := incoming.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        name = name.upper().replace("-", "_")
        environ[name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"] = value.strip()
    assert "HTTP_TRANSFER_ENCODING" not in environ, "a chunked body"
    environ["wsgi.input"] = io.BytesIO(incoming.read(int(environ.get("CONTENT_LENGTH") or 0)))
    return environ


def answer(environ: dict[str, Any]) -> bytes:
    """The whole response, so that it is sent at once."""
    lines: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
        lines[:] = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]

    body = b"".join(application(environ, start))
    if not any(line.lower().startswith("content-length:") for line in lines):
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"Date: {formatdate(usegmt=True)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


if __name__ == "__main__":
    serve(int(sys.argv[1]))
