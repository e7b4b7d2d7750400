"""`latchkey policy --from-use` prints the callers file that the traffic of an audit log needs."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from peers.audit_log import MEMBERS
from peers.broker import run

#: caller, action, name, decision, status.
TRAFFIC = [
    ("orders", "secret.read", "db/orders", "allowed", 200),
    ("orders", "secret.read", "db/stock", "would_deny", 200),
    ("orders", "secret.read", "secrets", "allowed", 200),
    ("orders", "token.read", "default", "allowed", 200),
    ("billing", "secret.read", "billing/a/b", "failed", 502),
    ("billing", "secret.read", "billing/none", "failed", 404),
    ("billing", "token.read", "invoices", "allowed", 200),
    ("ops", "cache.clear", None, "allowed", 204),
    ("ops", "metrics.read", None, "allowed", 200),
    ("ops", "secret.read", "db/orders", "denied", 403),
    ("watch", "health.read", None, "allowed", 200),
    (None, "secret.read", "db/orders", "denied", 401),
]

CALLERS = {
    "mode": "observe",
    "callers": [
        {"id": "orders", "key_sha256": ["a" * 64], "scopes": ["token", "secrets", "admin"],
         "secrets": ["db/*", "unused/**", "!db/secret"]},
        {"id": "billing", "key_sha256": ["b" * 64], "scopes": ["token", "secrets"], "secrets": ["billing/**"],
         "profiles": ["default", "invoices"]},
        {"id": "idle", "key_sha256": ["c" * 64], "scopes": ["token"]},
    ],
}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path, previous = tmp_path / "audit.log", "0" * 64
    with path.open("w") as file:
        for seq, (caller, action, name, decision, status) in enumerate(TRAFFIC, 1):
            values: dict[str, Any] = dict.fromkeys(MEMBERS)
            values.update(
                time="2026-11-30T12:00:00.000Z", chain="abc.0", seq=seq, request_id=f"r{seq}", caller=caller,
                action=action, name=name, decision=decision, status=status, prev=previous,
                reason="not_found" if status == 404 else None)
            line = json.dumps(values, separators=(",", ":"))
            previous = hashlib.sha256(line.encode()).hexdigest()
            file.write(line + "\n")
    return path


def from_use(log: Path, *options: str) -> tuple[dict[str, Any], list[str]]:
    done = run("policy", "--from-use", str(log), *options, env={"PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr.splitlines()


def permits(file: dict[str, Any], caller: str, action: str, name: str | None) -> bool:
    """Whether a callers file of literal names permits an access."""
    entry = next((one for one in file["callers"] if one["id"] == caller), None)
    if entry is None:
        return False
    scopes = set(entry["scopes"])
    match action.partition(".")[0]:
        case "secret":
            return "secrets" in scopes and name in entry.get("secrets", [])
        case "token":
            return "token" in scopes and name in entry.get("profiles", ["default"])
        case "cache":
            return "admin" in scopes
        case "metrics":
            return "metrics" in scopes
        case _:
            return bool(scopes - {"metrics"})


def needed() -> list[tuple[str, str, str | None]]:
    return [
        (caller, action, name) for caller, action, name, decision, status in TRAFFIC
        if caller and (decision in ("allowed", "would_deny") or (decision == "failed" and (status >= 500 or status == 404)))
    ]


def without_one(file: Any) -> Any:
    """The file without each one of its scopes, secrets, profiles and callers."""
    for index, entry in enumerate(file["callers"]):
        for member in ("scopes", "secrets", "profiles"):
            for value in entry.get(member, []):
                changed = json.loads(json.dumps(file))
                changed["callers"][index][member].remove(value)
                yield changed
        changed = json.loads(json.dumps(file))
        del changed["callers"][index]
        yield changed


def test_nothing_of_the_traffic_is_denied_and_nothing_can_be_left_out(log: Path) -> None:
    file, _ = from_use(log)
    assert file["mode"] == "enforce"
    assert all(permits(file, *access) for access in needed())
    for changed in without_one(file):
        assert not all(permits(changed, *access) for access in needed()), changed


def test_credentials_are_kept_and_unused_grants_are_named(log: Path, tmp_path: Path) -> None:
    callers = tmp_path / "callers.json"
    callers.write_text(json.dumps(CALLERS))
    file, notes = from_use(log, "--callers", str(callers))
    entries = {entry["id"]: entry for entry in file["callers"]}
    assert entries["orders"]["key_sha256"] == ["a" * 64]
    assert "idle" not in entries
    text = "\n".join(notes)
    for note in (
        "caller orders did not use scope admin", "caller orders read no secret of unused/**",
        "caller billing used no token of profile default", "caller idle made no request",
        "caller ops has no entry in the callers file", "caller billing asked for billing/none, which does not exist",
    ):
        assert note in text
    assert "db/*" not in text


def test_older_lines_do_not_count(log: Path) -> None:
    file, _ = from_use(log, "--since", "2026-12-01T00:00:00Z")
    assert file["callers"] == []


def test_the_options_need_from_use() -> None:
    done = run("policy", "--since", "30d", env={"PATH": os.environ["PATH"]})
    assert done.returncode == 64
