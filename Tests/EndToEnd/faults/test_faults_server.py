"""Faults of clients, signals and the machine (rows 42 to 45, 49 and 51 of Faults.md)."""

from __future__ import annotations

import collections
import signal
import socket
import struct
import threading
import time

import pytest

from peers.broker import API_KEY, Broker
from peers.crowd import crowd, parse, pipelined
from peers.faults import document, when_released
from peers.http import ask
from peers.promises import SLACK
from peers.proxy import operation
from peers.waiting import accepts, until


#: Signals without a meaning for a broker. The default action of most is to end the process.
MEANINGLESS = [
    *(getattr(signal, f"SIG{name}") for name in "HUP PIPE CHLD WINCH USR1 USR2 ALRM VTALRM PROF IO PWR XFSZ URG".split()),
    signal.SIGRTMIN,
    signal.SIGRTMIN + 7,
    signal.SIGRTMAX,
]


def request(path: str, *lines: str) -> bytes:
    fields = ["Host: localhost", f"Authorization: Bearer {API_KEY}", *lines]
    return "\r\n".join([f"GET {path} HTTP/1.1", *fields, "", ""]).encode()


def connect(broker: Broker, receive_buffer: int | None = None) -> socket.socket:
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(30)
    sock.connect(("127.0.0.1", broker.port))
    return sock


def abandon(sock: socket.socket) -> None:
    """Ends the connection with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@pytest.mark.row(43)
def test_callers_that_leave_before_the_answer_do_not_take_it_from_the_others(world) -> None:
    broker = world.serve()
    gate = threading.Event()
    world.auth.next(when_released(gate))
    leaving = [connect(broker) for _ in range(20)]
    for sock in leaving:
        sock.sendall(request("/token"))
    staying: list = []
    other = threading.Thread(target=lambda: staying.append(broker.token()))
    other.start()
    joined = lambda: broker.metric("latchkey_singleflight_joined_total", resource="token")  # noqa: E731
    until(lambda: joined() == 20 and world.auth.seen(), "all wait for the one answer")
    before = broker.descriptors()
    for sock in leaving:
        abandon(sock)
    broker.settle_descriptors(before - 20)
    gate.set()
    other.join(10)
    assert staying[0].status == 200
    assert len(world.issuer.requests) == 1
    assert broker.token().header("X-Latchkey-Tier") == "memory"


@pytest.mark.row(43)
def test_callers_that_disconnect_during_a_response_do_no_harm(world) -> None:
    broker = world.serve()
    before = broker.descriptors()
    for _ in range(50):
        sock = connect(broker, receive_buffer=2048)
        sock.sendall(request("/metrics") * 40)
        assert sock.recv(1)
        abandon(sock)
    broker.settle_descriptors(before)
    assert broker.token().status == 200


@pytest.mark.row(44)
@pytest.mark.slow
@pytest.mark.alone
def test_slow_clients_are_disconnected_and_delay_no_other(world) -> None:
    broker = world.serve()
    broker.token()

    def slowest_but_one_percent() -> float:
        spans = sorted(timed.seconds for timed in crowd(broker.port, ["/token"] * 500, at_once=10))
        return spans[int(len(spans) * 0.99)]

    before = slowest_but_one_percent()
    slow = [connect(broker) for _ in range(300)]
    started = time.monotonic()
    for sock in slow:
        sock.sendall(b"GET /token HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    # A busy machine is slow without slow clients too.
    assert slowest_but_one_percent() < max(0.1, 3 * before)
    answers = [parse(b"".join(iter(lambda s=sock: s.recv(4096), b""))) for sock in slow]
    assert {answer.status for answer in answers} == {408}
    assert 8 <= time.monotonic() - started <= 10 + SLACK
    for sock in slow:
        sock.close()


@pytest.mark.row(45)
def test_connections_over_the_limit_get_503_and_probes_are_answered(world) -> None:
    broker = world.serve(LATCHKEY_MAX_CONNECTIONS="50")
    held = [connect(broker) for _ in range(50)]
    for sock in held:
        sock.sendall(request("/health"))
        assert sock.recv(15).startswith(b"HTTP/1.1 200")
    refused = broker.token()
    assert (refused.status, refused.code) == (503, "overloaded")
    assert int(refused.header("Retry-After") or 0) >= 1
    assert broker.get("/livez", key=None).status == 200
    for sock in held:
        sock.close()
    until(lambda: broker.token().status == 200, "room again")


@pytest.mark.row(49)
@pytest.mark.slow
def test_sigterm_under_load_fails_no_request(world) -> None:
    broker = world.serve()
    broker.token()
    failures: list[str] = []
    served = [0] * 16
    stopping = threading.Event()

    def caller(number: int) -> None:
        """Sends requests on a kept-alive connection until a new connection is refused, which is not a failure."""
        import http.client

        while True:
            connection = http.client.HTTPConnection("127.0.0.1", broker.port, timeout=10)
            try:
                connection.connect()
            except OSError:
                if not stopping.is_set():
                    failures.append("refused before the signal")
                return
            try:
                while True:
                    connection.request("GET", "/token", headers={"Authorization": f"Bearer {API_KEY}"})
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status != 200:
                        failures.append(f"status {answer.status}")
                    served[number] += 1
                    if answer.will_close:
                        break
            except (OSError, http.client.HTTPException) as fault:
                failures.append(repr(fault))
                return
            finally:
                connection.close()

    callers = [threading.Thread(target=caller, args=(number,)) for number in range(len(served))]
    for thread in callers:
        thread.start()
    until(lambda: min(served) > 20, "all callers are under way")
    stopping.set()
    started = time.monotonic()
    broker.stop(signal.SIGTERM)
    assert time.monotonic() - started < 20, "LATCHKEY_DRAIN_TIMEOUT"
    for thread in callers:
        thread.join(30)
    assert failures == []


@pytest.mark.row(49)
def test_a_request_under_way_at_sigterm_gets_its_answer(world) -> None:
    broker = world.serve()
    gate = threading.Event()
    world.auth.next(when_released(gate))
    sock = connect(broker)
    sock.sendall(request("/token"))
    until(lambda: world.auth.seen(), "the issuer is asked")
    broker.child.send(signal.SIGTERM)
    until(lambda: not accepts(broker.port), "new connections are refused")
    gate.set()
    answer = parse(b"".join(iter(lambda: sock.recv(4096), b"")))
    assert (answer.status, answer.header("Connection")) == (200, "close")
    assert broker.child.wait(30) == 0
    # An issued token is shared, so that the next broker does not request another.
    assert world.parameter("auth0-cache/token")["Value"] == answer.json()["access_token"]


@pytest.mark.row(49)
def test_sigterm_the_moment_it_listens_is_a_stop_like_any_other(world) -> None:
    for _ in range(8):
        broker = Broker(world.settings())
        while not accepts(broker.port):
            assert broker.child.running
        broker.child.send(signal.SIGTERM)
        assert broker.child.wait(30) == 0


@pytest.mark.row(51)
@pytest.mark.parametrize("number", MEANINGLESS)
def test_a_signal_that_means_nothing_is_survived(world, number: int) -> None:
    broker = world.serve()
    token = broker.token().json()["access_token"]
    broker.child.send(number)
    until(lambda: broker.token().status == 200, "an answer")
    assert broker.token().json()["access_token"] == token


@pytest.mark.row(51)
@pytest.mark.slow
def test_a_token_that_expired_while_the_process_was_stopped_is_not_served(world) -> None:
    broker = world.serve(secrets=["asleep-5d2"], LATCHKEY_SHARED_TIER="none")
    world.auth.next(document({"access_token": "asleep-5d2", "token_type": "Bearer", "expires_in": 4}))
    assert broker.token().json()["access_token"] == "asleep-5d2"
    expired = time.monotonic() + 4
    broker.child.send(signal.SIGSTOP)
    until(lambda: time.monotonic() > expired, "the token has expired")
    broker.child.send(signal.SIGCONT)
    answer = broker.token()
    assert answer.status == 200
    assert answer.json()["access_token"] != "asleep-5d2"


@pytest.mark.row(42)
@pytest.mark.heavy
def test_ten_thousand_unknown_names_do_not_grow_it(world) -> None:
    """A call has ten names, and `LATCHKEY_SSM_MAX_TPS` limits calls. Requests that would wait too long get 503."""
    max_tps = 20
    broker = world.serve(LATCHKEY_SSM_MAX_TPS=str(max_tps))
    world.aws.forget()
    started = time.monotonic()
    answers = pipelined(broker.port, [f"/secrets/unknown-{number}" for number in range(10_000)], connections=50)
    took = time.monotonic() - started
    counts = collections.Counter((answer.status, answer.code) for answer in answers)
    assert counts.total() == 10_000
    # On a slow machine a call may end after the deadline of its callers.
    assert set(counts) <= {(404, "not_found"), (503, "upstream_throttled"), (504, "upstream_timeout")}, counts
    assert counts[404, "not_found"] > 100
    assert {answer.json().get("upstream_code") for answer in answers if answer.status == 503} <= {"LocalRateLimit"}
    calls = [seen for seen in world.aws.seen(operation("GetParameter", "GetParameters")) if b"/unknown-" in seen.body]
    assert len(calls) <= max_tps * (took + 2)
    # A cached absence is not requested again.
    world.aws.forget()
    absent = [f"/secrets/unknown-{at}" for at, answer in enumerate(answers) if answer.status == 404][:100]
    again = pipelined(broker.port, absent, connections=5)
    assert {answer.status for answer in again} == {404}
    assert [seen for seen in world.aws.seen() if b"/unknown-" in seen.body] == []
    # At most 3,200 callers wait at once, which takes memory once. The number depends on the machine, so a
    # round may still grow. If names were kept, every round would grow.
    for round in ("second", "third", "fourth"):
        grown = broker.memory_kib()
        assert grown < 96 * 1024
        pipelined(broker.port, [f"/secrets/{round}-{number}" for number in range(10_000)], connections=50)
        if broker.memory_kib() - grown < 16 * 1024:
            break
    else:
        pytest.fail("each round of names takes more memory")
    assert ask(broker.port, "/livez").status == 200
