"""schemathesis generates requests from `openapi.yaml` and finds no fault in it or in the server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from peers import longrun
from peers.broker import API_KEY, PREFIX, ROOT, Broker
from peers.faults import status

HERE = Path(__file__).resolve().parent
#: What cannot be looked at of `POST /`, which nobody here signs for schemathesis (a signature covers the very bytes that are
#: sent): AWS says 400 of every refusal, so that a good request is not told from a bad one. test_sdk_*.py have signed ones.
UNSIGNED = "positive_data_acceptance,missing_required_header,ignored_auth"
#: Options of schemathesis for each way to authenticate.
WAYS = {
    "by key": ["--header", f"Authorization: Bearer {API_KEY}", "--exclude-path-regex", "^(/|/oauth/token/?)$"],
    # Guesses of a client secret are delayed by the caller id that they claim. "as an OAuth client" has some.
    "without a key": ["--exclude-path-regex", "^(/|/oauth/token/?)$"],
    "as an OAuth client": ["--auth", f"default:{API_KEY}", "--include-path-regex", "^/oauth/token/?$"],
    "unsigned": ["--include-path", "/", "--exclude-checks", UNSIGNED],
}
#: All ways in a long run. Without a key schemathesis makes the most requests, and all are refused.
SEARCHED = [way for way in WAYS if longrun.SCALE == 1 or way != "without a key"]
#: The seeds of the requests: three in a long run, else one that is constant.
SEEDS = [longrun.SEED, longrun.SEED + 1, longrun.SEED + 2] if longrun.SCALE == 1 else [13]
#: Routes that answer 500 while a store fails, as AWS does, and 502 to 504 elsewhere.
AWS_ROUTES = {"aws", "extension_secrets", "extension_parameters"}


@pytest.fixture
def broker(world) -> Broker:
    world.put("solo", "v")
    return world.serve(LATCHKEY_ISSUE_BUDGET_PER_HOUR="100000")


@pytest.mark.slow(30)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", SEARCHED)
def test_no_request_made_from_the_document_finds_a_fault(broker: Broker, tmp_path: Path, way: str, seed: int) -> None:
    search(broker, tmp_path, seed, WAYS[way])


@pytest.mark.slow(30)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", ["by key", "as an OAuth client"])
def test_none_does_while_the_upstreams_fail(world, broker: Broker, tmp_path: Path, way: str, seed: int) -> None:
    world.aws.always(status(500))
    world.auth.always(status(500))
    search(broker, tmp_path, seed, [*WAYS[way], "--exclude-checks", "not_a_server_error"])
    internal = re.findall(r'^latchkey_http_requests_total\{route="(\w+)",.*code="500"', broker.get("/metrics").text, re.M)
    assert set(internal) <= AWS_ROUTES


def search(broker: Broker, folder: Path, seed: int, way: list[str]) -> None:
    """Runs schemathesis with all checks against the broker."""
    options = [
        "--url", broker.url, "--checks", "all", "--seed", str(seed), "--max-examples", str(longrun.count(500)),
        "--no-shrink", "--continue-on-failure", "--warnings", "off", "--request-timeout", "30",
    ]
    environment = {
        **os.environ, "SCHEMATHESIS_HOOKS": "peers.openapi_hooks", "PYTHONPATH": str(HERE.parent), "OPENAPI_PREFIX": PREFIX,
    }
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", str(ROOT / "openapi.yaml"), *options, *way],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=200 if longrun.SCALE < 1 else 3600,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout
