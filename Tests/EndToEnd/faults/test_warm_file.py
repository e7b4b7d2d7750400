"""The warm file: a broker that starts while its upstreams are down serves what the last one knew, and nothing withdrawn."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from peers.broker import Broker, run
from peers.faults import aws_error, never_answer
from peers.waiting import free_port, until

VALUE = "warm-value-7c1f0d"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    key = tmp_path / "keys" / "warm.key"
    key.parent.mkdir()
    key.write_text(os.urandom(32).hex() + "\n")
    folder = tmp_path / "warm"
    folder.mkdir()
    return {"LATCHKEY_WARM_FILE": str(folder / "warm"), "LATCHKEY_WARM_KEY": f"file:{key}", "LATCHKEY_SECRET_TTL": "1"}


def filled(world, settings: dict[str, str], **extra: str) -> Broker:
    """A broker that has served a secret and a token, and has written both."""
    world.put("secrets", json.dumps({"FIELD": VALUE}))
    world.put("db/password", VALUE)
    broker = world.serve(secrets=[VALUE], **settings, **extra)
    for path in ("/secrets/FIELD", "/secrets/db/password", "/token"):
        assert broker.get(path).status == 200
    file = Path(settings["LATCHKEY_WARM_FILE"])
    seen = file.stat().st_mtime_ns if file.exists() else 0
    until(lambda: file.exists() and file.stat().st_mtime_ns > seen, "the warm file is written")
    return broker


def down(world) -> None:
    world.aws.always(never_answer)
    world.auth.always(never_answer)


def warnings(broker: Broker) -> list[str]:
    return [line["why"] for line in broker.logs if line["message"].startswith("the warm file is not used")]


def test_after_a_kill_everything_is_served_at_once_and_marked_as_stale(world, settings) -> None:
    first = filled(world, settings)
    token = first.token().json()["access_token"]
    first.kill()
    down(world)
    second = world.start(secrets=[VALUE, token], **settings)
    for path in ("/secrets/FIELD", "/secrets/db/password", "/token"):
        begun = time.monotonic()
        answer = second.get(path)
        assert (answer.status, answer.headers["X-Latchkey-Stale"]) == (200, "true"), path
        assert time.monotonic() - begun < 1, path
    assert second.get("/secrets/FIELD").json()["value"] == VALUE
    assert second.token().json()["access_token"] == token
    assert second.get("/secrets/unknown").status in (503, 504)
    world.aws.heal()
    world.auth.heal()
    world.put("db/password", "warm-value-new")
    until(lambda: second.get("/secrets/db/password").json()["value"] == "warm-value-new", "the store is used again")
    until(lambda: "X-Latchkey-Stale" not in second.token().headers, "the token is refreshed")


@pytest.mark.alone
@pytest.mark.slow
def test_a_killed_broker_serves_again_within_a_tenth_of_a_second(world, settings) -> None:
    """From the start of the program to the first secret and the first token, with all upstreams down."""
    filled(world, settings).kill()
    down(world)
    times = []
    for _ in range(5):
        port = free_port()
        begun = time.monotonic()
        broker = Broker(world.settings(**settings, LATCHKEY_LISTEN=f"127.0.0.1:{port}"), [VALUE])
        world.brokers.append(broker)
        statuses: list[tuple[int, str | None]] = []
        while len(statuses) < 2 and time.monotonic() < begun + 30:
            try:
                answer = broker.get(("/secrets/db/password", "/token")[len(statuses)])
                statuses.append((answer.status, answer.header("X-Latchkey-Stale")))
            except ConnectionRefusedError:
                time.sleep(0.001)
        times.append(time.monotonic() - begun)
        assert statuses == [(200, "true")] * 2
        broker.kill()
    print("from the start to a secret and a token:", ", ".join(f"{seconds * 1000:.0f} ms" for seconds in times))
    # Other processes can only make it slower.
    assert min(times) < 0.1, times


def test_the_file_is_sealed_and_readable_by_its_owner_alone(world, settings) -> None:
    broker = filled(world, settings)
    file = Path(settings["LATCHKEY_WARM_FILE"])
    assert file.stat().st_mode & 0o777 == 0o600
    content = file.read_bytes()
    assert content.startswith(b"latchkey sealed 1\n")
    for secret in (VALUE, broker.token().json()["access_token"]):
        assert secret.encode() not in content
    assert [found.name for found in file.parent.iterdir()] == [file.name]


def test_a_stop_writes_the_last_state(world, settings) -> None:
    first = filled(world, settings)
    world.put("late", VALUE)
    assert first.get("/secrets/late").status == 200
    first.stop()
    down(world)
    second = world.start(secrets=[VALUE], **settings)
    assert second.get("/secrets/late").headers["X-Latchkey-Stale"] == "true"


def test_with_a_warm_file_a_broker_is_ready_although_everything_is_down(world, settings) -> None:
    filled(world, settings).kill()
    down(world)
    second = world.serve(secrets=[VALUE], **settings)
    assert second.get("/health").json()["status"] == "degraded"


def test_a_file_that_cannot_be_written_is_removed(world, settings) -> None:
    # Its temporary name is longer than a file name may be.
    file = Path(settings["LATCHKEY_WARM_FILE"]).parent / ("w" * 245)
    file.write_text("of earlier")
    file.chmod(0o600)
    world.put("secrets", json.dumps({"FIELD": VALUE}))
    broker = world.serve(secrets=[VALUE], **{**settings, "LATCHKEY_WARM_FILE": str(file)})
    assert broker.get("/secrets/FIELD").status == 200
    until(lambda: not file.exists(), "the file is removed")
    assert broker.get("/cache/clear", method="POST").status == 204
    text = "the warm file cannot be written and was removed"
    until(lambda: [line["message"][: len(text)] for line in broker.logs].count(text) == 1, "one line tells it")


def test_a_store_that_answers_is_preferred(world, settings) -> None:
    filled(world, settings).kill()
    world.put("db/password", "warm-value-new")
    second = world.serve(secrets=[VALUE], **settings)
    until(lambda: second.get("/secrets/db/password").json()["value"] == "warm-value-new", "the new value is served")


@pytest.mark.parametrize("change", ["altered", "cut off", "foreign", "another key", "empty"])
def test_a_file_that_must_not_be_used_is_refused_with_one_line(world, settings, tmp_path: Path, change: str) -> None:
    filled(world, settings).kill()
    file = Path(settings["LATCHKEY_WARM_FILE"])
    content = bytearray(file.read_bytes())
    extra = {}
    if change == "altered":
        content[len(content) // 2] ^= 1
    elif change == "cut off":
        del content[-1:]
    elif change == "empty":
        content.clear()
    elif change == "foreign":
        extra["AWS_REGION"] = "eu-central-1"
    else:
        other = tmp_path / "keys" / "other.key"
        other.write_bytes(os.urandom(32))
        extra["LATCHKEY_WARM_KEY"] = f"file:{other}"
    file.write_bytes(content)
    down(world)
    second = world.start(secrets=[VALUE], **{**settings, **extra})
    until(lambda: len(warnings(second)) == 1, "one line tells it")
    assert second.get("/secrets/FIELD").status in (503, 504)


def test_a_file_that_is_too_old_is_refused(world, settings) -> None:
    filled(world, settings).kill()
    down(world)
    time_limit = {**settings, "LATCHKEY_WARM_MAX_AGE": "1"}
    written = Path(settings["LATCHKEY_WARM_FILE"]).stat().st_mtime
    until(lambda: time.time() > written + 1.1, "the file is older than a second")
    second = world.start(secrets=[VALUE], **time_limit)
    until(lambda: len(warnings(second)) == 1, "one line tells it")
    assert "too long ago" in warnings(second)[0]


def test_a_link_in_place_of_the_file_is_refused_and_what_it_leads_to_stays(world, settings, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("unchanged")
    Path(settings["LATCHKEY_WARM_FILE"]).symlink_to(target)
    broker = world.start(**settings)
    until(lambda: len(warnings(broker)) == 1, "one line tells it")
    broker.stop()
    assert target.read_text() == "unchanged"


def test_a_cleared_cache_does_not_come_back(world, settings) -> None:
    first = filled(world, settings)
    assert first.get("/cache/clear", method="POST").status == 204
    first.kill()
    down(world)
    second = world.start(secrets=[VALUE], **settings)
    assert second.get("/secrets/FIELD").status in (503, 504)


def test_a_rejected_token_does_not_come_back(world, settings) -> None:
    first = filled(world, settings)
    token = first.token().json()["access_token"]
    down(world)
    body = json.dumps({"sha256": hashlib.sha256(token.encode()).hexdigest()})
    assert first.get("/token/rejected", method="POST", body=body).status == 202
    first.kill()
    second = world.start(secrets=[VALUE, token], **settings)
    assert second.token().status in (503, 504)
    assert second.get("/secrets/FIELD").status == 200


def test_a_denied_secret_does_not_come_back(world, settings) -> None:
    first = filled(world, settings)
    world.aws.always(aws_error("AccessDeniedException"))
    until(lambda: first.get("/secrets/db/password").status == 502, "the denial arrives")
    first.kill()
    world.aws.heal()
    down(world)
    second = world.start(secrets=[VALUE], **settings)
    assert second.get("/secrets/db/password").status in (502, 503, 504)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"LATCHKEY_WARM_KEY": None}, "LATCHKEY_WARM_FILE: needs LATCHKEY_WARM_KEY"),
        ({"LATCHKEY_WARM_FILE": None}, "LATCHKEY_WARM_KEY: needs LATCHKEY_WARM_FILE"),
        ({"LATCHKEY_WARM_FILE": "warm"}, "LATCHKEY_WARM_FILE: must be an absolute path"),
        ({"LATCHKEY_WARM_KEY": "00" * 32}, "LATCHKEY_WARM_KEY: must be file: and the path of the key"),
        ({"LATCHKEY_WARM_KEY": "file:/nonexistent"}, "LATCHKEY_WARM_KEY: /nonexistent"),
        ({"LATCHKEY_WARM_MAX_AGE": "0"}, "LATCHKEY_WARM_MAX_AGE: must be a whole number from 1"),
    ],
)
def test_settings_that_cannot_be_used_are_told_at_start(world, settings, changes, problem: str) -> None:
    done = run("serve", env=world.settings(**{**settings, **changes}))
    assert done.returncode == 78
    assert problem in done.stderr and "00000000" not in done.stderr
