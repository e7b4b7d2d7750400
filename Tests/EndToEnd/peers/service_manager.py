"""A service manager's end of sd_notify(3)."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path


class ServiceManager:
    """Receives the messages of a service at a path, or in the abstract namespace after `@`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.messages: list[dict[str, str]] = []
        #: When each came, on the monotonic clock.
        self.times: list[float] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + name[1:] if name.startswith("@") else name)
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        while message := self._socket.recv(4096):
            self.times.append(time.monotonic())
            self.messages.append(dict(line.split("=", 1) for line in message.decode().splitlines()))

    @property
    def env(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": self.name}

    def got(self, field: str) -> list[dict[str, str]]:
        """The messages that have this field."""
        return [message for message in self.messages if field in message]

    def since(self, field: str) -> float:
        """Seconds since the last message with this field."""
        return time.monotonic() - max(t for t, message in zip(self.times, list(self.messages)) if field in message)

    def end(self) -> None:
        if not self.name.startswith("@"):
            Path(self.name).unlink(missing_ok=True)
