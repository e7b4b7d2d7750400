"""A service gets a token from every tier, and still gets it when AWS is down."""

from __future__ import annotations

import json
import time

import jwt

from peers.broker import PREFIX
from peers.issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from peers.waiting import until

#: A blob with the secrets of the application and the settings of the issuer.
BLOB = {
    "AUTH0_DOMAIN": "issuer.test",
    "AUTH0_CLIENT_ID": CLIENT_ID,
    "AUTH0_CLIENT_SECRET": CLIENT_SECRET,
    "AUTH0_AUDIENCE": AUDIENCE,
    "STRIPE_KEY": "sk_test_5f1c0b8e",
}


def test_the_second_call_is_answered_from_memory(world) -> None:
    broker = world.serve()
    cold, warm = broker.token(), broker.token()
    assert (cold.status, cold.header("X-Latchkey-Tier")) == (200, "auth0")
    assert (warm.status, warm.header("X-Latchkey-Tier")) == (200, "memory")
    assert cold.json()["access_token"] == warm.json()["access_token"]
    assert len(world.issuer.requests) == 1


def test_a_token_has_the_shape_of_rfc_6749(world) -> None:
    answer = world.serve().token()
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert isinstance(body["expires_in"], int) and 86_300 < body["expires_in"] <= 86_400
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("X-Latchkey-Expires-At")
    assert int(answer.header("Age") or -1) >= 0
    claims = jwt.decode(body["access_token"], world.issuer.public_key, algorithms=["RS256"], audience=AUDIENCE)
    assert claims["azp"] == CLIENT_ID


def test_after_a_restart_the_token_comes_from_parameter_store(world) -> None:
    first = world.serve()
    token = first.token().json()["access_token"]
    until(lambda: world.parameter("auth0-cache/expires"), "the pair is written")
    first.stop()
    second = world.serve()
    answer = second.token()
    assert (answer.header("X-Latchkey-Tier"), answer.json()["access_token"]) == ("parameter-store", token)
    assert second.token().header("X-Latchkey-Tier") == "memory"
    assert len(world.issuer.requests) == 1


def test_the_pair_in_parameter_store_has_the_documented_format(world) -> None:
    before = time.time()
    token = world.serve().token().json()["access_token"]
    expires = until(lambda: world.parameter("auth0-cache/expires"), "the pair is written")
    stored = world.parameter("auth0-cache/token")
    assert (stored["Type"], stored["Value"]) == ("SecureString", token)
    assert expires["Type"] == "String"
    # Milliseconds since the epoch, already less the buffer of 300 s.
    assert (before + 86_400 - 300 - 2) * 1000 <= int(expires["Value"]) <= (time.time() + 86_400 - 300 + 2) * 1000


def test_the_token_is_written_before_its_expiry(world) -> None:
    world.serve().token()
    until(lambda: world.parameter("auth0-cache/expires"), "the pair is written")
    names = [request.json()["Name"] for request in world.aws.seen(lambda r: r.operation == "PutParameter")]
    assert names == [f"{PREFIX}/auth0-cache/{name}" for name in ("lease", "token", "expires")]


def test_the_pair_is_read_in_one_call(world) -> None:
    world.serve().token()
    reads = world.aws.seen(lambda r: r.operation.startswith("GetParameter") and b"auth0-cache" in r.body)
    assert [read.operation for read in reads] == ["GetParameters"]
    assert sorted(reads[0].json()["Names"]) == [
        f"{PREFIX}/auth0-cache/expires",
        f"{PREFIX}/auth0-cache/lease",
        f"{PREFIX}/auth0-cache/token",
    ]


def test_a_pair_that_another_application_wrote_is_served(world) -> None:
    world.put("auth0-cache/token", "written-by-the-guide")
    world.put("auth0-cache/expires", str(int((time.time() + 3600) * 1000)), "String")
    broker = world.serve(secrets=["written-by-the-guide"])
    answer = broker.token()
    assert (answer.header("X-Latchkey-Tier"), answer.json()["access_token"]) == (
        "parameter-store",
        "written-by-the-guide",
    )
    assert world.issuer.requests == []


def test_a_placeholder_is_a_miss(world) -> None:
    world.put("auth0-cache/token", "placeholder")
    world.put("auth0-cache/expires", "0", "String")
    broker = world.serve()
    assert broker.token().header("X-Latchkey-Tier") == "auth0"
    assert broker.metric("latchkey_tier_requests_total", resource="token", tier="parameter_store", outcome="miss") == 1


def test_the_issuer_settings_come_from_the_blob(world) -> None:
    world.put("secrets", json.dumps(BLOB))
    nothing = dict.fromkeys(("AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_AUDIENCE"))
    broker = world.serve(secrets=[BLOB["STRIPE_KEY"]], **nothing)
    assert broker.token().header("X-Latchkey-Tier") == "auth0"
    assert broker.get("/secrets/STRIPE_KEY").json()["value"] == BLOB["STRIPE_KEY"]


def test_with_aws_gone_the_token_stays_and_health_says_degraded(world) -> None:
    world.put("solo", "v")
    broker = world.serve()
    token = broker.token().json()["access_token"]
    assert broker.get("/health").json()["status"] == "ok"
    until(lambda: world.parameter("auth0-cache/expires"), "the pair is written")
    world.aws.down()
    assert broker.get("/secrets/solo").status in (502, 503, 504)
    again = broker.token()
    assert (again.header("X-Latchkey-Tier"), again.json()["access_token"]) == ("memory", token)
    health = until(lambda: (h := broker.get("/health")).json()["status"] == "degraded" and h, "degraded")
    assert health.status == 200
    assert token not in health.text
    world.aws.up()
    until(lambda: broker.get("/secrets/solo").status == 200, "the secret again")
    until(lambda: broker.get("/health").json()["status"] == "ok", "ok again")


def test_min_ttl_and_refresh_go_past_memory(world) -> None:
    broker = world.serve()
    first = broker.token().json()["access_token"]
    refreshed = broker.token("?refresh=true")
    assert refreshed.status == 200 and refreshed.json()["access_token"] != first
    assert broker.token("?min_ttl=60").header("X-Latchkey-Tier") == "memory"


def test_a_token_says_the_seconds_really_left(world) -> None:
    broker = world.serve()
    first = broker.token()
    later = until(lambda: int((a := broker.token()).header("Age")) >= 1 and a, "a second has passed")
    assert later.json()["expires_in"] < first.json()["expires_in"]
    assert later.header("X-Latchkey-Expires-At") == first.header("X-Latchkey-Expires-At")
