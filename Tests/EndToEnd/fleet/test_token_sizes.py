"""Tokens of any size are shared by the fleet, or a message says why not and what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from peers.broker import PREFIX, run
from peers.cases import cases
from peers.proxy import ProxiedRequest, Fault, answer, operation
from peers.waiting import until

TOKEN = f"{PREFIX}/auth0-cache/token"
PUT = operation("PutParameter")


def gives(token: str) -> Fault:
    """A fault that sends a token of any size."""
    body = json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 3600}).encode()

    def fault(proxied: ProxiedRequest) -> bool:
        proxied.send(answer(200, body, [("Content-Type", "application/json")]))
        return True

    return fault


def written(world) -> list[dict[str, Any]]:
    """The values that were written as the token."""
    return [body for request in world.aws.seen(PUT) if (body := request.json())["Name"] == TOKEN]


def warnings(broker) -> list[str]:
    return [json.dumps(line) for line in broker.logs if line["level"] == "warning" and "token_too_large" in json.dumps(line)]


def serve(world, table_name: str | None, settings: dict[str, str]):
    """A broker that has served a token and finished its writes."""
    broker = world.serve(**settings)
    given = broker.token()
    assert given.status == 200
    if given.header("X-Latchkey-Tier") == "auth0" and settings["LATCHKEY_SHARED_TIER"] != "none":
        until(lambda: settled(world, broker, table_name), "the token is written, or is said not to be")
    return broker, given.json()["access_token"]


def settled(world, broker, table_name: str | None) -> bool:
    if table_name:
        key = {"profile": {"S": f"{PREFIX}/auth0-cache"}}
        item = world.moto.client("dynamodb").get_item(TableName=table_name, Key=key).get("Item", {})
        return "token" in item
    tier = broker.get("/health").json()["tiers"]["parameter-store"]
    return tier["write_error"] is not None or world.parameter("auth0-cache/expires") is not None


def make_table(world, name: str) -> None:
    world.moto.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "profile", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "profile", "KeyType": "HASH"}],
    )


@pytest.mark.parametrize("case", [case for case in cases("token-sizes") if "token_bytes" in case.values[0]])
def test_a_token_of_any_size_is_shared_or_the_log_says_why_not(world, case: dict[str, Any]) -> None:
    token = "t" * case["token_bytes"]
    settings = {"LATCHKEY_SHARED_TIER": case["shared_tier"], **case.get("settings", {})}
    kind, _, table_name = case["shared_tier"].partition(":")
    if kind == "dynamodb":
        make_table(world, table_name)
    world.auth.always(gives(token))
    for _ in range(case["brokers_one_after_the_other"]):
        broker, given = serve(world, table_name or None, settings)
        broker.remember_secret(token)
        assert given == token
        message = case.get("said")
        assert [body for body in written(world) if len(body["Value"]) != len(token)] == []
        if message:
            key, code = message["health"].split()
            assert broker.get("/health").json()["tiers"]["parameter-store"][key] == code
            (line,) = until(lambda: warnings(broker), "the log says why not")  # noqa: B023
            assert all(name in line for name in message["log_names"]), line
        else:
            assert warnings(broker) == []
    if "issuer_calls" in case:
        assert len(world.auth.seen()) == case["issuer_calls"]
    if "sent" in case:
        (body,) = written(world)
        assert {name: body.get(name) for name in case["sent"]} == case["sent"]
    if message:
        assert written(world) == []
        require_warning(world, settings)


def require_warning(world, settings: dict[str, str]) -> None:
    done = run("doctor", "--json", env=world.settings(**settings))
    found = [f for f in json.loads(done.stdout)["findings"] if f["area"] == "tokens" and f["weight"] == "warning"]
    assert len(found) == 1 and "dynamodb" in found[0]["remedy"], done.stdout


def test_no_replica_waits_for_a_token_that_cannot_be_shared(world) -> None:
    world.auth.always(gives("t" * 5_000))
    first = world.serve()
    first.token()
    until(lambda: '"too_large":5000' in (world.parameter("auth0-cache/lease") or {}).get("Value", ""), "the lease says so")
    world.aws.forget()
    others = [world.serve() for _ in range(3)]
    for broker in others:
        assert broker.token().header("X-Latchkey-Tier") == "auth0"
        for _ in range(20):
            assert broker.token().header("X-Latchkey-Tier") == "memory"
    assert world.aws.seen(PUT) == [], "no lease is claimed in vain"
    assert len(world.auth.seen()) == 4
    # A replica that can write the token does, and the others read it.
    able = world.serve(LATCHKEY_TOKEN_PARAMETER_TIER="advanced")
    able.token()
    until(lambda: world.parameter("auth0-cache/expires"), "the token is shared")
    assert world.serve().token().header("X-Latchkey-Tier") == "parameter-store"
