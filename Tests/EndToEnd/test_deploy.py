"""What lies in deploy/: held to by the programs that will read it, and by what it must and must not allow."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from peers.broker import ROOT

DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
POLICIES = ["runtime", "migrator"]
SSM = "arn:aws:ssm:eu-central-1:111122223333:parameter/your-app/dev"
SECRETS = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:your-app/dev"


def check(*command: str | Path, cwd: Path = ROOT, stdin: str | None = None) -> None:
    """Runs a program that must find nothing wrong."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, input=stdin, capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 0, done.stdout + done.stderr


def require(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed: this check has NOT been made")
    return path


# IAM


def policy(name: str) -> dict[str, Any]:
    return json.loads((DEPLOY / f"iam/{name}-policy.json").read_text())


def allows(name: str, action: str, resource: str) -> bool:
    """Whether the policy allows it, by moto's evaluation of statements without conditions."""
    without = [statement for statement in policy(name)["Statement"] if "Condition" not in statement]
    document = json.dumps({"Version": "2012-10-17", "Statement": without})
    return IAMPolicy(document).is_action_permitted(action, resource) == PermissionResult.PERMITTED


@pytest.mark.parametrize("name", POLICIES)
def test_a_linter_finds_nothing_in_a_policy(name: str) -> None:
    check(BIN / "parliament", stdin=(DEPLOY / f"iam/{name}-policy.json").read_text())


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_is_short_enough_and_names_what_it_opens(name: str) -> None:
    document = policy(name)
    # An inline policy of a role has 10,240 characters at most, white space not counted (IAM quotas).
    assert len("".join(json.dumps(document).split())) < 10_240
    for statement in document["Statement"]:
        assert "*" not in json.dumps(statement["Action"])
        resources = statement["Resource"]
        assert all(resource != "*" for resource in ([resources] if isinstance(resources, str) else resources))


@pytest.mark.parametrize("statement", [s for n in POLICIES for s in policy(n)["Statement"]], ids=lambda s: s["Sid"])
def test_a_key_is_opened_through_its_service_alone(statement: dict[str, Any]) -> None:
    if not json.dumps(statement["Action"]).count("kms:"):
        assert "Condition" not in statement
        return
    assert "kms:ViaService" in statement["Condition"]["StringEquals"]


@pytest.mark.parametrize("action", ["ssm:GetParameter", "ssm:GetParameters"])
@pytest.mark.parametrize("name", ["secrets", "db/password", "auth0-cache/token", "auth0-cache/expires"])
def test_the_broker_may_read_its_parameters(action: str, name: str) -> None:
    assert allows("runtime", action, f"{SSM}/{name}")


def test_the_broker_may_read_its_secrets() -> None:
    assert allows("runtime", "secretsmanager:GetSecretValue", f"{SECRETS}/secrets-AbCdEf")


@pytest.mark.parametrize("name", ["token", "expires"])
def test_the_broker_may_write_the_token_pair(name: str) -> None:
    assert allows("runtime", "ssm:PutParameter", f"{SSM}/auth0-cache/{name}")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ssm:PutParameter", f"{SSM}/secrets"),
        ("ssm:PutParameter", f"{SSM}/mongodb-uri"),
        ("ssm:PutParameter", f"{SSM}/auth0-cache"),
        ("ssm:PutParameter", f"{SSM}/auth0-cache/lease"),
        ("ssm:DeleteParameter", f"{SSM}/auth0-cache/token"),
        # AWS authorises this one on the path alone, whatever parameters it returns.
        ("ssm:GetParametersByPath", SSM),
        ("ssm:GetParametersByPath", f"{SSM}/secrets"),
        ("ssm:GetParameter", SSM.replace("/dev", "/prod") + "/secrets"),
        ("ssm:GetParameter", SSM.replace("/dev", "/development") + "/secrets"),
        ("ssm:GetParameter", SSM.replace("111122223333", "444455556666") + "/secrets"),
        ("secretsmanager:PutSecretValue", f"{SECRETS}/secrets-AbCdEf"),
        ("secretsmanager:DeleteSecret", f"{SECRETS}/secrets-AbCdEf"),
        ("secretsmanager:GetSecretValue", SECRETS.replace("/dev", "/prod") + "/secrets-AbCdEf"),
    ],
)
def test_the_broker_may_do_no_more(action: str, resource: str) -> None:
    assert not allows("runtime", action, resource)


@pytest.mark.parametrize("name", ["secrets", "mongodb-uri", "db/password"])
def test_the_migrator_may_write_what_it_moves(name: str) -> None:
    assert allows("migrator", "ssm:PutParameter", f"{SSM}/{name}")
    assert allows("migrator", "secretsmanager:GetSecretValue", f"{SECRETS}/{name}-AbCdEf")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ssm:PutParameter", f"{SSM}/auth0-cache/token"),
        ("ssm:GetParameter", f"{SSM}/auth0-cache/token"),
        ("ssm:DeleteParameter", f"{SSM}/secrets"),
        ("secretsmanager:DeleteSecret", f"{SECRETS}/secrets-AbCdEf"),
        ("secretsmanager:PutSecretValue", f"{SECRETS}/secrets-AbCdEf"),
    ],
)
def test_the_migrator_leaves_tokens_and_old_secrets_alone(action: str, resource: str) -> None:
    assert not allows("migrator", action, resource)


# systemd


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    analyze = require("systemd-analyze")
    unit = tmp_path / "latchkey.service"
    # It wants the program to be there; everything else is as it lies.
    unit.write_text((DEPLOY / "systemd/latchkey.service").read_text().replace("/usr/local/bin/latchkey", "/bin/true"))
    check(analyze, "verify", "--recursive-errors=yes", "--man=no", unit)


def test_the_unit_is_hardened() -> None:
    # 20 of 100, where 0 is a process that can do nothing at all.
    analyze = require("systemd-analyze")
    check(analyze, "security", "--offline=true", "--threshold=20", DEPLOY / "systemd/latchkey.service")


def test_the_unit_outlives_the_drain() -> None:
    unit = (DEPLOY / "systemd/latchkey.service").read_text()
    settings = (DEPLOY / "systemd/latchkey.env").read_text()
    seconds = {line.split("=")[0].lstrip("#"): line.split("=")[1] for line in (unit + settings).splitlines() if "=" in line}
    assert int(seconds["TimeoutStopSec"]) > int(seconds["LATCHKEY_DRAIN_TIMEOUT"])


# The image


def test_hadolint_has_nothing_to_say() -> None:
    check(BIN / "hadolint", "--failure-threshold", "style", DEPLOY / "container/Dockerfile")


def test_the_image_does_not_run_as_root() -> None:
    lines = (DEPLOY / "container/Dockerfile").read_text().splitlines()
    stages = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    assert [line for line in lines[stages[-1] :] if line.startswith("USER ")] == ["USER 10001:10001"]


# Prometheus


def test_prometheus_accepts_the_scrape_configuration(tmp_path: Path) -> None:
    promtool = require("promtool")
    key = tmp_path / "key"
    key.write_text("a key\n")
    text = (DEPLOY / "prometheus/prometheus.yml").read_text()
    assert "/etc/prometheus/latchkey-api-key" in text
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text(text.replace("/etc/prometheus/latchkey-api-key", str(key)))
    check(promtool, "check", "config", configuration)


# Terraform


def terraform(*arguments: str, cwd: Path) -> tuple[int, str]:
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    try:
        done = subprocess.run(
            [require("terraform"), *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=100
        )
    except subprocess.TimeoutExpired:
        return 1, "terraform took more than 100 seconds"
    return done.returncode, done.stdout + done.stderr


def test_terraform_finds_its_files_formatted() -> None:
    status, output = terraform("fmt", "-check", "-diff", cwd=DEPLOY / "terraform")
    assert status == 0, output


def provider_mirror() -> Path | None:
    """A folder that holds HOST/NAMESPACE/TYPE/VERSION/PLATFORM/terraform-provider-aws…, where a machine has one."""
    for top in ("/opt", "/usr/share", "/usr/local", str(Path.home())):
        for provider in Path(top).glob("*/*/hashicorp/aws/*/*/terraform-provider-aws*"):
            return provider.parents[5]
    return None


@pytest.mark.timeout(240)
def test_terraform_accepts_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    folder = tmp_path / "deploy/terraform"
    if mirror := provider_mirror():
        configuration = tmp_path / "terraform.rc"
        configuration.write_text(f'provider_installation {{ filesystem_mirror {{ path = "{mirror}" }} }}\n')
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    status, output = terraform("init", "-backend=false", "-input=false", "-no-color", cwd=folder)
    if status != 0:
        pytest.skip(f"terraform cannot get its AWS provider: this check has NOT been made\n{output[-500:]}")
    status, output = terraform("validate", "-no-color", cwd=folder)
    assert status == 0, output


def test_terraform_holds_no_value() -> None:
    text = "".join(path.read_text() for path in (DEPLOY / "terraform").glob("*.tf"))
    for resource in ["aws_ssm_parameter", "aws_secretsmanager_secret_version", "secret_string"]:
        assert resource not in text


# The written pages


def test_the_documentation_compiles_and_its_links_hold(tmp_path: Path) -> None:
    check(
        *(require("docc"), "convert", ROOT / "Sources/latchkey/Latchkey.docc", "--warnings-as-errors"),
        *("--fallback-display-name", "Latchkey", "--fallback-bundle-identifier", "latchkey"),
        *("--output-path", tmp_path / "out"),
    )


@pytest.mark.parametrize("page", ["README.md", ".github/CONTRIBUTING.md"])
def test_a_path_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text()
    named = re.findall(r"`((?:Sources|Tests|deploy|\.github)/[\w./-]*)", text)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_a_file_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "Sources/latchkey/Latchkey.docc/Architecture.md").read_text()
    guide = text[text.index("## Where do I find") :]
    files = {path.name for path in (ROOT / "Sources").rglob("*.swift")}
    assert {name for name in re.findall(r"(\w+\.swift)`", guide)} - files == set()


# The one command


def test_a_missing_swift_is_said_plainly(tmp_path: Path) -> None:
    # dirname is all it may find: neither Swift nor anything that installs.
    for name in ["bash", "dirname", "env"]:
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    done = subprocess.run(
        [str(DEPLOY / "try")], env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 69
    assert done.stdout == ""
    assert "swift is not installed" in done.stderr
