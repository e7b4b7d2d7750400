"""A kept-alive connection with pipelined requests, for tests with tens of thousands of requests."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

from .crowd import parse
from .http import Answer

#: Requests sent together: fewer than the pipeline limit of the broker.
TOGETHER = 40


@dataclass
class Line:
    """A kept-alive connection: requests are sent together, and the answers arrive in order."""

    port: int
    sock: socket.socket | None = None
    pending: bytes = b""

    def ask(self, requests: list[bytes]) -> list[Answer]:
        answers = []
        for start in range(0, len(requests), TOGETHER):
            some = requests[start : start + TOGETHER]
            if self.sock is None:
                self.sock, self.pending = socket.create_connection(("127.0.0.1", self.port), timeout=30), b""
            self.sock.sendall(b"".join(some))
            answers += [self._answer() for _ in some]
        return answers

    def _answer(self) -> Answer:
        while b"\r\n\r\n" not in self.pending:
            self._more()
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        match = re.search(rb"\r\ncontent-length: (\d+)", head, re.I)
        length = int(match.group(1)) if match else 0
        while len(self.pending) < length:
            self._more()
        body, self.pending = self.pending[:length], self.pending[length:]
        return parse(head + b"\r\n\r\n" + body)

    def _more(self) -> None:
        assert self.sock
        data = self.sock.recv(1 << 20)
        assert data, "the connection ended before the answer"
        self.pending += data

    def close(self) -> None:
        if self.sock:
            self.sock.close()
