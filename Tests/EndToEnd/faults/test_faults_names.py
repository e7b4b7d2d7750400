"""Host names that do not resolve, hang or change (rows 30 and 59 of Faults.md), and the table of cases."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from threading import Thread

import pytest

from peers.broker import ROOT
from peers.names import NameServer
from peers.proxy import ProxiedRequest, FaultProxy
from peers.waiting import until

STORE = "store.orders.example"
CASES = json.loads((ROOT / "Tests/Fixtures/cases/resolver.json").read_text())["cases"]
COUNTS = [case["profiles_whose_issuer_name_hangs"] for case in CASES if "profiles_whose_issuer_name_hangs" in case]
#: More hanging names than the limit of parallel lookups.
COUNTS_MORE = [10, 100]
#: Seconds for an answer according to the table.
WITHIN = CASES[0]["GET /secrets/{not in memory}"]["within_s"]


@pytest.fixture
def names(later) -> Iterator[NameServer]:
    server = NameServer({STORE: ["127.0.0.1"]})
    later(server.close)
    return server


def host(number: int) -> str:
    return f"issuer-{number}.hangs.example"


def profiles(folder, count: int) -> str:
    path = folder / "profiles.json"
    path.write_text(
        json.dumps(
            [
                {
                    "name": f"p{number}",
                    "kind": "oauth2",
                    "token_url": f"https://{host(number)}/oauth/token",
                    "client_id": "c",
                    "client_secret": "s",
                }
                for number in range(count)
            ]
        )
    )
    path.chmod(0o600)
    return str(path)


def ask_for_tokens(broker, names: NameServer, numbers: range) -> list[Thread]:
    """Requests tokens of profiles whose issuer's name hangs, until all lookups are in progress."""
    callers = [Thread(target=broker.get, args=(f"/token/p{number}",)) for number in numbers]
    for caller in callers:
        caller.start()
    missing = lambda: [number for number in numbers if not names.count(host(number))]  # noqa: E731
    until(lambda: not missing(), "every name has been asked for", within=30)
    return callers


def answer_and_close(proxied: ProxiedRequest) -> bool:
    """Closes the connection after each answer, so that each request needs a lookup."""
    proxied.send(proxied.forward())
    return False


def quickly(broker, path: str, within: float) -> None:
    started = time.monotonic()
    answer = broker.get(path)
    assert answer.status == 200, answer
    assert time.monotonic() - started < within


@pytest.mark.row(59)
@pytest.mark.slow(65)
@pytest.mark.timeout(300)
def test_hanging_lookups_do_not_delay_known_names(world, names, tmp_path) -> None:
    counts = sorted({*COUNTS, *COUNTS_MORE})
    world.put("secrets", "{}")
    for number in range(len(counts) + 1):
        world.put(f"solo-{number}", "v")
    world.aws.always(answer_and_close)
    broker = world.serve(
        wrapper=names.wrapper(tmp_path), LATCHKEY_WORKERS="1", AWS_ENDPOINT_URL=f"http://{STORE}:{world.aws.port}",
        LATCHKEY_PROFILES_FILE=profiles(tmp_path, max(counts)), LATCHKEY_SSM_MAX_TPS="1000",
        LATCHKEY_SHARED_TIER="none",
    )
    assert names.count(STORE) == 1
    # The broker probes its store every 10 s.
    until(lambda: names.count(STORE) == 2, "the store's address is no longer fresh", within=60)
    callers: list[Thread] = []
    for number, count in enumerate(counts):
        callers += ask_for_tokens(broker, names, range(len(callers), count))
        quickly(broker, f"/secrets/solo-{number}", WITHIN)
    names.silent = True
    until(lambda: names.count(STORE) > 2, "the resolver is asked and does not answer", within=60)
    for _ in range(3):
        quickly(broker, f"/secrets/solo-{len(counts)}?refresh=true", WITHIN)
    assert names.count(STORE) <= 4, "two lookups of one name at the most"
    assert all(names.count(host(number)) <= 2 for number in range(max(counts)))
    for caller in callers:
        caller.join(20)


@pytest.mark.row(59)
def test_an_address_that_refuses_gives_way_to_the_new_one(world, names, tmp_path, later) -> None:
    first = FaultProxy(world.moto.port, host="127.0.0.5")
    names.table[STORE] = ["127.0.0.5"]
    world.put("secrets", "{}")
    world.put("solo", "v")
    broker = world.serve(wrapper=names.wrapper(tmp_path), AWS_ENDPOINT_URL=f"http://{STORE}:{first.port}")
    first.stop()
    second = FaultProxy(world.moto.port, host="127.0.0.6", port=first.port)
    later(second.stop)
    names.table[STORE] = ["127.0.0.6"]
    quickly(broker, "/secrets/solo", CASES[-1]["GET /secrets/{not in memory}"]["within_s"])
    assert second.requests


@pytest.mark.row(59)
def test_all_addresses_of_a_name_are_tried(world, names, tmp_path) -> None:
    names.table[STORE] = ["127.0.0.8", "127.0.0.9", "127.0.0.1"]
    world.put("secrets", "{}")
    world.put("solo", "v")
    broker = world.serve(wrapper=names.wrapper(tmp_path), AWS_ENDPOINT_URL=f"http://{STORE}:{world.aws.port}")
    quickly(broker, "/secrets/solo", 3)


@pytest.mark.row(30)
@pytest.mark.slow
def test_a_hanging_resolver_delays_no_other_caller(world, names, tmp_path) -> None:
    world.put("solo", "v")
    broker = world.serve(
        wrapper=names.wrapper(tmp_path), LATCHKEY_AUTH0_TOKEN_URL="https://issuer.example/oauth/token",
        LATCHKEY_WORKERS="1",
    )
    answers = []
    waiting = [Thread(target=lambda: answers.append(broker.token())) for _ in range(8)]
    for thread in waiting:
        thread.start()
    started = time.monotonic()
    for number in range(10):
        assert broker.get(f"/secrets/absent-{number}").status == 404
    assert time.monotonic() - started < 2
    for thread in waiting:
        thread.join(15)
    assert {answer.code for answer in answers} == {"upstream_timeout"}
