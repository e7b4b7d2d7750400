"""A key is withdrawn while the body of a request is still arriving (row 54 of Faults.md).

Access is decided from the head of a request. A caller that sends its body slowly must not keep access that its key has
lost meanwhile, and must not lose access that its key still has.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from peers.broker import API_KEY, PREFIX, Broker
from peers.http import ask
from peers.raw import Fields, bearer, request, signature
from peers.rotation import SECOND, THIRD, opens, serve, write
from peers.waiting import until

FORM = ("Content-Type", "application/x-www-form-urlencoded")
GRANT = "grant_type=client_credentials"
VALUE = "value-of-solo-1b7e"
#: Longer than the part of a body in which an OAuth client must identify itself.
PADDING = "&x=" + "y" * 12_000


@pytest.fixture
def broker(world, key_file: Path) -> Broker:
    broker = serve(world, key_file, VALUE)
    broker.token()
    return broker


def basic(key: str) -> tuple[str, str]:
    return "Authorization", "Basic " + base64.b64encode(f"default:{key}".encode()).decode()


def report(_: Broker) -> bytes:
    body = json.dumps({"sha256": hashlib.sha256(b"no token of ours").hexdigest()}).encode()
    return request("POST", "/token/rejected", [bearer()], body)


def signed_read(broker: Broker) -> bytes:
    body = json.dumps({"Name": f"{PREFIX}/solo", "WithDecryption": True}).encode()
    return request("POST", "/", signature(broker.port, "AmazonSSM.GetParameter", body), body)


def client_in_head(_: Broker) -> bytes:
    return request("POST", "/oauth/token", [FORM, basic(API_KEY)], GRANT.encode())


def client_in_body(_: Broker) -> bytes:
    body = f"{GRANT}&client_id=default&client_secret={API_KEY}{PADDING}"
    return request("POST", "/oauth/token", [FORM], body.encode())


KINDS = [
    pytest.param(report, 202, 401, id="a report with a bearer key"),
    pytest.param(signed_read, 200, 400, id="a signed read"),
    pytest.param(client_in_head, 200, 401, id="an OAuth client in the head"),
    pytest.param(client_in_body, 200, 401, id="an OAuth client in a long body"),
]


class Unfinished:
    """A request without the last byte of its body."""

    def __init__(self, broker: Broker, data: bytes) -> None:
        self._rest = data[-1:]
        self._socket = socket.create_connection(("127.0.0.1", broker.port), timeout=30)
        self._socket.sendall(data[:-1])

    def finish(self) -> bytes:
        """Sends the last byte, and reads until the connection ends."""
        with self._socket as sock:
            sock.sendall(self._rest)
            sock.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: sock.recv(65536), b""))


def is_admitted(broker: Broker) -> None:
    """Returns when the event loops have read the bytes that were sent before."""
    for _ in range(10):
        assert ask(broker.port, "/livez").status == 200


def change(broker: Broker, file: Path, *keys: str) -> None:
    for key in keys:
        write(file, key)
        until(lambda key=key: opens(broker, key), "the new key is in force")


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.row(54)
@pytest.mark.parametrize(("make", "served", "refused"), KINDS)
def test_a_key_withdrawn_before_the_end_of_the_body_opens_nothing(
    make: Callable[[Broker], bytes], served: int, refused: int, broker: Broker, key_file: Path
) -> None:
    pending = Unfinished(broker, make(broker))
    is_admitted(broker)
    change(broker, key_file, SECOND, THIRD)
    answer = pending.finish()
    assert status(answer) == refused, answer
    assert VALUE.encode() not in answer
    assert b"access_token" not in answer


@pytest.mark.row(54)
@pytest.mark.parametrize(("make", "served", "refused"), KINDS)
def test_a_key_that_stays_valid_is_served_although_the_keys_changed_during_the_body(
    make: Callable[[Broker], bytes], served: int, refused: int, broker: Broker, key_file: Path
) -> None:
    pending = Unfinished(broker, make(broker))
    is_admitted(broker)
    change(broker, key_file, SECOND)
    answer = pending.finish()
    assert status(answer) == served, answer


def test_wrong_basic_credentials_are_refused_before_the_content_type_is_looked_at(broker: Broker) -> None:
    fields: Fields = [("Content-Type", "text/csv"), basic("not-the-key")]
    with socket.create_connection(("127.0.0.1", broker.port), timeout=30) as sock:
        sock.sendall(request("POST", "/oauth/token", fields))
        sock.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    assert status(answer) == 401, answer
    assert b'"invalid_client"' in answer
