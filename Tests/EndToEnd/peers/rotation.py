"""The key of a broker in a file that is replaced, and the keys that come after the first."""

from __future__ import annotations

import os
from pathlib import Path

from .broker import Broker

SECOND = "second-key-77c1d94e0b5a4f2d8e63a1"
THIRD = "third-key-0a9be3c4d1f24768b5e2c7"


def write(file: Path, key: str) -> None:
    """Replaces the key atomically, as an operator or an agent does."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{key}\n")
    os.replace(fresh, file)


def serve(world, file: Path, value: str) -> Broker:
    """A broker whose key is in this file, and one secret for it to read."""
    world.put("solo", value)
    broker: Broker = world.serve(secrets=[SECOND, THIRD], LATCHKEY_API_KEY=f"file:{file}")
    return broker


def opens(broker: Broker, key: str) -> bool:
    return broker.get("/secrets/solo", key=key).status == 200
