"""Late, broken, endless and oversized responses (rows 10 to 12 and 16 to 24 of Faults.md)."""

from __future__ import annotations

import threading
import time

import pytest

from peers import faults
from peers.faults import MIB, answer, raw, status
from peers.promises import DEADLINE
from peers.proxy import Fault, FaultProxy
from peers.subjects import Subject, prepare
from peers.waiting import until

HTML = (("Content-Type", "text/html"),)


@pytest.fixture(params=["secret", "token"])
def subject(request, world) -> Subject:
    return prepare(world, request.param)


def require_refusal(subject: Subject, *codes: str) -> None:
    """Checks for an error in time, an empty cache, and a healthy broker."""
    started = time.monotonic()
    refused = subject.ask()
    assert time.monotonic() - started < DEADLINE
    assert refused.status in (502, 504), refused.text
    assert refused.code in (codes or ("upstream_invalid",)), refused.text
    subject.require_healing()


def require_refusal_in_little_memory(subject: Subject, fault: Fault, *codes: str) -> None:
    """Checks that the fault is refused, and that the broker keeps less than 8 MiB more than before."""
    before = subject.broker.memory_kib()
    subject.always(fault)
    require_refusal(subject, *codes)
    assert subject.broker.memory_kib() - before < 8 * 1024


@pytest.mark.row(10)
def test_a_slow_answer_is_waited_for_and_others_are_not_held_up(subject: Subject) -> None:
    subject.broker.get("/livez", key=None)
    subject.next(faults.after(1.0))
    started = time.monotonic()
    spans: list[float] = []

    def others() -> None:
        for _ in range(50):
            began = time.monotonic()
            assert subject.broker.get("/health").status in (200, 503)
            spans.append(time.monotonic() - began)

    other = threading.Thread(target=others)
    other.start()
    subject.require_good(subject.ask())
    other.join()
    assert time.monotonic() - started >= 1.0
    # A caller delayed by the slow answer would have waited for most of its second.
    assert len(spans) == 50 and sum(span > 0.5 for span in spans) <= 2


@pytest.mark.row(11)
@pytest.mark.slow
def test_no_answer_at_all_ends_at_the_deadline_and_leaves_no_connection(subject: Subject) -> None:
    subject.always(faults.never_answer)
    started = time.monotonic()
    refused = subject.ask()
    assert (refused.status, refused.code) == (504, "upstream_timeout")
    assert time.monotonic() - started < DEADLINE
    subject.proxy.heal()
    # Idle connections may stay open; timed-out ones may not.
    subject.proxy.settle(at_most=1)
    subject.require_healing()


@pytest.mark.row(12)
@pytest.mark.slow
def test_dripping_octets_do_not_hold_the_deadline_off(subject: Subject) -> None:
    subject.always(faults.drip)
    started = time.monotonic()
    refused = subject.ask()
    assert (refused.status, refused.code) == (504, "upstream_timeout")
    assert time.monotonic() - started < DEADLINE


@pytest.mark.row(16)
@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x00\x05garbage\r\n\r\n",
        b"{\"Parameter\":{\"Value\":\"x\"}}",
        b"HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"ICY 200 OK\r\n\r\n",
    ],
    ids=["garbage", "http 0.9", "no status", "http 2", "another protocol"],
)
def test_a_response_that_is_not_http_is_rejected(subject: Subject, data: bytes) -> None:
    subject.always(raw(data))
    require_refusal(subject, "upstream_invalid", "upstream_unavailable")


@pytest.mark.row(16)
def test_a_page_of_a_portal_is_not_an_answer(subject: Subject) -> None:
    subject.always(status(200, b"<html><body>Please log in</body></html>", *HTML))
    require_refusal(subject)


@pytest.mark.row(17)
@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"access_token":"x","Parameter":{"Value":"x"', b"null", b"[]", b"\xff\xfe{}", b"{}"]
)
def test_broken_json_is_refused(subject: Subject, body: bytes) -> None:
    subject.always(status(200, body, faults.JSON))
    require_refusal(subject)


@pytest.mark.row(18)
@pytest.mark.parametrize("fault", [faults.deep_document, faults.huge_document, faults.endless_chunks])
def test_a_document_without_end_is_cut_and_costs_no_memory(subject: Subject, fault) -> None:
    require_refusal_in_little_memory(subject, fault)


@pytest.mark.row(19)
def test_a_response_that_inflates_past_the_limit_is_rejected(subject: Subject) -> None:
    faults.packed_blanks()
    require_refusal_in_little_memory(subject, faults.gzip_bomb)


@pytest.mark.row(19)
def test_an_unrequested_encoding_is_rejected(subject: Subject) -> None:
    subject.always(faults.unasked_encoding)
    require_refusal(subject)


@pytest.mark.row(20)
@pytest.mark.parametrize("fault", [faults.megabyte_field, faults.many_fields, faults.nul_in_field])
def test_an_oversized_head_is_rejected(subject: Subject, fault) -> None:
    require_refusal_in_little_memory(subject, fault)


@pytest.mark.row(21)
@pytest.mark.parametrize(
    "fault",
    [faults.two_lengths, faults.as_chunks("with length"), faults.as_chunks("bad size")],
    ids=["two lengths", "length and chunks", "bad chunk"],
)
def test_a_body_of_doubtful_length_is_refused_with_its_connection(subject: Subject, fault) -> None:
    subject.always(fault)
    require_refusal(subject)
    doubtful = {request.connection for request in subject.requests[:-1]}
    assert subject.requests[-1].connection not in doubtful


@pytest.mark.row(22)
@pytest.mark.parametrize(
    "fault",
    [faults.as_chunks(), faults.until_close, faults.octet_by_octet, faults.continued(5)],
    ids=["chunks with extensions and trailer", "ended by the close", "octet by octet", "five times 100"],
)
def test_the_rare_but_right_is_understood(subject: Subject, fault) -> None:
    subject.next(fault)
    subject.require_good(subject.ask())
    assert len(subject.requests) == 1


@pytest.mark.row(23)
def test_a_flood_of_interim_answers_is_cut(subject: Subject) -> None:
    require_refusal_in_little_memory(subject, faults.endless_continues, "upstream_invalid", "upstream_timeout")


@pytest.mark.row(24)
def test_a_redirect_is_not_followed(subject: Subject) -> None:
    elsewhere = FaultProxy()
    subject.always(faults.redirect(f"http://127.0.0.1:{elsewhere.port}/latest/meta-data/"))
    require_refusal(subject, "upstream_invalid", "upstream_unavailable", "upstream_denied")
    assert elsewhere.connections == 0
    elsewhere.stop()


@pytest.mark.row(24)
def test_a_redirect_to_the_metadata_service_ends_at_once(subject: Subject) -> None:
    subject.always(faults.redirect("http://169.254.169.254/latest/meta-data/iam/security-credentials/"))
    # A connection to an address that does not answer would time out with 504.
    assert subject.ask().status == 502


def test_a_body_at_the_limit_is_accepted_and_one_byte_more_is_not(world) -> None:
    subject = prepare(world, "token")
    head = b'{"access_token":"a.b.c","token_type":"Bearer","expires_in":3600,"pad":"'
    fitting = head + b"x" * (MIB - len(head) - 2) + b'"}'
    subject.next(lambda proxied: proxied.send(answer(200, fitting + b" ", [faults.JSON])) or True)
    assert subject.ask().status == 502
    subject.always(status(200, fitting, faults.JSON))
    until(lambda: subject.ask().status == 200, "a body of exactly 1 MiB")
