"""Throttling, upstream errors and broken connections (rows 6 to 9 and 13 to 15 of Faults.md)."""

from __future__ import annotations

import time

import pytest

from peers.crowd import crowd
from peers.faults import (
    aws_error,
    close_before_answer,
    oauth_error,
    reset_before_answer,
    reset_in_body,
    status,
    truncate,
)
from peers.promises import caller_waits
from peers.proxy import mentions
from peers.subjects import Subject, prepare


@pytest.fixture(params=["secret", "token"])
def subject(request, world) -> Subject:
    return prepare(world, request.param)


@pytest.fixture
def secret(world) -> Subject:
    return prepare(world, "secret", LATCHKEY_UPSTREAM_TIMEOUT="5")


@pytest.mark.row(6)
@pytest.mark.parametrize("name", ["ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"])
def test_a_throttled_call_is_tried_again_up_to_three_times(secret: Subject, name: str) -> None:
    secret.next(aws_error(name), aws_error(name))
    secret.require_good(secret.ask())
    assert len(secret.requests) == 3


@pytest.mark.row(6)
def test_a_delay_that_aws_asks_for_is_kept(secret: Subject) -> None:
    secret.next(aws_error("ThrottlingException", 400, ("x-amz-retry-after", "1500")))
    started = time.monotonic()
    secret.require_good(secret.ask())
    assert time.monotonic() - started >= 1.4


@pytest.mark.row(7)
@pytest.mark.slow
def test_the_retry_quota_limits_retries_during_throttling(world) -> None:
    broker = world.serve(LATCHKEY_SSM_MAX_TPS="1000", LATCHKEY_UPSTREAM_TIMEOUT="5")
    world.aws.always(aws_error("ThrottlingException"), when=mentions("/storm-"))
    answers = crowd(broker.port, [f"/secrets/storm-{number}" for number in range(300)], at_once=50)
    assert {timed.answer.status for timed in answers} == {503}
    assert {timed.answer.code for timed in answers} <= {"upstream_throttled", "overloaded"}
    assert all(int(timed.answer.header("Retry-After") or 0) >= 1 for timed in answers)
    assert max(timed.seconds for timed in answers) < caller_waits(5)
    assert len(world.aws.seen(mentions("/storm-"))) <= 1.5 * len(answers)


@pytest.mark.row(8)
@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_an_upstream_error_once_is_not_seen(subject: Subject, code: int) -> None:
    subject.next(status(code))
    subject.require_good(subject.ask())
    assert len(subject.requests) == 2


@pytest.mark.row(9)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ValidationException", {"upstream_invalid", "bad_request", "upstream_denied"}),
        ("AccessDeniedException", {"upstream_denied"}),
        ("ParameterNotFound", {"not_found"}),
        ("com.amazonaws.ssm#ParameterNotFound", {"not_found"}),
    ],
)
def test_errors_that_a_retry_cannot_fix_are_not_retried(secret: Subject, name: str, expected: set[str]) -> None:
    secret.always(aws_error(name))
    answer = secret.ask()
    assert answer.code in expected
    assert answer.status in (400, 404, 502)
    assert "told so" not in answer.text, "an upstream's own words are not handed on"
    assert len(secret.requests) == 1


@pytest.mark.row(25)
@pytest.mark.parametrize("name", ["UnrecognizedClientException", "ExpiredTokenException"])
def test_credentials_that_are_refused_are_looked_up_once_more(secret: Subject, name: str) -> None:
    secret.always(aws_error(name))
    assert secret.ask().code == "upstream_denied"
    assert len(secret.requests) <= 2


@pytest.mark.row(9)
def test_the_code_decides_and_not_the_status(secret: Subject) -> None:
    secret.always(aws_error("AccessDeniedException", 400))
    assert secret.ask().code == "upstream_denied"
    secret.require_healing()


@pytest.mark.row(13)
@pytest.mark.parametrize("fault", [close_before_answer, reset_before_answer], ids=["closed", "reset"])
def test_a_connection_that_ends_before_the_answer_is_made_anew(subject: Subject, fault) -> None:
    subject.next(fault)
    subject.require_good(subject.ask())
    assert len({request.connection for request in subject.requests}) == 2


@pytest.mark.row(14)
def test_a_kept_connection_that_went_stale_is_not_noticed(world) -> None:
    subject = prepare(world, "secret")
    assert world.aws.open_connections > 0, "the connection of the start is kept"
    world.aws.drop()
    subject.require_good(subject.ask())


@pytest.mark.row(14)
def test_a_kept_connection_that_closes_under_a_request_is_not_noticed(world) -> None:
    subject = prepare(world, "secret")
    subject.next(close_before_answer)
    subject.require_good(subject.ask())


@pytest.mark.row(14)
def test_connections_are_kept(world) -> None:
    subject = prepare(world, "secret")
    before = world.aws.connections
    for number in range(20):
        subject.broker.get(f"/secrets/absent-{number}")
    assert world.aws.connections - before <= 1


@pytest.mark.row(15)
@pytest.mark.parametrize("fault", [truncate, reset_in_body])
def test_half_a_body_is_not_an_answer(subject: Subject, fault) -> None:
    subject.next(fault)
    subject.require_good(subject.ask())
    assert len(subject.requests) == 2


@pytest.mark.row(15)
@pytest.mark.parametrize("fault", [truncate, reset_in_body])
def test_half_bodies_for_good_are_an_upstream_fault(subject: Subject, fault) -> None:
    subject.always(fault)
    answer = subject.ask()
    assert (answer.status, answer.code) in {(502, "upstream_invalid"), (503, "upstream_unavailable")} | {
        (502, "upstream_unavailable")
    }
    subject.require_healing()


@pytest.mark.row(34)
@pytest.mark.parametrize(("code", "name"), [(401, "access_denied"), (401, "invalid_client"), (403, "access_denied")])
def test_an_issuer_that_rejects_is_not_called_repeatedly(world, code: int, name: str) -> None:
    subject = prepare(world, "token")
    subject.always(oauth_error(name, code))
    answers = [subject.ask() for _ in range(10)]
    assert {(answer.status, answer.code) for answer in answers} == {(502, "upstream_denied")}
    assert "told so" not in answers[0].text
    assert len(subject.requests) <= 2
    assert subject.broker.metric("latchkey_upstream_requests_total", upstream="auth0", outcome="denied") >= 1
