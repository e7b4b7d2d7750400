"""schemathesis generates requests from `openapi.yaml` and finds no fault in it or in the server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from peers import longrun
from peers.broker import API_KEY, PREFIX, ROOT, Broker

HERE = Path(__file__).resolve().parent
#: What cannot be looked at of `POST /`, which nobody here signs for schemathesis (a signature covers the very bytes that are
#: sent): AWS says 400 of every refusal, so that a good request is not told from a bad one. test_sdk_*.py have signed ones.
UNSIGNED = "positive_data_acceptance,missing_required_header,ignored_auth"
#: Options of schemathesis for each way to authenticate.
WAYS = {
    "by key": ["--header", f"Authorization: Bearer {API_KEY}", "--exclude-path-regex", "^(/|/oauth/token/?)$"],
    "as an OAuth client": ["--auth", f"default:{API_KEY}", "--include-path-regex", "^/oauth/token/?$"],
    "unsigned": ["--include-path", "/", "--exclude-checks", UNSIGNED],
}
#: The seed of the requests: constant except in a long run.
SEED = longrun.SEED if longrun.SCALE == 1 else 13


@pytest.fixture
def broker(world) -> Broker:
    world.put("solo", "v")
    return world.serve(LATCHKEY_ISSUE_BUDGET_PER_HOUR="100000")


@pytest.mark.slow(30)
@pytest.mark.parametrize("way", WAYS)
def test_no_request_made_from_the_document_finds_a_fault(broker: Broker, tmp_path: Path, way: str) -> None:
    options = [
        "--url", broker.url, "--checks", "all", "--seed", str(SEED), "--max-examples", str(longrun.count(500)),
        "--no-shrink", "--continue-on-failure", "--warnings", "off", "--request-timeout", "30",
    ]
    environment = {
        **os.environ, "SCHEMATHESIS_HOOKS": "peers.openapi_hooks", "PYTHONPATH": str(HERE.parent), "OPENAPI_PREFIX": PREFIX,
    }
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", str(ROOT / "openapi.yaml"), *options, *WAYS[way]],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout
