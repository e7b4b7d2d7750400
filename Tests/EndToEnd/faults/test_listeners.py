"""Listeners: mode and owner of Unix sockets, what keeps a start from listening, and EMFILE (row 58 of Faults.md)."""

from __future__ import annotations

import grp
import os
import resource
import socket
import stat
from pathlib import Path

import pytest

from peers.broker import BINARY, Broker, run
from peers.child import Child
from peers.waiting import free_port, until

REQUEST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def unix_socket(world, **env: str) -> os.stat_result:
    path: Path = world.folder / "broker.sock"
    child = Child([BINARY, "serve"], world.settings(LATCHKEY_LISTEN=f"unix:{path}", **env))
    try:
        child.ready(lambda: '"listening"' in child.stderr, "it listens")
        assert [entry.name for entry in path.parent.iterdir() if entry.is_socket()] == ["broker.sock"]
        return path.lstat()
    finally:
        assert child.stop() == 0


@pytest.mark.parametrize(("mode", "bits"), [(None, 0o660), ("0600", 0o600), ("777", 0o777)])
def test_a_unix_socket_has_the_mode_that_the_settings_say(world, mode: str | None, bits: int) -> None:
    there = unix_socket(world, **({"LATCHKEY_UNIX_MODE": mode} if mode else {}))
    assert stat.S_IMODE(there.st_mode) == bits
    assert (there.st_uid, there.st_gid) == (os.getuid(), os.getgid())


def test_a_unix_socket_has_the_owner_that_the_settings_say(world) -> None:
    if os.getuid() != 0:
        pytest.skip("only root may give a socket to another user: this check has NOT been made")
    there = unix_socket(world, LATCHKEY_UNIX_OWNER="nobody:12345")
    assert (there.st_uid, there.st_gid) == (65534, 12345)


def test_a_group_is_enough(world) -> None:
    name = grp.getgrgid(os.getgid()).gr_name
    there = unix_socket(world, LATCHKEY_UNIX_OWNER=f":{name}")
    assert (there.st_uid, there.st_gid) == (os.getuid(), os.getgid())


@pytest.mark.parametrize(("owner", "message"), [("no-such-user", "no user no-such-user"), (":no-such", "no group no-such")])
def test_an_owner_that_the_machine_does_not_have_is_refused(world, owner: str, message: str) -> None:
    env = world.settings(LATCHKEY_LISTEN=f"unix:{world.folder}/broker.sock", LATCHKEY_UNIX_OWNER=owner)
    refused = run("serve", env=env)
    assert refused.returncode == 78
    assert "LATCHKEY_UNIX_OWNER" in refused.stderr and message in refused.stderr
    assert not list(world.folder.glob(".*")), "no file is left"


def test_a_second_broker_on_the_same_port_does_not_start(world) -> None:
    broker = world.serve()
    for listen in (f"127.0.0.1:{broker.port}", f"localhost:{broker.port}", f"*:{broker.port}"):
        refused = run("serve", env=world.settings(LATCHKEY_LISTEN=listen))
        assert refused.returncode == 78, listen
        assert f"{broker.port}: bind: Address already in use; another process listens there" in refused.stderr
    assert broker.get("/livez", key=None).status == 200


def test_a_second_broker_on_the_same_path_does_not_start_and_says_how_it_could(world) -> None:
    path: Path = world.folder / "broker.sock"
    first = Child([BINARY, "serve"], world.settings(LATCHKEY_LISTEN=f"unix:{path}"))
    first.ready(lambda: '"listening"' in first.stderr, "it listens")
    refused = run("serve", env=world.settings(LATCHKEY_LISTEN=f"unix:{path}"))
    assert refused.returncode == 78
    assert f"cannot listen on unix:{path}: " in refused.stderr
    assert "another process listens there: stop it, or set LATCHKEY_UNIX_TAKEOVER=true to replace it" in refused.stderr
    assert first.stop() == 0


def test_a_start_that_fails_takes_no_path(world) -> None:
    """The address that is in use comes after the path, which the start takes last."""
    path: Path = world.folder / "broker.sock"
    first = Child([BINARY, "serve"], world.settings(LATCHKEY_LISTEN=f"unix:{path}"))
    first.ready(lambda: '"listening"' in first.stderr, "it listens")
    before = path.lstat()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"unix:{path},127.0.0.1:{taken.getsockname()[1]}"
        refused = run("serve", env=world.settings(LATCHKEY_LISTEN=listen, LATCHKEY_UNIX_TAKEOVER="true"))
    assert refused.returncode == 78
    assert path.lstat() == before
    assert [entry.name for entry in path.parent.iterdir() if entry.is_socket()] == ["broker.sock"]
    assert first.stop() == 0


def test_workers_that_cannot_start_end_the_start(world) -> None:
    """Each worker needs two descriptors."""
    env = world.settings(LATCHKEY_LISTEN=f"127.0.0.1:{free_port()}", LATCHKEY_WORKERS="256")
    child = Child(["prlimit", "--nofile=200:200", BINARY, "serve"], env)
    assert child.wait() == 78
    assert "cannot start a worker: " in child.stderr and "Too many open files" in child.stderr


@pytest.mark.row(58)
@pytest.mark.parametrize("workers", ["1", "3"])
def test_without_descriptors_accepting_pauses_and_goes_on(world, workers: str) -> None:
    broker: Broker = world.serve(LATCHKEY_WORKERS=workers)
    broker.get("/livez", key=None)
    before = resource.prlimit(broker.child.pid, resource.RLIMIT_NOFILE)
    used = [int(name) for name in os.listdir(f"/proc/{broker.child.pid}/fd")]
    for number in range(2):
        # No number below the limit is free.
        resource.prlimit(broker.child.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        waiting = [socket.create_connection(("127.0.0.1", broker.port), timeout=30) for _ in range(20)]
        for sock in waiting:
            sock.sendall(REQUEST)
        until(lambda: len(failures(broker)) > number, "the failure is logged")
        resource.prlimit(broker.child.pid, resource.RLIMIT_NOFILE, before)
        for sock in waiting:
            assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
            sock.close()
        assert len(failures(broker)) == number + 1, "once for each time"
    broker.settle_descriptors(len(used) + 4)


def failures(broker: Broker) -> list[dict[str, object]]:
    return [line for line in broker.logs if "cannot accept connections: accept4: Too many open files" in line["message"]]


def test_the_key_is_needed_on_a_unix_socket_as_well(world) -> None:
    path: Path = world.folder / "broker.sock"
    child = Child([BINARY, "serve"], world.settings(LATCHKEY_LISTEN=f"unix:{path}"))
    child.ready(lambda: '"listening"' in child.stderr, "it listens")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 401 ")
    assert child.stop() == 0
