"""Reads and verifies an audit log without the product's code."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .broker import Broker, run

MEMBERS = [
    "time", "chain", "seq", "request_id", "caller", "credential", "peer", "front", "action", "name", "version", "source",
    "tier", "decision", "reason", "status", "prev",
]
NO_LINE = "0" * 64
#: The value of two secrets. No line may have it.
SECRET = "marked-secret-7f3a"


def place(folder: Path) -> Path:
    """A path for an audit log, in a folder of its own."""
    (folder / "audit").mkdir()
    return folder / "audit/audit.log"


def serve(world, path: Path) -> Broker:
    """A broker that writes this audit log, and two secrets for it to read."""
    world.put("db/password", SECRET)
    world.put("level", SECRET)
    broker: Broker = world.serve([SECRET], LATCHKEY_AUDIT_LOG=str(path), LATCHKEY_UPSTREAM_TIMEOUT="15")
    return broker


def records(path: Path) -> list[dict[str, Any]]:
    """The complete lines of a file. Parts of lines are left out."""
    found = []
    for line in path.read_bytes().splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        assert list(record) == MEMBERS, line
        found.append(record)
    return found


def accesses(path: Path) -> list[dict[str, Any]]:
    """The lines that belong to requests."""
    return [record for record in records(path) if record["request_id"]]


def of(path: Path, request_id: str | None) -> list[dict[str, Any]]:
    """The lines of one request."""
    return [record for record in records(path) if record["request_id"] == request_id]


def audit(*arguments: str, timeout: float = 30) -> tuple[int, str, str]:
    """Runs `latchkey audit`. Returns its status, output and messages."""
    done = run("audit", *arguments, env={"PATH": os.environ["PATH"]}, timeout=timeout)
    return done.returncode, done.stdout, done.stderr


@dataclass
class Verified:
    """What the files show of each chain."""

    last: dict[str, int] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    #: Parts of lines, and the digests that `torn` lines record.
    parts: list[bytes] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    lost: int = 0
    signed: int = 0


def verify(paths: Iterable[Path], key: Any = None) -> Verified:
    """Checks every chain of complete files. `key` is an Ed25519 public key of `cryptography`."""
    result, digests = Verified(), dict[str, str]()
    for path in paths:
        data = path.read_bytes()
        assert data.endswith(b"\n") or not data, f"{path} ends within a line"
        for line in data.split(b"\n"):
            _line(line, result, digests, key)
    assert sorted(hashlib.sha256(part).hexdigest() for part in result.parts) == sorted(result.torn)
    return result


def _line(line: bytes, result: Verified, digests: dict[str, str], key: Any) -> None:
    if not line:
        return
    try:
        record = json.loads(line)
    except ValueError:
        result.parts.append(line)
        return
    chain, seq = record["chain"], record["seq"]
    assert seq == result.last.get(chain, 0) + 1, record
    assert record["prev"] == digests.get(chain, NO_LINE), record
    result.last[chain] = seq
    digests[chain] = hashlib.sha256(line).hexdigest()
    match record["action"]:
        case "torn":
            result.torn.append(record["name"])
        case "lost":
            result.lost += int(record["name"])
        case "stop":
            for text in record["name"].split(","):
                other, number, digest = text.split(":")
                result.stopped.add(other)
                if other == chain:
                    assert int(number) == seq - 1 and digest == record["prev"]
                else:
                    assert result.last.get(other, 0) == int(number)
                    assert digests.get(other, NO_LINE) == digest
    if key and record["action"] in ("start", "stop", "checkpoint"):
        assert record["source"] == "ed25519"
        text = f"latchkey audit 1\n{record['action']}\n{record['time']}\n{chain}\n{seq}\n{record['name'] or ''}\n{record['prev']}\n"
        key.verify(base64.urlsafe_b64decode(record["version"] + "=="), text.encode())
        result.signed += 1
