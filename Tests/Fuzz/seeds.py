"""First inputs for each fuzz target, taken from the fixtures of the other tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[1] / "Fixtures"
#: Longer inputs slow the fuzzer down and teach it nothing.
LONGEST = 8192


def raw(value: object) -> bytes:
    """A fixture's bytes: one character for each byte, lists joined, `repeat` and `count` multiplied out."""
    if isinstance(value, list):
        return b"".join(raw(part) for part in value)
    if isinstance(value, dict):
        return raw(value["repeat"]) * int(value["count"])
    return str(value).encode("latin-1")


def table(name: str) -> list[dict]:
    return json.loads((FIXTURES / "http" / name).read_text())["cases"]


def requests() -> Iterator[bytes]:
    for case in table("requests.json"):
        yield raw(case["bytes"])


def responses() -> Iterator[bytes]:
    """The first byte tells the target which method was asked with."""
    for case in table("responses.json"):
        yield (b"\x01" if case.get("method") == "HEAD" else b"\x00") + raw(case["bytes"])


def chunked() -> Iterator[bytes]:
    for case in table("chunked.json"):
        yield raw(case["bytes"])


def journals() -> Iterator[bytes]:
    opened = {"journal": 1, "id": "7f", "key": "ab12", "place": "eu-central-1", "at": 1700000000000}
    item = {
        "secret": "orders/db", "parameter": "/orders/db", "state": "begun", "digest": "00ff", "at": 1700000000001,
        "secret_version": "v1", "version": 3, "reason": "denied",
    }
    run = {"run": "copy", "clean": True, "count": 2, "by": "deploy@ci", "at": 1700000000002, "details": {"a": "b"}}
    states = [{**item, "state": state} for state in ("begun", "written", "verified", "failed", "left")]
    lines = [json.dumps(line).encode() + b"\n" for line in (opened, *states, run)]
    yield b"".join(lines)
    yield b"".join(lines)[:-7]
    for line in lines:
        yield lines[0] + line


def resource_names() -> Iterator[bytes]:
    yield b"arn:aws:ssm:eu-central-1:111122223333:parameter/orders/dev/db"
    yield b"arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:orders/dev/db-Ab12Cd"
    yield b"arn:aws:s3:::bucket/key:with:colons"
    yield b"db/password"
    yield b"a_b.c-d/e+f=@"


TARGETS: dict[str, Callable[[], Iterator[bytes]]] = {
    "request": requests,
    "response": responses,
    "chunked": chunked,
    "journal": journals,
    "resource-name": resource_names,
}


def folder(target: str, parent: Path) -> Path:
    """A folder with the target's seeds, one file each, named by their digest."""
    place = parent / target
    place.mkdir(parents=True, exist_ok=True)
    for seed in TARGETS[target]():
        if len(seed) <= LONGEST:
            (place / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    return place
