"""Client credentials in files that cannot be read or were just written (row 55 of Faults.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peers.broker import Broker
from peers.issuer import CLIENT_SECRET
from peers.waiting import until


@pytest.fixture(autouse=True)
def issuer_as_it_was(world) -> Iterator[None]:
    """Restores the secret of the issuer, which the session shares."""
    yield
    world.issuer.set_secret(CLIENT_SECRET)


@pytest.mark.row(55)
def test_the_same_holds_for_a_client_secret_in_a_file(world, tmp_path: Path) -> None:
    file = tmp_path / "client-secret"
    file.write_text("first-5e1f\n")
    world.issuer.set_secret("first-5e1f")
    broker = world.serve(
        ["first-5e1f", "second-90cc", "third-77ab"], AUTH0_CLIENT_SECRET=f"file:{file}", LATCHKEY_SHARED_TIER="none",
    )

    def health_entry() -> dict[str, Any]:
        return broker.get("/health").json()["followed"]["AUTH0_CLIENT_SECRET"]

    def sends(secret: str) -> None:
        """Sets the only accepted secret, and gets a new token with it."""
        world.issuer.set_secret(secret)
        until(lambda: issued(broker), f"a token for {secret}", 20)

    assert broker.token().status == 200
    for text, secret in (("second-90cc\n", "second-90cc"), (None, "second-90cc"), ("third-77ab\r\n", "third-77ab")):
        before = health_entry()["last_change"]
        if text is None:
            file.unlink()
            until(lambda: health_entry()["error"] == "absent", "it is told")
        else:
            file.write_text(text)
            until(lambda: health_entry()["last_change"] != before and health_entry()["state"] == "ok", "it is in force")
        sends(secret)


def issued(broker: Broker) -> bool:
    """Whether a forced refresh got a token of the issuer."""
    answer = broker.token("?refresh=true")
    return answer.status == 200 and answer.header("X-Latchkey-Refresh-Error") is None and (
        answer.header("X-Latchkey-Tier") == "auth0"
    )


@pytest.mark.row(55)
def test_a_secret_that_is_being_written_is_read_later(world, tmp_path: Path) -> None:
    file, path = tmp_path / "secret", tmp_path / "profiles.json"
    file.write_text(CLIENT_SECRET + "\n")
    path.write_text(json.dumps([{"name": "filed", "kind": "auth0", "audience": "x", "client_secret": f"file:{file}"}]))
    path.chmod(0o600)
    broker = world.serve(["rotated-now-31bb"], LATCHKEY_PROFILES_FILE=str(path), LATCHKEY_SHARED_TIER="none")
    first = broker.get("/token/filed").json()["access_token"]
    world.issuer.set_secret("rotated-now-31bb")
    file.write_text("rotated-now-31bb\n")
    answer = broker.get("/token/filed?refresh=true")
    assert answer.header("X-Latchkey-Refresh-Error") is None
    assert answer.json()["access_token"] != first
