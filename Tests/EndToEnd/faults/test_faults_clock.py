"""The wall clock of a running broker jumps (row 29 of Faults.md). Nothing can set the monotonic clock."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jwt
import pytest

from peers.faults import document
from peers.issuer import Issuer
from peers.waiting import until

LIBRARY = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu/faketime/libfaketimeMT.so.1"
HOUR = 3600
#: libfaketime changes the environment of the first process that loads it, which a Swift program needs for its arguments.
FIRST = ["/usr/bin/env"]


@pytest.fixture
def jump(world) -> Callable[[int], None]:
    """Sets the offset of the clock of brokers started with `faked`."""
    path = world.folder / "offset"

    def jump(seconds: int) -> None:
        path.write_text(f"{seconds:+d}\n")

    jump(0)
    return jump


@pytest.fixture
def short(tmp_path_factory) -> Iterator[Issuer]:
    """An issuer of tokens with a lifetime of 10 s."""
    issuer = Issuer(tmp_path_factory.mktemp("short"), lifetime=10).wait()
    yield issuer
    issuer.stop()


def faked(world) -> dict[str, str]:
    assert LIBRARY.exists(), f"{LIBRARY} is missing: install libfaketime"
    return {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(world.folder / "offset"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "LATCHKEY_SHARED_TIER": "none",
        # libfaketime reads a file that no setting names.
        "LATCHKEY_CONFINE": "false",
    }


@pytest.mark.row(29)
def test_a_clock_set_back_an_hour_keeps_no_token_past_its_life_and_causes_no_refresh(world, jump) -> None:
    broker = world.serve(["short-lived-29"], FIRST, **faked(world))
    world.auth.next(document({"access_token": "short-lived-29", "token_type": "Bearer", "expires_in": 10}))
    started = time.monotonic()
    assert broker.token().json()["access_token"] == "short-lived-29"
    end = time.monotonic() + 10
    jump(-HOUR)
    while time.monotonic() - started < 4:
        answer = broker.token()
        assert answer.json()["access_token"] == "short-lived-29"
        assert answer.json()["expires_in"] <= 10
        time.sleep(0.1)
    assert len(world.auth.seen()) == 1, "no busy refresh"

    def another():
        asked = time.monotonic()
        answer = broker.token()
        assert answer.json()["access_token"] != "short-lived-29" or asked < end, "not past its life"
        return answer.json()["access_token"] != "short-lived-29" and answer

    other = until(another, "its end")
    assert other.status == 200
    jump(0)
    assert broker.token().json()["access_token"] == other.json()["access_token"]
    assert len(world.auth.seen()) == 2


@pytest.mark.row(29)
def test_a_clock_set_forward_an_hour_and_back_costs_a_token_and_no_storm(world, jump) -> None:
    broker = world.serve(wrapper=FIRST, **faked(world))
    world.auth.always(document({"access_token": "lasting-29", "token_type": "Bearer", "expires_in": 1800}))
    assert broker.token().status == 200
    jump(HOUR)
    for _ in range(20):
        assert broker.token().status == 200, "past its expiry by the wall clock, so another is fetched"
    assert len(world.auth.seen()) == 2
    jump(0)
    for _ in range(20):
        assert broker.token().json()["expires_in"] <= 1800
    assert len(world.auth.seen()) <= 3


@pytest.mark.row(29)
@pytest.mark.slow(15)
@pytest.mark.parametrize("off", [-20, HOUR])
def test_a_clock_that_is_wrong_gives_out_no_token_past_its_end_and_leaves_the_pair_as_others_read_it(
    world, jump, short, off: int
) -> None:
    url = {"LATCHKEY_AUTH0_TOKEN_URL": f"http://127.0.0.1:{short.port}/oauth/token"}
    wrong = world.serve(wrapper=FIRST, **(faked(world) | url | {"LATCHKEY_SHARED_TIER": "parameter-store"}))
    jump(off)
    right = world.serve(**url)
    token = right.token().json()["access_token"]
    until(lambda: world.parameter("auth0-cache/expires"), "the pair is there")
    end = jwt.decode(token, options={"verify_signature": False})["exp"]
    first = wrong.token()
    assert (first.status, first.json()["access_token"]) == (200, token), "it is taken from where they share it"
    assert first.json()["expires_in"] <= end - time.time() + 1
    short.stop()
    threading.Event().wait(end - time.time())
    # libfaketime also moves timers, so a waiting request or a graceful stop may not complete.
    with contextlib.suppress(TimeoutError):
        assert wrong.get("/token", timeout=1).status != 200, "never past its end"
    wrong.kill()
