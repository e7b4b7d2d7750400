"""Requests that services do not send: those of browsers, and those that came through a proxy."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from peers.broker import API_KEY, PREFIX, Broker, run
from peers.http import Answer, ask
from peers.raw import bearer, request, send_and_read, signature, status_of
from peers.waiting import free_port

BROWSER = ["Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "sec-fetch-dest"]
PROXY = ["X-Forwarded-For", "Forwarded", "Via"]
NATIVE = [
    ("GET", "/token"), ("HEAD", "/token"), ("GET", "/token/default"), ("GET", "/secrets/solo"), ("GET", "/secrets"),
    ("GET", "/health"), ("GET", "/metrics"), ("GET", "/livez"), ("GET", "/readyz"), ("POST", "/cache/clear"),
    ("POST", "/token/rejected"), ("OPTIONS", "/token"), ("GET", "/no/such/route"), ("POST", "/no/such/route"),
]
EXTENSION = [
    ("GET", f"/secretsmanager/get?secretId={PREFIX[1:]}/solo"),
    ("GET", f"/systemsmanager/parameters/get?name={PREFIX}/solo"),
    ("GET", f"/v1/{PREFIX[1:]}/solo"),
]
READ = ("AmazonSSM.GetParameter", f'{{"Name":"{PREFIX}/solo","WithDecryption":true}}'.encode())


@pytest.fixture
def broker(world) -> Broker:
    world.put("solo", "v")
    return world.serve()


def listening(world, place: str, **extra: str) -> Broker:
    """A broker that listens on its own port of loopback and at another place."""
    port = free_port()
    broker = Broker(world.settings(LATCHKEY_LISTEN=f"127.0.0.1:{port},{place}", **extra))
    broker.port = port
    world.brokers.append(broker)
    return broker.wait_live().wait_ready()


def sent(broker: Broker, method: str, path: str, field: str, key: str | None = API_KEY) -> Answer:
    body = b"{}" if method == "POST" else None
    return broker.get(path, key=key, method=method, headers={field: "203.0.113.9"}, body=body)


@pytest.mark.parametrize("key", [API_KEY, None, "wrong-key-of-nobody-0123456789abcdef"])
def test_a_browser_is_refused_on_every_route_whatever_its_key_is(broker, key: str | None) -> None:
    for field in BROWSER:
        for method, path in NATIVE:
            answer = sent(broker, method, path, field, key)
            assert answer.status == 403, f"{method} {path} with {field}"
            if method != "HEAD":
                assert answer.code == "forbidden"
                assert answer.json()["request_id"] == answer.header("X-Request-Id")
    assert broker.metric("latchkey_auth_failures_total") == 0


def test_fetch_of_node_is_served(broker) -> None:
    assert broker.get("/secrets/solo", headers={"Sec-Fetch-Mode": "cors"}).status == 200
    for field in ("Origin", "Sec-Fetch-Site"):
        assert broker.get("/secrets/solo", headers={"Sec-Fetch-Mode": "cors", field: "null"}).status == 403


def test_the_fronts_refuse_a_browser_in_their_own_format(broker) -> None:
    for field in BROWSER:
        for method, path in EXTENSION:
            answer = sent(broker, method, path, field)
            assert (answer.status, answer.json()["__type"]) == (403, "AccessDeniedException"), path
        signed = request("POST", "/", [*signature(broker.port, *READ), (field, "null")], READ[1])
        answer = send_and_read(broker.port, signed)
        assert status_of(answer) == 403 and b"AccessDeniedException" in answer
        token = sent(broker, "POST", "/oauth/token", field, key=None)
        assert token.status == 403 and set(token.json()) == {"error", "error_description"}


@pytest.mark.parametrize("field", PROXY)
def test_on_loopback_the_aws_fronts_refuse_a_proxy_and_the_others_do_not(broker, field: str) -> None:
    for method, path in EXTENSION:
        for key in (API_KEY, None):
            answer = sent(broker, method, path, field, key)
            assert (answer.status, answer.json()["__type"]) == (400, "ValidationException"), path
    assert aws(broker.port, field) == 400
    assert sent(broker, "GET", "/token", field).status == 200
    assert sent(broker, "GET", "/livez", field, key=None).status == 200
    assert sent(broker, "GET", "/token", field, key=None).status == 401


def aws(port: int, field: str) -> int:
    data = request("POST", "/", [*signature(port, *READ), (field, "203.0.113.9")], READ[1])
    return status_of(send_and_read(port, data))


def test_without_such_a_field_the_fronts_answer(broker) -> None:
    assert [sent(broker, method, path, "X-Forwarded-Proto").status for method, path in EXTENSION] == [200] * 3
    assert aws(broker.port, "X-Forwarded-Host") == 200


@pytest.mark.parametrize(
    ("value", "local_front", "other_front", "native"),
    [("loopback-fronts", 400, 200, 200), ("fronts", 400, 400, 200), ("all", 400, 400, 400), ("off", 200, 200, 200)],
)
def test_the_setting_says_where_a_proxy_is_refused(world, value, local_front, other_front, native) -> None:
    world.put("solo", "v")
    other = free_port()
    local = listening(world, f"0.0.0.0:{other}", LATCHKEY_REFUSE_FORWARDED=value).port
    path = EXTENSION[1][1]
    fields = {"Authorization": f"Bearer {API_KEY}", "Via": "1.1 proxy"}
    assert ask(local, path, headers=fields).status == local_front
    assert ask(other, path, headers=fields).status == other_front
    assert [ask(port, "/token", headers=fields).status for port in (local, other)] == [native] * 2
    assert ask(other, "/livez", headers={"Via": "1.1 proxy"}).status == native


def test_an_unknown_value_of_the_setting_is_refused_at_start(world) -> None:
    left = run("serve", env=world.settings(LATCHKEY_REFUSE_FORWARDED="some"))
    assert left.returncode == 78 and "LATCHKEY_REFUSE_FORWARDED" in left.stderr


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, because the path of a Unix socket has at most 107 bytes."""
    made = Path(tempfile.mkdtemp(prefix="latchkey-", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_a_unix_socket_is_as_local_as_loopback(world, folder: Path) -> None:
    world.put("solo", "v")
    place = folder / "s"
    listening(world, f"unix:{place}")
    for field, status in (("Via", 400), ("X-Forwarded-Proto", 200)):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(place))
            sock.sendall(request("GET", EXTENSION[1][1], [bearer(), (field, "a"), ("Connection", "close")]))
            assert status_of(b"".join(iter(lambda: sock.recv(65536), b""))) == status
