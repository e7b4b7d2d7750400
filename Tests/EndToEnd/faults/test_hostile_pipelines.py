"""Pipelined requests whose responses are not read (row 57 of Faults.md)."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import botocore.awsrequest
import botocore.credentials
import botocore.auth
import pytest

from peers.broker import API_KEY, PREFIX, ROOT, Broker
from peers.crowd import crowd
from peers.faults import document
from peers.proxy import operation
from peers.waiting import until

TABLE = json.loads((ROOT / "Tests/Fixtures/cases/pipelining.json").read_text())["cases"]
AUTHORIZED = f"Host: a\r\nAuthorization: Bearer {API_KEY}\r\n"


def value_of(case: dict[str, Any]) -> str:
    text = case.get("value", "")
    return (chr(int(text[2:], 16)) if text.startswith("U+") else text) * case.get("value_bytes", 0)


def parameter(name: str, value: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "SecureString",
        "Value": value,
        "Version": 1,
        "ARN": f"arn:aws:ssm:us-east-1:111122223333:parameter{name}",
        "DataType": "text",
    }


def signed_listing(port: int) -> bytes:
    """One GetParametersByPath as boto3 signs it."""
    body = json.dumps({"Path": f"{PREFIX}/", "WithDecryption": True, "Recursive": True})
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParametersByPath"}
    request = botocore.awsrequest.AWSRequest("POST", f"http://127.0.0.1:{port}/", data=body, headers=headers)
    credentials = botocore.credentials.Credentials("default", API_KEY)
    botocore.auth.SigV4Auth(credentials, "ssm", "us-east-1").add_auth(request)
    fields = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{fields}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def requests_of(case: dict[str, Any], port: int) -> bytes:
    method, _, what = case["request"].partition(" ")
    if "GetParametersByPath" in what:
        return signed_listing(port) * case["times"]
    if what.endswith("without a key"):
        return b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * case["times"]
    path = what.replace("{100 keys}", ",".join(f"key-{number}" for number in range(100)))
    accept = f"Accept: {case['accept']}\r\n" if "accept" in case else ""
    return f"{method} {path} HTTP/1.1\r\n{AUTHORIZED}{accept}\r\n".encode() * case["times"]


class Reader:
    """Counts the answers of one connection without storing them."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.pending = bytearray()
        self.answers = 0
        self.left = 0

    def take(self, size: int) -> bool:
        data = self.sock.recv(size)
        self.pending += data
        while self.pending:
            skipped = min(self.left, len(self.pending))
            del self.pending[:skipped]
            self.left -= skipped
            end = self.pending.find(b"\r\n\r\n")
            if self.left or end < 0:
                break
            lines = bytes(self.pending[:end]).lower().split(b"\r\n")
            self.left = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            del self.pending[: end + 4]
            self.answers += 1
        return bool(data)


def big_values(world, case: dict[str, Any]) -> None:
    """Parameter Store with values larger than moto allows."""
    value = value_of(case)

    def answer(proxied) -> bool:
        asked = proxied.request.json()
        if proxied.request.operation == "GetParametersByPath":
            found = [parameter(f"{PREFIX}/p{number}", value) for number in range(case.get("parameters", 10))]
            return document({"Parameters": found})(proxied)
        if proxied.request.operation == "GetParameter":
            return document({"Parameter": parameter(asked["Name"], value)})(proxied)
        found = [parameter(name, value) for name in asked["Names"] if "latchkey" not in name]
        return document({"Parameters": found, "InvalidParameters": []})(proxied)

    world.aws.always(answer, when=operation("GetParameter", "GetParameters", "GetParametersByPath"))


def name_of(case: dict[str, Any]) -> str:
    return f"{case['request'].replace('/', '_')} {case.get('accept', '').replace('/', '_')} {case.get('client', '')}"


@pytest.fixture
def quick(world) -> Iterator[Broker]:
    yield world.serve(LATCHKEY_SSM_MAX_TPS="40", LATCHKEY_PREFETCH="")


@pytest.mark.slow(20)
@pytest.mark.row(57)
@pytest.mark.parametrize("case", TABLE, ids=name_of)
def test_unsent_answers_are_bounded_and_every_one_comes(case: dict[str, Any], quick, world) -> None:
    if "value" in case:
        big_values(world, case)
    data = requests_of(case, quick.port)
    # The values are cached first, so that only the answers are measured.
    first = data[: len(data) // case["times"]]
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", quick.port), timeout=30) as sock:
            sock.sendall(first)
            reader = Reader(sock)
            while not reader.answers or reader.left:
                assert reader.take(65536)
    with socket.socket() as sock:
        # Socket buffers are not the broker's memory, so the window is small.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        sock.settimeout(60)
        sock.connect(("127.0.0.1", quick.port))
        before, cpu = quick.memory_kib(), quick.cpu_seconds()
        sender = threading.Thread(target=sock.sendall, args=(data,))
        sender.start()
        reader = Reader(sock)
        peak_kib = quick.memory_kib()
        if "reads 1 KiB" in case.get("client", ""):
            for _ in range(200):
                reader.take(1024)
                time.sleep(0.01)
            assert quick.cpu_seconds() - cpu <= case["cpu_s_at_most"]
        else:
            unread = time.monotonic() + 3
            until(lambda: time.monotonic() > unread, "3 s in which nothing is read")
            peak_kib = max(peak_kib, quick.memory_kib())
        while reader.answers < case["answers"] or reader.left:
            assert reader.take(1 << 20), f"closed after {reader.answers} answers"
            if reader.answers % 16 == 0:
                peak_kib = max(peak_kib, quick.memory_kib())
        sender.join(10)
        if "grows_at_most_MB" in case:
            assert peak_kib - before <= case["grows_at_most_MB"] * 1024
        assert reader.answers == case["answers"]


@pytest.mark.row(57)
def test_a_caller_that_has_finished_sending_gets_every_answer(quick) -> None:
    with socket.create_connection(("127.0.0.1", quick.port), timeout=30) as sock:
        sock.sendall(f"GET /metrics HTTP/1.1\r\n{AUTHORIZED}\r\n".encode() * 200)
        sock.shutdown(socket.SHUT_WR)
        reader = Reader(sock)
        while reader.take(1 << 20):
            pass
        assert reader.answers == 200


@pytest.mark.row(57)
@pytest.mark.slow
def test_continuous_scrapes_delay_no_other_caller(world) -> None:
    broker = world.serve()
    broker.token()
    scrapers = [socket.create_connection(("127.0.0.1", broker.port), timeout=60) for _ in range(100)]
    for sock in scrapers:
        sock.sendall(f"GET /metrics HTTP/1.1\r\n{AUTHORIZED}\r\n".encode() * 60)
    spans = sorted(timed.seconds for timed in crowd(broker.port, ["/token"] * 50, at_once=5))
    # 5 s without fairness; the limit allows for a busy machine.
    assert spans[-1] < 2.5
    for sock in scrapers:
        reader = Reader(sock)
        while reader.answers < 60 or reader.left:
            assert reader.take(1 << 20)
        sock.close()


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
def test_a_scrape_that_comes_alone_shows_what_was_counted_before_it(accept: str, quick) -> None:
    for number in range(10):
        quick.token()
        text = quick.get("/metrics", headers={"Accept": accept}).text
        counted = [line for line in text.splitlines() if 'http_requests_total{route="token",' in line]
        assert sum(float(line.rpartition(" ")[2]) for line in counted) == number + 1
