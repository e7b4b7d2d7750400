"""Unread logs, ports in use and wrong settings (rows 48 and 52 of Faults.md)."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import time

import pytest

from peers.broker import API_KEY, BINARY, Broker, run
from peers.http import ask
from peers.promises import SLACK
from peers.waiting import free_port, until


def require_service(port: int, requests: int = 3000) -> None:
    """Sends many logged requests and checks their answers."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for number in range(requests):
        connection.request("GET", f"/no/such/{number}", headers={"Authorization": f"Bearer {API_KEY}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 404
    connection.close()


def alive(port: int) -> bool:
    try:
        return ask(port, "/livez").status == 200
    except OSError:
        return False


def drained(reader: int) -> bool:
    """Whether the pipe is empty."""
    return not select.select([reader], [], [], 0)[0]


class TestTheLogIsNotTaken:
    """The output of the process is a full pipe, a closed pipe or a full disk."""

    def start(self, world, stderr) -> tuple[subprocess.Popen, int]:
        port = free_port()
        env = world.settings(LATCHKEY_LISTEN=f"127.0.0.1:{port}", LATCHKEY_LOG_LEVEL="trace")
        process = subprocess.Popen([BINARY, "serve"], env=env, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
        until(lambda: alive(port), "/livez answers")
        return process, port

    def finish(self, process: subprocess.Popen) -> None:
        process.terminate()
        assert process.wait(15) == 0

    def full_pipe(self) -> tuple[int, int]:
        """A full pipe whose writing end does not block."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        for size in (65536, 4096, 1):
            try:
                while True:
                    os.write(writer, b"\n" * size)
            except BlockingIOError:
                continue
        return reader, writer

    @pytest.mark.row(48)
    @pytest.mark.parametrize("waits", [True, False], ids=["waiting writes", "failing writes"])
    def test_a_full_pipe_holds_up_no_request_and_no_exit(self, world, waits: bool) -> None:
        reader, writer = self.full_pipe()
        os.set_blocking(writer, waits)
        process, port = self.start(world, writer)
        os.close(writer)
        try:
            require_service(port)
            self.finish(process)
        finally:
            process.kill()
            os.close(reader)

    @pytest.mark.row(48)
    def test_lines_that_were_lost_are_counted_once_there_is_room(self, world) -> None:
        reader, writer = self.full_pipe()
        process, port = self.start(world, writer)
        os.close(writer)
        os.set_blocking(reader, False)
        started = time.monotonic()
        until(lambda: time.monotonic() - started > 1.5, "a write without progress is given up after a second")
        world.aws.down()
        output = bytearray()

        def counted() -> bool:
            while not drained(reader):
                output.extend(os.read(reader, 1 << 16))
            ask(port, f"/secrets/k{time.monotonic_ns()}", headers={"Authorization": f"Bearer {API_KEY}"})
            return b"log lines were dropped" in output

        try:
            until(counted, "the count of lost lines")
            self.finish(process)
        finally:
            process.kill()
            os.close(reader)

    @pytest.mark.row(48)
    def test_a_closed_pipe_does_not_end_the_broker(self, world) -> None:
        reader, writer = os.pipe()
        process, port = self.start(world, writer)
        os.close(writer)
        os.close(reader)
        try:
            require_service(port, 300)
            self.finish(process)
        finally:
            process.kill()

    @pytest.mark.row(48)
    def test_a_disk_without_room_for_the_log_is_survived(self, world) -> None:
        with open("/dev/full", "wb") as full:
            process, port = self.start(world, full)
        try:
            require_service(port, 300)
            self.finish(process)
        finally:
            process.kill()


def require_refusal(world, status: int = 78, **env: str | None) -> str:
    """Checks that `serve` exits at once with a message and without a secret. Returns its output."""
    settings = world.settings(**{"LATCHKEY_LISTEN": f"127.0.0.1:{free_port()}", **env})
    started = time.monotonic()
    refused = run("serve", env=settings)
    assert time.monotonic() - started < 1 + SLACK
    assert refused.returncode == status, refused.stderr
    output = refused.stderr + refused.stdout
    for name in ("LATCHKEY_API_KEY", "AUTH0_CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY"):
        value = settings.get(name)
        assert not value or len(value) < 4 or value not in output, f"the value of {name} is in the message"
    return output


@pytest.mark.row(52)
def test_a_port_that_is_taken_is_named(world) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        started = time.monotonic()
        refused = run("serve", env=world.settings(LATCHKEY_LISTEN=f"127.0.0.1:{port}"))
        assert time.monotonic() - started < 1 + SLACK
    assert refused.returncode != 0
    assert str(port) in refused.stderr and "in use" in refused.stderr


@pytest.mark.row(52)
@pytest.mark.parametrize(
    "key",
    [None, "", "tiny-key", "changeme-changeme", "with a newline\nin its middle here", "0123456789abcdef\r", " " * 20],
    ids=["missing", "empty", "short", "well known", "a newline", "a carriage return", "blanks"],
)
def test_an_unusable_key_is_rejected(world, key: str | None) -> None:
    assert "LATCHKEY_API_KEY" in require_refusal(world, LATCHKEY_API_KEY=key)


@pytest.mark.row(52)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LATCHKEY_PORT", "8700"),
        ("LATCHKEY_SECRET_TTL", "five"),
        ("LATCHKEY_SECRET_TTL", "-1"),
        ("LATCHKEY_LISTEN", "nonsense"),
        ("LATCHKEY_LISTEN", "127.0.0.1:99999"),
        ("LATCHKEY_SECRETS_BACKEND", "vault"),
        ("LATCHKEY_LOG_LEVEL", "loud"),
        ("LATCHKEY_PREFIX", "no-slash"),
        ("LATCHKEY_UPSTREAM_TIMEOUT", "0"),
        ("LATCHKEY_WORKERS", "many"),
        ("LATCHKEY_AUTH0_TOKEN_URL", "not a url"),
        ("LATCHKEY_CONFIG", "/no/such/file"),
        ("LATCHKEY_API_KEY", "file:/no/such/file"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(world, name: str, value: str) -> None:
    assert name in require_refusal(world, **{name: value})


@pytest.mark.row(52)
def test_all_errors_are_reported_at_once(world) -> None:
    output = require_refusal(world, LATCHKEY_SECRET_TTL="x", LATCHKEY_LOG_FORMAT="y", LATCHKEY_TYPO="z")
    assert all(name in output for name in ("LATCHKEY_SECRET_TTL", "LATCHKEY_LOG_FORMAT", "LATCHKEY_TYPO"))


@pytest.mark.row(52)
def test_a_weak_key_is_refused_off_the_loopback(world) -> None:
    assert "LATCHKEY_API_KEY" in require_refusal(
        world, LATCHKEY_LISTEN=f"0.0.0.0:{free_port()}", LATCHKEY_API_KEY="twenty-bytes-of-key!"
    )


@pytest.mark.row(52)
def test_a_settings_file_is_read_and_its_mistakes_are_named(world) -> None:
    file = world.folder / "latchkey.env"
    file.write_text(f"# comment\nLATCHKEY_API_KEY={API_KEY}\nLATCHKEY_SECRET_TTL=7\n")
    broker: Broker = world.start(LATCHKEY_CONFIG=str(file), LATCHKEY_API_KEY=None)
    assert broker.get("/health").status in (200, 503)
    file.write_text("LATCHKEY_SECRET_TTL=7\nLATCHKEY_NONSENSE=1\n")
    assert "LATCHKEY_NONSENSE" in require_refusal(world, LATCHKEY_CONFIG=str(file))
