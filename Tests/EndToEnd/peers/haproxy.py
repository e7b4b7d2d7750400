"""haproxy as the load balancer of a fleet: it checks `/readyz` of each broker and sends requests to ready brokers.

The configuration is the one that Runbook.md recommends.
"""

from __future__ import annotations

import csv
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from .child import Child
from .waiting import accepts, free_port, until

CONFIGURATION = """
global
    maxconn 2000
    stats socket {control} mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout check 5s
    option redispatch
frontend callers
    bind 127.0.0.1:{port}
    default_backend brokers
backend brokers
    balance roundrobin
    option httpchk GET /readyz
    http-check expect status 200
    default-server check inter {interval} fall 1 rise 1
{servers}
"""


class Haproxy:
    """One haproxy in front of brokers with the names `broker0`, `broker1` and so on."""

    def __init__(self, folder: Path, ports: Sequence[int], interval: str = "200ms") -> None:
        self.port = free_port()
        self.size = len(ports)
        self.control = folder / "haproxy.sock"
        servers = "\n".join(f"    server broker{number} 127.0.0.1:{port}" for number, port in enumerate(ports))
        configuration = folder / "haproxy.cfg"
        configuration.write_text(
            CONFIGURATION.format(control=self.control, port=self.port, interval=interval, servers=servers)
        )
        self.child = Child(["haproxy", "-db", "-f", configuration], {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        # The stats socket gets its path a moment after the port is open.
        self.child.ready(lambda: accepts(self.port) and self.control.exists(), "haproxy accepts")

    @staticmethod
    def installed() -> bool:
        return shutil.which("haproxy", path="/usr/sbin:/usr/bin") is not None

    def command(self, text: str) -> str:
        """The answer to one command of the stats socket."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(30)
            sock.connect(str(self.control))
            sock.sendall(f"{text}\n".encode())
            return b"".join(iter(lambda: sock.recv(65536), b"")).decode()

    def states(self) -> list[str]:
        """`UP` or `DOWN` for each broker, with a counter while the state changes."""
        rows = csv.DictReader(self.command("show stat").removeprefix("# ").splitlines())
        found = {row["svname"]: row["status"] for row in rows if row["pxname"] == "brokers"}
        return [found[f"broker{number}"] for number in range(self.size)]

    def downs(self) -> int:
        """The number of transitions of a broker to `DOWN`."""
        rows = csv.DictReader(self.command("show stat").removeprefix("# ").splitlines())
        return sum(int(row["chkdown"] or 0) for row in rows if row["svname"].startswith("broker"))

    def wait_for_all(self) -> None:
        until(lambda: self.states() == ["UP"] * self.size, "every broker is in the balancer", 60)

    def stop(self) -> None:
        self.child.kill()
