"""More to ask of Parameter Store than its quota allows: calls queue, are put together, and give up in time."""

from __future__ import annotations

import json
import time

import pytest

from peers.crowd import Timed, crowd
from peers.faults import at_most_a_second, aws_error
from peers.issuer import AUDIENCE
from peers.promises import caller_waits
from peers.proxy import Received, operation
from peers.waiting import until

pytestmark = pytest.mark.heavy

NAMES = [f"storm/{number}" for number in range(300)]
READS = operation("GetParameter", "GetParameters")
#: The longest that a caller waits.
BOUND = caller_waits()


@pytest.fixture
def stored(world):
    for name in NAMES:
        world.put(name, f"value of {name}")
    return world


def ask_for_all(broker, names: list[str]) -> dict[str, Timed]:
    return dict(zip(names, crowd(broker.port, [f"/secrets/{name}" for name in names]), strict=True))


def names_read(calls: list[Received]) -> list[str]:
    bodies = [call.json() for call in calls]
    return [name for body in bodies for name in body.get("Names", [body.get("Name")])]


def test_hundreds_of_cold_names_at_once_are_read_in_tens_within_the_rate(stored) -> None:
    broker = stored.serve()
    stored.aws.forget()
    stored.aws.always(at_most_a_second(40))
    answers = ask_for_all(broker, NAMES)
    assert {timed.answer.status for timed in answers.values()} == {200}
    assert all(timed.answer.json()["value"] == f"value of {name}" for name, timed in answers.items())
    assert max(timed.seconds for timed in answers.values()) < BOUND
    calls = stored.aws.seen(READS)
    assert len(calls) <= 60, "some alone while the burst lasts, the others in tens"
    assert sorted(name for name in names_read(calls) if "/storm/" in name) == sorted(
        f"/orders/test/{name}" for name in NAMES
    ), "each name is read once"
    assert broker.metric("latchkey_upstream_requests_total", upstream="parameter_store", outcome="throttled") == 0


def test_what_the_quota_has_no_room_for_is_told_when_to_come_back(stored) -> None:
    """Others have used the quota up but for two calls a second."""
    broker = stored.serve()
    stored.aws.always(at_most_a_second(2))
    waiting = NAMES[:120]
    refused = 0
    deadline = time.monotonic() + 60
    while waiting:
        assert time.monotonic() < deadline, f"{len(waiting)} names are still not read"
        answers = ask_for_all(broker, waiting)
        assert max(timed.seconds for timed in answers.values()) < BOUND
        for timed in answers.values():
            assert timed.answer.status in (200, 503), timed.answer.text
            if timed.answer.status == 503:
                refused += 1
                assert timed.answer.code == "upstream_throttled"
                assert 1 <= int(timed.answer.header("Retry-After")) <= 30
        waiting = [name for name, timed in answers.items() if timed.answer.status == 503]
        if waiting:
            time.sleep(min(int(answers[name].answer.header("Retry-After")) for name in waiting))
    assert refused, "the quota was too small for all at once"


def test_the_rate_falls_while_the_store_throttles_and_comes_back(stored) -> None:
    broker = stored.serve()
    stored.aws.always(aws_error("ThrottlingException"), when=READS)
    started = time.monotonic()
    while time.monotonic() - started < 6:
        ask_for_all(broker, NAMES[:100])
    stored.aws.forget()
    started = time.monotonic()
    ask_for_all(broker, NAMES[100:200])
    calls = len(stored.aws.seen(READS))
    assert calls <= 2 + 10 * (time.monotonic() - started), f"{calls} calls while every one is throttled"
    stored.aws.heal()

    def all_there() -> bool:
        return {timed.answer.status for timed in ask_for_all(broker, NAMES[200:]).values()} == {200}

    until(all_there, "the broker reads at its full rate again", within=40)


def test_one_name_a_policy_forbids_takes_nobody_along(stored) -> None:
    broker = stored.serve(LATCHKEY_SSM_MAX_TPS="10")

    def forbids(request: Received) -> bool:
        return READS(request) and b"/storm/7\"" in request.body

    stored.aws.always(aws_error("AccessDeniedException"), when=forbids)
    answers = ask_for_all(broker, NAMES[:20])
    assert answers.pop("storm/7").answer.code == "upstream_denied"
    assert {timed.answer.status for timed in answers.values()} == {200}


def test_ten_cold_profiles_share_three_writes_a_second(world) -> None:
    path = world.folder / "profiles.json"
    names = [f"p{number}" for number in range(10)]
    path.write_text(json.dumps([{"name": name, "kind": "auth0", "audience": f"{AUDIENCE}/{name}"} for name in names]))
    path.chmod(0o600)
    writes = operation("PutParameter")
    broker = world.serve(LATCHKEY_PROFILES_FILE=str(path))
    world.aws.always(at_most_a_second(3), when=writes)
    answers = crowd(broker.port, [f"/token/{name}" for name in names])
    assert {timed.answer.status for timed in answers} == {200}
    assert max(timed.seconds for timed in answers) < BOUND
    assert len(world.issuer.requests) == len(names)
    until(
        lambda: all(world.parameter(f"auth0-cache/{name}/expires") for name in names),
        "every pair is written in the end", within=40,
    )
