"""`latchkey render --watch` as a process, and the environment of client commands."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from .broker import API_KEY, BINARY, Broker
from .child import Child

#: Settings of a broker in tests that are not about a slow upstream.
SLOW = {"LATCHKEY_UPSTREAM_TIMEOUT": "15"}


def client(broker: Broker, **extra: str) -> dict[str, str]:
    """The environment of a command that asks a broker, and nothing else."""
    return {"PATH": os.environ["PATH"], "LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": API_KEY, **extra}


def watch(env: dict[str, str], template: Path, out: Path, *options: str) -> Child:
    """Starts `latchkey render --watch`."""
    words = ["render", "--template", template, "--out", out, "--watch", *options]
    return Child([BINARY, *words], env, cwd=out.parent)


def end(child: Child, *secrets: str) -> None:
    """Ends it with SIGTERM, which is a success, and checks that its output has no secret."""
    assert child.stop(signal.SIGTERM) == 0, child.stderr
    output = child.stdout + child.stderr
    assert not [secret for secret in (API_KEY, *secrets) if secret in output], output


def content(path: Path) -> str | None:
    """The text of a file; None if it does not exist."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def serve(world) -> Broker:
    """A broker with an object and a line of text."""
    world.put("db", json.dumps({"user": "orders", "password": 'a"b\\c', "ports": [1, 2.50]}))
    world.put("plain", "one line")
    return world.serve(**SLOW)


def paths(folder: Path) -> tuple[Path, Path]:
    """Where a template and its file are."""
    (folder / "app").mkdir()
    return folder / "app/app.tmpl", folder / "app/app.conf"
