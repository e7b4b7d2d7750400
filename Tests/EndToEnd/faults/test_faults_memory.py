"""Copies of secrets in the memory of the broker, as its parent sees them in /proc/PID/mem."""

from __future__ import annotations

import json
import re
import secrets
from hashlib import sha256
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from peers.broker import API_KEY, Broker
from peers.memory import copies, locked_kib, undumped
from peers.proxy import FaultProxy
from peers.waiting import until


#: linux/capability.h
CAP_SYS_PTRACE = 19


@pytest.fixture(autouse=True)
def readable() -> None:
    """Reading the memory of a process that is not dumpable needs CAP_SYS_PTRACE."""
    status = Path("/proc/self/status").read_text()
    if not int(re.search(r"^CapEff:\s+(\w+)$", status, re.MULTILINE)[1], 16) >> CAP_SYS_PTRACE & 1:
        pytest.skip("no permission to read the memory of other processes")


def marked() -> str:
    """A value that stands nowhere else. Longer than what Swift keeps inside a String."""
    return "marked-" + secrets.token_hex(24)


def settled(broker: Broker, value: str, at_most: int) -> list[str]:
    """The copies when there are no more than allowed, or after a while: a task may hold one until it ends."""
    found: list[str] = []

    def few() -> bool:
        found[:] = copies(broker.child.pid, value)
        return len(found) <= at_most

    try:
        until(few, "few copies", within=5)
    except AssertionError:
        pass
    return found


FORMATS = {
    "json": ("/secrets/solo", {}),
    "text": ("/secrets/solo", {"Accept": "text/plain"}),
    "extension": ("/systemsmanager/parameters/get?name=/orders/test/solo&withDecryption=true", {}),
}


def test_a_live_secret_has_two_copies_and_one_for_each_format(world) -> None:
    value = marked()
    world.put("solo", value)
    broker = world.serve([value])
    for served, (path, headers) in enumerate(FORMATS.values(), 1):
        for _ in range(3):
            assert value in broker.get(path, headers=headers).text
        found = settled(broker, value, 2 + served)
        assert 1 <= len(found) <= 2 + served, found


def test_a_replaced_secret_leaves_nothing(world) -> None:
    old, new = marked(), marked()
    world.put("solo", old)
    broker = world.serve([old, new])
    for path, headers in FORMATS.values():
        assert old in broker.get(path, headers=headers).text
    world.put("solo", new)
    assert broker.get("/secrets/solo?refresh=true").json()["value"] == new
    for path, headers in FORMATS.values():
        assert new in broker.get(path, headers=headers).text
    assert settled(broker, old, 0) == []


def test_a_cleared_secret_leaves_nothing(world) -> None:
    value, field = marked(), marked()
    world.put("solo", value)
    world.put("secrets", json.dumps({"FIELD": field}))
    broker = world.serve([value, field])
    for path, headers in FORMATS.values():
        assert value in broker.get(path, headers=headers).text
    assert broker.get("/secrets/FIELD").json()["value"] == field
    assert broker.get("/secrets?keys=solo,FIELD").json()["secrets"]["FIELD"]["value"] == field
    assert broker.get("/cache/clear", method="POST").status in (200, 204)
    assert settled(broker, value, 0) == []
    assert settled(broker, field, 0) == []


def test_over_tls_nothing_is_left_in_connections_that_stay_open(world, authority, later) -> None:
    old, new = marked(), marked()
    world.put("solo", old)
    certificate = authority.issue("memory", "DNS:localhost")
    store = FaultProxy(world.moto.port, tls=certificate.context())
    later(store.stop)
    env = world.settings(
        AWS_ENDPOINT_URL=f"https://localhost:{store.port}", AWS_CA_BUNDLE=str(authority.root),
        LATCHKEY_TLS_CERT=str(certificate.cert), LATCHKEY_TLS_KEY=str(certificate.key))
    broker = Broker(env, [old, new], context=authority.client_context())
    world.brokers.append(broker)
    broker.wait_live().wait_ready()
    connection = HTTPSConnection("localhost", broker.port, timeout=30, context=broker.context)
    later(connection.close)

    def get(path: str) -> str:
        connection.request("GET", path, headers={"Authorization": f"Bearer {API_KEY}"})
        return connection.getresponse().read().decode()

    assert old in get("/secrets/solo")
    assert 1 <= len(settled(broker, old, 3)) <= 3
    world.put("solo", new)
    assert new in get("/secrets/solo?refresh=true")
    assert settled(broker, old, 0) == []
    assert broker.get("/cache/clear", method="POST").status in (200, 204)
    assert settled(broker, new, 0) == []


def test_a_replaced_and_a_cleared_token_leave_nothing(world) -> None:
    broker = world.serve()
    old = broker.token().json()["access_token"]
    broker.remember_secret(old)
    assert len(settled(broker, old, 3)) <= 3
    body = json.dumps({"sha256": sha256(old.encode()).hexdigest()}).encode()
    assert broker.get("/token/rejected", method="POST", body=body).status == 202
    until(lambda: broker.token().json()["access_token"] != old, "the token is replaced")
    new = broker.token().json()["access_token"]
    broker.remember_secret(new)
    assert settled(broker, old, 0) == []
    assert broker.get("/cache/clear", method="POST").status in (200, 204)
    assert settled(broker, new, 0) == []


def test_the_keys_of_callers_leave_nothing_but_the_setting(world) -> None:
    """The key is in the environment, so a wrong key shows what requests leave."""
    broker = world.serve()
    wrong = marked()
    assert broker.get("/secrets", key=wrong).status == 401
    assert broker.get("/token", key=wrong).status == 401
    assert settled(broker, wrong, 0) == []


def test_the_memory_of_secrets_is_locked_and_not_dumped(world) -> None:
    world.put("solo", marked())
    broker = world.serve()
    broker.get("/secrets/solo")
    assert locked_kib(broker.child.pid) >= 16
    assert undumped(broker.child.pid) >= 1
    assert not [line for line in broker.logs if "swap" in line["message"]]


def test_without_locked_memory_the_broker_starts_and_says_so_once(world) -> None:
    world.put("solo", marked())
    wrapper = ("setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock", "prlimit", "--memlock=0:0")
    broker = world.serve([], wrapper)
    assert broker.get("/secrets/solo").status == 200
    assert locked_kib(broker.child.pid) == 0
    assert len([line for line in broker.logs if line["message"].startswith("secrets are in memory that may be")]) == 1
