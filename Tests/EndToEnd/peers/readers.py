"""Continuous readers: kept-alive connections that request secrets at a rate and check every answer."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence

from .broker import API_KEY


class Reader:
    """One connection to one broker, with a few pipelined requests."""

    DEPTH = 10

    def __init__(self, port: int, values: Mapping[str, str], rate: float, stop: threading.Event) -> None:
        self.values = values
        self.interval = self.DEPTH / rate
        self.stop = stop
        self.read = 0
        self.failures: list[str] = []
        self.source = ""
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=15)
        self.pending = b""
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        keys = list(self.values)
        due = time.monotonic()
        place = 0
        while not self.stop.is_set():
            asked = [keys[(place + step) % len(keys)] for step in range(self.DEPTH)]
            place += self.DEPTH
            head = f"HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\n\r\n"
            try:
                self.sock.sendall("".join(f"GET /secrets/{key} {head}" for key in asked).encode())
                for key in asked:
                    self._judge(key, *self._answer())
            except OSError as error:
                self.failures.append(repr(error))
                return
            due += self.interval
            time.sleep(max(0.0, due - time.monotonic()))  # the rate, not a wait for something

    def _answer(self) -> tuple[bytes, bytes]:
        while b"\r\n\r\n" not in self.pending:
            self._more()
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(self.pending) < length:
            self._more()
        body, self.pending = self.pending[:length], self.pending[length:]
        return head, body

    def _more(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("closed under a reader")
        self.pending += data

    def _judge(self, key: str, head: bytes, body: bytes) -> None:
        self.read += 1
        if not head.startswith(b"HTTP/1.1 200"):
            self.failures.append(f"{key}: {head.splitlines()[0]!r} {body!r}")
            return
        answer = json.loads(body)
        self.source = answer["source"]
        if answer["value"] != self.values[key]:
            self.failures.append(f"{key}: another value")


class Readers:
    """Readers of several brokers, with `rate` requests per second in total."""

    def __init__(self, ports: Sequence[int], values: Mapping[str, str], rate: float, each: int = 2) -> None:
        self.stop = threading.Event()
        share = rate / (len(ports) * each)
        self.all = [Reader(port, values, share, self.stop) for port in ports for _ in range(each)]
        self.started = time.monotonic()

    def __enter__(self) -> Readers:
        for reader in self.all:
            reader.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for reader in self.all:
            reader.thread.join(20)
        self.seconds = time.monotonic() - self.started

    @property
    def failures(self) -> list[str]:
        return [failure for reader in self.all for failure in reader.failures]

    @property
    def sources(self) -> set[str]:
        """The source of each reader's last value."""
        return {reader.source for reader in self.all}

    @property
    def rate(self) -> float:
        """Answers per second over the whole time."""
        return sum(reader.read for reader in self.all) / self.seconds
