"""A blob that is no longer a JSON object is reported with the position of the error, and the last valid one is served."""

from __future__ import annotations

import json

from peers.broker import PREFIX, run
from peers.promises import SLACK
from peers.waiting import until

BAD, PLACE = '{"a":"1",}', "secrets_not_json_at_byte_9"
#: A broker without tokens: with tokens it could be ready because of them.
SECRETS_ALONE = dict.fromkeys(
    ["LATCHKEY_AUTH0_TOKEN_URL", "AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_AUDIENCE"]
)


def tier(broker) -> dict:
    return broker.get("/health").json()["tiers"]["parameter-store"]


def test_a_warm_broker_serves_on_and_its_health_does_not_change_to_and_fro(world) -> None:
    world.put("secrets", '{"a":"1"}')
    world.put("other", "2")
    broker = world.serve(LATCHKEY_SECRET_TTL="1", LATCHKEY_SSM_MAX_TPS="200")
    assert (broker.get("/secrets/a").status, broker.token().status) == (200, 200)
    world.put("secrets", BAD)
    broker.get("/secrets/a?refresh=true")
    until(lambda: tier(broker)["blob_error"] == PLACE, "/health tells it")
    for number in range(60):
        # Other answers of the same store, not from memory.
        assert broker.get("/secrets/other?refresh=true").json()["value"] == "2"
        assert broker.get(f"/secrets/nobody-{number}").status == 404
        assert broker.get("/secrets/a").json()["value"] == "1"
        health = broker.get("/health")
        assert (health.status, health.json()["status"], tier(broker)["state"]) == (200, "degraded", "ok")
        assert (tier(broker)["blob_error"], tier(broker)["last_error"]) == (PLACE, PLACE)
        assert broker.get("/readyz", key=None).status == 200
    warnings = [line for line in broker.logs if PLACE in json.dumps(line) and line["level"] == "warning"]
    assert len(warnings) == 1 and f"{PREFIX}/secrets" in json.dumps(warnings[0])
    assert [line for line in broker.logs if "answers again" in json.dumps(line)] == []
    found = run("doctor", "--no-token", env=world.settings())
    assert found.returncode == 1 and "byte 9" in found.stdout
    world.put("secrets", '{"a":"3"}')
    until(lambda: broker.get("/health").json()["status"] == "ok", "/health is well again", 5 + SLACK)
    until(lambda: broker.get("/secrets/a").json()["value"] == "3", "the new value is served", 5 + SLACK)
    assert tier(broker)["blob_error"] is None


def test_a_broker_that_has_nothing_to_serve_is_not_ready(world) -> None:
    world.put("secrets", BAD)
    broker = world.start(**SECRETS_ALONE)
    until(lambda: tier(broker)["blob_error"] == PLACE, "/health tells it")
    assert broker.get("/readyz", key=None).status == 503
    assert broker.get("/secrets/a").json()["upstream_code"] == PLACE
    world.put("secrets", '{"a":"1"}')
    until(lambda: broker.get("/readyz", key=None).status == 200, "it is ready", 5 + SLACK)
    assert broker.get("/secrets/a").json()["value"] == "1"


def test_past_the_stale_time_of_the_old_one_nothing_is_served(world) -> None:
    world.put("secrets", '{"a":"1"}')
    broker = world.serve(LATCHKEY_SECRET_TTL="1", LATCHKEY_STALE_TTL="1", **SECRETS_ALONE)
    assert broker.get("/secrets/a").status == 200
    world.put("secrets", BAD)
    broker.get("/secrets/a?refresh=true")
    until(lambda: broker.get("/readyz", key=None).status == 503, "it is not ready")
    assert broker.get("/secrets/a").status == 502
