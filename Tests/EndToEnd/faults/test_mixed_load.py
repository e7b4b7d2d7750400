"""Callers, faults, reloads and disconnects for ten minutes: every body is right, and descriptors and memory do not grow."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from peers import longrun
from peers.broker import API_KEY
from peers.faults import after, aws_error, reset_before_answer, truncate
from peers.memory import written_kib
from peers.reloading import Reloaded
from peers.waiting import free_port, until

KEYS = [f"mixed-{number}" for number in range(20)]
AUTHORIZATION = {"Authorization": f"Bearer {API_KEY}"}
FAULTS = [aws_error("ThrottlingException"), aws_error("InternalServerError", 500), reset_before_answer, truncate, after(0.3)]
#: KiB of private memory that may be added between the end of the first fifth and the end of the run.
GROWTH = 3 * 1024


def text_of(key: str) -> str:
    """A field of each value of the key. It is not the name, which is no secret and may be logged."""
    return f"text of {key}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Load:
    """Threads that do one thing again and again until the end, and what went wrong in them."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.failures: list[str] = []
        self.count = 0
        self.threads: list[threading.Thread] = []

    def every(self, seconds: tuple[float, float], work: Callable[[random.Random], None]) -> None:
        rng = longrun.rng(f"mixed load {len(self.threads)}")

        def run() -> None:
            while not self.over.wait(rng.uniform(*seconds)):
                try:
                    work(rng)
                    self.count += 1
                except Exception as fault:  # noqa: BLE001
                    self.failures.append(repr(fault)[:300])

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def end(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(90)


class Values:
    """What was ever written for each key."""

    def __init__(self, world) -> None:
        self.world = world
        self.written: dict[str, set[str]] = {key: set() for key in KEYS}
        for key in KEYS:
            self.change(key, 0)

    def change(self, key: str, number: int) -> None:
        value = json.dumps({"text": text_of(key), "number": number, "padding": "p" * (number % 50 * 20)})
        self.written[key].add(value)
        self.world.put(key, value)

    def judge(self, key: str, value: str) -> None:
        assert value in self.written[key], f"{key}: {value[:100]}"


def caller(connection: Callable[[], http.client.HTTPConnection], values: Values) -> Callable[[random.Random], None]:
    """Sends one request of a random kind on a kept connection, and judges its body."""
    kept = connection()

    def get(path: str, accept: str = "application/json") -> bytes:
        kept.request("GET", path, headers={**AUTHORIZATION, "Accept": accept})
        answer = kept.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{path}: {answer.status} {body[:200]!r}"
        return body

    def call(rng: random.Random) -> None:
        key = rng.choice(KEYS)
        match rng.randrange(5):
            case 0:
                assert json.loads(get("/token"))["access_token"] == get("/token", "text/plain").decode()
            case 1:
                chosen = rng.sample(KEYS, 5)
                found = json.loads(get(f"/secrets?keys={','.join(chosen)}"))["secrets"]
                for name in chosen:
                    values.judge(name, found[name]["value"])
            case 2:
                assert get(f"/secrets/{key}?field=text", "text/plain").decode() == text_of(key)
            case 3:
                values.judge(key, get(f"/secrets/{key}", "text/plain").decode())
            case _:
                values.judge(key, json.loads(get(f"/secrets/{key}"))["value"])

    return call


def vanish(port: int, path: Path) -> Callable[[random.Random], None]:
    """Sends a part of a request or of a TLS message, and resets the connection."""

    def call(rng: random.Random) -> None:
        request = f"GET /secrets/{rng.choice(KEYS)} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\n\r\n".encode()
        with socket.socket(socket.AF_UNIX if rng.random() < 0.5 else socket.AF_INET) as sock:
            sock.connect(str(path) if sock.family == socket.AF_UNIX else ("127.0.0.1", port))
            sock.sendall(request[: rng.randrange(1, len(request) + 1)])
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return call


@pytest.mark.long
@pytest.mark.slow(20)
@pytest.mark.alone
@pytest.mark.timeout(1200)
def test_ten_minutes_of_mixed_load_leave_no_wrong_body_and_no_trace(world, authority, tmp_path: Path) -> None:
    seconds = max(8.0, 600 * longrun.SCALE)
    certificate = authority.issue("mixed", "DNS:localhost", subject="mixed")
    values = Values(world)
    port, path = free_port(), tmp_path / "broker.sock"
    reloaded = Reloaded(
        world, tmp_path, context=authority.client_context(), LATCHKEY_LISTEN=f"127.0.0.1:{port},unix:{path}",
        LATCHKEY_TLS_CERT=str(certificate.cert), LATCHKEY_TLS_KEY=str(certificate.key), LATCHKEY_SECRET_TTL="1",
        LATCHKEY_UPSTREAM_TIMEOUT="15")
    broker = reloaded.broker
    for key in KEYS:
        assert broker.get(f"/secrets/{key}").status == 200
    assert broker.token().status == 200

    def over_tls() -> http.client.HTTPConnection:
        context: ssl.SSLContext = authority.client_context()
        return http.client.HTTPSConnection("localhost", port, timeout=60, context=context)

    load = Load()
    for connection in (over_tls, lambda: UnixConnection(path)):
        for _ in range(3):
            load.every((0, 0.02), caller(connection, values))
    load.every((0.01, 0.1), vanish(port, path))
    load.every((0.1, 0.5), lambda rng: values.change(rng.choice(KEYS), rng.randrange(1_000_000)))
    load.every((0.1, 0.5), lambda rng: world.aws.next(rng.choice(FAULTS)))
    load.every((0.5, 2), lambda rng: os.kill(broker.child.pid, signal.SIGHUP))
    load.every((0.5, 2), lambda rng: reloaded.change(LATCHKEY_LOG_LEVEL=rng.choice(["info", "notice", "warning"])))
    started = time.monotonic()
    until(lambda: time.monotonic() - started > seconds / 5, "the caches are filled", seconds + 60)
    before = written_kib(broker.child.pid), broker.descriptors()
    until(lambda: time.monotonic() - started > seconds, "the time is over", seconds + 60)
    after_load = written_kib(broker.child.pid)
    load.end()
    assert not load.failures, f"{load.failures[:5]}, {len(load.failures)} of {load.count}"
    assert load.count > 100
    world.aws.heal()
    broker.settle_descriptors(before[1] + 4)
    assert after_load - before[0] < GROWTH, f"{before[0]} KiB, then {after_load} KiB"
    print(f"{load.count} calls; {before[0]} and {after_load} KiB private; {broker.descriptors()} descriptors")
