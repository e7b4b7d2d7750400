"""Expired credentials, failing sources and wrong clocks (rows 25 to 28 of Faults.md)."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from peers.credentials import NO_KEYS, credentials, reads, signer
from peers.faults import aws_error, never_answer, status
from peers.promises import DEADLINE
from peers.proxy import ProxiedRequest, FaultProxy, Received, passed_on
from peers.waiting import free_port, until
from test_faults_clock import FIRST, HOUR, faked, jump  # noqa: F401


#: Seconds of a call on a busy machine with a dozen callers, without a wait for credentials.
ROUND_TRIP = 0.25


@pytest.fixture
def peer() -> Iterator[FaultProxy]:
    """A container credential agent."""
    peer = FaultProxy()
    yield peer
    peer.stop()


def beside(peer: FaultProxy, **extra: str) -> dict[str, str | None]:
    return {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{peer.port}/creds", **extra}


def by_metadata(port: int) -> dict[str, str | None]:
    return {
        **NO_KEYS,
        "AWS_EC2_METADATA_DISABLED": None,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{port}",
    }


@pytest.mark.row(25)
@pytest.mark.parametrize("name", ["ExpiredTokenException", "UnrecognizedClientException"])
def test_credentials_that_aws_has_ended_are_looked_up_once_and_the_call_succeeds(world, peer, name: str) -> None:
    world.put("solo", "the value")
    peer.always(credentials("ASIATWO"))
    peer.next(credentials("ASIAONE"))
    broker = world.serve(**beside(peer))
    world.aws.next(aws_error(name), when=reads("solo"))
    assert broker.get("/secrets/solo").json()["value"] == "the value"
    assert [signer(request) for request in world.aws.seen(reads("solo"))] == ["ASIAONE", "ASIATWO"]
    assert len(peer.seen()) == 2


@pytest.mark.row(25)
def test_a_crowd_whose_credentials_have_ended_looks_them_up_once(world, peer) -> None:
    for number in range(8):
        world.put(f"n{number}", "v")
    peer.always(credentials("ASIATWO"))
    peer.next(credentials("ASIAONE"))
    broker = world.serve(**beside(peer), LATCHKEY_UPSTREAM_TIMEOUT="15")
    world.aws.always(aws_error("ExpiredTokenException"), when=lambda r: "ASIAONE" in r.headers.get("authorization", ""))
    statuses = []
    threads = [
        threading.Thread(target=lambda n=n: statuses.append(broker.get(f"/secrets/n{n}").status)) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8
    assert len(peer.seen()) == 2


@pytest.mark.row(26)
@pytest.mark.slow
def test_a_source_that_is_down_is_done_without_until_the_credentials_end(world, peer) -> None:
    for number in range(120):
        world.put(f"n{number}", "v", kind="String")
    lasting = 10
    peer.always(status(500))
    peer.next(credentials("ASIAONE", lasting))
    broker = world.serve(**beside(peer))
    until(lambda: peer.seen(), "the source has been asked")
    came = peer.seen()[0].at
    answers: list[tuple[float, int]] = []
    for number in range(100):
        started = time.monotonic()
        answer = broker.get(f"/secrets/n{number}")
        answers.append((started - came, answer.status))
        if answer.status != 200:
            break
        time.sleep(0.12)
    lived = [at for at, code in answers if code == 200]
    assert lived[-1] > lasting - 2, "used to their end"
    assert answers[-1][1] == 503 and answers[-1][0] >= lasting - 1.5
    assert (answer.code, answer.json()["upstream"]) == ("upstream_unavailable", "credentials")
    assert int(answer.header("Retry-After") or 0) >= 1
    # Three attempts for each refresh, with a backoff of 1, 2 and more seconds, and one refresh at a time.
    assert 4 <= len(peer.seen()) <= 13
    warnings = [line for line in broker.logs if line["message"].startswith("AWS credentials could not be renewed")]
    assert warnings and all("container" in line["why"] for line in warnings)
    peer.heal()
    peer.always(credentials("ASIATWO"))
    until(lambda: broker.get("/secrets/n119").status == 200, "the source is well again")
    assert signer(world.aws.seen(reads("n119"))[-1]) == "ASIATWO"


@pytest.mark.row(26)
@pytest.mark.slow
def test_values_outlive_the_credentials_they_were_read_with(world, peer) -> None:
    world.put("solo", "the value")
    peer.always(status(500))
    peer.next(credentials("ASIAONE", 4))
    broker = world.serve(**beside(peer), LATCHKEY_SECRET_TTL="1")
    assert broker.get("/secrets/solo").status == 200
    # A new name each time, because an absence is cached.
    names = (f"/secrets/absent-{number}" for number in itertools.count())
    ended = until(lambda: (a := broker.get(next(names))).status == 503 and a, "the credentials have ended")
    assert ended.json()["upstream"] == "credentials"
    answer = broker.get("/secrets/solo")
    assert (answer.status, answer.json()["value"]) == (200, "the value")
    assert answer.header("X-Latchkey-Stale") == "true"


@pytest.mark.row(26)
@pytest.mark.slow
@pytest.mark.alone
def test_a_hanging_refresh_blocks_no_caller_under_load(world, peer) -> None:
    """Many callers request new names, so that every answer needs a signed call to the store."""
    peer.always(never_answer)
    peer.next(credentials("ASIAONE", 12))
    broker = world.serve(**beside(peer), LATCHKEY_SSM_MAX_TPS="10000")
    until(lambda: len(peer.seen()) >= 1, "the source has been asked")
    ends = peer.seen()[0].at + 12
    # The last quarter of the lifetime: the advisory window, then the mandatory one.
    until(lambda: time.monotonic() > ends - 3.2, "they are near their end", within=12)
    took: list[float] = []
    statuses: set[int] = set()

    def call(caller: int) -> None:
        for number in itertools.count():
            if (now := time.monotonic()) > ends - 1.5:
                return
            statuses.add(broker.get(f"/secrets/absent-{caller}-{number}").status)
            took.append(time.monotonic() - now)

    crowd = [threading.Thread(target=call, args=(caller,)) for caller in range(12)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    assert statuses == {404}
    assert len(took) > 120 and len(peer.seen()) >= 2, "there was a refresh under load, and it hangs"
    assert len(peer.seen()) <= 3, "one refresh at a time"
    # AWSCredentials.md: one refresh may delay callers by 250 ms in total. Each waits at most once.
    assert max(took) < 0.25 + ROUND_TRIP
    assert len([one for one in took if one > ROUND_TRIP]) <= len(crowd)


@pytest.mark.row(27)
def test_a_metadata_service_that_hangs_ends_the_chain_in_seconds(world, peer) -> None:
    peer.always(never_answer)
    broker = world.start(**by_metadata(peer.port), LATCHKEY_UPSTREAM_TIMEOUT="5")
    started = time.monotonic()
    answer = broker.get("/secrets/solo")
    assert (answer.status, answer.code) == (503, "not_ready")
    assert time.monotonic() - started < DEADLINE
    assert 2 <= len(peer.seen()) <= 4, "two tries for one walk"
    assert all(b"PUT /latest/api/token" in request.head for request in peer.seen())


@pytest.mark.row(27)
def test_a_metadata_service_that_hangs_half_way_ends_the_chain_in_seconds(world, peer) -> None:
    peer.always(never_answer)
    peer.always(status(200, b"imds-session"), when=lambda request: request.method == "PUT")
    broker = world.start(**by_metadata(peer.port), LATCHKEY_UPSTREAM_TIMEOUT="5")
    started = time.monotonic()
    assert broker.get("/secrets/solo").status == 503
    assert time.monotonic() - started < DEADLINE


@pytest.mark.row(27)
def test_a_metadata_service_that_refuses_is_asked_once_a_walk(world, peer) -> None:
    peer.always(status(403))
    broker = world.start(**by_metadata(peer.port))
    started = time.monotonic()
    answer = broker.get("/secrets/solo")
    assert (answer.status, answer.code) == (503, "not_ready")
    assert time.monotonic() - started < DEADLINE
    assert len(peer.seen()) <= 2
    until(lambda: any("switched off (403)" in str(line.get("why")) for line in broker.logs), "the reason in the log")


@pytest.mark.row(27)
def test_no_metadata_service_is_found_out_at_once(world) -> None:
    broker = world.start(**by_metadata(free_port()))
    started = time.monotonic()
    answer = broker.get("/secrets/solo")
    assert (answer.status, answer.code) == (503, "not_ready")
    assert time.monotonic() - started < DEADLINE


def is_skewed(request: Received) -> bool:
    """Whether the request was signed more than five minutes before or after its arrival."""
    stamp = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return abs((stamp - datetime.now(UTC)).total_seconds()) > 300


def refuses_skew(proxied: ProxiedRequest) -> bool:
    """Rejects such a signature like AWS, with the correct time in Date."""
    if not is_skewed(proxied.request):
        return passed_on(proxied)
    date = format_datetime(datetime.now(UTC), usegmt=True)
    return aws_error("InvalidSignatureException", 400, ("Date", date))(proxied)


@pytest.mark.row(28)
@pytest.mark.parametrize("offset", [HOUR, -HOUR], ids=["fast", "slow"])
def test_a_clock_an_hour_off_costs_one_retry_and_no_credentials(world, peer, jump, offset: int) -> None:  # noqa: F811
    for name in ("solo", "other"):
        world.put(name, "the value")
    world.aws.always(refuses_skew)
    # Valid for half an hour: expired for a clock that is an hour fast.
    peer.always(credentials("ASIAONE", 1800))
    jump(offset)
    # Not `serve`: for a clock an hour behind, a new token is not valid yet.
    broker = world.start(wrapper=FIRST, **faked(world), **beside(peer), LATCHKEY_PREFETCH="solo")
    answer = broker.get("/secrets/solo")
    assert (answer.status, answer.json()["value"]) == (200, "the value")
    refused = len(world.aws.seen(is_skewed))
    assert 1 <= refused <= 3, "what is under way at the start is refused once, and signed by AWS's clock then"
    assert broker.get("/secrets/other").status == 200
    assert len(world.aws.seen(reads("other"))) == 1
    assert len(world.aws.seen(is_skewed)) == refused
    assert len(peer.seen()) == 1, "the credentials are judged by their own source's clock"


@pytest.mark.row(28)
def test_a_clock_that_jumps_does_not_end_credentials(world, peer, jump) -> None:  # noqa: F811
    for number in range(3):
        world.put(f"n{number}", "v")
    peer.always(credentials("ASIAONE", 1800))
    broker = world.serve(wrapper=FIRST, **faked(world), **beside(peer))
    for number, offset in enumerate([0, HOUR, -HOUR]):
        jump(offset)
        assert broker.get(f"/secrets/n{number}").status == 200
    assert len(peer.seen()) == 1
