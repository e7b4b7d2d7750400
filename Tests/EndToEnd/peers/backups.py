"""Reads backups of `latchkey migrate backup` with the openssl command, and the secrets that they hold."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

from .move import Move


def values(move: Move) -> dict[str, str | bytes]:
    return {shape.name: shape.value for shape in move.shapes if "pending_deletion" not in shape.obstacles}


def openssl(*arguments: str | Path) -> bytes:
    done = subprocess.run(
        ["openssl", "cms", "-decrypt", "-inform", "DER", *map(str, arguments)], capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def held(content: bytes) -> dict[str, str | bytes]:
    """The values in an opened backup, by name."""
    found: dict[str, str | bytes] = {}
    for secret in json.loads(content)["secrets"]:
        if "text" in secret:
            found[secret["name"]] = secret["text"]
        elif "base64" in secret:
            found[secret["name"]] = base64.b64decode(secret["base64"])
    return found


def store(move: Move) -> dict[str, str | bytes]:
    """What Secrets Manager holds now."""
    found: dict[str, str | bytes] = {}
    for name in values(move):
        answer = move.secrets.get_secret_value(SecretId=name)
        found[name] = answer["SecretString"] if "SecretString" in answer else answer["SecretBinary"]
    return found
