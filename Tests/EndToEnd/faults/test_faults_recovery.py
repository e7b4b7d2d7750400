"""After an outage, waiting requests continue at once (row 1 of Faults.md)."""

from __future__ import annotations

import json
import threading
import time

import pytest

from peers.broker import Broker
from peers.faults import aws_error, when_released
from peers.issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from peers.proxy import Received, operation
from peers.waiting import until

#: The issuer's credentials are only in the blob.
IN_BLOB = dict.fromkeys(["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_AUDIENCE"])
BLOB = {
    "AUTH0_DOMAIN": "issuer.test",
    "AUTH0_CLIENT_ID": CLIENT_ID,
    "AUTH0_CLIENT_SECRET": CLIENT_SECRET,
    "AUTH0_AUDIENCE": AUDIENCE,
}


def store_state(broker: Broker) -> str:
    return broker.get("/health").json()["tiers"]["parameter-store"]["state"]


@pytest.mark.row(1)
@pytest.mark.slow
@pytest.mark.parametrize("shared", ["parameter-store", "none"])
def test_a_token_is_there_as_soon_as_the_store_with_its_credentials_answers(world, shared: str) -> None:
    world.put("secrets", json.dumps(BLOB))
    world.aws.down()
    broker = world.start(LATCHKEY_SHARED_TIER=shared, **IN_BLOB)
    # After so many requests the backoff is at its maximum and has just begun.
    until(lambda: int(broker.token().header("Retry-After") or 0) >= 4, "the longest pause")
    assert not world.auth.seen()
    world.aws.up()
    until(lambda: store_state(broker) == "ok", "the store is found again")
    # The backoff would last a second or more.
    until(lambda: broker.token().status == 200, "a token", within=0.5)
    assert broker.get("/readyz", key=None).status == 200


@pytest.mark.row(1)
@pytest.mark.slow
def test_every_secret_is_there_as_soon_as_its_store_answers_another(world) -> None:
    world.put("solo", "v")
    broker = world.serve()
    world.aws.down()
    until(lambda: broker.get("/secrets/solo").status != 200, "it is not had")
    until(lambda: int(broker.get("/secrets/solo").header("Retry-After") or 0) >= 4, "the longest pause")
    world.aws.up()
    until(lambda: store_state(broker) == "ok", "the store is found again")
    until(lambda: broker.get("/secrets/solo").status == 200, "the secret", within=0.5)


#: A lease lasts as long as the upstream timeout, far longer than a test waits.
LONG_LEASE = {"LATCHKEY_UPSTREAM_TIMEOUT": "30"}


def clear(broker: Broker) -> None:
    assert broker.get("/cache/clear", method="POST").status == 204


def has_token_soon(broker: Broker) -> None:
    started = time.monotonic()
    assert broker.token().status == 200
    assert time.monotonic() - started < 15, "it has waited for its own lease"


def test_after_a_clear_the_lease_of_what_was_under_way_is_not_waited_for(world) -> None:
    broker = world.serve(**LONG_LEASE)
    gate = threading.Event()
    world.auth.next(when_released(gate))
    first = threading.Thread(target=broker.token, daemon=True)
    first.start()
    until(lambda: world.auth.seen(), "the issuer is asked")
    clear(broker)
    has_token_soon(broker)
    gate.set()
    first.join(30)


def test_after_a_clear_the_lease_of_a_token_that_could_not_be_written_is_not_waited_for(world) -> None:
    def writes_token(request: Received) -> bool:
        return operation("PutParameter")(request) and b"/auth0-cache/token" in request.body

    broker = world.serve(**LONG_LEASE)
    world.aws.always(aws_error("AccessDeniedException"), when=writes_token)
    has_token_soon(broker)
    until(lambda: world.aws.seen(writes_token), "it was to be written")
    clear(broker)
    has_token_soon(broker)
    assert len(world.issuer.requests) == 2
