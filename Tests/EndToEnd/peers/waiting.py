"""Waits for conditions with a deadline. No test sleeps for a guessed time."""

from __future__ import annotations

import contextlib
import itertools
import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

#: Ports below the range of outgoing connections. Each test process has its own share and starts at a random
#: position in it.
_FIRST, _LAST = 10_000, 32_767


@dataclass
class Share:
    """What is this test process's own, where several run tests."""

    #: The number of the process, from 0.
    number: int
    ports: Iterator[int]


def _share(number: int, count: int) -> Share:
    size = (_LAST + 1 - _FIRST) // count
    ports = range(_FIRST + number * size, _FIRST + (number + 1) * size)
    start = random.choice(ports)
    return Share(number, itertools.cycle([*range(start, ports.stop), *range(ports.start, start)]))


_own = _share(0, 1)


def take_share(number: int, count: int) -> None:
    """Makes this process one of several that run tests."""
    global _own
    _own = _share(number, count)


def process_number() -> int:
    """The number of this test process, from 0."""
    return _own.number


#: Seconds between the first checks of a condition, and the maximum later: a long wait then takes little CPU time.
PAUSE, LONGEST_PAUSE = 0.005, 0.05


def until(condition: Callable[[], T], what: str, within: float = 90.0) -> T:
    """Returns the first true value of the condition. Fails after `within` seconds with `what`, the awaited event.

    `within` is not a limit of the product: on a busy machine a wait may be long. Tests assert limits separately.
    """
    deadline = time.monotonic() + within
    pause = PAUSE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}")
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.2)


def free_port() -> int:
    """An unused TCP port of loopback. Each port is returned only once.

    The port is outside the range of outgoing connections and of other test processes, so that nothing takes it
    before the listener.
    """
    while True:
        port = next(_own.ports)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


#: ESTABLISHED and CLOSE_WAIT in /proc/net/tcp (proc(5)): states of a connection that its owner has not closed.
_OPEN = {"01", "08"}


def open_connections(port: int) -> int:
    """The number of connections that the server at this port of 127.0.0.1 has not closed."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] in _OPEN for row in rows)


def accepts(port: int) -> bool:
    """Whether a server accepts connections on the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
