"""`latchkey policy` for a broker with Parameter Store that reads kept secrets from Secrets Manager."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from peers.broker import PREFIX, run

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OURS = PREFIX.lstrip("/")
READING = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]


def policy(env: dict[str, str], *arguments: str) -> str:
    done = run("policy", "--account", ACCOUNT, *arguments, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def statements(text: str) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in json.loads(text)["Statement"]}


def arn(name: str) -> str:
    return f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{name}-??????"


def test_kept_secrets_are_opened_by_name_and_no_other(world) -> None:
    text = policy(world.settings(), "--kept", f"{OURS}/db", "--kept", f"{OURS}/a/cert", "--kms-key", KEY)
    found = statements(text)
    assert found["ReadKeptSecrets"]["Action"] == READING
    assert found["ReadKeptSecrets"]["Resource"] == [arn(f"{OURS}/a/cert"), arn(f"{OURS}/db")]
    condition = found["DecryptSecrets"]["Condition"]["StringLike"]
    assert condition == {"kms:EncryptionContext:SecretARN": [arn(f"{OURS}/a/cert"), arn(f"{OURS}/db")]}
    linter = Path(sys.executable).parent / "parliament"
    done = subprocess.run([linter], input=text, capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr


def test_the_list_is_read_on_request(world) -> None:
    assert "ReadKeptSecrets" not in statements(policy(world.settings(), "--read-kept"))
    world.put("latchkey/kept", f"{OURS}/db,elsewhere/x", "String")
    assert "ReadKeptSecrets" not in statements(policy(world.settings()))
    found = statements(policy(world.settings(), "--read-kept"))
    assert found["ReadKeptSecrets"]["Resource"] == arn(f"{OURS}/db")
    # --both-stores allows the whole prefix, including the kept secrets.
    assert "ReadKeptSecrets" not in statements(policy(world.settings(), "--read-kept", "--both-stores"))


def test_names_of_others_and_the_migrator_s_role_are_refused(world) -> None:
    for arguments in (["--kept", "elsewhere/x"], ["--role", "migrator", "--kept", f"{OURS}/db"], ["--role", "migrator", "--read-kept"]):
        assert run("policy", *arguments, env=world.settings()).returncode == 64
