"""Concurrent requests for an item that is not cached cause one upstream request."""

from __future__ import annotations

import threading

import pytest

from peers.broker import PREFIX
from peers.crowd import crowd
from peers.faults import aws_error, oauth_error, when_released
from peers.proxy import mentions
from peers.waiting import until


@pytest.mark.row(41)
def test_five_hundred_cold_callers_cost_the_issuer_one_request(world) -> None:
    broker = world.serve(LATCHKEY_UPSTREAM_TIMEOUT="10")
    answers = crowd(broker.port, ["/token"] * 500)
    assert {timed.answer.status for timed in answers} == {200}
    assert len({timed.answer.json()["access_token"] for timed in answers}) == 1
    assert world.issuer.requests == ["POST /oauth/token 200"]
    assert broker.metric("latchkey_singleflight_joined_total", resource="token") > 0


def test_callers_of_a_slow_issuer_wait_for_the_same_answer(world) -> None:
    broker = world.serve()
    gate = threading.Event()
    world.auth.next(when_released(gate))
    answers = []
    caller = threading.Thread(target=lambda: answers.extend(crowd(broker.port, ["/token"] * 50)))
    caller.start()
    joined = lambda: broker.metric("latchkey_singleflight_joined_total", resource="token")  # noqa: E731
    until(lambda: joined() == 49, "49 callers have joined the first")
    gate.set()
    caller.join(10)
    assert {timed.answer.status for timed in answers} == {200}
    assert len(world.issuer.requests) == 1


def test_a_failure_is_shared_too(world) -> None:
    broker = world.serve()
    world.auth.always(oauth_error("access_denied", 401))
    answers = crowd(broker.port, ["/token"] * 200)
    assert {timed.answer.status for timed in answers} == {502}
    assert len(world.auth.seen()) <= 2


def test_a_secret_is_fetched_once_for_concurrent_callers(world) -> None:
    world.put("solo", "v")
    broker = world.serve()
    answers = crowd(broker.port, ["/secrets/solo"] * 200)
    assert {timed.answer.json()["value"] for timed in answers} == {"v"}
    assert len(world.aws.seen(mentions(f"{PREFIX}/solo"))) == 1


def test_an_absence_is_remembered(world) -> None:
    broker = world.serve()
    answers = crowd(broker.port, ["/secrets/nothing"] * 100, at_once=20)
    assert {timed.answer.status for timed in answers} == {404}
    assert len(world.aws.seen(mentions(f"{PREFIX}/nothing"))) == 1


def test_one_key_in_trouble_does_not_hold_up_another(world) -> None:
    world.put("well", "v")
    broker = world.serve()
    gate = threading.Event()
    world.aws.always(when_released(gate), when=mentions(f"{PREFIX}/ill"))
    ill = threading.Thread(target=lambda: crowd(broker.port, ["/secrets/ill"] * 20))
    ill.start()
    until(lambda: world.aws.seen(mentions(f"{PREFIX}/ill")), "the ill key is asked for")
    assert broker.get("/secrets/well", timeout=2).status == 200
    gate.set()
    ill.join(10)


def test_denials_are_not_stampeded(world) -> None:
    broker = world.serve()
    world.aws.always(aws_error("AccessDeniedException"), when=mentions(f"{PREFIX}/locked"))
    answers = crowd(broker.port, ["/secrets/locked"] * 100)
    assert {timed.answer.code for timed in answers} == {"upstream_denied"}
    assert len(world.aws.seen(mentions(f"{PREFIX}/locked"))) <= 2
