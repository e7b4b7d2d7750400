"""The listener for probes: three routes, connections of its own, plain beside TLS."""

from __future__ import annotations

import select
import socket
import subprocess
from collections.abc import Callable

import pytest

from peers.broker import API_KEY, BINARY, Broker, run
from peers.http import Answer, ask
from peers.raw import bearer, request, send_and_read, status_of
from peers.tls import Authority
from peers.waiting import free_port, until

#: Its connections at most.
LIMIT = 32
METHODS = ["GET", "HEAD", "POST", "OPTIONS", "DELETE"]
OTHERS = ["/", "/token", "/token/default", "/secrets", "/secrets/solo", "/health", "/livez/", "/metrics/x", "/no/such"]


@pytest.fixture
def probed(world) -> Callable[..., tuple[Broker, int]]:
    """Starts a broker with a probe listener, and returns both."""

    def begin(**extra: str) -> tuple[Broker, int]:
        world.put("solo", "v")
        port = free_port()
        return world.serve(LATCHKEY_PROBE_LISTEN=f"127.0.0.1:{port}", **extra), port

    return begin


def with_key(port: int, path: str, method: str = "GET", key: str | None = API_KEY) -> Answer:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return ask(port, path, method=method, headers=headers, body=b"{}" if method == "POST" else None)


def test_it_has_the_probes_and_the_metrics_and_nothing_else(probed) -> None:
    broker, port = probed()
    assert [with_key(port, path, key=None).body for path in ("/livez", "/readyz")] == [b"ok", b"ok"]
    assert "latchkey_build_info" in with_key(port, "/metrics").text
    for key in (None, "wrong-key-of-nobody-0123456789abcdef"):
        refused = with_key(port, "/metrics", key=key)
        assert (refused.status, refused.code) == (401, "unauthorized")
    for path in OTHERS:
        for method in METHODS:
            for key in (API_KEY, None):
                answer = with_key(port, path, method, key)
                assert answer.status == 404, f"{method} {path}"
                assert method == "HEAD" or answer.code == "not_found"
    assert broker.token().status == 200
    assert any(line["message"] == "listening for probes" and line["address"].endswith(str(port)) for line in broker.logs)


def test_a_signed_request_and_a_client_get_the_same_404(probed) -> None:
    _, port = probed()
    for path, body in (("/", b"{}"), ("/oauth/token", b"grant_type=client_credentials")):
        answer = send_and_read(port, request("POST", path, [("X-Amz-Target", "AmazonSSM.GetParameter")], body))
        assert status_of(answer) == 404 and b'"not_found"' in answer


def opened(port: int, count: int) -> list[socket.socket]:
    return [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(count)]


def is_open(sock: socket.socket) -> bool:
    if not select.select([sock], [], [], 0)[0]:
        return True
    try:
        return bool(sock.recv(65536))
    except OSError:
        return False


@pytest.mark.parametrize("asks", [True, False], ids=["with a request", "silent"])
def test_a_connection_beyond_the_limit_closes_the_oldest(probed, asks: bool) -> None:
    broker, port = probed()
    before = broker.descriptors()
    held = opened(port, LIMIT)
    for sock in held if asks else []:
        sock.sendall(request("GET", "/livez"))
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")
    more = opened(port, 3)
    until(lambda: not any(map(is_open, held[:3])), "the oldest are closed")
    assert all(map(is_open, held[3:])) and all(map(is_open, more))
    assert broker.descriptors() <= before + LIMIT
    for _ in range(2 * LIMIT):
        assert with_key(port, "/livez", key=None).status == 200
    for sock in held + more:
        sock.close()


def test_it_answers_while_the_other_listener_is_full(probed) -> None:
    broker, port = probed(LATCHKEY_MAX_CONNECTIONS="4", LATCHKEY_WORKERS="1")
    held = opened(broker.port, 4)
    for sock in held:
        sock.sendall(request("GET", "/health", [bearer()]))
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert broker.get("/health").code == "overloaded"
    assert broker.get("/livez", key=None).status == 200
    assert [with_key(port, path).status for path in ("/livez", "/readyz", "/metrics")] == [200] * 3
    beyond = opened(broker.port, 40)
    assert [with_key(port, path).status for path in ("/livez", "/readyz", "/metrics")] == [200] * 3
    for sock in held + beyond:
        sock.close()


def test_its_connections_come_from_the_reserve_of_descriptors(world) -> None:
    port = free_port()
    broker = world.serve(LATCHKEY_PROBE_LISTEN=f"127.0.0.1:{port}", wrapper=["prlimit", "--nofile=144:144"])
    held = opened(broker.port, 60) + opened(port, LIMIT)
    assert with_key(port, "/readyz", key=None).status == 200
    assert broker.get("/livez", key=None).status == 200
    world.put("later", "v")
    assert broker.get("/secrets/later").status == 200
    assert broker.descriptors() <= 144 - 16
    for sock in held:
        sock.close()


def test_it_stays_plain_beside_tls(world, authority: Authority) -> None:
    leaf, port = authority.issue("probed", "DNS:localhost,IP:127.0.0.1"), free_port()
    extra = {"LATCHKEY_TLS_CERT": str(leaf.cert), "LATCHKEY_TLS_KEY": str(leaf.key)}
    broker = Broker(world.settings(LATCHKEY_PROBE_LISTEN=f"127.0.0.1:{port}", **extra), context=authority.client_context())
    world.brokers.append(broker)
    broker.wait_live().wait_ready()
    assert [with_key(port, path).status for path in ("/livez", "/readyz", "/metrics")] == [200] * 3


def test_a_browser_gets_nothing_here_either(probed) -> None:
    _, port = probed()
    assert ask(port, "/livez", headers={"Origin": "https://example.com"}).code == "forbidden"
    assert ask(port, "/livez", headers={"Via": "1.1 proxy"}).status == 200


@pytest.mark.parametrize("value", ["8701", "127.0.0.1:1,127.0.0.1:2", "systemd", "example.com:80"])
def test_something_else_than_one_address_is_refused_at_start(world, value: str) -> None:
    left = run("serve", env=world.settings(LATCHKEY_PROBE_LISTEN=value))
    assert left.returncode == 78 and "LATCHKEY_PROBE_LISTEN" in left.stderr


def test_beyond_loopback_the_key_needs_32_bytes_and_a_warning_is_logged(world) -> None:
    place = f"0.0.0.0:{free_port()}"
    left = run("serve", env=world.settings(LATCHKEY_PROBE_LISTEN=place, LATCHKEY_API_KEY="twenty-bytes-of-key!"))
    assert left.returncode == 78 and "32 bytes" in left.stderr
    broker = world.serve(LATCHKEY_PROBE_LISTEN=place)
    assert [line for line in broker.logs if line["level"] == "warning" and "probe listener" in line["message"]]


def test_after_sigterm_it_says_not_ready_and_then_closes(probed) -> None:
    broker, port = probed(LATCHKEY_DRAIN_DELAY="2")
    broker.child.process.terminate()
    until(lambda: with_key(port, "/readyz", key=None).status == 503, "not ready")
    assert with_key(port, "/livez", key=None).status == 200
    broker.stopped = True
    assert broker.child.process.wait(30) == 0


def test_the_port_of_another_process_is_named_at_start(world) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        env = {**world.settings(LATCHKEY_PROBE_LISTEN=f"127.0.0.1:{port}"), "LATCHKEY_LISTEN": f"127.0.0.1:{free_port()}"}
        left = subprocess.run([str(BINARY), "serve"], env=env, capture_output=True, text=True, timeout=30)
    assert left.returncode == 78 and f"127.0.0.1:{port}" in left.stderr and "another process" in left.stderr
