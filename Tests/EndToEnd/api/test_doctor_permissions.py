"""`latchkey doctor` names each AWS action that the policy of the broker's role lacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from peers.broker import PREFIX, run
from peers.doctor import BLOB, IN_A_TABLE, Doctor


class Enforced:
    """moto with policies enforced, and a user with one policy."""

    def __init__(self, world) -> None:
        self.world = world
        iam = world.moto.client("iam")
        iam.create_user(UserName="broker")
        self.key = iam.create_access_key(UserName="broker")["AccessKey"]

    def allow(self, document: dict[str, Any]) -> dict[str, str]:
        """Gives the user only this policy. Returns the broker's environment. moto ignores resources of Parameter Store."""
        statements = [{"Effect": s["Effect"], "Action": s["Action"], "Resource": "*"} for s in document["Statement"]]
        self.world.moto.client("iam").put_user_policy(
            UserName="broker", PolicyName="runtime",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
        self.world.moto.enforce(0)
        return {"AWS_ACCESS_KEY_ID": self.key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": self.key["SecretAccessKey"]}


@pytest.fixture
def well(world):
    """A world in which doctor finds no problem."""
    world.put("secrets", json.dumps(BLOB))
    return world


@pytest.fixture
def enforced(well, table) -> Iterator[Enforced]:
    name = f"{PREFIX.removeprefix('/')}/secrets"
    well.secrets_manager.create_secret(Name=name, SecretString=json.dumps(BLOB))
    yield Enforced(well)
    well.moto.enforce(None)


def runtime(world, **env: str) -> dict[str, Any]:
    return json.loads(run("policy", env=world.settings(**env)).stdout)


def without(document: dict[str, Any], action: str) -> dict[str, Any]:
    kept = []
    for statement in document["Statement"]:
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        kept.append({**statement, "Action": [a for a in actions if a != action] or "none:None"})
    return {**document, "Statement": kept}


#: Every action of the runtime role, with the settings that bring it in.
ACTIONS = [
    *((action, {}) for action in ("ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter")),
    *((action, IN_A_TABLE) for action in ("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret")),
    *((action, IN_A_TABLE) for action in ("dynamodb:GetItem", "dynamodb:UpdateItem")),
]


def test_these_are_all_the_actions_there_are(world) -> None:
    for settings in ({}, IN_A_TABLE):
        text = json.dumps(runtime(world, **settings))
        named = {action for action, env in ACTIONS if env == settings}
        assert {literal for literal in text.split('"') if literal.count(":") == 1 and literal[0].islower()} - {
            "dynamodb:LeadingKeys"
        } == named


@pytest.mark.parametrize(("action", "settings"), ACTIONS, ids=[action for action, _ in ACTIONS])
def test_an_action_that_is_taken_away_is_named(enforced: Enforced, action: str, settings: dict[str, str]) -> None:
    env = enforced.allow(without(runtime(enforced.world, **settings), action))
    found = Doctor(enforced.world, **env, **settings)
    problems = [f for f in found.findings if f["weight"] == "problem"]
    assert found.status == 77
    assert {f["subject"] for f in problems if f["area"] == "permission"} == {action}, problems
    assert all(f["resource"].startswith("arn:aws:") and action in f["explanation"] for f in problems)


@pytest.mark.parametrize("settings", [{}, IN_A_TABLE], ids=["parameter store", "table and secrets manager"])
def test_the_runtime_role_is_enough_and_not_too_much(enforced: Enforced, settings: dict[str, str]) -> None:
    env = enforced.allow(runtime(enforced.world, **settings))
    document = runtime(enforced.world, **settings)
    found = Doctor(enforced.world, **env, **settings)
    assert (found.status, found.of("problem")) == (0, [])
    # moto ignores resources, so the permission to write the pair allows every write.
    assert set(found.of("warning")) <= {("permission", "ssm:PutParameter")}
    assert ("ssm:PutParameter" in json.dumps(document)) == bool(found.of("warning"))
    # A missing permission to list is correct, and doctor explains its effect.
    listing = [f for f in found.findings if f["subject"] in ("ssm:GetParametersByPath", "secretsmanager:ListSecrets")]
    assert [f["weight"] for f in listing] == ["fine"]
    assert "GET /secrets" in listing[0]["explanation"] and "--with-listing" in listing[0]["explanation"]


@pytest.mark.parametrize("settings", [{}, IN_A_TABLE], ids=["parameter store", "table and secrets manager"])
def test_listing_that_was_opened_is_noted_with_its_price(enforced: Enforced, settings: dict[str, str]) -> None:
    opened = json.loads(run("policy", "--with-listing", env=enforced.world.settings(**settings)).stdout)
    found = Doctor(enforced.world, "--no-token", **enforced.allow(opened), **settings)
    assert (found.status, found.of("problem")) == (0, [])
    listing = [f for f in found.findings if f["subject"] in ("ssm:GetParametersByPath", "secretsmanager:ListSecrets")]
    assert [f["weight"] for f in listing] == ["fine"]
    assert "a Deny" in listing[0]["explanation"] or "all secrets of the region" in listing[0]["explanation"]


def test_unknown_keys_are_distinguished_from_missing_permissions(enforced: Enforced) -> None:
    env = enforced.allow(runtime(enforced.world))
    found = Doctor(enforced.world, **{**env, "AWS_SECRET_ACCESS_KEY": "another-secret-key-0b8e"})
    assert found.status == 77 and ("credentials", "identity") in found.of("problem")
    assert "AWS_SECRET_ACCESS_KEY" in found.text("credentials")
    assert ("permission", "all") in found.of("skipped")
