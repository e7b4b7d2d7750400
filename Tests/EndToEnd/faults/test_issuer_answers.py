"""Responses of an issuer are checked strictly, unless the profile allows an exception."""

from __future__ import annotations

import json
from typing import Any

import pytest

from peers.cases import CASES
from peers.issuer import AUDIENCE
from peers.proxy import ProxiedRequest, Fault, answer

FILES = sorted([*CASES.glob("issuer/*.json"), *CASES.glob("issuer-more/*.json")])


def gives(case: dict[str, Any]) -> Fault:
    """A fault that sends the answer of the case."""
    data = answer(case["status"], case["body"].encode(), list(case["headers"].items()))
    if case["status"] == 204:
        data = data.replace(b"Content-Length: 0\r\n", b"")

    def fault(proxied: ProxiedRequest) -> bool:
        proxied.send(data)
        return True

    return fault


@pytest.mark.row(37)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_answer_of_the_issuer_is_a_token_or_is_named(world, file) -> None:
    case = json.loads(file.read_text())
    profiles = world.folder / "profiles.json"
    entry = {"name": "default", "kind": "auth0", "audience": AUDIENCE, **case.get("profile", {})}
    profiles.write_text(json.dumps([entry]))
    profiles.chmod(0o600)
    broker = world.serve(["made-up"], LATCHKEY_PROFILES_FILE=str(profiles), LATCHKEY_SHARED_TIER="none")
    world.auth.always(gives(case))
    found = broker.token()
    want = case["want"]
    if "access_token" in want:
        assert found.status == 200, found.text
        assert (found.json()["access_token"], found.json()["token_type"]) == (want["access_token"], "Bearer")
    else:
        assert (found.status, found.code) == (want["status"], want["code"]), found.text
        assert found.json()["upstream_code"] == want["upstream_code"]
