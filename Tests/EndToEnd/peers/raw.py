"""Requests as bytes, one connection each, for requests that a client library would not send."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Sequence

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from .broker import API_KEY

Fields = Sequence[tuple[str, str]]


def request(method: str, target: str, fields: Fields = (), body: bytes = b"", chunk: int = 0) -> bytes:
    """One request. With `chunk` the body is sent in chunks of this size."""
    lines = [f"{method} {target} HTTP/1.1", "Host: a", *(f"{name}: {value}" for name, value in fields)]
    if chunk:
        lines.append("Transfer-Encoding: chunked")
        parts = (body[start : start + chunk] for start in range(0, len(body), chunk))
        body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    elif method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    # A lone surrogate stands for a byte that is not UTF-8.
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


def bearer(key: str = API_KEY) -> tuple[str, str]:
    return "Authorization", f"Bearer {key}"


def signature(
    port: int, operation: str, body: bytes, host: str = "a", key: str = API_KEY, caller: str = "default", **covered: str
) -> list[tuple[str, str]]:
    """The fields of a request to `POST /` as botocore signs them for a caller."""
    service = "ssm" if operation.startswith("AmazonSSM") else "secretsmanager"
    fields = {"Host": host, "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": operation, **covered}
    call = botocore.awsrequest.AWSRequest("POST", f"http://127.0.0.1:{port}/", data=body, headers=fields)
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(caller, key), service, "us-east-1").add_auth(call)
    return [(name, value) for name, value in call.headers.items() if name != "Host"]


def send_and_read(port: int, data: bytes, timeout: float = 30.0, has_own_address: bool = False) -> bytes:
    """Sends the data and reads until the connection ends. Empty if there is no answer.

    With an address of its own a request with a wrong key is not delayed because of others.
    """
    received = bytearray()
    source = (f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}", 0) if has_own_address else None
    with socket.create_connection(("127.0.0.1", port), timeout=timeout, source_address=source) as sock:
        # The broker may answer and close while the request is still being sent.
        with contextlib.suppress(OSError):
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while more := sock.recv(1 << 20):
                received += more
    return bytes(received)


def status_of(answer: bytes) -> int:
    """The status of the last response; 0 without a response."""
    final = answer.rpartition(b"HTTP/1.1 ")[2]
    return int(final[:3]) if final else 0
