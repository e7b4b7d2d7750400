"""The actions that `latchkey policy` allows, by settings and options."""

from __future__ import annotations

import json
from typing import Any

import pytest

from peers.broker import run
from peers.policies import ACCOUNT, listed

KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SETTINGS = {"PATH": "/usr/bin", "AWS_REGION": "eu-central-1", "LATCHKEY_PREFIX": "/shop/prod"}
PARAMETERS = f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/shop/prod"


def statements(*options: str, **settings: str) -> list[dict[str, Any]]:
    done = run("policy", "--account", ACCOUNT, *options, env={**SETTINGS, **settings})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["Statement"]


def actions(*options: str, **settings: str) -> set[str]:
    return {action for statement in statements(*options, **settings) for action in listed(statement["Action"])}


def token_key_statement(**settings: str) -> dict[str, Any] | None:
    return next((found for found in statements(**settings) if found["Sid"] == "UseTheTokenKey"), None)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"}),
        ({"LATCHKEY_SHARED_TIER": "none"}, {"ssm:GetParameter", "ssm:GetParameters"}),
        (
            {"LATCHKEY_SECRETS_BACKEND": "secrets-manager", "LATCHKEY_SHARED_TIER": "none"},
            {"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"},
        ),
        (
            {"LATCHKEY_SHARED_TIER": "dynamodb:tokens"},
            {"ssm:GetParameter", "ssm:GetParameters", "dynamodb:GetItem", "dynamodb:UpdateItem"},
        ),
    ],
    ids=["defaults", "no shared tier", "Secrets Manager only", "DynamoDB"],
)
def test_broker_gets_exactly_the_permissions_that_its_settings_need(settings: dict[str, str], expected: set[str]) -> None:
    assert actions(**settings) == expected


def test_listing_is_allowed_only_on_request_in_the_stores_that_are_read() -> None:
    listing = {"ssm:GetParametersByPath", "secretsmanager:ListSecrets"}
    assert actions("--both-stores", "--with-listing") - actions("--both-stores") == listing
    assert "ssm:GetParametersByPath" not in actions("--with-listing", LATCHKEY_SECRETS_BACKEND="secrets-manager")


def test_broker_may_only_decrypt_with_a_key_that_is_given() -> None:
    assert not any(action.startswith("kms:") for action in actions())
    assert {action for action in actions("--kms-key", KEY) if action.startswith("kms:")} == {"kms:Decrypt"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"kms:Decrypt", "kms:Encrypt"}),
        ({"LATCHKEY_TOKEN_PARAMETER_TIER": "advanced"}, {"kms:Decrypt", "kms:GenerateDataKey"}),
        (
            {"LATCHKEY_TOKEN_PARAMETER_TIER": "intelligent-tiering"},
            {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"},
        ),
        ({"LATCHKEY_SHARED_TIER": "dynamodb:tokens"}, None),
        ({"LATCHKEY_SHARED_TIER": "none"}, None),
        ({"LATCHKEY_TOKEN_KMS_KEY": "alias/aws/ssm"}, None),
    ],
    ids=["standard", "advanced", "intelligent-tiering", "DynamoDB", "no shared tier", "the key of AWS"],
)
def test_key_of_the_token_is_allowed_for_the_token_only(settings: dict[str, str], expected: set[str] | None) -> None:
    statement = token_key_statement(**{"LATCHKEY_TOKEN_KMS_KEY": KEY, **settings})
    if expected is None:
        assert statement is None
        return
    assert statement and set(listed(statement["Action"])) == expected
    assert listed(statement["Resource"]) == [KEY]
    context = statement["Condition"]["StringLike"]["kms:EncryptionContext:PARAMETER_ARN"]
    assert listed(context) == [f"{PARAMETERS}/auth0-cache/token"]


@pytest.mark.parametrize(
    ("name", "resource", "alias"),
    [
        (KEY.rpartition("/")[2], KEY, None),
        ("alias/orders", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/*", "alias/orders"),
        (f"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/orders", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/*", "alias/orders"),
    ],
    ids=["id", "alias", "ARN of an alias"],
)
def test_key_is_a_resource_and_alias_is_a_condition(name: str, resource: str, alias: str | None) -> None:
    statement = token_key_statement(LATCHKEY_TOKEN_KMS_KEY=name)
    assert statement and listed(statement["Resource"]) == [resource]
    found = [values["kms:ResourceAliases"] for values in statement["Condition"].values() if "kms:ResourceAliases" in values]
    assert [value for aliases in found for value in listed(aliases)] == ([alias] if alias else [])


def test_migrator_gets_neither_tokens_nor_deletions_unless_requested() -> None:
    assert "secretsmanager:DeleteSecret" not in actions("--role", "migrator")
    assert any(
        found["Effect"] == "Deny" and listed(found["Resource"]) == [f"{PARAMETERS}/auth0-cache/*"]
        for found in statements("--role", "migrator")
    )
    assert "secretsmanager:DeleteSecret" in actions("--role", "migrator", "--with-cleanup")
