"""Each command that runs a broker is confined: the kernel refuses what its own threads are made to try."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from peers import lambda_api
from peers.broker import BINARY
from peers.child import Child
from peers.confinement import filter_of_this_process, has, require_confined_threads, shown, threads  # noqa: F401
from peers.http import ask
from peers.injected import AT_FDCWD, EXECVE, OPENAT, SOCKET, system_call
from peers.waiting import free_port

#: Starts a command that confines itself. Returns its process and what its `/health` says about the confinement.
Start = Callable[..., tuple[Child, dict[str, object]]]


def serve(world, later) -> tuple[Child, dict[str, object]]:
    broker = world.serve()
    return broker.child, broker.get("/health").json()["confinement"]


def dev(world, later, **extra: str) -> tuple[Child, dict[str, object]]:
    env = {"PATH": os.environ["PATH"], "HOME": str(world.folder), **extra}
    child = Child([BINARY, "dev", "--port", "0", "--json"], env)
    later(child.kill)
    child.ready(lambda: "\n" in child.stdout, "the first line")
    first = json.loads(child.stdout.splitlines()[0])
    port = int(first["url"].rpartition(":")[2])
    health = ask(port, "/health", headers={"Authorization": f"Bearer {first['key']}"})
    return child, health.json()["confinement"]


def lambda_extension(world, later, **extra: str) -> tuple[Child, dict[str, object]]:
    api, port, session = lambda_api.ExtensionsAPI(), free_port(), "session-token-0123456789abcdef-0123"
    later(api.stop)
    env = world.settings(
        AWS_LAMBDA_RUNTIME_API=api.address, AWS_SESSION_TOKEN=session, LATCHKEY_API_KEY=None,
        PARAMETERS_SECRETS_EXTENSION_HTTP_PORT=str(port), **extra)
    child = Child([BINARY, "lambda-extension"], env)
    later(child.kill)
    api.wait_asked(1)
    return child, ask(port, "/health", headers={"Authorization": f"Bearer {session}"}).json()["confinement"]


@pytest.mark.parametrize("start", [serve, dev, lambda_extension], ids=lambda start: start.__name__)
def test_a_running_broker_is_refused_other_files_programs_and_sockets(
    world, later, tmp_path: Path, has: dict[str, bool], start: Start
) -> None:
    other = tmp_path / "file"
    other.write_text("content")
    other.chmod(0o644)
    child, health = start(world, later)
    require_confined_threads(child, has)
    assert health == shown(has)

    def answer(*call: int | str) -> int:
        return min(0, system_call(child.pid, *call))

    assert answer(OPENAT, AT_FDCWD, "/etc/hosts", os.O_RDONLY, 0) == 0
    if has["landlock"]:
        assert answer(OPENAT, AT_FDCWD, str(other), os.O_RDONLY, 0) == -errno.EACCES
        assert answer(OPENAT, AT_FDCWD, str(tmp_path / "new"), os.O_WRONLY | os.O_CREAT, 0o600) == -errno.EACCES
    if has["seccomp"]:
        assert answer(EXECVE, "/bin/true", 0, 0) == -errno.EPERM
        assert answer(SOCKET, 17, 3, 0) == -errno.EPERM
    assert child.running


@pytest.mark.parametrize("start", [dev, lambda_extension], ids=lambda start: start.__name__)
def test_other_brokers_can_be_unconfined_too(world, later, start: Start) -> None:
    child, health = start(world, later, LATCHKEY_CONFINE="false")
    assert {thread["Seccomp"] for thread in threads(child)} == {filter_of_this_process()}
    assert health == {"state": "off", "files": "off", "calls": "off", "runs_programs": True}
