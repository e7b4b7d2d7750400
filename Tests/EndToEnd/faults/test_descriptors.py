"""Connections that use descriptors and send nothing (row 58 of Faults.md)."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import threading
from typing import Any

import pytest

from peers.broker import API_KEY, BINARY, ROOT, Broker
from peers.faults import when_released
from peers.waiting import open_connections, until

TABLE = json.loads((ROOT / "Tests/Fixtures/cases/descriptors.json").read_text())["cases"]


def limited(case: dict[str, Any]) -> list[str]:
    limit = case.get("limit_descriptors")
    return ["prlimit", f"--nofile={limit}:{limit}"] if limit else []


def extra(case: dict[str, Any]) -> dict[str, str]:
    return {"LATCHKEY_MAX_CONNECTIONS": str(case["max_connections"])} if "max_connections" in case else {}


def idle(broker: Broker, count: int) -> list[socket.socket]:
    return [socket.create_connection(("127.0.0.1", broker.port), timeout=20) for _ in range(count)]


def still_open(sockets: list[socket.socket]) -> int:
    """The number of connections that the server has not closed."""
    readable, _, _ = select.select(sockets, [], [], 0)
    for sock in readable:
        sock.setblocking(False)
        try:
            while sock.recv(65536):
                pass
        except BlockingIOError:
            continue
        except OSError:
            pass
        sockets.remove(sock)
        sock.close()
    return len(sockets)


def name_of(case: dict[str, Any]) -> str:
    return ", ".join(f"{name} {case[name]}" for name in list(case)[:3]).replace("/", "_")[:80]


def cases(*names: str) -> list[Any]:
    return [pytest.param(case, id=name_of(case)) for case in TABLE if all(name in case for name in names)]


@pytest.mark.row(58)
@pytest.mark.parametrize("case", cases("idle_connections", "limit_descriptors"))
def test_idle_connections_leave_enough_descriptors(case: dict[str, Any], world) -> None:
    world.put("db", "value-of-db")
    broker = world.serve(wrapper=limited(case), **extra(case))
    held = idle(broker, case["idle_connections"])
    assert broker.get("/livez", key=None, timeout=5).status == 200
    assert broker.get("/secrets/db", timeout=5).status == 200
    assert broker.descriptors() <= case["limit_descriptors"] - 16
    warnings = [line for line in broker.logs if line["level"] == "warning" and "descriptor" in line["message"]]
    assert len(warnings) == 1
    limit = case["limit_descriptors"]
    assert str(limit) in warnings[0]["message"] and str(limit - 128) in warnings[0]["message"]
    for sock in held:
        sock.close()


@pytest.mark.row(58)
def test_an_idle_flood_that_goes_on_does_not_keep_a_probe_out(world) -> None:
    broker = world.serve(wrapper=["prlimit", "--nofile=160:160"])
    for _ in range(20):
        held = idle(broker, 100)
        assert broker.get("/livez", key=None, timeout=5).status == 200
        assert broker.get("/health", timeout=5).status == 200
        for sock in held:
            sock.close()


@pytest.mark.row(58)
@pytest.mark.parametrize("limit", [96, 143])
def test_a_descriptor_limit_without_room_is_refused_at_start(limit: int, world) -> None:
    command = ["prlimit", f"--nofile={limit}:{limit}", str(BINARY), "serve"]
    env = {**world.settings(), "LATCHKEY_LISTEN": "127.0.0.1:0"}
    left = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)
    assert left.returncode == 78
    assert str(limit) in left.stderr and "144" in left.stderr


@pytest.mark.row(58)
@pytest.mark.parametrize("case", cases("idle_connections", "max_connections", "after_s"))
def test_connections_past_the_cap_are_gone_in_seconds(case: dict[str, Any], world) -> None:
    broker = world.serve(**extra(case))
    held = idle(broker, case["idle_connections"])
    until(lambda: still_open(held) <= case["max_connections"], "those past the cap are closed", 2 * case["after_s"])
    assert broker.get("/livez", key=None, timeout=5).status == 200


@pytest.mark.row(58)
@pytest.mark.parametrize("case", cases("busy_connections"))
def test_busy_connections_are_not_closed_for_newer_ones(case: dict[str, Any], world, later) -> None:


    gate = threading.Event()
    later(gate.set)
    broker = world.serve(**extra(case))
    world.auth.always(when_released(gate))
    until(lambda: open_connections(broker.port) == 0, "those that asked whether it is ready do not count any more")
    held = idle(broker, case["busy_connections"])
    for sock in held:
        sock.sendall(f"GET /token HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\n\r\n".encode())
    until(lambda: world.auth.seen(), "the callers wait")
    until(lambda: broker.get("/secrets/db").status == 503, "all of them are in")
    refused = broker.get("/secrets/db")
    assert (refused.status, refused.code) == (503, "overloaded") and refused.header("Retry-After")
    assert broker.get("/livez", key=None).status == 200
    late = idle(broker, 1)[0]
    late.settimeout(10)
    told = b"".join(iter(lambda: late.recv(65536), b""))
    assert told.startswith(b"HTTP/1.1 503 "), "a silent one past the cap is told so too"
    gate.set()
    for sock in held:
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")
        sock.close()


@pytest.mark.row(58)
@pytest.mark.slow
@pytest.mark.parametrize("case", cases("says_nothing_for_s"))
def test_a_connection_that_says_nothing_has_the_time_of_a_head(case: dict[str, Any], world) -> None:
    broker = world.serve(**extra(case))
    held = idle(broker, case["idle_connections"])
    until(lambda: still_open(held) == 0, "closed", case["says_nothing_for_s"] + 5)
