"""Responses of an issuer (rows 33 to 37 of Faults.md), and those of glewlwyd."""

from __future__ import annotations

import time

import pytest

from peers.faults import document, oauth_error, status
from peers.promises import DEADLINE
from peers.subjects import Subject, prepare
from peers.waiting import until

GRANT = {"access_token": "opaque-7f2", "token_type": "Bearer", "expires_in": 3600}


@pytest.fixture
def subject(world) -> Subject:
    return prepare(world, "token")


@pytest.mark.row(33)
@pytest.mark.slow
@pytest.mark.parametrize("header", ["Retry-After", "x-ratelimit-reset"])
def test_a_throttling_issuer_is_not_called_before_its_time(subject: Subject, header: str) -> None:
    started, now = time.monotonic(), time.time()
    wait = 8 if header == "Retry-After" else int(now) + 8 - now
    value = "8" if header == "Retry-After" else str(int(now) + 8)
    subject.always(oauth_error("too_many_requests", 429, (header, value)))
    refused = subject.ask()
    assert (refused.status, refused.code) == (503, "upstream_throttled")
    assert 1 <= int(refused.header("Retry-After") or 0) <= 9
    assert {subject.ask().status for _ in range(10)} == {503}
    subject.proxy.heal()
    until(lambda: subject.ask().status == 200, "a token again")
    # Two, unless a slow machine makes a second wait pass.
    assert len(subject.requests) <= 1 + (time.monotonic() - started) / wait
    assert subject.requests[1].at - started >= wait - 0.1


@pytest.mark.row(33)
def test_a_quota_reported_as_a_server_error_is_throttling(subject: Subject) -> None:
    subject.always(oauth_error("access_denied", 500, description="Global limit has been reached"))
    assert subject.ask().code in ("upstream_throttled", "upstream_unavailable")
    assert len(subject.requests) <= 3


@pytest.mark.row(35)
def test_an_error_of_the_issuer_for_good_ends_in_the_deadline(subject: Subject) -> None:
    subject.always(status(503))
    started = time.monotonic()
    refused = subject.ask()
    assert (refused.status, refused.code) == (503, "upstream_unavailable")
    assert 1 <= int(refused.header("Retry-After")) <= 5
    assert time.monotonic() - started < DEADLINE
    assert 2 <= len(subject.requests) <= 4
    subject.require_healing()


@pytest.mark.row(35)
def test_repeats_to_the_issuer_are_not_at_fixed_times(world) -> None:
    gaps = set()
    for _ in range(3):
        subject = prepare(world, "token", LATCHKEY_SHARED_TIER="none")
        world.auth.forget()
        subject.next(status(503))
        subject.require_good(subject.ask())
        first, second = subject.requests
        gaps.add(round(second.at - first.at, 3))
        subject.broker.stop()
    assert len(gaps) > 1, gaps


@pytest.mark.row(36)
@pytest.mark.parametrize(
    "expires_in", ["missing", 0, -1, "3600", 1e99, 3600.5, None, True, "x", 2**63, -(2**63), [], 10**30], ids=repr
)
def test_an_odd_lifetime_is_never_for_ever(subject: Subject, expires_in: object) -> None:
    grant = dict(GRANT, expires_in=expires_in)
    if expires_in == "missing":
        del grant["expires_in"]
    subject.always(document(grant))
    answer = subject.ask()
    if answer.status == 200:
        assert 0 < answer.json()["expires_in"] <= 86_400
    else:
        assert (answer.status, answer.code) == (502, "upstream_invalid")
        subject.require_healing()
    if expires_in in ("3600", 3600.5):
        assert answer.status == 200
    if expires_in in (0, -1):
        assert answer.status == 502


@pytest.mark.row(37)
@pytest.mark.parametrize(
    "change",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": "a\r\nX-Evil: 1"},
        {"access_token": "a b"},
        {"access_token": "\u0000"},
        {"access_token": "x" * 1_000_000},
        {"token_type": "MAC"},
        {"access_token": ["a"]},
    ],
    ids=["missing", "empty", "a number", "two lines", "a blank", "nul", "a megabyte", "another type", "a list"],
)
def test_an_odd_token_is_refused_and_not_kept(subject: Subject, change: dict) -> None:
    grant = {name: value for name, value in (GRANT | change).items() if value is not None}
    subject.always(document(grant))
    refused = subject.ask()
    assert (refused.status, refused.code) == (502, "upstream_invalid")
    assert refused.header("X-Evil") is None
    assert subject.world.parameter("auth0-cache/token") is None
    subject.require_healing()


@pytest.mark.row(37)
def test_a_token_type_in_lower_case_is_bearer_too(subject: Subject) -> None:
    subject.always(document(dict(GRANT, token_type="bearer")))
    assert subject.ask().json()["token_type"] == "Bearer"


@pytest.mark.row(34)
@pytest.mark.parametrize("code", [400, 401, 403])
def test_an_empty_refusal_is_a_clean_one(subject: Subject, code: int) -> None:
    subject.always(status(code))
    refused = subject.ask()
    assert refused.status == 502
    assert refused.code in ("upstream_denied", "upstream_invalid")
    assert len(subject.requests) == 1


@pytest.mark.row(34)
def test_glewlwyd_refuses_json_and_the_broker_says_so_cleanly(world, glewlwyd) -> None:
    broker = world.start(LATCHKEY_AUTH0_TOKEN_URL=glewlwyd.token_url)
    refused = broker.token()
    assert refused.status == 502
    assert refused.code in ("upstream_denied", "upstream_invalid")
    assert refused.json()["upstream"] == "auth0"


def test_auth0s_own_client_and_the_broker_ask_in_the_same_shape(world) -> None:
    from auth0.authentication import GetToken

    from peers.issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET

    world.serve().token()
    auth0_client = GetToken(f"127.0.0.1:{world.auth.port}", CLIENT_ID, client_secret=CLIENT_SECRET, protocol="http")
    auth0_client.client_credentials(AUDIENCE)
    request, other = world.auth.seen()
    assert request.target == other.target == "/oauth/token"
    assert request.headers["content-type"] == other.headers["content-type"] == "application/json"
    given = {name: value for name, value in other.json().items() if value is not None}
    assert request.json() == given
