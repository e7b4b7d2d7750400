"""Keys of callers and of issuers are rotated and withdrawn while many callers send requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peers.broker import Broker
from peers.callers import Connection, Member, bearer, digest, write
from peers.key_sets import AUDIENCE, ISSUER, KeySetServer, SigningKey, key_set
from peers.waiting import until

ORDERS = Member("orders", ["secrets"], ["solo"])
SECOND = "second-key-of-orders-5b1c0d77e2a94f"
SUBJECT = "system:serviceaccount:billing:api"
BILLING = {"id": "billing", "scopes": ["secrets"], "secrets": ["solo"], "jwt": {"issuer": ISSUER, "sub": f"{SUBJECT}*"}}
#: The time from the write of a file to its effect.
SECONDS = 1.0
CALLERS = 6


class Load:
    """Callers on open connections, each with its own credential, until they are stopped."""

    def __init__(self, broker: Broker, credential: Callable[[int], str], count: int = CALLERS) -> None:
        self.broker, self.credential = broker, credential
        self.statuses: list[tuple[float, int]] = []
        self.done = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(number,), daemon=True) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def _ask(self, number: int) -> None:
        connection = Connection(self.broker)
        while not self.done.is_set():
            answer = connection.ask("/secrets/solo", bearer(self.credential(number)))
            self.statuses.append((time.monotonic(), answer.status))
            if answer.status == 401:
                # A connection without a valid credential is closed.
                connection.close()
                connection = Connection(self.broker)

    def stop(self) -> list[tuple[float, int]]:
        self.done.set()
        for thread in self.threads:
            thread.join(60)
        return self.statuses

    def served(self, more: int) -> bool:
        return sum(status == 200 for _, status in self.statuses) >= more


def last(statuses: list[tuple[float, int]], status: int) -> float:
    return max(at for at, one in statuses if one == status)


def waits(broker: Broker, credential: str, count: int) -> tuple[list[threading.Thread], list[tuple[float, int]]]:
    """Long polls with a credential, and when and how each was answered."""
    tag = {"If-None-Match": broker.get("/secrets/solo", key=None, headers=bearer(credential)).header("ETag") or ""}
    answers: list[tuple[float, int]] = []

    def ask() -> None:
        answer = broker.get("/secrets/solo?wait=60", key=None, headers={**bearer(credential), **tag}, timeout=90)
        answers.append((time.monotonic(), answer.status))

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, answers


@pytest.mark.alone
@pytest.mark.slow
def test_under_load_a_withdrawn_key_opens_nothing_a_second_later(world, tmp_path: Path) -> None:
    world.put("solo", "value-of-solo")
    file = write(tmp_path / "callers.json", [ORDERS.entry(tmp_path)])
    broker = world.serve([ORDERS.key, SECOND], LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_UPSTREAM_TIMEOUT="15")
    old = Load(broker, lambda _: ORDERS.key)
    threads, answers = waits(broker, ORDERS.key, 20)
    until(lambda: old.served(200), "callers are served")
    both = {**ORDERS.entry(tmp_path), "key_sha256": [digest(ORDERS.key), digest(SECOND)]}
    start = time.monotonic()
    write(file, [both])
    until(lambda: broker.get("/secrets/solo", key=SECOND).status == 200, "the new key opens")
    assert time.monotonic() - start < SECONDS
    new = Load(broker, lambda _: SECOND)
    until(lambda: new.served(200), "callers are served")
    # Until it is withdrawn, the old key opens too.
    assert all(status == 200 for _, status in old.statuses) and not answers
    start = time.monotonic()
    write(file, [{**both, "key_sha256": [digest(SECOND)]}])
    until(lambda: old.statuses[-1][1] == 401, "the old key is withdrawn")
    for thread in threads:
        thread.join(90)
    refused = old.stop()
    assert last(refused, 200) - start < SECONDS
    assert {status for _, status in answers} == {401} and last(answers, 401) - start < SECONDS
    assert all(status == 200 for _, status in new.stop())


@pytest.mark.alone
@pytest.mark.slow
def test_under_load_a_key_that_leaves_the_key_set_opens_nothing_a_second_later(world, tmp_path: Path) -> None:
    world.put("solo", "value-of-solo")
    first, second = SigningKey("ES256", "first"), SigningKey("ES256", "second")
    jwks = tmp_path / "jwks.json"
    jwks.write_text(key_set(first, second))
    issuer = {"issuer": ISSUER, "jwks": f"file:{jwks}", "audience": AUDIENCE}
    file = write(tmp_path / "callers.json", [BILLING], issuers=[issuer])
    broker = world.serve(LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_UPSTREAM_TIMEOUT="15")
    withdrawn, kept = first.token(SUBJECT), second.token(SUBJECT)
    old, new = Load(broker, lambda _: withdrawn), Load(broker, lambda _: kept)
    threads, answers = waits(broker, withdrawn, 20)
    until(lambda: old.served(200) and new.served(200), "callers are served")
    start = time.monotonic()
    jwks.with_suffix(".new").write_text(key_set(second))
    jwks.with_suffix(".new").replace(jwks)
    for thread in threads:
        thread.join(90)
    until(lambda: old.statuses[-1][1] == 401, "the key is withdrawn")
    assert last(old.stop(), 200) - start < SECONDS
    assert {status for _, status in answers} == {401} and last(answers, 401) - start < SECONDS
    assert all(status == 200 for _, status in new.stop())


@pytest.fixture
def server(authority) -> Iterator[KeySetServer]:
    running = KeySetServer(authority.issue("keys", "DNS:localhost"), SigningKey("ES256", "key0"))
    yield running
    running.stop()


@pytest.mark.heavy
@pytest.mark.slow
def test_while_key_sets_rotate_and_cannot_be_read_no_valid_caller_fails(world, authority, server, tmp_path: Path) -> None:
    """Each new key is published before it is used. The broker reads a set for an unknown key once a minute at most, so a
    second new key is published together with the first."""
    world.put("solo", "value-of-solo")
    issuer = {"issuer": ISSUER, "jwks": server.url, "audience": AUDIENCE, "ca": str(authority.root)}
    file = write(tmp_path / "callers.json", [BILLING], issuers=[issuer])
    keys = [SigningKey("ES256", f"key{number}") for number in range(3)]
    server.publish(keys[0])
    broker = world.serve(LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_UPSTREAM_TIMEOUT="15")
    until(lambda: len(server.reads) >= 1, "the set is read at the start")
    current = 0
    load = Load(broker, lambda number: keys[current].token(f"{SUBJECT}{number}", jti=str(time.monotonic_ns())))
    until(lambda: load.served(100), "callers are served")
    server.publish(*keys)
    current = 1
    until(lambda: load.served(400), "callers with the new key are served")
    server.is_down = True
    current = 2
    until(lambda: load.served(700), "callers are served while the set cannot be read")
    # A token of a stranger makes the broker wait for nothing, and changes nothing.
    stranger = SigningKey("ES256", "stranger").token(SUBJECT)
    assert broker.get("/secrets/solo", key=None, headers=bearer(stranger)).status == 401
    until(lambda: load.served(900), "callers are served after it")
    assert {status for _, status in load.stop()} == {200}
