"""The callers file changes while callers send requests and wait."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from peers.broker import API_KEY, PREFIX, Broker
from peers.callers import CHANGED, Connection, Member, bearer, change, digest, write
from peers.http import Answer
from peers.sdk import client, failure
from peers.waiting import until

ORDERS = Member("orders", ["secrets", "token"], ["solo", "db/*"])
OTHER = Member("other", ["secrets"], ["solo"])
SECOND = "second-key-of-orders-5b1c0d77e2a94f"
#: How long a change may take, counted from the write of the file.
SECONDS = 1.0


@dataclass
class Running:
    broker: Broker
    file: Path
    folder: Path

    def change(self, *members: Member, **members_of_file: str) -> float:
        """Changes the callers, waits until they are in force, and returns how long that took."""
        start = time.monotonic()
        change(self.broker, self.file, [member.entry(self.folder) for member in members], **members_of_file)
        return time.monotonic() - start


@pytest.fixture
def running(world, tmp_path: Path) -> Iterator[Running]:
    world.put("solo", "value-of-solo")
    world.put("db/a", "value-of-db-a")
    file = write(tmp_path / "callers.json", [member.entry(tmp_path) for member in (ORDERS, OTHER)])
    broker = world.serve([ORDERS.key, OTHER.key, ORDERS.signing, SECOND], LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_UPSTREAM_TIMEOUT="15")
    yield Running(broker, file, tmp_path)


def in_background(call: Callable[[], Answer]) -> tuple[threading.Thread, list[Answer]]:
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(call()), daemon=True)
    thread.start()
    return thread, answers


def test_a_revoked_caller_loses_open_connections_and_waits_within_a_second(running: Running) -> None:
    broker = running.broker
    connection = Connection(broker)
    first = connection.ask("/secrets/solo", bearer(ORDERS.key))
    assert first.status == 200
    tag = {"If-None-Match": first.header("ETag") or ""}
    waiting = [
        in_background(lambda: broker.get("/secrets/solo?wait=60", key=ORDERS.key, headers=tag, timeout=90))
        for _ in range(3)
    ]
    kept, answers_of_other = in_background(lambda: broker.get("/secrets/solo?wait=8", key=OTHER.key, headers=tag))
    until(lambda: broker.get("/secrets/solo", key=ORDERS.key).status == 200, "the broker answers")
    start = time.monotonic()
    assert running.change(OTHER) < SECONDS
    for thread, answers in waiting:
        thread.join(30)
        assert [answer.status for answer in answers] == [401]
    assert time.monotonic() - start < 3 * SECONDS
    assert connection.ask("/secrets/solo", bearer(ORDERS.key)).status == 401
    kept.join(30)
    assert [answer.status for answer in answers_of_other] == [304]


def test_a_wait_ends_when_the_secret_is_taken_away(running: Running) -> None:
    broker = running.broker
    tag = {"If-None-Match": broker.get("/secrets/solo", key=ORDERS.key).header("ETag") or ""}
    thread, answers = in_background(lambda: broker.get("/secrets/solo?wait=60", key=ORDERS.key, headers=tag, timeout=90))
    until(lambda: broker.metric("latchkey_caller_requests_total", caller="orders", resource="secret") >= 2, "it waits")
    running.change(Member("orders", ["secrets"], ["db/*"]), OTHER)
    thread.join(30)
    assert [(answer.status, answer.code) for answer in answers] == [(403, "forbidden")]


def test_a_wait_ends_at_not_after(running: Running) -> None:
    broker = running.broker
    tag = {"If-None-Match": broker.get("/secrets/solo", key=ORDERS.key).header("ETag") or ""}
    end = time.time() + 3
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(end)) + "Z"
    limited = Member("orders", ORDERS.scopes, ORDERS.secrets, more={"not_after": stamp})
    running.change(limited)
    answer = broker.get("/secrets/solo?wait=60", key=ORDERS.key, headers=tag, timeout=90)
    assert answer.status == 401 and time.time() < end + 2 * SECONDS
    assert broker.get("/secrets/solo", key=ORDERS.key).status == 401
    assert broker.metric("latchkey_auth_failures_total", reason="expired") >= 1


def test_a_key_is_rotated_without_a_failed_request(running: Running) -> None:
    broker = running.broker
    failures: list[int] = []
    done = threading.Event()

    def requests() -> None:
        connection = Connection(broker)
        while not done.is_set():
            if (status := connection.ask("/secrets/solo", bearer(ORDERS.key)).status) != 200:
                failures.append(status)

    thread = threading.Thread(target=requests, daemon=True)
    thread.start()
    both = Member("orders", ORDERS.scopes, ORDERS.secrets, more={"key_sha256": [digest(ORDERS.key), digest(SECOND)]})
    running.change(both)
    assert broker.get("/secrets/solo", key=SECOND).status == 200
    done.set()
    thread.join(30)
    assert failures == []
    running.change(Member("orders", ORDERS.scopes, ORDERS.secrets, more={"key_sha256": [digest(SECOND)]}))
    assert broker.get("/secrets/solo", key=SECOND).status == 200
    assert broker.get("/secrets/solo", key=ORDERS.key).status == 401


def test_a_bad_file_keeps_the_last_good_one_and_is_reported(running: Running) -> None:
    broker = running.broker
    good = running.file.read_text()
    for bad in ("{", '{"callers": [{"id": "x"}]}', '{"callers": []} x'):
        failures = broker.metric("latchkey_reload_failures_total", what="callers")
        running.file.write_text(bad)
        until(lambda: broker.metric("latchkey_reload_failures_total", what="callers") > failures, "it is reported")
        health = broker.get("/health").json()
        assert health["status"] == "degraded" and health["followed"]["LATCHKEY_CALLERS_FILE"]["error"] == "unfit"
        assert broker.get("/secrets/solo", key=ORDERS.key).status == 200
        running.file.write_text(good)
        until(lambda: broker.get("/health").json()["status"] == "ok", "the file is good again")
    running.file.unlink()
    until(lambda: broker.get("/health").json()["status"] == "degraded", "the file is gone")
    assert broker.get("/secrets/solo", key=ORDERS.key).status == 200


def test_a_hangup_reads_the_callers_at_once(running: Running) -> None:
    broker = running.broker
    write(running.file, [OTHER.entry(running.folder)])
    os.kill(broker.child.pid, signal.SIGHUP)
    until(lambda: any(line["message"].startswith(CHANGED) for line in broker.logs), "the callers are in force")
    assert broker.get("/secrets/solo", key=ORDERS.key).status == 401
    assert broker.get("/secrets/solo", key=OTHER.key).status == 200


def test_a_secret_for_signatures_is_followed(running: Running) -> None:
    fresh = "fresh-signing-secret-8c1d2e3f4a5b"
    running.broker.remember_secret(fresh)
    ask = {"Name": f"{PREFIX}/solo", "WithDecryption": True}
    old, new = (client(running.broker, "ssm", "orders", secret) for secret in (ORDERS.signing, fresh))
    assert old.get_parameter(**ask)["Parameter"]["Value"] == "value-of-solo"
    assert failure(lambda: new.get_parameter(**ask))[1] in ("SignatureDoesNotMatch", "InvalidSignatureException")
    (running.folder / "orders.sigv4").write_text(fresh)
    until(lambda: any("secret for signatures" in line["message"] for line in running.broker.logs), "it has changed")
    assert new.get_parameter(**ask)["Parameter"]["Value"] == "value-of-solo"
    # The one before it stays valid until the next change, so that callers can switch one by one.
    assert old.get_parameter(**ask)["Parameter"]["Value"] == "value-of-solo"


def test_observe_refuses_no_name_and_counts_what_it_would_refuse(running: Running) -> None:
    broker = running.broker
    assert broker.get("/secrets/db/a", key=OTHER.key).status == 403
    running.change(ORDERS, OTHER, mode="observe")
    would = lambda: broker.metric("latchkey_policy_would_deny_total", caller="other")  # noqa: E731
    assert broker.get("/secrets/db/a", key=OTHER.key).status == 200 and would() == 1
    assert broker.get("/secrets/solo", key=OTHER.key).status == 200 and would() == 1
    assert broker.get("/secrets/none", key=OTHER.key).status == 404 and would() == 2
    assert broker.get("/secrets", key=OTHER.key).json()["names"] == ["db/a", "solo"] and would() == 3
    assert broker.get("/secrets?keys=solo,db/a", key=OTHER.key).json()["errors"] == {} and would() == 4
    store = client(broker, "ssm", "other", OTHER.signing)
    assert len(store.get_parameters_by_path(Path=PREFIX, Recursive=True)["Parameters"]) == 2 and would() == 5
    assert store.get_parameter(Name=f"{PREFIX}/db/a")["Parameter"]["Name"] and would() == 6
    assert broker.get("/token", key=OTHER.key).status == 403 and broker.get("/secrets/solo", key="x" * 20).status == 401
    lines = [line for line in broker.logs if line["message"].startswith("the callers file would refuse this")]
    assert {line["caller"] for line in lines} == {"other"} and {line["reason"] for line in lines} == {"pattern"}
    running.change(ORDERS, OTHER)
    assert broker.get("/secrets/db/a", key=OTHER.key).status == 403 and would() == 6


def test_profiles_are_refused_on_every_front(world, tmp_path: Path) -> None:
    profiles = tmp_path / "profiles.json"
    profiles.write_text('[{"name": "mail", "kind": "auth0", "audience": "https://mail.test/"}]')
    profiles.chmod(0o600)
    one, two = Member("one", ["token"]), Member("two", ["token"], profiles=["mail"])
    file = write(tmp_path / "callers.json", [member.entry(tmp_path) for member in (one, two)])
    broker = world.serve(
        [one.key, two.key], LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_PROFILES_FILE=str(profiles),
    )
    get = lambda path, who: broker.get(path, key=who.key).status  # noqa: E731
    assert [get(path, one) for path in ("/token", "/token/default", "/token/mail", "/token/none")] == [200, 200, 403, 403]
    assert [get(path, two) for path in ("/token", "/token/default", "/token/mail", "/token/none")] == [403, 403, 200, 403]
    assert get("/token/none", Member("default", [])) == 401 and broker.get("/token/none", key=API_KEY).status == 404
    connection = Connection(broker)

    def grant(who: Member, audience: str = "") -> tuple[int, str | None]:
        body = f"grant_type=client_credentials&client_id={who.name}&client_secret={who.key}{audience}"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = connection.ask("/oauth/token", form, "POST", body)
        return answer.status, answer.json().get("error")

    mail, unknown = "&audience=https://mail.test/", "&audience=https://none.test/"
    for _ in range(2):
        assert grant(one) == (200, None) and grant(two) == (400, "unauthorized_client")
        assert grant(one, mail) == grant(one, unknown) == (400, "invalid_target")
        assert grant(two, mail) == (200, None) and grant(two, unknown) == (400, "invalid_target")
    for who, profile, status in ((one, "mail", 403), (two, "mail", 202), (one, "none", 403), (two, "default", 403)):
        body = f'{{"sha256": "{digest("x")}", "profile": "{profile}"}}'
        assert connection.ask("/token/rejected", bearer(who.key), "POST", body).status == status, (who, profile)


def test_without_the_API_key_the_callers_file_is_enough(world, tmp_path: Path) -> None:
    world.put("solo", "v")
    file = write(tmp_path / "callers.json", [OTHER.entry(tmp_path)])
    broker = world.serve([OTHER.key], LATCHKEY_API_KEY=None, LATCHKEY_CALLERS_FILE=str(file))
    assert broker.get("/secrets/solo", key=OTHER.key).status == 200
    assert broker.get("/secrets/solo", key=API_KEY).status == 401


def test_an_ARN_opens_no_more_than_the_name(running: Running, world) -> None:
    world.put("secrets", '{"KEY": "value-of-the-blob"}')
    everything = Member("everything", ["secrets"], ["**", "!db/**"])
    running.change(ORDERS, OTHER, everything)
    root = PREFIX.removeprefix("/")
    account = world.ssm.get_parameter(Name=f"{PREFIX}/solo")["Parameter"]["ARN"].split(":")[4]

    def read(who: Member, name: str) -> str:
        arn = f"arn:aws:secretsmanager:us-east-1:{account}:secret:{root}/{name}"
        store = client(running.broker, "secretsmanager", who.name, who.signing)
        try:
            return store.get_secret_value(SecretId=arn)["SecretString"]
        except ClientError as error:
            return error.response["Error"]["Code"]

    assert read(OTHER, "solo") == read(OTHER, "solo-AbCdEf") == "value-of-solo"
    assert read(OTHER, "db/a") == read(OTHER, "db/a-AbCdEf") == "AccessDeniedException"
    # Its patterns give it the name with the suffix, and not the blob or the secret that the suffix belongs to.
    assert read(everything, "secrets-AbCdEf") == read(everything, "none-AbCdEf") == "ResourceNotFoundException"
    assert read(everything, "db/a-AbCdEf") == "AccessDeniedException"
    assert read(everything, "secrets") == "AccessDeniedException"
