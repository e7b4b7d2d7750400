"""Callers that are known by JSON Web Tokens: algorithms, claims, key sets that change or cannot be read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peers.broker import PREFIX, Broker
from peers.callers import bearer, change, write
from peers.key_sets import AUDIENCE, ISSUER, KeySetServer, SigningKey, key_set
from peers.waiting import until

SUBJECT = "system:serviceaccount:billing:api"
BILLING = {"id": "billing", "scopes": ["secrets"], "secrets": ["solo"], "jwt": {"issuer": ISSUER, "sub": "system:serviceaccount:billing:*"}}


@pytest.fixture(scope="module")
def keys() -> dict[str, SigningKey]:
    return {algorithm: SigningKey(algorithm, f"key-{algorithm}") for algorithm in ("RS256", "ES256", "EdDSA")}


@pytest.fixture
def broker(world, keys: dict[str, SigningKey], tmp_path: Path) -> Broker:
    world.put("solo", "value-of-solo")
    world.put("other", "value-of-other")
    jwks = tmp_path / "jwks.json"
    jwks.write_text(key_set(*keys.values()))
    issuers = [
        {"issuer": ISSUER, "jwks": f"file:{jwks}", "audience": AUDIENCE},
        {"trust_domain": "house.example", "jwks": f"file:{jwks}", "audience": AUDIENCE},
    ]
    batch = {"id": "batch", "scopes": ["secrets"], "secrets": ["other"], "jwt": {"sub": "spiffe://house.example/batch"}}
    file = write(tmp_path / "callers.json", [BILLING, batch], issuers=issuers)
    started: Broker = world.serve(LATCHKEY_CALLERS_FILE=str(file))
    return started


def status(broker: Broker, token: str, name: str = "solo") -> int:
    return broker.get(f"/secrets/{name}", key=None, headers=bearer(token)).status


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_token_of_each_algorithm_is_the_caller_of_its_subject(broker: Broker, keys, algorithm: str) -> None:
    token = keys[algorithm].token(SUBJECT)
    for _ in range(2):
        answer = broker.get("/secrets/solo", key=None, headers=bearer(token))
        assert (answer.status, answer.json()["value"]) == (200, "value-of-solo")
    assert status(broker, token, "other") == 403
    assert broker.get("/token", key=None, headers=bearer(token)).status == 403
    assert status(broker, keys[algorithm].token("system:serviceaccount:orders:api")) == 401


def test_a_subject_of_a_trust_domain_needs_no_issuer(broker: Broker, keys) -> None:
    token = keys["ES256"].token("spiffe://house.example/batch", iss=None)
    assert (status(broker, token, "other"), status(broker, token)) == (200, 403)
    assert status(broker, keys["ES256"].token("spiffe://other.example/batch", iss=None), "other") == 401


def test_the_routes_take_tokens_where_the_contract_says(broker: Broker, keys) -> None:
    token = keys["RS256"].token(SUBJECT)
    path = f"/systemsmanager/parameters/get?name={PREFIX}/solo&withDecryption=true"
    extension = broker.get(path, key=None, headers={"X-Aws-Parameters-Secrets-Token": token})
    assert extension.status == 200, extension.text
    form = f"grant_type=client_credentials&client_id=billing&client_secret={token}"
    oauth = broker.get(
        "/oauth/token", key=None, method="POST", body=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert oauth.status == 401


def encoded(value: Any) -> bytes:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def forged(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None = None) -> str:
    signed = encoded(header) + b"." + encoded(claims)
    mark = hmac.new(secret, signed, hashlib.sha256).digest() if secret else b"x"
    return (signed + b"." + encoded(mark)).decode()


def test_forged_and_odd_tokens_are_refused(broker: Broker, keys) -> None:
    key, now = keys["RS256"], int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "exp": now + 300}
    modulus = key.public["n"].encode()
    stranger = SigningKey("RS256", key.kid)
    tokens = {
        "no algorithm": forged({"alg": "none", "kid": key.kid}, claims),
        "HMAC with the public key": forged({"alg": "HS256", "kid": key.kid}, claims, modulus),
        "another key with this kid": stranger.token(SUBJECT),
        "another algorithm of the key": keys["ES256"].token(SUBJECT, {"kid": key.kid}),
        "audience": key.token(SUBJECT, aud="other"),
        "no audience": key.token(SUBJECT, aud=None),
        "issuer": key.token(SUBJECT, iss="https://other.example"),
        "expired": key.token(SUBJECT, exp=now - 61),
        "no expiry": key.token(SUBJECT, exp=None),
        "not yet": key.token(SUBJECT, nbf=now + 120),
        "critical": key.token(SUBJECT, {"crit": ["b64"], "b64": True}),
        "cut": key.token(SUBJECT)[:-10],
    }
    assert {name: status(broker, token) for name, token in tokens.items()} == dict.fromkeys(tokens, 401)
    for good in (key.token(SUBJECT, exp=now - 30), key.token(SUBJECT, nbf=now + 30), key.token(SUBJECT, aud=["x", AUDIENCE])):
        assert status(broker, good) == 200, "within the leeway, or one of several audiences"
    assert broker.metric("latchkey_auth_failures_total", reason="expired") >= 1


@pytest.fixture
def server(authority) -> Iterator[KeySetServer]:
    first = SigningKey("ES256", "first")
    running = KeySetServer(authority.issue("keys", "DNS:localhost"), first)
    running.first = first  # type: ignore[attr-defined]
    yield running
    running.stop()


@pytest.fixture
def remote(world, authority, server: KeySetServer, tmp_path: Path) -> Broker:
    world.put("solo", "value-of-solo")
    bearer_file = tmp_path / "bearer"
    bearer_file.write_text("token-of-the-broker")
    issuer = {
        "issuer": ISSUER, "jwks": server.url, "audience": AUDIENCE, "ca": str(authority.root), "bearer": f"file:{bearer_file}"}
    file = write(tmp_path / "callers.json", [BILLING], issuers=[issuer])
    started: Broker = world.serve(LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_UPSTREAM_TIMEOUT="15")
    return started


def test_a_new_key_counts_as_soon_as_it_is_published(remote: Broker, server: KeySetServer) -> None:
    """The first token with the new key waits while the set is read again. Many at once share one read."""
    assert status(remote, server.first.token(SUBJECT)) == 200  # type: ignore[attr-defined]
    assert set(server.reads) == {"Bearer token-of-the-broker"}
    second = SigningKey("RS256", "second")
    server.publish(server.first, second)  # type: ignore[attr-defined]
    before, results = len(server.reads), []
    threads = [threading.Thread(target=lambda: results.append(status(remote, second.token(SUBJECT)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == [200] * 8
    assert len(server.reads) == before + 1
    # Unknown keys cause no further read within a minute, and do not hold the caller up.
    assert status(remote, SigningKey("ES256", "third").token(SUBJECT)) == 401
    assert len(server.reads) == before + 1


def test_while_the_key_set_cannot_be_read_known_keys_stay_in_force(remote: Broker, server: KeySetServer) -> None:
    token = server.first.token(SUBJECT)  # type: ignore[attr-defined]
    assert status(remote, token) == 200
    server.is_down = True
    before = remote.metric("latchkey_reload_failures_total", what="jwks")
    assert status(remote, SigningKey("ES256", "unknown").token(SUBJECT)) == 401
    until(lambda: remote.metric("latchkey_reload_failures_total", what="jwks") > before, "the failure is counted")
    assert status(remote, token) == 200
    assert status(remote, server.first.token(SUBJECT, jti="another")) == 200  # type: ignore[attr-defined]
    assert remote.get("/health").json()["status"] == "degraded"


def test_an_issuer_that_is_removed_is_no_longer_trusted(broker: Broker, keys, tmp_path: Path) -> None:
    token = keys["EdDSA"].token(SUBJECT)
    assert status(broker, token) == 200
    change(broker, tmp_path / "callers.json", [{"id": "other", "scopes": ["secrets"], "unix": {"uid": 1}}])
    assert status(broker, token) == 401


@pytest.mark.parametrize("change_of", ["the key", "the audience"])
def test_a_wait_ends_when_the_key_set_no_longer_trusts_the_token(broker: Broker, keys, tmp_path: Path, change_of: str) -> None:
    token, kept = keys["ES256"].token(SUBJECT), keys["EdDSA"].token(SUBJECT)
    tag = {"If-None-Match": broker.get("/secrets/solo", key=None, headers=bearer(token)).header("ETag") or ""}
    answers: dict[str, int] = {}

    def wait(name: str, credential: str, seconds: int) -> threading.Thread:
        def ask() -> None:
            headers = {**bearer(credential), **tag}
            answers[name] = broker.get(f"/secrets/solo?wait={seconds}", key=None, headers=headers, timeout=90).status

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        return thread

    def waiting() -> float:
        return broker.metric("latchkey_caller_requests_total", caller="billing", resource="secret")

    withdrawn = wait("withdrawn", token, 60)
    other = wait("kept", kept, 8)
    until(lambda: waiting() == 3, "both wait")
    if change_of == "the key":
        (tmp_path / "jwks.json").write_text(key_set(keys["RS256"], keys["EdDSA"]))
    else:
        file = json.loads((tmp_path / "callers.json").read_text())
        for issuer in file["issuers"]:
            issuer["audience"] = "another"
        change(broker, tmp_path / "callers.json", file["callers"], issuers=file["issuers"])
    withdrawn.join(30)
    assert answers["withdrawn"] == 401
    other.join(60)
    assert answers["kept"] == (304 if change_of == "the key" else 401)
