"""Linked libraries, start time, and memory of an idle broker."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from peers.broker import BINARY, Broker
from peers.child import Child
from peers.http import ask
from peers.waiting import free_port, until

pytestmark = pytest.mark.alone


def test_it_brings_no_full_foundation_and_no_icu(binary) -> None:
    libraries = subprocess.run(["ldd", str(binary)], check=True, capture_output=True, text=True).stdout
    assert "libFoundation.so" not in libraries
    assert "libFoundationNetworking" not in libraries and "libFoundationXML" not in libraries
    assert "_FoundationICU" not in libraries


def cost_of_the_first_answer(env: dict[str, str], port: int) -> float:
    """Seconds of CPU time of a broker from exec to the first 200."""
    child = Child([BINARY, "serve"], env)
    try:
        while True:
            try:
                if ask(port, "/livez", timeout=2).status == 200:
                    return run_time(child.pid)
            except OSError:
                child.require_running()
    finally:
        child.kill()


def run_time(pid: int) -> float:
    """Seconds of CPU time of all threads. The first number of schedstat is in nanoseconds (Linux, sched-stats.rst)."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def test_it_answers_after_less_than_fifty_milliseconds_of_cpu_time(world) -> None:
    """CPU time, because on a busy machine the start takes longer. The best of ten, because caches are shared."""
    spans = []
    for _ in range(10):
        port = free_port()
        spans.append(cost_of_the_first_answer(world.settings(LATCHKEY_LISTEN=f"127.0.0.1:{port}"), port))
    assert min(spans) < 0.05, spans


def test_idle_it_takes_less_than_six_megabytes_of_its_own(world) -> None:
    broker: Broker = world.serve()
    broker.token()
    assert broker.memory_kib() < 6 * 1024


def test_idle_it_takes_no_time(world) -> None:
    broker: Broker = world.serve()
    broker.token()
    before, started = broker.cpu_seconds(), time.monotonic()
    until(lambda: time.monotonic() - started > 2, "two seconds")
    assert broker.cpu_seconds() - before <= 0.04


def test_a_thousand_idle_connections_cost_little(world) -> None:
    import socket

    broker: Broker = world.serve()
    broker.token()
    before = broker.memory_kib()
    idle = [socket.create_connection(("127.0.0.1", broker.port)) for _ in range(500)]
    for sock in idle:
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        assert sock.recv(15) == b"HTTP/1.1 200 OK"
    assert broker.memory_kib() - before < 4 * 1024
    for sock in idle:
        sock.close()
    broker.settle_descriptors(40)
    assert os.path.exists(f"/proc/{broker.child.pid}")
