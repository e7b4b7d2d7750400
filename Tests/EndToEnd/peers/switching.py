"""Switches of the backend in a migration: commands, the journal, the parameter, and a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from typing import Any

from .broker import BINARY, PREFIX
from .move import Move

#: The backend parameter.
BACKEND = f"{PREFIX}/latchkey/backend"


def journal(move: Move) -> list[str]:
    return ["--journal", str(move.journal)]


def proven(move: Move) -> Move:
    """Copied and verified."""
    move.copy()
    move.run("verify", *move.selection, *journal(move))
    return move


def backend(move: Move) -> str | None:
    found = move.ssm.get_parameters(Names=[BACKEND])["Parameters"]
    return found[0]["Value"] if found else None


def refused(move: Move, *arguments: str, status: int = 1) -> str:
    """The output of a command that must refuse to run."""
    before = len(move.output)
    move.run(*arguments, status=status)
    return move.output[before:]


def runs_whole(move: Move, command: str) -> list[bytes]:
    """The entries of a command in a journal whose last line may be truncated."""
    return [line for line in move.journal.read_bytes().split(b"\n")[:-1] if f'"run":"{command}"'.encode() in line]


def runs(move: Move, command: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in move.journal.read_text().splitlines()]
    return [line for line in lines if line.get("run") == command]


class Asked:
    """A command at a terminal that asks for confirmation."""

    def __init__(self, move: Move, *arguments: str) -> None:
        self.parent_end, self.child_end = pty.openpty()
        self.run = subprocess.Popen(
            [str(BINARY), "migrate", *arguments], env=move.env, cwd=move.folder, stdin=self.child_end,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        self.output = b""
        while b"type yes: " not in self.output and self.run.poll() is None:
            self.output += self.run.stderr.read1()

    def confirm(self, status: int) -> str:
        """Types yes. Returns the output after it."""
        os.write(self.parent_end, b"yes\n")
        output = self.run.communicate(timeout=30)[1].decode()
        os.close(self.parent_end)
        os.close(self.child_end)
        assert self.run.returncode == status, output
        return output
