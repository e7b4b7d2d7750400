"""`latchkey policy` for the KMS key of the tokens."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from peers.broker import ROOT, run

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SETTINGS = {"PATH": "/usr/bin", "AWS_REGION": "eu-central-1", "LATCHKEY_PREFIX": "/your-app/dev"}


def printed(*arguments: str, **env: str) -> str:
    done = run("policy", *arguments, env={**SETTINGS, **env})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_deploy_has_the_output_of_the_command() -> None:
    output = printed(
        "--account", ACCOUNT, "--kms-key", KEY, "--both-stores", "--any-profile",
        LATCHKEY_TOKEN_KMS_KEY=KEY, LATCHKEY_TOKEN_PARAMETER_TIER="intelligent-tiering",
    )
    assert (ROOT / "deploy/iam/runtime-token-key-policy.json").read_text() == output


@pytest.mark.parametrize("key", [KEY, KEY.rpartition("/")[2], "alias/orders"], ids=["ARN", "id", "alias"])
@pytest.mark.parametrize("tier", ["standard", "advanced", "intelligent-tiering"])
def test_a_linter_finds_nothing_and_the_key_is_opened_for_tokens_alone(key: str, tier: str) -> None:
    output = printed("--account", ACCOUNT, LATCHKEY_TOKEN_KMS_KEY=key, LATCHKEY_TOKEN_PARAMETER_TIER=tier)
    parliament = Path(sys.executable).parent / "parliament"
    done = subprocess.run([parliament], input=output, capture_output=True, text=True, timeout=50)
    # parliament does not know this newer condition (Service Authorization Reference, AWS KMS).
    found = [line for line in done.stdout.splitlines() if line and "Unknown condition kms:ResourceAliases" not in line]
    assert (found, done.stderr) == ([], "")
    (statement,) = [s for s in json.loads(output)["Statement"] if "kms:" in json.dumps(s["Action"])]
    conditions = statement["Condition"]
    assert conditions["StringEquals"] == {"kms:ViaService": "ssm.eu-central-1.amazonaws.com"}
    parameter = f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/your-app/dev/auth0-cache/token"
    assert conditions["StringLike"] == {"kms:EncryptionContext:PARAMETER_ARN": parameter}
    assert ("kms:ResourceAliases" in json.dumps(conditions)) == (key == "alias/orders")
    assert ("kms:Encrypt" in statement["Action"]) == (tier != "advanced")
    assert ("kms:GenerateDataKey" in statement["Action"]) == (tier != "standard")


def test_terraform_opens_it_in_its_own_account() -> None:
    output = printed("--format", "terraform", LATCHKEY_TOKEN_KMS_KEY="alias/orders")
    assert "UseTheTokenKey" in output and "data.aws_caller_identity" in output
