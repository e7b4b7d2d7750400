"""A broker is ready while it can serve what its callers use."""

from __future__ import annotations

import json

import pytest

from peers.broker import Broker
from peers.faults import status
from peers.promises import SLACK
from peers.waiting import until

NO_TOKENS = dict.fromkeys(
    ["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_AUDIENCE", "LATCHKEY_AUTH0_TOKEN_URL"]
)
NO_SECRETS = {"LATCHKEY_PREFETCH": "", "LATCHKEY_SHARED_TIER": "none"}


def ready(broker: Broker) -> int:
    return broker.get("/readyz", key=None).status


def health(broker: Broker) -> str:
    answer = broker.get("/health")
    assert answer.status == (503 if answer.json()["status"] == "unavailable" else 200)
    return answer.json()["status"]


@pytest.mark.row(2)
@pytest.mark.slow
@pytest.mark.parametrize("blob", [True, False], ids=["a field of the blob", "a parameter and no blob"])
def test_secrets_alone_keep_a_broker_ready_for_as_long_as_memory_serves_them(world, blob: bool) -> None:
    if blob:
        world.put("secrets", json.dumps({"solo": "v"}))
    else:
        world.put("solo", "v")
    broker = world.serve(LATCHKEY_SECRET_TTL="1", LATCHKEY_STALE_TTL="6", **NO_TOKENS)
    assert broker.get("/secrets/solo").status == 200
    assert health(broker) == "ok"
    assert "auth0" not in broker.get("/health").json()["tiers"]
    world.aws.down()
    until(lambda: broker.get("/secrets/solo").header("X-Latchkey-Stale") == "true", "past its time")
    assert (ready(broker), health(broker)) == (200, "degraded")
    # It becomes unavailable at the end of its limits, as the answers just before and after show.
    while True:
        before = broker.get("/secrets/solo").status
        is_ready = ready(broker)
        after = broker.get("/secrets/solo").status
        if before != 200:
            break
        assert is_ready == 200 or after != 200
    until(lambda: (ready(broker), health(broker)) == (503, "unavailable"), "unavailable", within=1 + SLACK)
    world.aws.up()
    until(lambda: ready(broker) == 200 and broker.get("/secrets/solo").status == 200, "back by itself")
    until(lambda: health(broker) == "ok", "well")


@pytest.mark.row(1)
def test_a_broker_whose_store_has_never_answered_is_unavailable(world) -> None:
    world.aws.down()
    broker = world.start(**NO_TOKENS)
    for _ in range(3):
        assert (ready(broker), health(broker)) == (503, "unavailable")
        assert broker.get("/secrets/solo").status in (502, 503, 504)
    world.aws.up()
    until(lambda: ready(broker) == 200, "ready")


def test_a_request_for_an_unconfigured_token_does_not_change_readiness(world) -> None:
    world.put("secrets", json.dumps({"solo": "v"}))
    broker = world.serve(**NO_TOKENS)
    answer = broker.token()
    assert (answer.status, answer.code) == (503, "not_ready")
    assert "AUTH0_CLIENT_ID" in answer.json()["detail"]
    assert (ready(broker), health(broker)) == (200, "ok")


def test_tokens_alone_need_no_store(world) -> None:
    world.aws.down()
    broker = world.serve(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, **NO_SECRETS)
    assert (ready(broker), health(broker)) == (200, "ok")
    assert broker.token().status == 200
    assert (ready(broker), health(broker)) == (200, "ok")
    assert set(broker.get("/health").json()["tiers"]) == {"auth0"}


@pytest.mark.row(5)
@pytest.mark.slow
def test_tokens_alone_and_their_issuer_down_is_unavailable_until_somebody_is_to_try_again(world) -> None:
    world.auth.always(status(503))
    broker = world.serve(**NO_SECRETS)
    assert broker.token().status == 503
    assert (ready(broker), health(broker)) == (503, "unavailable")
    world.auth.heal()
    # No caller asks it. Later callers are admitted again, and the first shows that the issuer is back.
    until(lambda: ready(broker) == 200, "ready for a caller", within=10 + SLACK)
    assert health(broker) == "degraded"
    assert broker.token().status == 200
    assert health(broker) == "ok"


def test_credentials_in_the_blob_make_the_store_a_part_of_tokens(world) -> None:
    world.aws.down()
    broker = world.start(**{**NO_TOKENS, **NO_SECRETS, "AUTH0_CLIENT_ID": "some-id"})
    assert (ready(broker), health(broker)) == (503, "unavailable")
