"""The profiles file changes while the broker runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from peers.http import Answer
from peers.faults import when_released
from peers.issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from peers.profiles import A, B, Reloaded, audience, entry, put
from peers.proxy import mentions
from peers.waiting import until


@pytest.fixture
def reloaded(world, tmp_path: Path) -> Reloaded:
    return Reloaded(world, tmp_path / "profiles.json", entry("a", A))


def test_a_new_profile_is_served_everywhere_and_the_others_keep_their_tokens(reloaded: Reloaded) -> None:
    before = {name: reloaded.token(name) for name in ("default", "a")}
    assert (reloaded.get("b").status, reloaded.oauth(B).json()["error"]) == (404, "invalid_target")
    reloaded.write(entry("a", A), entry("b", B))
    new = reloaded.token("b")
    assert audience(new) == B
    assert reloaded.oauth(B).json()["access_token"] == new
    assert {name: reloaded.token(name) for name in ("default", "a")} == before
    assert (reloaded.asked(AUDIENCE), reloaded.asked(A), reloaded.asked(B)) == (1, 1, 1)
    assert set(reloaded.broker.get("/health").json()["tokens"]) == {"default", "a", "b"}
    assert reloaded.broker.metric("latchkey_token_refreshes_total", profile="b", outcome="success") == 1
    assert reloaded.broker.metric("latchkey_issuer_quota_remaining", profile="b", bucket="budget") == 59
    assert (reloaded.health_entry()["state"], bool(reloaded.health_entry()["last_change"])) == ("ok", True)


def test_a_removed_profile_is_gone_and_returns_with_the_shared_token(reloaded: Reloaded) -> None:
    value = reloaded.token("a")
    until(lambda: reloaded.is_shared("a", value), "the pair is written")
    until(lambda: reloaded.world.parameter("auth0-cache/a/expires"), "the pair is written")
    assert reloaded.oauth(A).status == 200
    reloaded.write(entry("b", B))
    body = {"sha256": "0" * 64, "profile": "a"}
    rejected = reloaded.broker.get("/token/rejected", method="POST", body=json.dumps(body).encode())
    assert [reloaded.get("a").status, rejected.status, reloaded.get("a").code] == [404, 404, "not_found"]
    assert reloaded.oauth(A).json()["error"] == "invalid_target"
    assert set(reloaded.broker.get("/health").json()["tokens"]) == {"default", "b"}
    assert 'profile="a"' not in reloaded.broker.get("/metrics").text
    reloaded.write(entry("a", A))
    answer = reloaded.get("a")
    assert (answer.header("X-Latchkey-Tier"), answer.json()["access_token"]) == ("parameter-store", value)
    assert reloaded.asked(A) == 1
    assert reloaded.broker.metric("latchkey_token_refreshes_total", profile="a", outcome="success") == 1


def test_a_changed_audience_never_gets_the_old_token_from_memory_or_the_shared_tier(
    reloaded: Reloaded, world, tmp_path: Path
) -> None:
    old = reloaded.token("a")
    until(lambda: reloaded.is_shared("a", old), "the pair is written")
    assert reloaded.oauth(A).status == 200
    reloaded.write(entry("a", B))
    new = reloaded.token("a")
    assert audience(new) == B
    assert (reloaded.asked(A), reloaded.asked(B)) == (1, 1)
    assert (reloaded.oauth(A).json()["error"], reloaded.oauth(B).json()["access_token"]) == ("invalid_target", new)
    until(lambda: reloaded.is_shared("a", new), "the new pair is written over the old one")
    # Another replica with the same file gets the token from the shared tier.
    sibling = Reloaded(world, tmp_path / "sibling.json", entry("a", B))
    assert sibling.token("a") == new
    assert (reloaded.asked(A), reloaded.asked(B)) == (1, 1)


def test_a_pair_that_a_sibling_has_written_for_the_old_definition_is_not_taken(
    reloaded: Reloaded, world, tmp_path: Path
) -> None:
    other = Reloaded(world, tmp_path / "other.json", entry("a", A))
    old = reloaded.token("a")
    until(lambda: reloaded.is_shared("a", old), "the pair is written")
    until(lambda: world.parameter("auth0-cache/a/expires"), "the pair is written")
    # This replica never had the profile's token, so it can know only from the lease.
    other.write(entry("a", B))
    assert audience(other.token("a")) == B
    assert reloaded.token("a") == old
    assert (reloaded.asked(A), reloaded.asked(B)) == (1, 1)


@pytest.mark.parametrize("is_removed", [False, True])
def test_a_refresh_in_progress_serves_no_old_token(
    reloaded: Reloaded, later: Callable, is_removed: bool
) -> None:
    gate = threading.Event()
    later(gate.set)
    reloaded.world.auth.next(when_released(gate), when=mentions(A))
    answers: list[Answer] = []
    callers = [threading.Thread(target=lambda: answers.append(reloaded.get("a"))) for _ in range(5)]
    for caller in callers:
        caller.start()
    joined = lambda: reloaded.broker.metric("latchkey_singleflight_joined_total", resource="token") >= 4  # noqa: E731
    until(lambda: reloaded.asked(A) == 1 and joined(), "all wait for one request")
    reloaded.write(*([] if is_removed else [entry("a", B)]))
    # The old request is still in progress, and no caller waits for it.
    for caller in callers:
        caller.join(20)
    assert len(answers) == 5
    if is_removed:
        assert {answer.status for answer in answers} == {404}
    else:
        values = {answer.json()["access_token"] for answer in answers}
        assert [audience(value) for value in values] == [B]
        until(lambda: reloaded.is_shared("a", next(iter(values))), "the new pair is written")
    count = len(reloaded.world.auth.requests)
    gate.set()
    reloaded.world.auth.settle(at_most=10)
    if not is_removed:
        assert reloaded.token("a") in values
        assert reloaded.is_shared("a", next(iter(values)))
    assert (reloaded.asked(A), len(reloaded.world.auth.requests)) == (1, count)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({}, {"scope": "read:orders"}),
        ({"organization": "one"}, {"organization": "two"}),
        ({"extra": {"purpose": "one"}}, {"extra": {"purpose": "two"}}),
        ({}, {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}),
        ({"token_url": "proxy"}, {"token_url": "issuer"}),
    ],
)
def test_a_changed_audience_requires_a_new_token(reloaded: Reloaded, old: dict, new: dict) -> None:
    urls = {"proxy": reloaded.world.token_url, "issuer": reloaded.world.issuer.token_url}
    first, second = ({name: urls.get(str(value), value) for name, value in each.items()} for each in (old, new))
    reloaded.write(entry("a", A), entry("b", B, **first))
    value = reloaded.token("b")
    until(lambda: reloaded.is_shared("b", value), "the pair is written")
    reloaded.write(entry("b", B, **second), entry("a", A))
    assert reloaded.token("b") != value
    assert len(reloaded.world.issuer.requests) == 2


def test_a_change_of_how_the_client_proves_itself_keeps_the_token_and_is_used_for_the_next(
    reloaded: Reloaded,
) -> None:
    value = reloaded.token("a")
    reloaded.write(entry("a", A, client_secret="not-the-secret-5b1"))
    reloaded.broker.remember_secret("not-the-secret-5b1")
    assert reloaded.token("a") == value and reloaded.asked(A) == 1
    answer = reloaded.get("a", "?refresh=true")
    assert (answer.json()["access_token"], answer.header("X-Latchkey-Refresh-Error")) == (value, "invalid_client")
    assert len(reloaded.world.auth.seen(mentions("not-the-secret-5b1"))) == 1


def test_a_corrected_client_secret_is_used_at_once(reloaded: Reloaded) -> None:
    reloaded.write(entry("b", B, client_secret="wrong-secret-77c1"))
    assert reloaded.get("b").code == "upstream_denied"
    reloaded.write(entry("b", B, client_secret=CLIENT_SECRET))
    # The backoff belonged to the wrong secret.
    assert audience(reloaded.token("b")) == B


def test_the_files_of_credentials_are_followed_while_a_profile_names_them(reloaded: Reloaded, tmp_path: Path) -> None:
    secret, other = tmp_path / "secret", tmp_path / "other"
    secret.write_text("wrong-one-41d0")
    name = "profile b: client_secret"
    reloaded.write(entry("b", B, client_secret=f"file:{secret}"))
    assert reloaded.health_entry(name)["source"] == str(secret)
    assert reloaded.get("b").code == "upstream_denied"
    secret.write_text(CLIENT_SECRET)
    until(lambda: reloaded.health_entry(name)["last_change"], "the new secret is in force")
    until(lambda: reloaded.get("b").status == 200, "the profile has a token")
    other.write_text(CLIENT_SECRET)
    reloaded.write(entry("b", B, client_secret=f"file:{other}"))
    assert reloaded.health_entry(name)["source"] == str(other)
    secret.unlink()
    reloaded.write(entry("a", A))
    other.unlink()
    assert name not in reloaded.broker.get("/health").json()["followed"]
    reloaded.write(entry("a", A), entry("b", B))
    assert reloaded.broker.get("/health").json()["status"] == "ok"


def test_the_default_profile_can_come_from_the_file_and_go_back_to_the_settings(reloaded: Reloaded) -> None:
    assert audience(reloaded.token("default")) == AUDIENCE
    reloaded.write(entry("default", B))
    answer = reloaded.broker.token()
    assert audience(answer.json()["access_token"]) == B
    reloaded.write(entry("a", A))
    assert audience(reloaded.broker.token().json()["access_token"]) == AUDIENCE


def test_a_hundred_profiles_may_all_be_replaced_at_once_and_one_more_is_refused(reloaded: Reloaded) -> None:
    for round_number in range(3):
        reloaded.write(*(entry(f"t{round_number}-{number}", f"{A}/{round_number}/{number}") for number in range(100)))
        assert audience(reloaded.token(f"t{round_number}-99")) == f"{A}/{round_number}/99"
        assert len(reloaded.broker.get("/health").json()["tokens"]) == 101
        assert reloaded.get(f"t{round_number - 1}-99").status == 404
    put(reloaded.file, json.dumps([entry(f"x{number}", A) for number in range(101)]))
    until(lambda: reloaded.health_entry()["error"] == "unfit", "/health tells it")
    assert (reloaded.get("x1").status, reloaded.get("t2-1").status) == (404, 200)
