"""A broker whose settings are in a file that a test changes, and SIGHUP."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from .broker import API_KEY, Broker
from .issuer import CLIENT_SECRET
from .waiting import until

NEXT_KEY = "next-key-7d20c9a1e5b8463fa1c2d3e4f5"
THIRD_KEY = "third-key-0b1c2d3e4f5a69788796a5b4c3"
DONE = "the settings were read again"


class Reloaded:
    """A broker with a settings file. Its key is in that file only."""

    def __init__(self, world, folder: Path, lines: dict[str, str] | None = None, **extra: Any) -> None:
        self.file = folder / "settings.env"
        self.lines = {"LATCHKEY_API_KEY": API_KEY, **(lines or {})}
        self.write(self.text())
        context = extra.pop("context", None)
        env = world.settings(LATCHKEY_CONFIG=str(self.file), LATCHKEY_API_KEY=None, **extra)
        self.broker = Broker(env, [CLIENT_SECRET, NEXT_KEY, THIRD_KEY], context=context)
        world.brokers.append(self.broker)
        self.broker.wait_live().wait_ready()

    def text(self, **changed: str | None) -> str:
        lines = {**self.lines, **changed}
        return "".join(f"{name}={value}\n" for name, value in lines.items() if value is not None)

    def write(self, text: str) -> None:
        replace(self.file, text)

    def change(self, **changed: str | None) -> None:
        """Changes lines of the settings file; None removes one."""
        self.lines = {name: value for name, value in {**self.lines, **changed}.items() if value is not None}
        self.write(self.text())

    def reloads(self) -> list[dict[str, Any]]:
        return [line for line in self.broker.logs if line["message"] == DONE]

    def hang_up(self) -> dict[str, Any]:
        """Sends SIGHUP, and returns the line of the reload that it leads to."""
        before = len(self.asked())
        os.kill(self.broker.child.pid, signal.SIGHUP)
        return until(lambda: self.asked()[before:], "the line of a reload")[0]

    def asked(self) -> list[dict[str, Any]]:
        return [line for line in self.reloads() if line["cause"] == "SIGHUP"]

    def changed(self) -> set[str]:
        """The settings that any reload so far has replaced."""
        return {name for line in self.reloads() for name in line["changed"].split(", ")} - {"none"}

    def health(self, key: str = API_KEY) -> dict[str, Any]:
        return self.broker.get("/health", key=key).json()

    def messages(self, text: str) -> list[dict[str, Any]]:
        return [line for line in self.broker.logs if text in line["message"]]


def replace(path: Path, text: str) -> None:
    """Replaces a file by rename."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    beside.chmod(0o600)
    beside.replace(path)
