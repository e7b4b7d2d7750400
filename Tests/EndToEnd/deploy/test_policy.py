"""`latchkey policy`: permissions of each role in both formats, and the files in deploy/iam."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from peers.broker import ROOT, run
from peers.moto import TABLE
from peers.policies import ACCOUNT, allows, listed

BIN = Path(sys.executable).parent
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SSM = f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/your-app/dev"
SECRETS = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:your-app/dev"
SETTINGS = {"AWS_REGION": "eu-central-1", "LATCHKEY_PREFIX": "/your-app/dev"}
PLACED = ["--account", ACCOUNT, "--kms-key", KEY]
IN_A_TABLE = {"LATCHKEY_SHARED_TIER": f"dynamodb:{TABLE}"}

#: Files in deploy/iam and the options that print them.
SHIPPED = {
    "runtime": (["--both-stores", "--any-profile"], {}),
    "runtime-dynamodb": (["--both-stores", "--any-profile"], IN_A_TABLE),
    "migrator": (["--role", "migrator"], {}),
}

#: Policies of every kind: the command line and the settings.
KINDS = {
    **{name: ([*PLACED, *arguments], env) for name, (arguments, env) in SHIPPED.items()},
    "as it comes": ([], {}),
    "the old store": (PLACED, {"LATCHKEY_SECRETS_BACKEND": "secrets-manager"}),
    "nothing shared": (PLACED, {"LATCHKEY_SHARED_TIER": "none"}),
    "listing": ([*PLACED, "--both-stores", "--with-listing"], {}),
    "china": ([], {"AWS_REGION": "cn-north-1"}),
    "the last day": ([*PLACED, "--role", "migrator", "--with-cleanup", "--with-restore", "--lambda-function", "orders"], {}),
}


def output_of(arguments: list[str], env: dict[str, str], status: int = 0) -> str:
    done = run("policy", *arguments, env={"PATH": "/usr/bin", **SETTINGS, **env})
    assert done.returncode == status, done.stderr
    return done.stdout


def printed(kind: str) -> dict[str, Any]:
    return json.loads(output_of(*KINDS[kind]))


def shipped(name: str) -> dict[str, Any]:
    return json.loads((ROOT / f"deploy/iam/{name}-policy.json").read_text())


# The text


@pytest.mark.parametrize("name", SHIPPED)
def test_deploy_has_the_output_of_the_command(name: str) -> None:
    assert (ROOT / f"deploy/iam/{name}-policy.json").read_text() == output_of(*KINDS[name])


@pytest.mark.parametrize("kind", KINDS)
def test_a_linter_finds_nothing_in_a_policy(kind: str) -> None:
    done = subprocess.run([BIN / "parliament"], input=output_of(*KINDS[kind]), capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_is_short_enough_and_names_what_it_opens(kind: str) -> None:
    document = printed(kind)
    # A managed policy has at most 6,144 characters, without white space (IAM quotas).
    assert len("".join(json.dumps(document).split())) <= 6_144
    for statement in document["Statement"]:
        assert "*" not in json.dumps(statement["Action"])
        # These actions have no resource.
        if not set(listed(statement["Action"])) <= {"secretsmanager:ListSecrets", "ssm:DescribeParameters"}:
            assert "*" not in listed(statement["Resource"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_opened_through_its_service_alone(kind: str) -> None:
    for statement in printed(kind)["Statement"]:
        if "kms:" not in json.dumps(statement["Action"]):
            assert set(statement.get("Condition", {})) <= {"ForAllValues:StringLike"}, "the keys of a table alone"
            continue
        assert statement["Resource"] == KEY and "kms:ViaService" in statement["Condition"]["StringEquals"]


def test_partitions_have_their_own_arns() -> None:
    assert "arn:aws-cn:ssm:cn-north-1:*:parameter/" in json.dumps(printed("china"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--account", "12"], ["--kms-key", "alias/aws/ssm"], ["--kms-key", KEY.replace("eu-central-1", "us-east-1")],
        ["--role", "migrator", "--any-profile"], ["--role", "migrator", "--with-listing"], ["--with-cleanup"], ["--role", "migrator", "--lambda-function", "a*"],
    ],
    ids=" ".join,
)
def test_options_that_would_allow_other_resources_are_rejected(arguments: list[str]) -> None:
    output_of(arguments, {}, status=64)


# Permissions


def test_profiles_are_opened_by_name(tmp_path: Path) -> None:
    file = tmp_path / "profiles.json"
    profile = {
        "name": "reporting", "kind": "oauth2", "token_url": "https://issuer.test/token", "client_id": "c",
        "client_secret": "secret:reporting-secret",
    }
    file.write_text(json.dumps([profile]))
    document = json.loads(output_of(PLACED, {"LATCHKEY_PROFILES_FILE": str(file)}))
    for name in ("token", "expires", "lease"):
        assert allows(document, "ssm:PutParameter", f"{SSM}/auth0-cache/{name}")
        assert allows(document, "ssm:PutParameter", f"{SSM}/auth0-cache/reporting/{name}")
        assert not allows(document, "ssm:PutParameter", f"{SSM}/auth0-cache/billing/{name}")


@pytest.mark.parametrize("name", ["token", "expires", "lease"])
@pytest.mark.parametrize("profile", ["", "reporting/"])
def test_the_broker_may_write_the_token_pair_and_its_lease(name: str, profile: str) -> None:
    assert allows(shipped("runtime"), "ssm:PutParameter", f"{SSM}/auth0-cache/{profile}{name}")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ssm:PutParameter", f"{SSM}/secrets"),
        ("ssm:PutParameter", f"{SSM}/mongodb-uri"),
        ("ssm:PutParameter", f"{SSM}/latchkey/backend"),
        ("ssm:PutParameter", f"{SSM}/auth0-cache"),
        ("ssm:PutParameter", f"{SSM}/auth0-cache/anything"),
        ("ssm:DeleteParameter", f"{SSM}/auth0-cache/token"),
        # AWS authorises this action by the path, not by the returned parameters.
        ("ssm:GetParametersByPath", SSM),
        ("secretsmanager:ListSecrets", "*"),
        ("ssm:GetParametersByPath", f"{SSM}/secrets"),
        ("ssm:GetParameter", SSM.replace("/dev", "/prod") + "/secrets"),
        ("ssm:GetParameter", SSM.replace("/dev", "/development") + "/secrets"),
        ("ssm:GetParameter", SSM.replace(ACCOUNT, "444455556666") + "/secrets"),
        ("secretsmanager:PutSecretValue", f"{SECRETS}/secrets-AbCdEf"),
        ("secretsmanager:DeleteSecret", f"{SECRETS}/secrets-AbCdEf"),
        ("secretsmanager:GetSecretValue", SECRETS.replace("/dev", "/prod") + "/secrets-AbCdEf"),
    ],
)
@pytest.mark.parametrize("name", ["runtime", "runtime-dynamodb"])
def test_the_broker_may_do_no_more(name: str, action: str, resource: str) -> None:
    assert not allows(shipped(name), action, resource)


def test_unused_features_are_not_allowed() -> None:
    old = printed("the old store")
    assert not allows(old, "ssm:GetParameter", f"{SSM}/secrets")
    assert allows(old, "ssm:GetParameters", f"{SSM}/auth0-cache/token")
    assert not allows(printed("as it comes"), "secretsmanager:GetSecretValue", f"{SECRETS}/secrets-AbCdEf")
    assert not allows(printed("nothing shared"), "ssm:PutParameter", f"{SSM}/auth0-cache/token")
    assert not allows(printed("runtime-dynamodb"), "ssm:PutParameter", f"{SSM}/auth0-cache/token")


@pytest.mark.parametrize("name", ["secrets", "mongodb-uri", "db/password", "latchkey/backend"])
def test_the_migrator_may_write_what_it_moves(name: str) -> None:
    assert allows(shipped("migrator"), "ssm:PutParameter", f"{SSM}/{name}")
    assert allows(shipped("migrator"), "secretsmanager:GetSecretValue", f"{SECRETS}/{name}-AbCdEf")


@pytest.mark.parametrize(
    ("action", "resource", "last"),
    [
        ("ssm:PutParameter", f"{SSM}/auth0-cache/token", False),
        ("ssm:GetParameter", f"{SSM}/auth0-cache/token", False),
        ("ssm:DeleteParameter", f"{SSM}/secrets", False),
        ("secretsmanager:DeleteSecret", f"{SECRETS}/secrets-AbCdEf", True),
        ("secretsmanager:PutSecretValue", f"{SECRETS}/secrets-AbCdEf", True),
        ("lambda:UpdateFunctionConfiguration", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:orders", True),
        ("lambda:UpdateFunctionConfiguration", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:billing", False),
    ],
)
def test_the_migrator_leaves_tokens_alone_and_old_secrets_until_it_is_told(action: str, resource: str, last: bool) -> None:
    assert not allows(shipped("migrator"), action, resource)
    assert allows(printed("the last day"), action, resource) == last


@pytest.mark.parametrize("path", ["", "/db"])
def test_listing_is_opened_on_demand_and_below_the_prefix_alone(path: str) -> None:
    assert allows(printed("listing"), "ssm:GetParametersByPath", SSM + path)
    assert allows(printed("listing"), "secretsmanager:ListSecrets", "*")
    for beyond in (SSM.replace("/dev", "/prod") + path, SSM.replace("/your-app/dev", "/"), SSM + "elopment" + path):
        assert not allows(printed("listing"), "ssm:GetParametersByPath", beyond)
