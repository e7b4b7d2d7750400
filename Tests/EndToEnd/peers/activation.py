"""Socket activation: a supervisor that holds the socket and passes it to brokers, as systemd does (sd_listen_fds(3))."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from .broker import BINARY
from .child import Child

#: Moves the socket to descriptor 3 and becomes the program. The process id must be that of the program.
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


def activate(listener: socket.socket, env: Mapping[str, str], program: Path = BINARY) -> Child:
    """Starts a broker that serves a listening socket of this process."""
    number = listener.fileno()
    command = [sys.executable, "-c", ACTIVATE, str(number), str(program), "serve"]
    return Child(command, {**env, "LATCHKEY_LISTEN": "systemd"}, pass_fds=[number])
