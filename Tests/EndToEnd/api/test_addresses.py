"""The addresses that a broker listens on and clients connect to: host names and Unix sockets."""

from __future__ import annotations

import http.client
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peers.broker import API_KEY, BINARY, PREFIX, Broker, run
from peers.cases import cases
from peers.child import Child
from peers.doctor import PATIENT
from peers.lambda_api import ExtensionsAPI
from peers.waiting import free_port, until

#: The arguments of each command besides the address of a broker.
COMMANDS = {
    "get": ["get", "db"], "get --json": ["get", "db", "--json"], "token": ["token"], "env": ["env", "--format", "json"],
    "env --format shell": ["env", "--format", "shell"], "exec": ["exec", "--", "/bin/true"],
    "loadtest": ["loadtest", "--requests", "4", "--concurrency", "2"],
    "migrate status": ["migrate", "status", "--filter-prefix", "orders/test/", "--journal", "{folder}/journal"],
    "doctor": ["doctor"],
}
#: The commands that fail without a broker.
CLIENTS = ["get", "token", "env", "exec", "migrate status"]


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, because the path of a Unix socket has at most 107 bytes."""
    made = Path(tempfile.mkdtemp(prefix="latchkey-", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def extension(world, later):
    """Starts the extension at a port."""
    api = ExtensionsAPI()
    later(api.stop)

    def begin(port: int) -> None:
        env = world.settings(
            AWS_LAMBDA_RUNTIME_API=api.address, PARAMETERS_SECRETS_EXTENSION_HTTP_PORT=str(port), LATCHKEY_PREFETCH=""
        )
        later(Child([BINARY, "lambda-extension"], env).kill)
        api.wait_asked(1)

    return begin


class Listening:
    """A broker that listens at the address of a case."""

    def __init__(self, world, listen: str, folder: Path) -> None:
        self.port = free_port()
        self.listen = listen.replace("{port}", str(self.port)).replace("{folder}", str(folder))
        # The client of the tests connects to 127.0.0.1.
        also = free_port()
        listed = f"{self.listen},127.0.0.1:{also}" if self.listen.startswith("unix:") else self.listen
        broker = Broker(world.settings(LATCHKEY_LISTEN=listed))
        broker.port = also if listed != self.listen else self.port
        world.brokers.append(broker)
        broker.wait_live().wait_ready()


def reaching(case: dict[str, Any]) -> list[str]:
    return case["answers_on"] if has_ipv6() else case.get("without_ipv6", case["answers_on"])


@pytest.mark.parametrize("case", cases("addresses"))
def test_addresses(world, folder: Path, extension, case: dict[str, Any]) -> None:
    if "answers_on" in case:
        if case.get("command") == "lambda-extension":
            port = free_port()
            extension(port)
        else:
            if "[::1]" in case["listen"] and not has_ipv6():
                pytest.skip("this machine has no IPv6")
            port = Listening(world, case["listen"], folder).port
        for host in reaching(case):
            assert answers(host, port), host
        for host in case.get("refuses_on", []):
            assert not answers(host, port), host
        return
    # The journal for `migrate status`.
    world.secrets_manager.create_secret(Name=f"{PREFIX[1:]}/db", SecretString="pw")
    if "commands" in case:
        world.put("db", "pw")
        world.put("secrets", '{"A": "1"}')
        Listening(world, case["listen"], folder)
        for command in case["commands"]:
            done = client(world, case["url"], command, folder)
            assert done.returncode == case["exit"], f"{command}: {done.stdout}{done.stderr}"
    else:
        for command in CLIENTS:
            done = client(world, case["url"], command, folder)
            assert done.returncode == case["exit"], f"{command}: {done.stdout}{done.stderr}"
            assert ("LATCHKEY_URL" if case["exit"] == 78 else "nobody.sock") in done.stderr


def client(world, url: str, command: str, folder: Path):
    url = url.replace("{folder}", str(folder)).replace("{long}", "s" * 107)
    words = [word.replace("{folder}", str(folder)) for word in COMMANDS[command]]
    return run(*words, env=world.settings(LATCHKEY_URL=url, LATCHKEY_API_KEY=API_KEY, **PATIENT), timeout=60)


def test_a_load_test_without_a_broker_behind_its_socket_says_why(world, folder: Path) -> None:
    done = client(world, "unix:{folder}/nobody.sock", "loadtest", folder)
    assert done.returncode == 1 and "connect_failed" in done.stdout


def test_a_name_whose_address_is_taken_is_refused(world, folder: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        child = Child([BINARY, "serve"], world.settings(LATCHKEY_LISTEN=f"localhost:{port}"))
        assert child.wait(30) == 78
        assert "another process listens there" in child.stderr


def test_all_addresses_of_the_machine_want_a_long_key(world) -> None:
    child = Child([BINARY, "serve"], world.settings(LATCHKEY_LISTEN=f"*:{free_port()}", LATCHKEY_API_KEY="short-key-7c1d0e92ab"))
    assert child.wait(30) == 78
    assert "LATCHKEY_API_KEY" in child.stderr


def test_doctor_prints_a_command_that_asks_a_socket(world, folder: Path) -> None:
    listening = Listening(world, "unix:{folder}/odd+name.sock", folder)
    world.auth.down()
    broker = world.brokers[0]
    broker.get("/token")
    until(lambda: broker.get("/health").json()["status"] != "ok", "the outage shows")
    done = client(world, listening.listen, "doctor", folder)
    assert f"--unix-socket '{folder}/odd+name.sock' http://localhost/health" in done.stdout, done.stdout


#: Opens a socket as systemd does, and becomes the program.
ACTIVATE = """
import os, socket, sys
place = sys.argv[1]
if place.startswith("/"):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen()
else:
    host, port = place.rsplit(":", 1)
    listener = socket.create_server((host, int(port)))
os.dup2(listener.fileno(), 3, inheritable=True)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


def activated(world, place: str, **env: str) -> Broker:
    wrapper = [sys.executable, "-c", ACTIVATE, place]
    return Broker(world.settings(LATCHKEY_LISTEN="systemd", **env), wrapper=wrapper)


def test_a_socket_that_systemd_passes_is_served(world) -> None:
    port = free_port()
    broker = activated(world, f"127.0.0.1:{port}")
    broker.port = port
    world.brokers.append(broker)
    broker.wait_live().wait_ready()
    assert broker.token().status == 200


def test_the_file_of_a_passed_socket_stays(world, folder: Path) -> None:
    broker = activated(world, f"{folder}/passed.sock")
    until(lambda: any(line["message"] == "listening" for line in broker.logs), "it listens")
    assert client(world, "unix:{folder}/passed.sock", "token", folder).returncode == 0
    broker.stop()
    assert (folder / "passed.sock").is_socket()


def test_a_passed_socket_beyond_loopback_wants_a_long_key(world) -> None:
    broker = activated(world, f"0.0.0.0:{free_port()}", LATCHKEY_API_KEY="short-key-7c1d0e92ab")
    assert broker.child.wait(30) == 78
    assert "LATCHKEY_API_KEY" in broker.child.stderr


def test_without_a_passed_socket_it_says_so(world) -> None:
    child = Child([BINARY, "serve"], world.settings(LATCHKEY_LISTEN="systemd"))
    assert child.wait(30) == 78
    assert "systemd has passed no socket" in child.stderr
