"""The API key changes while callers send requests (row 54 of Faults.md)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from peers.broker import API_KEY, PREFIX, Broker
from peers.rotation import SECOND, THIRD, opens, serve, write
from peers.sdk import client, failure
from peers.waiting import until


class Caller(threading.Thread):
    """Sends requests with one key until `stop`, and records every answer that is not 200."""

    def __init__(self, broker: Broker, key: str) -> None:
        super().__init__(daemon=True)
        self.broker, self.key = broker, key
        self.stopping = threading.Event()
        self.served = 0
        self.refusals: list[str] = []

    def run(self) -> None:
        while not self.stopping.is_set():
            answer = self.broker.get("/secrets/solo", key=self.key)
            if answer.status == 200:
                self.served += 1
            else:
                self.refusals.append(f"{answer.status} {answer.text}")
            self.stopping.wait(0.005)

    def end(self) -> None:
        self.stopping.set()
        self.join(10)


@pytest.fixture
def broker(world, key_file: Path) -> Broker:
    return serve(world, key_file, "v")


@pytest.mark.row(54)
def test_no_request_fails_while_the_key_is_replaced(broker: Broker, key_file: Path) -> None:
    pid = broker.child.pid
    old = Caller(broker, API_KEY)
    old.start()
    until(lambda: old.served > 20, "callers are served")
    assert not opens(broker, SECOND)
    write(key_file, SECOND)
    until(lambda: opens(broker, SECOND), "the new key is in force")
    new = Caller(broker, SECOND)
    new.start()
    until(lambda: new.served > 20, "the new key's callers are served")
    old.end()
    assert old.refusals == [], "the key before it stays good"
    write(key_file, THIRD)
    until(lambda: opens(broker, THIRD), "the newest key is in force")
    assert not opens(broker, API_KEY), "and no longer the one before the last"
    new.end()
    assert new.refusals == []
    assert broker.child.pid == pid and broker.child.running


@pytest.mark.row(54)
def test_a_signature_follows_the_key(broker: Broker, key_file: Path) -> None:
    name = f"{PREFIX}/solo"
    read = lambda key: client(broker, "ssm", secret=key).get_parameter(Name=name)["Parameter"]["Name"]  # noqa: E731
    assert read(API_KEY) == name
    assert failure(lambda: read(SECOND))[1] == "InvalidSignatureException"
    write(key_file, SECOND)
    until(lambda: opens(broker, SECOND), "the new key is in force")
    assert (read(SECOND), read(API_KEY)) == (name, name)


@pytest.mark.row(54)
@pytest.mark.parametrize("text", ["", "short", None], ids=["empty", "weak", "gone"])
def test_a_key_that_is_no_good_changes_nothing(broker: Broker, key_file: Path, text: str | None) -> None:
    if text is None:
        key_file.unlink()
    else:
        write(key_file, text)
    if text == "short":
        refused = "a followed file cannot be used; the last good value stays in force"
        until(lambda: [line for line in broker.logs if line["message"] == refused], "a warning")
    assert opens(broker, API_KEY) and not opens(broker, text or "")
    write(key_file, SECOND)
    until(lambda: opens(broker, SECOND), "a good one is still taken")
    assert opens(broker, API_KEY)
