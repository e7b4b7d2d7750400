"""The Terraform module and its examples: formatted, tested without AWS, and applied to moto."""

from __future__ import annotations

import json
import shutil
import urllib.parse
import zipfile
from pathlib import Path
from typing import Any

import pytest

from peers.broker import ROOT, run
from peers.terraform import MOTO, applies, initialised, terraform

MODULE = ROOT / "deploy/terraform"
EXAMPLES = sorted(path.name for path in (MODULE / "examples").iterdir())
#: moto has no associations of EKS Pod Identity. `terraform test` covers them.
NOT_APPLIED = {"eks-pod-identity"}
SETTINGS = {"PATH": "/usr/bin", "AWS_REGION": "eu-central-1", "LATCHKEY_PREFIX": "/your-app/dev"}
LATCHKEY = """
module "latchkey" {
  source              = "./deploy/terraform"
  prefix              = "/shop/prod"
  token_table         = "shop-tokens"
  runtime_principals  = ["arn:aws:iam::123456789012:root"]
  migrator_principals = ["arn:aws:iam::123456789012:root"]
}

output "parameter_names" {
  value = module.latchkey.parameter_names
}
"""


def policy(*arguments: str, **env: str) -> str:
    done = run("policy", *arguments, env={**SETTINGS, **env})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_terraform_finds_its_files_formatted() -> None:
    status, output = terraform("fmt", "-check", "-diff", "-recursive", cwd=MODULE)
    assert status == 0, output


def test_terraform_holds_no_value() -> None:
    text = "".join(path.read_text() for path in MODULE.rglob("*.tf"))
    for resource in ["aws_ssm_parameter", "aws_secretsmanager_secret_version", "secret_string"]:
        assert resource not in text


@pytest.mark.slow(25)
@pytest.mark.timeout(600)
def test_terraform_accepts_its_files_and_its_own_tests_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    folder = tmp_path / "deploy/terraform"
    initialised(folder, monkeypatch)
    # It validates the files first.
    status, output = terraform("test", "-no-color", cwd=folder)
    assert status == 0, output
    assert "10 passed, 0 failed" in output


def applied(world, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applies the module, the policies that the command prints, and the examples, together because a start takes seconds."""
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    with zipfile.ZipFile(folder / "layer.zip", "w") as layer:
        layer.writestr("extensions/latchkey", "#!/bin/sh\n")
    more = {"lambda": '  layer_file = "${path.module}/layer.zip"\n'}
    modules = "".join(
        f'module "{name}" {{\n  source = "./deploy/terraform/examples/{name}"\n{more.get(name, "")}}}\n'
        for name in EXAMPLES if name not in NOT_APPLIED)
    (folder / "main.tf").write_text(MOTO.format(region="eu-central-1", url=world.moto.url) + LATCHKEY + modules)
    for role in ("runtime", "migrator"):
        (folder / f"policy-{role}.tf").write_text(policy("--role", role, "--format", "terraform"))
    initialised(folder, monkeypatch)
    applies(folder)


@pytest.mark.slow(60)
@pytest.mark.timeout(600)
def test_terraform_applies_everything_and_plans_no_difference_after(world, tmp_path: Path, monkeypatch) -> None:
    applied(world, tmp_path, monkeypatch)
    iam = world.moto.client("iam")
    kms = world.moto.client("kms", region="eu-central-1")
    keys = {alias["AliasName"]: alias["TargetKeyId"] for alias in kms.list_aliases()["Aliases"] if "TargetKeyId" in alias}
    key = kms.describe_key(KeyId=keys["alias/latchkey"])["KeyMetadata"]["Arn"]
    # The policies are those that the command prints for the same settings.
    env = {"LATCHKEY_PREFIX": "/shop/prod", "LATCHKEY_SHARED_TIER": "dynamodb:shop-tokens"}
    managed = {policy["PolicyName"]: policy for policy in iam.list_policies(Scope="Local")["Policies"]}
    for role, arguments in (("runtime", ["--both-stores", "--any-profile"]), ("migrator", [])):
        document = iam.get_role_policy(RoleName=f"latchkey-{role}", PolicyName=f"latchkey-{role}")["PolicyDocument"]
        assert document == json.loads(policy("--role", role, "--kms-key", key, *arguments, **env))
        found = managed[f"latchkey-{role}-your-app-dev"]
        version = iam.get_policy_version(PolicyArn=found["Arn"], VersionId=found["DefaultVersionId"])
        assert version["PolicyVersion"]["Document"] == json.loads(policy("--role", role, "--account", key.split(":")[4]))
    assert {role: who(iam, role) for role in (
        "orders-ec2-runtime", "orders-ecs-runtime", "orders-lambda-runtime", "orders-eks-runtime", "orders-github-migrator")
    } == {
        "orders-ec2-runtime": {"ec2.amazonaws.com"}, "orders-ecs-runtime": {"ecs-tasks.amazonaws.com"},
        "orders-lambda-runtime": {"lambda.amazonaws.com"},
        "orders-eks-runtime": {"system:serviceaccount:latchkey:latchkey"},
        "orders-github-migrator": {"repo:your-organisation/orders:environment:production"},
    }
    assert iam.get_instance_profile(InstanceProfileName="orders-ec2-runtime")
    names = {layer["LayerName"] for layer in world.moto.client("lambda", region="eu-central-1").list_layers()["Layers"]}
    assert names == {"orders-lambda"}
    task = world.moto.client("ecs", region="eu-central-1").describe_task_definition(taskDefinition="orders")
    broker = next(c for c in task["taskDefinition"]["containerDefinitions"] if c["name"] == "latchkey")
    settings = {variable["name"]: variable["value"] for variable in broker["environment"]}
    assert settings["LATCHKEY_SHARED_TIER"] == "dynamodb:orders-ecs-tokens"
    # The broker accepts the settings, and uses the parameters that the output names.
    assert run("config", env={"PATH": "/usr/bin", "LATCHKEY_API_KEY": "0123456789abcdef-of-a-test", **settings}).returncode == 0
    status, output = terraform("output", "-json", "parameter_names", cwd=tmp_path)
    assert status == 0 and set(json.loads(output).values()) == {
        f"/shop/prod/{name}" for name in (
            "secrets", "auth0-cache/token", "auth0-cache/expires", "auth0-cache/lease", "latchkey/backend", "latchkey/kept")
    }


def who(iam: Any, role: str) -> set[str]:
    """The services and subjects that may take on a role."""
    document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    document = document if isinstance(document, dict) else json.loads(urllib.parse.unquote(document))
    found: set[str] = set()
    for statement in document["Statement"]:
        if service := statement["Principal"].get("Service"):
            found.add(service)
        for name, subjects in statement.get("Condition", {}).get("StringLike", {}).items():
            if name.endswith(":sub"):
                found |= set(subjects)
    return found
