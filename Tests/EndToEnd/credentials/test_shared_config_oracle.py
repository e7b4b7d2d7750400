"""Generated shared AWS files: the product finds the same identity as botocore, or reports an error."""

from __future__ import annotations

import base64
import collections
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from peers import botocore_plan, longrun, shared_config
from peers.broker import ROOT
from peers.shared_config import Case

PLANS = Path(os.environ.get("LATCHKEY_SHARED_CONFIG_PLANS", ROOT / ".build/debug/shared-config-plans"))
#: Errors of Latchkey for files that botocore accepts. No other error is allowed.
KNOWN_REFUSALS = [
    "cycle of profiles", "credential_source of profile", "is empty", "equals sign", "a control character, or white space",
    "only a comment may follow", "is deeper than the setting", "botocore gives the settings of", "botocore reads this section as", "not closed",
    "AWS_DEFAULT_PROFILE names another profile", "and no aws_access_key_id", "with another header", "a section's name must end", "occurs twice",
    "white space at the brackets", "SDKs disagree on which", "must be ASCII", "which the config file does not have",
    "lacks sso_", "contains a character other than", "duration_seconds of profile", "] in the comment", "login_session",
    "has a comment after its value", "is not a command", "must be http://host:port", "without a name", "must be a value",
    "a web identity token file is named", "an MFA device", "there is nothing in a section",
]


def products_answers(cases: list[Case]) -> list[dict[str, Any]]:
    def encoded(data: bytes | None) -> str | None:
        return None if data is None else base64.b64encode(data).decode()

    lines = [
        json.dumps({
            "environment": case.environment | {"HOME": "/home/me"}, "config": encoded(case.config),
            "credentials": encoded(case.credentials),
        })
        for case in cases
    ]
    done = subprocess.run([str(PLANS)], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(cases)
    return answers


def botocores_answer(
    home: Path, environment: Mapping[str, str], config: bytes | None, credentials: bytes | None
) -> dict[str, Any]:
    for name, data in (("config", config), ("credentials", credentials)):
        path = home / ".aws" / name
        path.unlink(missing_ok=True)
        if data is not None:
            path.write_bytes(data)
    return botocore_plan.plan_of(environment | {"HOME": str(home)})


def agree(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    if "error" in expected or actual["plan"] != expected["plan"] or actual["region"] != expected["region"]:
        return False
    endpoint = expected["endpoint"] or f"https://ssm.{actual['region']}.amazonaws.com"
    return actual["endpoint"].rstrip("/").startswith(endpoint)


def judge(case: Case, actual: Mapping[str, Any], home: Path) -> str:
    """The kind of agreement; raises an error for a difference that is not allowed."""
    expected = botocores_answer(home, case.environment, case.config, case.credentials)
    if "error" in actual:
        if "error" in expected:
            return "both refuse"
        known = next((text for text in KNOWN_REFUSALS if text in actual["error"]), None)
        assert known or not botocore_plan.is_usable(expected["plan"]), f"refused for no known reason: {actual} {expected}"
        return "refused here alone"
    if agree(actual, expected):
        return "the same" if actual["plan"] else "neither finds any"
    merged = "already exists" in expected.get("error", "")
    assert case.quirks - {"accident"} or merged, f"{actual} instead of {expected}"
    if merged and "accident" in case.quirks:
        return "sections merged"
    clean = botocores_answer(home, case.clean_environment, case.clean_config, case.clean_credentials)
    assert "accident" in case.quirks or agree(actual, clean), f"{actual} instead of {clean}"
    if "error" not in expected and not case.quirks & {"comment", "blank variable"}:
        # If botocore continues with another section, the region may differ, but not the identity.
        assert actual["plan"] == expected["plan"] or not botocore_plan.is_usable(expected["plan"]), f"{actual} and {expected}"
    return "as is meant"


def run_cases(seeds: Sequence[int], home: Path) -> collections.Counter[str]:
    (home / ".aws").mkdir(exist_ok=True)
    cases = [shared_config.make(seed) for seed in seeds]
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[str] = []
    with botocore_plan.nobody_asked():
        for case, actual in zip(cases, products_answers(cases)):
            try:
                counts[judge(case, actual, home)] += 1
            except AssertionError as error:
                wrong.append(f"seed {case.seed} {sorted(case.quirks)}: {str(error).splitlines()[0]}")
    assert not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong[:20])
    return counts


@pytest.mark.row(66)
@pytest.mark.long
def test_generated_files_lead_to_the_identity_that_botocore_picks(tmp_path: Path) -> None:
    counts = run_cases(longrun.cases(10_000, "shared files"), tmp_path)
    print(dict(counts))
    # A reader that rejects everything would pass each case. With few cases the shares are not significant.
    agreed = counts["the same"] + counts["as is meant"]
    assert counts.total() < 1000 or agreed >= counts.total() / 4 and counts["refused here alone"] <= counts.total() / 5, counts
