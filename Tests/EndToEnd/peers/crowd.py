"""Many callers at once, each on its own connection."""

from __future__ import annotations

import asyncio
import http.client
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass

from .broker import API_KEY
from .http import Answer


class _Bytes:
    """The socket interface that http.client reads a response from."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def makefile(self, *_: object) -> io.BytesIO:
        return self._file


@dataclass(frozen=True)
class Timed:
    answer: Answer
    seconds: float


def parse(data: bytes) -> Answer:
    response = http.client.HTTPResponse(_Bytes(data))  # type: ignore[arg-type]
    response.begin()
    return Answer(response.status, response.headers, response.read())


def crowd(port: int, paths: Sequence[str], at_once: int | None = None, key: str = API_KEY) -> list[Timed]:
    """Requests every path, `at_once` at a time (all if None). All connections are open before the first request."""
    return asyncio.run(_crowd(port, paths, at_once or len(paths), key))


async def _crowd(port: int, paths: Sequence[str], at_once: int, key: str) -> list[Timed]:
    results: list[Timed] = []
    for start in range(0, len(paths), at_once):
        batch = paths[start : start + at_once]
        pairs = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in batch))
        results += await asyncio.gather(*(_ask(pair, path, key) for pair, path in zip(pairs, batch, strict=True)))
    return results


async def _ask(pair: tuple[asyncio.StreamReader, asyncio.StreamWriter], path: str, key: str) -> Timed:
    reader, writer = pair
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
    started = time.monotonic()
    writer.write(head.encode())
    data = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return Timed(parse(data), time.monotonic() - started)


def pipelined(port: int, paths: Sequence[str], connections: int, key: str = API_KEY) -> list[Answer]:
    """Requests every path with pipelining over several connections. Returns the answers in the order of the paths."""
    return asyncio.run(_pipelined(port, paths, connections, key))


async def _pipelined(port: int, paths: Sequence[str], connections: int, key: str) -> list[Answer]:
    shares = [paths[start::connections] for start in range(connections)]
    answers = await asyncio.gather(*(_pipeline(port, share, key) for share in shares))
    return [answers[place % connections][place // connections] for place in range(len(paths))]


async def _pipeline(port: int, paths: Sequence[str], key: str) -> list[Answer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    rest = f"HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n"
    writer.write("".join(f"GET {path} {rest}" for path in paths).encode())
    answers = []
    for _ in paths:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        answers.append(parse(head + await reader.readexactly(length)))
    writer.close()
    return answers
