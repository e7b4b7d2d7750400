"""DynamoDB as the shared tier: the same behaviour as Parameter Store, with one item for each profile."""

from __future__ import annotations

import hashlib
import time

import pytest

from peers.broker import PREFIX, run
from peers.faults import aws_error, never_answer
from peers.fleet import Fleet, ask_all
from peers.moto import TABLE
from peers.promises import SLACK, caller_waits
from peers.proxy import operation
from peers.waiting import until

TIER = {"LATCHKEY_SHARED_TIER": f"dynamodb:{TABLE}"}
KEY = {"profile": {"S": f"{PREFIX}/auth0-cache"}}
WRITES = operation("UpdateItem")


def item(table) -> dict:
    return table.get_item(TableName=TABLE, Key=KEY, ConsistentRead=True).get("Item", {})


def in_a_day_and_more() -> str:
    """A time past the end of any token that the issuer gives now."""
    return str(int((time.time() + 90_000) * 1000))


def test_a_token_is_shared_through_one_item(world, table) -> None:
    first = world.serve(**TIER)
    answer = first.token()
    token = answer.json()["access_token"]
    assert answer.header("X-Latchkey-Tier") == "auth0"
    stored = until(lambda: (i := item(table)).get("token") and i, "the item is written")
    assert stored["token"] == {"S": token}
    expires = int(stored["expires"]["N"]) / 1000
    assert 86400 - 310 < expires - time.time() < 86400 - 290, "less the buffer"
    assert int(stored["ttl"]["N"]) == int(expires) + 86400
    assert (stored["version"], stored["lease_version"]) == ({"N": "1"}, {"N": "1"})
    second = world.serve(**TIER)
    answer = second.token()
    assert (answer.header("X-Latchkey-Tier"), answer.json()["access_token"]) == ("dynamodb", token)
    assert len(world.issuer.requests) == 1
    assert not world.ssm.get_parameters_by_path(Path=f"{PREFIX}/auth0-cache")["Parameters"]
    assert second.metric("latchkey_tier_requests_total", resource="token", tier="dynamodb", outcome="hit") == 1
    assert second.get("/health").json()["tiers"]["dynamodb"]["state"] == "ok"


def test_twenty_brokers_that_start_at_once_cost_the_issuer_one_request(world, table, later) -> None:
    twenty = Fleet(world, 20, **TIER, **Fleet.CROWD)
    later(twenty.close)
    twenty.wait_served()
    twenty.stop()
    assert world.issuer.requests == ["POST /oauth/token 200"]
    assert len(set(ask_all(twenty.brokers))) == 1
    assert {call.status for call in twenty.calls} == {200}
    assert twenty.max_seconds < twenty.bound


def test_a_write_that_was_long_on_its_way_undoes_no_newer_one(world, table) -> None:
    world.aws.always(aws_error("InternalServerError", 500), when=WRITES)
    slow = world.serve(**TIER)
    assert slow.token().status == 200
    later_one = {"S": "newer-than-theirs-b77"}
    table.put_item(
        TableName=TABLE,
        Item={**KEY, "token": later_one, "expires": {"N": in_a_day_and_more()}, "version": {"N": "9"}},
    )
    world.aws.forget()
    world.aws.heal()
    until(lambda: world.aws.seen(WRITES), "the write is tried again")
    time.sleep(0.3)
    assert item(table)["token"] == later_one and item(table)["version"] == {"N": "9"}


def test_a_rejected_token_is_replaced_though_its_successor_ends_earlier(world, table) -> None:
    table.put_item(
        TableName=TABLE,
        Item={**KEY, "token": {"S": "refused-elsewhere-c1"}, "expires": {"N": in_a_day_and_more()}, "version": {"N": "4"}},
    )
    broker = world.serve(["refused-elsewhere-c1"], **TIER)
    assert broker.token().json()["access_token"] == "refused-elsewhere-c1"
    digest = hashlib.sha256(b"refused-elsewhere-c1").hexdigest()
    assert broker.get("/token/rejected", method="POST", body=f'{{"sha256":"{digest}"}}'.encode()).status == 202
    fresh = until(lambda: (a := broker.token()).header("X-Latchkey-Tier") and a.json()["access_token"], "a token")
    assert fresh != "refused-elsewhere-c1"
    until(lambda: item(table)["token"] == {"S": fresh}, "and the fleet has it")


def test_a_missing_table_fails_no_request_and_is_named(world) -> None:
    broker = world.serve(**TIER)
    assert broker.token().header("X-Latchkey-Tier") == "auth0"
    warning = until(lambda: [line for line in broker.logs if TABLE in str(line)], "a warning that names it")[0]
    assert warning["level"] == "warning" and "LATCHKEY_SHARED_TIER" in str(warning)


@pytest.mark.parametrize(
    "fault",
    [aws_error("AccessDeniedException"), aws_error("ProvisionedThroughputExceededException"), never_answer],
    ids=["denied", "throttled", "never answered"],
)
def test_a_table_that_cannot_be_written_delays_no_caller(world, table, fault) -> None:
    broker = world.serve(**TIER, LATCHKEY_UPSTREAM_TIMEOUT="10")
    world.aws.always(fault, when=WRITES)
    started = time.monotonic()
    assert broker.token().header("X-Latchkey-Tier") == "auth0"
    assert time.monotonic() - started < 0.5 + SLACK, "a claim has half a second, and the write's timeout is 10 s"
    assert len(world.issuer.requests) == 1


def test_the_table_s_calls_are_not_held_to_parameter_store_s_rate(world, table) -> None:
    broker = world.serve(**TIER, LATCHKEY_SSM_MAX_TPS="1")
    started = time.monotonic()
    assert broker.token().status == 200
    assert time.monotonic() - started < caller_waits()


def test_tiers_names_the_table_s_tier(world, table) -> None:
    done = run("tiers", env=world.settings(**TIER))
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["memory", "dynamodb", "auth0"]
