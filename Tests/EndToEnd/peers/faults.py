"""Faults of a peer, one function each. A fault gets a `ProxiedRequest` and returns whether the connection stays open."""

from __future__ import annotations

import collections
import functools
import gzip
import json
import threading
import time

from .proxy import ProxiedRequest, Fault, answer, passed_on

JSON = ("Content-Type", "application/json")
AMZ_JSON = ("Content-Type", "application/x-amz-json-1.1")
MIB = 1024 * 1024


# Time


def never_answer(proxied: ProxiedRequest) -> bool:
    proxied.wait_for_close()
    return False


def after(seconds: float) -> Fault:
    """The peer's answer after a delay."""

    def fault(proxied: ProxiedRequest) -> bool:
        data = proxied.forward()
        threading.Event().wait(seconds)
        proxied.send(data)
        return True

    return fault


def when_released(gate: threading.Event) -> Fault:
    """The peer's answer once the test releases it."""

    def fault(proxied: ProxiedRequest) -> bool:
        data = proxied.forward()
        gate.wait(30)
        proxied.send(data)
        return True

    return fault


def drip(proxied: ProxiedRequest) -> bool:
    """One byte every 50 ms, so that no single read times out."""
    data = proxied.forward()
    for position in range(len(data)):
        proxied.send(data[position : position + 1])
        time.sleep(0.05)
    return False


def octet_by_octet(proxied: ProxiedRequest) -> bool:
    """The whole answer, one byte for each write."""
    for octet in proxied.forward():
        proxied.send(bytes([octet]))
    return True


# Endings


def close_before_answer(proxied: ProxiedRequest) -> bool:
    return False


def reset_before_answer(proxied: ProxiedRequest) -> bool:
    proxied.reset()
    return False


def truncate(proxied: ProxiedRequest) -> bool:
    """Half of the body, then the connection closes."""
    head, _, body = proxied.forward().partition(b"\r\n\r\n")
    proxied.send(head + b"\r\n\r\n" + body[: len(body) // 2])
    return False


def reset_in_body(proxied: ProxiedRequest) -> bool:
    head, _, body = proxied.forward().partition(b"\r\n\r\n")
    proxied.send(head + b"\r\n\r\n" + body[: len(body) // 2])
    time.sleep(0.05)  # so that the octets arrive before the reset overtakes them
    proxied.reset()
    return False


def answer_then_close(proxied: ProxiedRequest) -> bool:
    """A good answer without `Connection: close`, then the connection closes. The client has a stale connection."""
    proxied.send(proxied.forward())
    return False


# Bytes


def raw(data: bytes) -> Fault:
    """These bytes as the answer, then the connection closes."""

    def fault(proxied: ProxiedRequest) -> bool:
        proxied.send(data)
        return False

    return fault


def status(code: int, body: bytes = b"", *headers: tuple[str, str]) -> Fault:
    def fault(proxied: ProxiedRequest) -> bool:
        proxied.send(answer(code, body, list(headers)))
        return True

    return fault


def document(value: object, code: int = 200, *headers: tuple[str, str]) -> Fault:
    """A JSON answer."""
    return status(code, json.dumps(value).encode(), JSON, *headers)


def aws_error(name: str, code: int = 400, *headers: tuple[str, str]) -> Fault:
    """An error of AWS's JSON protocol."""
    return status(code, json.dumps({"__type": name, "message": "told so"}).encode(), AMZ_JSON, *headers)


def at_most_a_second(limit: int) -> Fault:
    """The quota of an AWS account: calls past the limit for a second are throttled."""
    lock = threading.Lock()
    admitted: collections.deque[float] = collections.deque()
    refuse = aws_error("ThrottlingException")

    def fault(proxied: ProxiedRequest) -> bool:
        now = time.monotonic()
        with lock:
            while admitted and admitted[0] <= now - 1:
                admitted.popleft()
            if is_admitted := len(admitted) < limit:
                admitted.append(now)
        return passed_on(proxied) if is_admitted else refuse(proxied)

    return fault


def oauth_error(name: str, code: int, *headers: tuple[str, str], description: str = "told so") -> Fault:
    return document({"error": name, "error_description": description}, code, *headers)


def as_chunks(change: str = "") -> Fault:
    """The peer's answer in chunks, with extensions and a trailer, or with one framing error."""

    def fault(proxied: ProxiedRequest) -> bool:
        head, _, body = proxied.forward().partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
        lines.append(b"Transfer-Encoding: chunked")
        if change == "with length":
            lines.append(b"Content-Length: %d" % len(body))
        middle = len(body) // 2
        chunks = b"".join(
            b"%x;note=\"a b\"\r\n%s\r\n" % (len(part), part) for part in (body[:middle], body[middle:]) if part
        )
        if change == "bad size":
            chunks = b"zz\r\n" + chunks
        proxied.send(b"\r\n".join(lines) + b"\r\n\r\n" + chunks + b"0\r\nX-Trailer: yes\r\n\r\n")
        return True

    return fault


def with_head(change) -> Fault:
    """The peer's answer with the lines of its head changed by a function."""

    def fault(proxied: ProxiedRequest) -> bool:
        head, _, body = proxied.forward().partition(b"\r\n\r\n")
        proxied.send(b"\r\n".join(change(head.split(b"\r\n"))) + b"\r\n\r\n" + body)
        return True

    return fault


def two_lengths(proxied: ProxiedRequest) -> bool:
    return with_head(lambda lines: [*lines, b"Content-Length: 3"])(proxied)


def until_close(proxied: ProxiedRequest) -> bool:
    """A body without a length that ends with the connection, which is valid (RFC 9112 §6.3)."""
    with_head(lambda lines: [line for line in lines if not line.lower().startswith(b"content-length")])(proxied)
    return False


def continued(times: int) -> Fault:
    """Interim responses before the final one."""

    def fault(proxied: ProxiedRequest) -> bool:
        proxied.send(b"HTTP/1.1 100 Continue\r\n\r\n" * times + proxied.forward())
        return True

    return fault


def endless_continues(proxied: ProxiedRequest) -> bool:
    while not proxied.proxy.closing:
        proxied.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
    return False


# Sizes


def endless_chunks(proxied: ProxiedRequest) -> bool:
    proxied.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not proxied.proxy.closing:
        proxied.send(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
    return False


def huge_document(proxied: ProxiedRequest) -> bool:
    """64 MiB of valid JSON."""
    size = 64 * MIB
    proxied.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{\"a\":\"" % size)
    for _ in range(64):
        proxied.send(b"x" * MIB)
    return False


def deep_document(proxied: ProxiedRequest) -> bool:
    """100,000 nested arrays."""
    proxied.send(answer(200, b"[" * 100_000 + b"]" * 100_000, [JSON]))
    return True


@functools.cache
def packed_blanks() -> bytes:
    """256 MiB of spaces, compressed to about 260 KB."""
    return gzip.compress(b" " * (256 * MIB), compresslevel=1)


def gzip_bomb(proxied: ProxiedRequest) -> bool:
    proxied.send(answer(200, packed_blanks(), [JSON, ("Content-Encoding", "gzip")]))
    return True


def unasked_encoding(proxied: ProxiedRequest) -> bool:
    return with_head(lambda lines: [*lines, b"Content-Encoding: br"])(proxied)


def megabyte_field(proxied: ProxiedRequest) -> bool:
    return with_head(lambda lines: [*lines, b"X-Long: " + b"x" * MIB])(proxied)


def many_fields(proxied: ProxiedRequest) -> bool:
    return with_head(lambda lines: [*lines, *(b"X-%d: y" % number for number in range(20_000))])(proxied)


def nul_in_field(proxied: ProxiedRequest) -> bool:
    return with_head(lambda lines: [*lines, b"X-Odd: a\x00b"])(proxied)


def redirect(location: str) -> Fault:
    return status(302, b"", ("Location", location))
