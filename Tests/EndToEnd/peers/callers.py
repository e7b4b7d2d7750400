"""Callers files, callers with keys and certificates, and an oracle of their permissions that is independent of the product."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .broker import Broker
from .http import Answer, read
from .waiting import until

CHANGED = "the callers have changed"


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def matches(pattern: str, name: str) -> bool:
    """One pattern without `!`. The blob is matched by its own name alone."""
    if name == "secrets":
        return pattern == "secrets"
    parts = re.split(r"(\*+)", pattern)
    text = "".join(
        (".*" if len(part) > 1 else "[^/]*") if part.startswith("*") else re.escape(part) for part in parts if part
    )
    return re.fullmatch(text, name, re.DOTALL) is not None


def allowed(patterns: Iterable[str], name: str) -> bool:
    """Whether the patterns of a caller give it the secret."""
    patterns = list(patterns)
    if any(matches(pattern[1:], name) for pattern in patterns if pattern.startswith("!")):
        return False
    return any(matches(pattern, name) for pattern in patterns if not pattern.startswith("!"))


@dataclass
class Member:
    """One caller."""

    name: str
    scopes: list[str]
    secrets: list[str] = field(default_factory=list)
    profiles: list[str] | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"key-of-{self.name}-{digest(self.name)[:24]}"

    @property
    def signing(self) -> str:
        """The secret for signatures."""
        return f"signing-of-{self.name}-{digest(self.name)[-24:]}"

    def entry(self, folder: Path) -> dict[str, Any]:
        """The element of `callers`, with a key and a secret for signatures."""
        path = folder / f"{self.name}.sigv4"
        path.write_text(self.signing)
        entry: dict[str, Any] = {
            "id": self.name, "key_sha256": [digest(self.key)], "scopes": self.scopes, "secrets": self.secrets,
            "sigv4_secret": f"file:{path}",
        }
        if self.profiles is not None:
            entry["profiles"] = self.profiles
        return {**entry, **self.more}

    def may(self, name: str) -> bool:
        return "secrets" in self.scopes and allowed(self.secrets, name)


def write(path: Path, callers: Iterable[dict[str, Any]], **members: Any) -> Path:
    """Replaces the callers file atomically."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({**members, "callers": list(callers)}))
    fresh.chmod(0o600)
    os.replace(fresh, path)
    return path


def change(broker: Broker, path: Path, callers: Iterable[dict[str, Any]], **members: Any) -> None:
    """Replaces the callers file, and waits until it is in force."""
    lines = lambda: sum(line["message"].startswith(CHANGED) for line in broker.logs)  # noqa: E731
    before = lines()
    write(path, callers, **members)
    until(lambda: lines() > before, "the callers of the file are in force")


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


class Connection:
    """One connection for many requests: TCP, TLS or a Unix socket."""

    def __init__(self, broker: Broker, context: Any = None, unix: Path | None = None) -> None:
        if unix:
            self.http: http.client.HTTPConnection = _Unix(unix)
        elif context:
            self.http = http.client.HTTPSConnection("localhost", broker.port, timeout=30, context=context)
        else:
            self.http = http.client.HTTPConnection("127.0.0.1", broker.port, timeout=30)

    def ask(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET", body: str | None = None
    ) -> Answer:
        self.http.request(method, path, headers=headers or {}, body=body)
        return read(self.http)

    def close(self) -> None:
        self.http.close()


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


#: What may differ from one denial to the next.
VARYING = ("Date", "X-Request-Id", "x-amzn-RequestId")


def stable(answer: Answer) -> tuple[int, list[tuple[str, str]], str]:
    """An answer without what may differ from one denial to the next: the request id and the date."""
    headers = [(name, value) for name, value in answer.headers.items() if name not in VARYING]
    return answer.status, headers, re.sub(r'"request_id":"[^"]*"', '"request_id":""', answer.text)
