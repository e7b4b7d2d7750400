"""The request log: every response at debug; every 5xx, and ten of each other error per second, at info."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from peers import sdk
from peers.broker import API_KEY, BINARY, Broker
from peers.faults import status
from peers.http import Answer, ask
from peers.raw import send_and_read
from peers.waiting import free_port, until

FIELDS = {"request_id", "route", "method", "status", "caller", "tier", "duration_ms"}
BASIC = "Basic " + base64.b64encode(f"default:{API_KEY}".encode()).decode()
#: Longer than the limit of a head, so the server rejects it.
LONG_HEAD = b"GET /token HTTP/1.1\r\nHost: x\r\n" + b"".join(b"f%d: %s\r\n" % (n, b"v" * 400) for n in range(90)) + b"\r\n"


def lines(broker: Broker) -> list[dict[str, Any]]:
    return [line for line in broker.logs if line["message"] == "request"]


def line_of(broker: Broker, request_id: str) -> dict[str, Any]:
    """The log line of a request."""
    found = until(lambda: [line for line in lines(broker) if line["request_id"] == request_id], f"a line of {request_id}")
    assert len(found) == 1, found
    assert found[0].keys() >= FIELDS
    assert float(found[0]["duration_ms"]) >= 0
    return found[0]


def id_in(answer: bytes) -> str:
    """The request id of an answer."""
    return answer.split(b"X-Request-Id: ")[1].split(b"\r\n")[0].decode()


def told(line: dict[str, Any]) -> tuple[str, ...]:
    return tuple(line[name] for name in ("route", "method", "status", "caller", "tier"))


@pytest.fixture
def debug(world) -> Broker:
    world.put("solo", "v")
    return world.serve(LATCHKEY_LOG_LEVEL="debug")


#: A request and the expected log line.
REQUESTS = {
    "a token": (("GET", "/token", {}), ("token", "get", "200", "default", "memory")),
    "a head": (("HEAD", "/token", {}), ("token", "head", "200", "default", "memory")),
    "a profile": (("GET", "/token/default", {}), ("token_profile", "get", "200", "default", "memory")),
    "a secret": (("GET", "/secrets/solo", {}), ("secret", "get", "200", "default", "parameter-store")),
    "no such secret": (("GET", "/secrets/none", {}), ("secret", "get", "404", "default", "-")),
    "several secrets": (("GET", "/secrets?keys=solo", {}), ("secrets", "get", "200", "default", "-")),
    "health": (("GET", "/health", {}), ("health", "get", "200", "default", "-")),
    "metrics": (("GET", "/metrics", {}), ("metrics", "get", "200", "default", "-")),
    "a probe": (("GET", "/livez", {"Authorization": None}), ("livez", "get", "200", "-", "-")),
    "no key": (("GET", "/token", {"Authorization": None}), ("token", "get", "401", "-", "-")),
    "another key": (("GET", "/token", {"Authorization": "Bearer none"}), ("token", "get", "401", "-", "-")),
    "no such path": (("GET", "/nowhere", {}), ("other", "get", "404", "default", "-")),
    "another method": (("PUT", "/token", {}), ("token", "other", "405", "default", "-")),
    "no such parameter": (("GET", "/token?x=1", {}), ("token", "get", "400", "default", "-")),
    "a cleared cache": (("POST", "/cache/clear", {}), ("cache_clear", "post", "204", "default", "-")),
    "an empty body": (("POST", "/token/rejected", {}), ("token_rejected", "post", "400", "default", "-")),
    "a refusal at the head": (
        ("POST", "/token/rejected", {"Authorization": None, "Content-Length": "9"}), ("token_rejected", "post", "401", "-", "-"),
    ),
    "the OAuth front": (
        ("POST", "/oauth/token", {
            "Authorization": BASIC, "Content-Type": "application/x-www-form-urlencoded", "body": "grant_type=client_credentials",
        }),
        ("oauth_token", "post", "200", "default", "memory"),
    ),
    "the OAuth front without a client": (
        ("POST", "/oauth/token", {
            "Authorization": None, "Content-Type": "application/x-www-form-urlencoded", "body": "grant_type=client_credentials",
        }),
        ("oauth_token", "post", "401", "-", "-"),
    ),
    "the extension's path": (
        ("GET", "/systemsmanager/parameters/get?name=%2Forders%2Ftest%2Fsolo&withDecryption=true", {}),
        ("extension_parameters", "get", "200", "default", "parameter-store"),
    ),
    "the extension's other path": (
        ("GET", "/secretsmanager/get?secretId=orders%2Ftest%2Fnone", {"X-Aws-Parameters-Secrets-Token": API_KEY}),
        ("extension_secrets", "get", "400", "default", "-"),
    ),
    "an unsigned request": (("POST", "/", {"body": "{}"}), ("aws", "post", "400", "-", "-")),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_at_debug_every_answer_has_a_line(debug: Broker, name: str) -> None:
    (method, path, headers), expected = REQUESTS[name]
    headers = {"Authorization": f"Bearer {API_KEY}", "X-Request-Id": "the-id-7", **headers}
    body = headers.pop("body", None)
    if expected[4] == "memory":
        assert debug.get("/token").status == 200
    answer = ask(debug.port, path, method=method, headers={k: v for k, v in headers.items() if v is not None}, body=body)
    assert answer.header("X-Request-Id") == "the-id-7"
    found = line_of(debug, "the-id-7")
    assert told(found) == expected
    assert found["level"] == "debug"


def test_a_signed_request_has_a_line_with_the_signers_name(debug: Broker) -> None:
    ssm = sdk.client(debug, "ssm")
    answer = [ssm.get_parameter(Name="/orders/test/solo", WithDecryption=True) for _ in range(2)]
    ids = [one["ResponseMetadata"]["RequestId"] for one in answer]
    assert [told(line_of(debug, one)) for one in ids] == [
        ("aws", "post", "200", "default", "parameter-store"), ("aws", "post", "200", "default", "memory"),
    ]
    refused = sdk.client(debug, "ssm", secret="another-secret-5c1d")
    with pytest.raises(Exception) as raised:
        refused.get_parameter(Name="/orders/test/solo")
    refusal = line_of(debug, raised.value.response["ResponseMetadata"]["RequestId"])
    assert refusal["caller"] == "-" and refusal["status"].startswith("4")


#: Requests that the server rejects before routing.
WIRE = {
    "no HTTP": (b"GARBAGE\r\n\r\n", "400"), "a bad target": (b"GET x HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"), "a long head": (LONG_HEAD, "431"),
    "a long line": (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", "414"),
    "an unknown coding": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: br, chunked\r\n\r\n", "501"),
    "another version": (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", "505"),
}


@pytest.mark.parametrize("name", WIRE)
def test_requests_that_the_server_rejects_are_logged_at_info_with_their_id(world, name: str) -> None:
    request, code = WIRE[name]
    broker: Broker = world.start()
    received = send_and_read(broker.port, request)
    assert received.startswith(f"HTTP/1.1 {code} ".encode())
    request_id = id_in(received)
    found = line_of(broker, request_id)
    assert told(found) == ("other", "other", code, "-", "-") and found["level"] == "info"


@pytest.mark.slow
def test_a_request_that_does_not_arrive_is_logged(world) -> None:
    broker: Broker = world.start()
    with socket.create_connection(("127.0.0.1", broker.port), timeout=60) as sock:
        sock.sendall(b"GET /token HTTP/1.1\r\nHost:")
        received = sock.recv(1 << 16)
    assert received.startswith(b"HTTP/1.1 408 ")
    found = line_of(broker, id_in(received))
    assert float(found["duration_ms"]) > 9_000


def test_info_has_every_5xx_and_no_success(world) -> None:
    world.put("solo", "v")
    broker: Broker = world.serve()
    assert broker.get("/secrets/solo", headers={"X-Request-Id": "well"}).status == 200
    world.aws.always(status(500))
    world.auth.always(status(500))
    failed = {}
    for number, path in enumerate(["/secrets/other", "/systemsmanager/parameters/get?name=%2Forders%2Ftest%2Fthird", "/token"]):
        name = f"failed-{number}"
        answer = broker.get(path, headers={"X-Request-Id": name})
        if path == "/token":
            continue
        failed[name] = answer.status
        assert answer.status >= 500
    for name, code in failed.items():
        found = line_of(broker, name)
        assert (found["status"], found["level"], found["caller"]) == (str(code), "info", "default")
    assert "well" not in {line["request_id"] for line in lines(broker)}


def test_at_info_other_errors_are_ten_a_second_of_each_status_and_the_rest_is_counted(world) -> None:
    broker: Broker = world.serve()
    asked = Counter()
    started = time.monotonic()
    for _ in range(120):
        asked[str(broker.get("/token", key=None).status)] += 1
        asked[str(broker.get("/nowhere").status)] += 1
    seconds = time.monotonic() - started

    def counted() -> bool:
        left_out = [line for line in broker.logs if line["message"] == "error answers were left out of the log"]
        all_told = Counter(line["status"] for line in lines(broker))
        for line in left_out:
            all_told[line["status"]] += int(line["count"])
        return all(all_told[code] == asked[code] for code in asked)

    until(counted, "each answer has a line or is counted")
    for code in asked:
        assert sum(line["status"] == code for line in lines(broker)) <= 10 * (int(seconds) + 1)


def test_above_info_no_request_is_logged(world) -> None:
    broker: Broker = world.serve(LATCHKEY_LOG_LEVEL="notice")
    world.aws.always(status(500))
    assert broker.get("/secrets/other").status >= 500
    assert broker.get("/nowhere").status == 404
    broker.stop()
    assert lines(broker) == []


class Stalled:
    """A broker with log level debug whose log is not read until `read`."""

    def __init__(self, world) -> None:
        self.reader, writer = os.pipe()
        self.port = free_port()
        env = world.settings(LATCHKEY_LISTEN=f"127.0.0.1:{self.port}", LATCHKEY_LOG_LEVEL="debug")
        self.process = subprocess.Popen([BINARY, "serve"], env=env, stdin=subprocess.DEVNULL, stderr=writer)
        os.close(writer)
        self.output = b""
        self.readers: list[threading.Thread] = []

    def get(self, path: str, name: str) -> Answer:
        return ask(self.port, path, headers={"Authorization": f"Bearer {API_KEY}", "X-Request-Id": name})

    def live(self) -> bool:
        try:
            return self.get("/livez", "live").status == 200
        except OSError:
            return False

    def read_on(self) -> None:
        def read() -> None:
            while chunk := os.read(self.reader, 1 << 16):
                self.output += chunk

        self.readers.append(threading.Thread(target=read, daemon=True))
        self.readers[-1].start()

    def end(self) -> None:
        """Stops the broker, which ends the log and its reader."""
        self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join()
        os.close(self.reader)


@pytest.fixture
def stalled(world) -> Iterator[Stalled]:
    broker = Stalled(world)
    try:
        until(broker.live, "/livez answers")
        yield broker
        broker.process.terminate()
        assert broker.process.wait(30) == 0
    finally:
        broker.end()


def test_lines_of_5xx_are_kept_while_the_log_is_not_read(stalled: Stalled) -> None:
    # Far more than the pipe and the limit for ordinary lines together.
    request = f"GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-Id: {'o' * 128}\r\n\r\n".encode()
    wanted = []
    for _ in range(40):
        send_and_read(stalled.port, request * 200)
        received = send_and_read(stalled.port, WIRE["an unknown coding"][0])
        assert received.startswith(b"HTTP/1.1 501 ")
        wanted.append(id_in(received))
    stalled.read_on()

    def found() -> bool:
        received = [json.loads(line) for line in stalled.output.split(b"\n")[:-1]]
        ids = Counter(line.get("request_id") for line in received)
        return all(ids[name] == 1 for name in wanted) and any(line["message"] == "log lines were dropped" for line in received)

    until(found, "a line of each 5xx, and the count of the others that were dropped")
