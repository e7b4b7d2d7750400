"""Memory does not grow with the number of connections, reloads and faults so far, and goes back after a flood."""

from __future__ import annotations

import os
import resource
import signal
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from peers import longrun
from peers.broker import API_KEY, Broker
from peers.faults import aws_error, reset_before_answer
from peers.memory import written_kib
from peers.reloading import Reloaded
from peers.waiting import free_port, until

pytestmark = pytest.mark.heavy

#: Events of each kind in the whole run, and those before memory is measured for the first time.
EVENTS, FIRST = 10_000, 1_000
#: KiB that all later events together may add. Dispatch keeps up to 80 KiB on each of its threads for later use.
GROWTH = 1024

#: TLS connections that are open at once and then close, or that never finish their handshake.
FLOOD = 2_000
#: KiB beyond those of an idle broker: when all connections have closed, and within a minute after that.
KEPT_AT_ONCE, KEPT = 24 * 1024, 8 * 1024


class Place:
    """A broker on a TLS port and a Unix socket, with a secret in memory."""

    def __init__(self, world, authority, folder: Path, **extra: str) -> None:
        certificate = authority.issue("growth", "DNS:localhost", subject="growth")
        self.port, self.path, self.world = free_port(), folder / "broker.sock", world
        self.context: ssl.SSLContext = authority.client_context()
        world.put("solo", "v")
        self.reloaded = Reloaded(
            world, folder, context=self.context, LATCHKEY_LISTEN=f"127.0.0.1:{self.port},unix:{self.path}",
            LATCHKEY_TLS_CERT=str(certificate.cert), LATCHKEY_TLS_KEY=str(certificate.key),
            LATCHKEY_UPSTREAM_TIMEOUT="15", **extra)
        self.broker: Broker = self.reloaded.broker
        assert self.broker.get("/secrets/solo").status == 200

    def tls(self) -> ssl.SSLSocket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        return self.context.wrap_socket(sock, server_hostname="localhost")

    def tcp(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def unix(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(60)
        sock.connect(str(self.path))
        return sock

    def written(self) -> int:
        return written_kib(self.broker.child.pid)


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\nConnection: close\r\n\r\n".encode()


def answered(sock: socket.socket, path: str) -> bytes:
    """Sends a request and returns the status line of its answer, which is read to its end."""
    with sock:
        sock.sendall(request(path))
        whole = b""
        while part := sock.recv(65536):
            whole += part
    return whole.split(b"\r\n", 1)[0]


def a_tls_connection(place: Place, number: int) -> None:
    assert answered(place.tls(), "/secrets/solo").endswith(b"200 OK")


def an_unfinished_handshake(place: Place, number: int) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = place.context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    hello = outgoing.read()
    with place.tcp() as sock:
        sock.sendall(hello[: 1 + number % len(hello)])
        reset(sock, if_=number % 2 == 0)


def a_cancelled_request(place: Place, number: int) -> None:
    # A Unix socket refuses a connection when its queue is full.
    with until(lambda: connected(place), "a place in the queue") as sock:
        sock.sendall(request("/secrets/solo" if number % 2 else f"/secrets/none-{number % 100}?refresh=true"))
        reset(sock, if_=number % 3 == 0)


def connected(place: Place) -> socket.socket | None:
    try:
        return place.unix()
    except BlockingIOError:
        return None


def a_failed_upstream(place: Place, number: int) -> None:
    assert answered(place.unix(), f"/secrets/failing-{number % 1000}").split()[1] in (b"502", b"503", b"504")


def a_reload(place: Place, number: int) -> None:
    os.kill(place.broker.child.pid, signal.SIGHUP)
    # SIGHUP while the settings are read leads to one more reload in all.
    place.broker.get("/livez", key=None)


def reset(sock: socket.socket, if_: bool) -> None:
    """Makes closing it reset the connection."""
    if if_:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Event = Callable[[Place, int], None]


def several(threads: int, numbers: range, act: Callable[[int], None]) -> None:
    """Calls `act` with each number, on several threads."""
    left, failures = iter(numbers), []
    lock = threading.Lock()

    def run() -> None:
        try:
            while True:
                with lock:
                    number = next(left, None)
                if number is None:
                    return
                act(number)
        except BaseException as failure:  # noqa: BLE001
            failures.append(failure)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert not failures, failures[:3]


@pytest.mark.long
@pytest.mark.slow(20)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "event", [a_tls_connection, an_unfinished_handshake, a_cancelled_request, a_failed_upstream, a_reload],
    ids=lambda event: event.__name__)
def test_ten_thousand_of_one_kind_leave_nothing_in_memory(world, authority, tmp_path: Path, event: Event) -> None:
    place = Place(world, authority, tmp_path, LATCHKEY_SSM_MAX_TPS="10000", LATCHKEY_LOG_LEVEL="error")
    if event is a_failed_upstream:
        world.aws.always(aws_error("InternalServerError", 500))
        world.aws.next(reset_before_answer)
    first, whole = max(500, longrun.count(FIRST)), max(1_000, longrun.count(EVENTS))
    descriptors = place.broker.descriptors()
    several(4, range(first), lambda number: event(place, number))
    place.broker.settle_descriptors(descriptors + 8)
    before = place.written()
    several(4, range(first, whole), lambda number: event(place, number))
    place.broker.settle_descriptors(descriptors + 8)
    print(f"{event.__name__}: {before} KiB after {first}, {place.written()} KiB after {whole}")
    assert place.written() - before < GROWTH


@contextmanager
def many_descriptors() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.slow(60)
@pytest.mark.timeout(300)
@pytest.mark.parametrize("is_finished", [True, False], ids=["with a request each", "without a finished handshake"])
def test_the_memory_of_a_flood_of_tls_connections_goes_back(
    world, authority, tmp_path: Path, is_finished: bool
) -> None:
    place = Place(world, authority, tmp_path)
    idle, descriptors = place.written(), place.broker.descriptors()
    connections: list[socket.socket] = []

    def connect(number: int) -> None:
        sock = place.tls() if is_finished else place.tcp()
        if is_finished:
            sock.sendall(request("/secrets/solo").replace(b"Connection: close\r\n", b""))
            assert sock.recv(12) == b"HTTP/1.1 200"
        else:
            # The beginning of a ClientHello that never ends.
            sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100))
        connections.append(sock)

    with many_descriptors():
        several(8, range(FLOOD), connect)
        peak = place.written()
        for sock in connections:
            sock.close()
    place.broker.settle_descriptors(descriptors + 8)
    at_once = place.written()
    print(f"{idle} KiB idle, {peak} KiB with {FLOOD} connections, {at_once} KiB when they have closed")
    assert at_once - idle < KEPT_AT_ONCE
    until(lambda: place.written() - idle < KEPT, f"{KEPT} KiB beyond an idle broker's", 60)
    print(f"{place.written()} KiB within a minute")
