"""Wrong credentials: the answers to many of them are delayed, and those to valid ones never are."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from peers.broker import API_KEY, PREFIX, Broker
from peers.callers import Connection, Member, bearer, write
from peers.raw import request, signature
from peers.waiting import free_port, until

ORDERS = Member("orders", ["secrets", "token"], ["**"])
WRONG = bearer("a-wrong-key-of-nobody-51c7d2")
#: Failures of one address or caller id within a minute that are answered at once.
UNDELAYED = 9
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Place:
    broker: Broker
    unix: Path


@pytest.fixture
def place(world, tmp_path: Path) -> Iterator[Place]:
    world.put("solo", "value-of-solo")
    file = write(tmp_path / "callers.json", [ORDERS.entry(tmp_path)])
    unix = tmp_path / "b.sock"
    broker = Broker(
        world.settings(
            LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_UPSTREAM_TIMEOUT="15",
            LATCHKEY_LISTEN=f"127.0.0.1:{free_port()},unix:{unix}",
        ), [ORDERS.key, ORDERS.signing])
    world.brokers.append(broker)
    broker.wait_live().wait_ready()
    assert broker.get("/secrets/solo").status == 200
    yield Place(broker, unix)


class Caller:
    """A connection from an address of 127.0.0.0/8."""

    def __init__(self, broker: Broker, address: str = "127.0.0.1") -> None:
        self.sock = socket.create_connection(("127.0.0.1", broker.port), 30, (address, 0))
        self.received = b""

    def send(self, data: bytes) -> Caller:
        self.sock.sendall(data)
        return self

    def answer(self) -> tuple[int, bytes]:
        """Status and head of the next answer."""
        while b"\r\n\r\n" not in self.received:
            more = self.sock.recv(65536)
            assert more, "the connection has ended"
            self.received += more
        head, _, rest = self.received.partition(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(rest) < length:
            rest += self.sock.recv(65536)
        self.received = rest[length:]
        return int(head[9:12]), head

    def has_answer(self) -> bool:
        self.sock.setblocking(False)
        try:
            return bool(self.received or self.sock.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        finally:
            self.sock.settimeout(30)

    def close(self) -> None:
        self.sock.close()


def get(path: str, headers: dict[str, str]) -> bytes:
    return request("GET", path, list(headers.items()))


def fail(broker: Broker, address: str = "127.0.0.1", times: int = UNDELAYED) -> None:
    """Fails as often as is answered at once."""
    caller = Caller(broker, address)
    for _ in range(times):
        assert caller.send(get("/token", WRONG)).answer()[0] == 401
    caller.close()


def post(path: str, body: str, headers: dict[str, str]) -> bytes:
    return request("POST", path, list(headers.items()), body.encode())


def wrong_client(secret: str = "a-wrong-secret-of-orders-77") -> bytes:
    return post("/oauth/token", f"grant_type=client_credentials&client_id=orders&client_secret={secret}", FORM)


def basic_client() -> bytes:
    pair = base64.b64encode(b"orders:a-wrong-secret-of-orders-77").decode()
    return post("/oauth/token", "grant_type=client_credentials", {**FORM, "Authorization": f"Basic {pair}"})


def wrong_signature(broker: Broker, name: str = "GetParameter") -> bytes:
    body = json.dumps({"Name": f"{PREFIX}/solo"}).encode()
    return request("POST", "/", signature(broker.port, f"AmazonSSM.{name}", body, key="a-wrong-secret-of-default"), body)


FRONTS: dict[str, Callable[[Broker], bytes]] = {
    "native": lambda broker: get("/secrets/solo", WRONG),
    "malformed": lambda broker: get("/token", {"Authorization": "Digest a"}),
    "unknown route": lambda broker: get("/nowhere", WRONG),
    "extension": lambda broker: get("/systemsmanager/parameters/get?name=x", {"X-Vault-Token": "wrong-wrong-wrong"}),
    "agent": lambda broker: get("/v1/x", {"X-Aws-Parameters-Secrets-Token": "wrong-wrong-wrong"}),
    "post": lambda broker: post("/token/rejected", "{}", WRONG),
    "oauth": lambda broker: wrong_client(),
    "oauth basic": lambda broker: basic_client(),
    "aws": wrong_signature,
}


@pytest.mark.parametrize("front", FRONTS)
def test_the_tenth_wrong_credential_of_an_address_is_delayed_on_every_front(place: Place, front: str) -> None:
    broker, make = place.broker, FRONTS[front]
    fail(broker)
    started = time.monotonic()
    refused, valid = Caller(broker), Caller(broker)
    status, head = refused.send(make(broker)).answer()
    # 100 ms; the clock of the test starts before that of the broker.
    assert time.monotonic() - started >= 0.1 and status in (400, 401, 403), head
    assert b"connection: close" not in head.lower()
    # The same connection goes on, and a valid key is answered.
    assert refused.send(get("/secrets/solo", bearer(API_KEY))).answer()[0] == 200
    assert valid.send(get("/secrets/solo", bearer(API_KEY))).answer()[0] == 200


def test_delays_double_up_to_two_seconds_and_valid_callers_are_served_meanwhile(place: Place) -> None:
    broker = place.broker
    fail(broker)
    guesser, caller = Caller(broker), Caller(broker)
    answered = 0
    for delay in (0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0):
        started = time.monotonic()
        guesser.send(get("/token", WRONG))
        while not guesser.has_answer():
            # From the same address, with the same id, and a connection that was opened before.
            for key in (API_KEY, ORDERS.key):
                assert caller.send(get("/secrets/solo", bearer(key))).answer()[0] == 200
                answered += not guesser.has_answer()
        assert guesser.answer()[0] == 401
        assert time.monotonic() - started >= delay
    assert answered >= 100, "valid callers were answered while wrong ones waited"
    assert broker.metric("latchkey_auth_failures_total", reason="unknown") == UNDELAYED + 7


def test_a_claimed_caller_id_is_counted_over_all_addresses_and_stays_usable(place: Place) -> None:
    broker = place.broker
    for number in range(UNDELAYED):
        assert Caller(broker, f"127.0.1.{number + 1}").send(wrong_client()).answer()[0] == 401
    started = time.monotonic()
    assert Caller(broker, "127.0.2.1").send(wrong_client()).answer()[0] == 401
    assert time.monotonic() - started >= 0.1
    guesser = Caller(broker, "127.0.2.2").send(wrong_client())
    right = post("/oauth/token", f"grant_type=client_credentials&client_id=orders&client_secret={ORDERS.key}", FORM)
    for _ in range(3):
        assert Caller(broker, "127.0.2.3").send(right).answer()[0] == 200
    assert guesser.answer()[0] == 401
    # Another id is not delayed, and neither is a wrong key, which claims none.
    for number in range(UNDELAYED):
        unknown = wrong_client().replace(b"client_id=orders", b"client_id=nobody")
        assert Caller(broker, f"127.0.3.{number + 1}").send(unknown).answer()[0] == 401


def test_a_signer_that_is_guessed_at_stays_usable(place: Place) -> None:
    broker = place.broker
    for number in range(UNDELAYED + 2):
        Caller(broker, f"127.0.1.{number + 1}").send(wrong_signature(broker)).answer()
    waiting = Caller(broker, "127.0.2.1").send(wrong_signature(broker))
    body = json.dumps({"Name": f"{PREFIX}/solo"}).encode()
    right = request("POST", "/", signature(broker.port, "AmazonSSM.GetParameter", body), body)
    assert Caller(broker, "127.0.2.2").send(right).answer()[0] == 200
    assert waiting.answer()[0] == 400


def test_requests_without_a_credential_and_denials_are_not_delayed(place: Place) -> None:
    broker = place.broker
    fail(broker, times=UNDELAYED + 3)
    guesser = Caller(broker).send(get("/token", WRONG))
    caller = Caller(broker)
    for _ in range(20):
        assert caller.send(get("/token", {})).answer()[0] == 401
        assert caller.send(get("/metrics", bearer(ORDERS.key))).answer()[0] == 403
        assert caller.send(get("/livez", {})).answer()[0] == 200
    assert not guesser.has_answer()
    assert guesser.answer()[0] == 401


def test_pipelined_requests_behind_a_delayed_answer_keep_their_order(place: Place) -> None:
    fail(place.broker)
    caller = Caller(place.broker)
    caller.send(
        get("/secrets/solo", bearer(API_KEY)) + get("/token", WRONG) + get("/secrets/solo", bearer(API_KEY)) + get("/livez", {}))
    assert [caller.answer()[0] for _ in range(4)] == [200, 401, 200, 200]


def test_a_user_of_a_unix_socket_is_counted_apart_from_addresses(place: Place) -> None:
    connection = Connection(place.broker, unix=place.unix)
    times = []
    for _ in range(UNDELAYED + 3):
        started = time.monotonic()
        assert connection.ask("/token", WRONG).status == 401
        times.append(time.monotonic() - started)
    assert times[-1] >= 0.4 and times[-2] >= 0.2 and times[-3] >= 0.1
    fail(place.broker)
    assert connection.ask("/token", bearer(API_KEY)).status == 200
    assert any("unix:uid=" in str(line.get("peer", line)) for line in place.broker.logs)


def flood(broker: Broker, count: int) -> int:
    """Fails that often at once, while valid callers are answered. Returns how many answers closed their connection."""
    callers = [Caller(broker) for _ in range(count)]
    for caller in callers:
        caller.send(get("/token", WRONG))
    with ThreadPoolExecutor(4) as pool:
        valid = list(pool.map(lambda _: broker.get("/secrets/solo").status, range(40)))
    assert valid == [200] * 40
    heads = [caller.answer() for caller in callers]
    assert {status for status, _ in heads} == {401}
    for caller in callers:
        caller.close()
    return sum(b"Connection: close" in head for _, head in heads)


@pytest.mark.alone
@pytest.mark.slow(20)
@pytest.mark.timeout(200)
def test_beyond_a_thousand_delayed_answers_they_are_sent_at_once_and_close(place: Place) -> None:
    broker, limit, more = place.broker, 1000, 600
    # All from one address, whose delay is 2 s. The broker must have read more than the limit within that time.
    fail(broker, times=UNDELAYED + 5)
    closing: list[int] = []
    until(lambda: closing.append(flood(broker, limit + more)) or closing[-1] > 0, "more than the limit at once", 120)
    assert closing[-1] <= more
    # The places are free again.
    assert flood(broker, 1) == 0


@pytest.mark.slow
def test_delayed_answers_keep_no_memory(place: Place) -> None:
    broker, count = place.broker, 500
    fail(broker, times=UNDELAYED + 5)
    before = broker.memory_kib()
    flood(broker, count)
    # An answer and its connection take less than 8 KiB, and an output buffer 64 KiB.
    assert broker.memory_kib() - before < 8 * count


def test_a_stop_ends_delays_at_once(place: Place) -> None:
    broker = place.broker
    fail(broker, times=UNDELAYED + 6)
    callers = [Caller(broker).send(get("/token", WRONG)) for _ in range(20)]
    assert broker.get("/secrets/solo").status == 200
    broker.stop()
    for caller in callers:
        status, head = caller.answer()
        assert status == 401 and b"Connection: close" in head


def test_few_lines_tell_of_the_guesses_and_none_has_a_guess(place: Place) -> None:
    broker = place.broker
    for number in range(30):
        fail(broker, f"127.0.4.{number + 1}", UNDELAYED + 1)
    lines = [line for line in broker.logs if line["message"].startswith("many wrong credentials")]
    assert 1 <= len(lines) <= 10
    assert all(line["peer"].startswith("127.0.4.") for line in lines)
    assert not any("a-wrong-key" in json.dumps(line) for line in broker.logs)


