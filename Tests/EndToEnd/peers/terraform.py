"""Terraform with its AWS provider, if installed, with moto as AWS."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

#: Configures the provider to call only moto.
MOTO = """
provider "aws" {{
  region                      = "{region}"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {{
    dynamodb = "{url}"
    ecs      = "{url}"
    iam      = "{url}"
    kms      = "{url}"
    lambda   = "{url}"
    sts      = "{url}"
  }}
}}
"""


def terraform(*arguments: str, cwd: Path) -> tuple[int, str]:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not installed: this check has NOT been made")
    # Otherwise the provider spends a fifth of its time on its garbage.
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "GOGC": "300"}
    try:
        done = subprocess.run(
            [program, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
        )
    except subprocess.TimeoutExpired:
        return 1, "terraform took more than 300 seconds"
    return done.returncode, done.stdout + done.stderr


def provider_mirror() -> Path | None:
    """A folder that holds HOST/NAMESPACE/TYPE/VERSION/PLATFORM/terraform-provider-aws…, where a machine has one."""
    for top in ("/opt", "/usr/share", "/usr/local", str(Path.home())):
        for provider in Path(top).glob("*/*/hashicorp/aws/*/*/terraform-provider-aws*"):
            return provider.parents[5]
    return None


def initialised(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`terraform init` in a folder. Skips the test if the provider is not available."""
    if mirror := provider_mirror():
        configuration = folder / "terraform.rc"
        configuration.write_text(f'provider_installation {{ filesystem_mirror {{ path = "{mirror}" }} }}\n')
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    status, output = terraform("init", "-backend=false", "-input=false", "-no-color", cwd=folder)
    if status != 0:
        pytest.skip(f"terraform cannot get its AWS provider: this check has NOT been made\n{output[-500:]}")


def applies(folder: Path) -> None:
    """Applies the folder, and checks that a second plan has no changes."""
    status, output = terraform("apply", "-auto-approve", "-input=false", "-no-color", cwd=folder)
    assert status == 0, output
    status, output = terraform("plan", "-detailed-exitcode", "-input=false", "-no-color", cwd=folder)
    assert status == 0, output
