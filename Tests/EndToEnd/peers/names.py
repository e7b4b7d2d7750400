"""A name server for tests, and processes that use only this name server."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from .waiting import process_number


def with_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    """A command prefix: the process and its children see these texts in these files."""
    if os.geteuid() != 0:
        pytest.skip("files of a process's own need a mount namespace")
    mounts = []
    for path, text in files.items():
        own = folder / path.strip("/").replace("/", "-")
        own.write_text(text)
        mounts.append(f"mount --bind {own} {path}")
    script = " && ".join([*mounts, 'exec "$@"'])
    prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
    if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here")
    return prefix


class NameServer:
    """Answers for the names in `table`. Other queries get no answer."""

    def __init__(self, table: Mapping[str, list[str]] | None = None) -> None:
        #: One address for each test process, because all use port 53.
        self.address = f"127.0.77.{process_number() + 1}"
        self.table: dict[str, list[str]] = dict(table or {})
        #: Whether all queries remain unanswered.
        self.silent = False
        #: The queried names, of A queries only.
        self.questions: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((self.address, 53))
        except PermissionError as fault:
            pytest.skip(f"port 53 is not to be had: {fault}")
        self._socket.settimeout(0.1)
        self._closing = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def wrapper(self, folder: Path) -> list[str]:
        """A command prefix: the process uses only this name server. Its resolver waits 30 s for an answer."""
        return with_files(
            folder,
            {
                "/etc/resolv.conf": f"nameserver {self.address}\noptions timeout:30 attempts:1\n",
                "/etc/nsswitch.conf": "hosts: files dns\n",
            },
        )

    def count(self, name: str) -> int:
        return self.questions.count(name)

    def close(self) -> None:
        """Waits for the thread, because a socket that is being read keeps its port."""
        self._closing = True
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._closing:
            try:
                query, sender = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            name, kind, end = self._question(query)
            if kind == 1:
                self.questions.append(name)
            if self.silent or name not in self.table:
                continue
            addresses = self.table[name] if kind == 1 else []
            head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, len(addresses), 0, 0)
            records = [
                b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(address) for address in addresses
            ]
            self._socket.sendto(head + query[12:end] + b"".join(records), sender)

    @staticmethod
    def _question(query: bytes) -> tuple[str, int, int]:
        """The name, the type and the end of the question (RFC 1035 §4.1.2)."""
        labels, index = [], 12
        while length := query[index]:
            labels.append(query[index + 1 : index + 1 + length].decode())
            index += 1 + length
        return ".".join(labels).lower(), struct.unpack("!H", query[index + 1 : index + 3])[0], index + 5
