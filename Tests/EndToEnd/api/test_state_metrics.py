"""The metrics of present state: health, what cannot be read, stale secrets, credentials and quotas."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from peers.broker import Broker
from peers.credentials import NO_KEYS, credentials, secret_of, token_of
from peers.faults import aws_error, with_head
from peers.proxy import FaultProxy
from peers.waiting import until

PATIENT = {"LATCHKEY_UPSTREAM_TIMEOUT": "15"}


@pytest.fixture
def agent() -> Iterator[FaultProxy]:
    """A container credential agent."""
    agent = FaultProxy()
    yield agent
    agent.stop()


def status(broker: Broker) -> list[str]:
    """The statuses that are 1."""
    names = ("ok", "degraded", "unavailable")
    return [name for name in names if broker.metric("latchkey_health_status", status=name) == 1]


def test_the_status_is_that_of_health(world) -> None:
    world.put("solo", "v")
    broker = world.serve(**PATIENT)
    broker.get("/secrets/solo")
    assert status(broker) == ["ok"]
    world.aws.always(aws_error("InternalServerError", 500))
    broker.get("/secrets/solo?refresh=true")
    assert broker.get("/health").json()["status"] == "degraded" and status(broker) == ["degraded"]
    world.aws.heal()
    until(lambda: broker.get("/secrets/solo?refresh=true") and status(broker) == ["ok"], "ok again")


def test_a_broker_that_has_never_read_anything_is_unavailable(world) -> None:
    world.aws.down()
    broker = world.start(**PATIENT)
    until(lambda: status(broker) == ["unavailable"], "unavailable")
    world.aws.up()
    until(lambda: status(broker) == ["ok"], "ok")


def test_what_cannot_be_read_is_counted_until_it_can_be(world, tmp_path: Path) -> None:
    callers = tmp_path / "callers.json"
    callers.write_text('{"callers": []}')
    callers.chmod(0o600)
    broker = world.serve(LATCHKEY_CALLERS_FILE=str(callers), **PATIENT)
    failing = lambda: broker.metric("latchkey_reloads_failing", what="callers")  # noqa: E731
    assert failing() == 0
    callers.write_text("{")
    until(lambda: failing() == 1, "it fails")
    assert broker.metric("latchkey_reloads_failing") == 1
    callers.write_text('{"callers": [ ]}')
    until(lambda: failing() == 0, "it works")


def test_a_stale_secret_has_an_age_until_it_is_read_again(world) -> None:
    world.put("solo", "v")
    broker = world.serve(LATCHKEY_SECRET_TTL="1", **PATIENT)
    age = lambda: broker.metric("latchkey_oldest_stale_secret_age_seconds")  # noqa: E731
    broker.get("/secrets/solo")
    assert age() == 0
    world.aws.always(aws_error("InternalServerError", 500))
    until(lambda: broker.get("/secrets/solo").header("X-Latchkey-Stale") == "true" and age() >= 2, "an old secret")
    world.aws.heal()
    until(lambda: broker.get("/secrets/solo").header("X-Latchkey-Stale") is None and age() == 0, "a fresh secret")


def test_credentials_that_expire_have_a_time(world, agent: FaultProxy) -> None:
    agent.always(credentials("ASIASTATE", 3600))
    world.put("solo", "v")
    broker = world.serve(
        [secret_of("ASIASTATE"), token_of("ASIASTATE")], **PATIENT, **NO_KEYS,
        AWS_CONTAINER_CREDENTIALS_FULL_URI=f"http://127.0.0.1:{agent.port}/creds")
    assert broker.get("/secrets/solo").status == 200
    assert abs(broker.metric("latchkey_aws_credentials_expiry_timestamp_seconds") - time.time() - 3600) < 120


def test_credentials_without_an_end_have_none(world) -> None:
    world.put("solo", "v")
    broker = world.serve(**PATIENT)
    assert broker.get("/secrets/solo").status == 200
    assert "latchkey_aws_credentials" not in broker.get("/metrics").text


def test_a_quota_is_full_again_when_the_issuer_said_so(world) -> None:
    field = b"Auth0-Client-Quota-Limit: b=per_hour;q=100;r=40;t=2"
    world.auth.next(with_head(lambda lines: [*lines, field]))
    broker = world.serve(**PATIENT)
    quota = lambda kind, bucket: broker.metric(f"latchkey_issuer_quota_{kind}", bucket=bucket)  # noqa: E731
    assert (quota("remaining", "budget"), quota("limit", "budget")) == (60, 60)
    broker.token()
    assert quota("remaining", "budget") == 59
    assert quota("limit", "client_per_hour") == 100 and quota("remaining", "client_per_hour") in (40, 100)
    until(lambda: quota("remaining", "client_per_hour") == 100, "the quota is full")


def test_the_state_is_in_openmetrics_too(world) -> None:
    broker = world.serve(**PATIENT)
    accept = {"Accept": "application/openmetrics-text;version=1.0.0"}
    page = broker.get("/metrics", headers=accept).text
    assert 'latchkey_health_status{status="ok"} 1' in page and "# UNIT latchkey_oldest_stale_secret_age_seconds seconds" in page
