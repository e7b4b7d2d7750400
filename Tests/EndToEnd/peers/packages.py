"""A system in a folder: the Debian package is installed there with dpkg, and the unit is started as systemd would."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from .activation import activate
from .child import Child


class Root:
    """A folder with a package database and nothing else."""

    #: dpkg wants the folders of administrators in PATH.
    ENVIRONMENT = {
        "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}

    def __init__(self, folder: Path) -> None:
        if os.getuid() != 0:
            pytest.skip("only root can install into a folder: this check has NOT been made")
        self.folder = folder
        for name in ("info", "updates"):
            (folder / "var/lib/dpkg" / name).mkdir(parents=True)
        (folder / "var/lib/dpkg/status").touch()

    def dpkg(self, *arguments: str | Path) -> str:
        """Runs dpkg. The root has no dependencies and no shell, so the scripts run outside."""
        command = ["dpkg", f"--root={self.folder}", "--force-depends", "--force-script-chrootless", *map(str, arguments)]
        done = subprocess.run(
            command, env=self.ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def path(self, name: str) -> Path:
        return self.folder / name.lstrip("/")

    def files(self) -> dict[str, tuple[int, int]]:
        """Mode and size of every file and folder, without dpkg's database and the files that list users."""
        found = {}
        for path in self.folder.rglob("*"):
            name = str(path.relative_to(self.folder))
            if not re.match(r"var/lib/dpkg|etc/(passwd|group|g?shadow|\.pwd\.lock)", name):
                status = path.lstat()
                found[name] = (status.st_mode, 0 if path.is_dir() else status.st_size)
        return found

    def unit(self) -> list[tuple[str, str]]:
        """The lines of the service, in order."""
        text = self.path("/usr/lib/systemd/system/latchkey.service").read_text()
        return [(name, value) for name, found, value in (line.partition("=") for line in text.splitlines()) if found]

    def environment(self) -> dict[str, str]:
        """What systemd gives the process: the environment file, and the variables with the credentials' folder."""
        lines = self.unit()
        (file,) = [value for name, value in lines if name == "EnvironmentFile"]
        settings = [line.partition("=") for line in self.path(file).read_text().splitlines() if re.match(r"[A-Z]", line)]
        found = {name: value for name, _, value in settings}
        credentials = {value.partition(":")[0]: value.partition(":")[2] for name, value in lines if name == "LoadCredential"}
        for name, value in lines:
            if name == "Environment":
                variable, _, given = value.partition("=")
                for credential, source in credentials.items():
                    given = given.replace(f"%d/{credential}", str(self.path(source)))
                found[variable] = given
        return found

    @property
    def program(self) -> Path:
        (command,) = [value for name, value in self.unit() if name == "ExecStart"]
        program, _, arguments = command.partition(" ")
        assert arguments == "serve"
        return self.path(program)


class Supervisor:
    """Holds the socket of the service and restarts it, as systemd does for latchkey.socket."""

    def __init__(self, root: Root, listener: socket.socket, env: dict[str, str]) -> None:
        self.root, self.listener, self.env = root, listener, env
        self.child = self._start()

    def _start(self) -> Child:
        child = activate(self.listener, {**self.env, **self.root.environment()}, self.root.program)
        child.ready(lambda: '"listening"' in child.stderr, "it listens")
        return child

    def restart(self) -> None:
        """Stops the service and starts it again. Meanwhile callers wait in the queue of the socket."""
        assert self.child.stop() == 0
        self.child = self._start()

    @property
    def runs(self) -> Path:
        """The program of the running process."""
        return Path(os.readlink(f"/proc/{self.child.pid}/exe"))

    def end(self) -> None:
        self.child.kill()
