"""Names of secrets, several secrets in one request, and long polling."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from peers.broker import API_KEY, PREFIX, Broker
from peers.faults import aws_error
from peers.http import Answer
from peers.promises import SLACK
from peers.proxy import mentions, operation
from peers.waiting import until

SECRETS_MANAGER = {"LATCHKEY_SECRETS_BACKEND": "secrets-manager"}


def test_the_names_are_all_there_is_and_hold_no_value(world) -> None:
    world.put("secrets", json.dumps({"STRIPE_KEY": "sk-names-4d", "not a key": "x"}))
    world.put("db/password", "hunter2-names-4d")
    world.put("mongodb-uri", "mongodb-names-4d")
    world.put("latchkey/backend", "parameter-store", "String")
    broker = world.serve(secrets=["sk-names-4d", "hunter2-names-4d", "mongodb-names-4d"])
    broker.token()
    answer = broker.get("/secrets")
    assert answer.status == 200, answer.text
    assert answer.json() == {"names": ["STRIPE_KEY", "db/password", "mongodb-uri", "not a key"]}
    assert answer.header("Cache-Control") == "no-store"
    listing = world.aws.seen(operation("GetParametersByPath"))
    assert [request.json()["WithDecryption"] for request in listing] == [False]
    broker.get("/secrets")
    assert len(world.aws.seen(operation("GetParametersByPath"))) == 1


def test_the_names_of_secrets_manager_are_those_below_the_prefix(world) -> None:
    root = PREFIX.lstrip("/")
    for name in (f"{root}/one", f"{root}/two/three", f"{root}-other/four"):
        world.secrets_manager.create_secret(Name=name, SecretString="v")
    world.secrets_manager.create_secret(Name=f"{root}/gone", SecretString="v")
    world.secrets_manager.delete_secret(SecretId=f"{root}/gone", RecoveryWindowInDays=7)
    assert world.serve(**SECRETS_MANAGER).get("/secrets").json() == {"names": ["one", "two/three"]}


def test_several_come_together_and_each_failure_has_its_reason(world) -> None:
    world.put("secrets", json.dumps({"STRIPE_KEY": "sk"}))
    world.put("solo", "alone")
    world.put("forbidden", "x")
    world.aws.always(aws_error("AccessDeniedException"), when=mentions(f"{PREFIX}/forbidden"))
    broker = world.serve()
    answer = broker.get("/secrets?keys=STRIPE_KEY,solo,nothing,../up,forbidden,solo")
    assert answer.status == 200, answer.text
    body = answer.json()
    assert {key: entry["value"] for key, entry in body["secrets"].items()} == {"STRIPE_KEY": "sk", "solo": "alone"}
    assert body["secrets"]["solo"] == broker.get("/secrets/solo").json()
    codes = {key: problem["code"] for key, problem in body["errors"].items()}
    assert codes == {"nothing": "not_found", "../up": "not_found", "forbidden": "upstream_denied"}


@pytest.mark.parametrize(
    ("keys", "status", "code"),
    [
        ("nothing", 404, "not_found"),
        ("nothing,forbidden", 502, "upstream_denied"),
        ("", 400, "bad_request"),
        (",", 400, "bad_request"),
        pytest.param(",".join(f"k{number}" for number in range(101)), 400, "bad_request", id="101 keys"),
    ],
)
def test_when_nothing_was_found_the_gravest_reason_answers(world, keys: str, status: int, code: str) -> None:
    world.aws.always(aws_error("AccessDeniedException"), when=mentions(f"{PREFIX}/forbidden"))
    answer = world.serve().get(f"/secrets?keys={keys}")
    assert (answer.status, answer.code) == (status, code)
    if status != 400:
        assert set(answer.json()["errors"]) == set(keys.split(","))


def test_what_is_in_memory_is_answered_as_what_was_just_read(world) -> None:
    values = {"zwei": 'a "quoted"\n', "solo": "v", "nested/one": "größer", "blob-like": '{"a": 1}', "big": "x" * 20_000}
    for name, value in values.items():
        world.put(name, value)
    broker = world.serve(LATCHKEY_UPSTREAM_TIMEOUT="15")
    path = f"/secrets?keys={','.join(values)}"
    read = broker.get(path)
    hits = lambda: broker.metric("latchkey_tier_requests_total", resource="secret", tier="memory", outcome="hit")  # noqa: E731
    before, calls = hits(), len(world.aws.requests)
    kept = broker.get(path)
    assert hits() - before == len(values) and len(world.aws.requests) == calls
    assert kept.status == 200 and kept.body == read.body
    assert {name: item["value"] for name, item in kept.json()["secrets"].items()} == values
    # In the order of the bytes, as JSON of this broker always is.
    assert list(kept.json()["secrets"]) == sorted(values) and kept.header("Content-Length") == str(len(kept.body))
    head = broker.get(path, method="HEAD")
    assert head.body == b"" and head.header("Content-Length") == str(len(kept.body))
    # One that is not in memory, one that does not exist, or a demanded read: the stores are asked as before.
    world.put("new", "n")
    both = broker.get("/secrets?keys=solo,new,nothing").json()
    assert both["secrets"]["solo"]["value"] == "v" and both["secrets"]["new"]["value"] == "n"
    assert both["errors"]["nothing"]["code"] == "not_found"
    world.put("solo", "changed")
    assert broker.get(f"{path}&refresh=true").json()["secrets"]["solo"]["value"] == "changed"
    assert broker.get(path).json()["secrets"]["solo"]["value"] == "changed"


def test_twenty_at_once_cost_a_few_calls(world) -> None:
    for number in range(20):
        world.put(f"key-{number}", "v")
    broker = world.serve(LATCHKEY_SSM_MAX_TPS="5")
    world.aws.forget()
    answer = broker.get("/secrets?keys=" + ",".join(f"key-{number}" for number in range(20)))
    assert len(answer.json()["secrets"]) == 20, answer.text
    assert len(world.aws.seen(operation("GetParameter", "GetParameters"))) <= 8


class TestWaiting:
    """`?wait=` with `If-None-Match`."""

    def wait(self, broker: Broker, tag: str, seconds: int) -> Answer:
        return broker.get(f"/secrets/solo?wait={seconds}", headers={"If-None-Match": tag}, timeout=30)

    def test_waiting_callers_get_a_change_with_one_request_to_the_store(self, world) -> None:
        world.put("solo", "first")
        broker = world.serve()
        tag = broker.get("/secrets/solo").header("ETag")
        answers: list[Answer] = []
        crowd = [threading.Thread(target=lambda: answers.append(self.wait(broker, tag, 30))) for _ in range(20)]
        world.aws.forget()
        for each in crowd:
            each.start()
        world.put("solo", "second")
        for each in crowd:
            each.join()
        # A wait without a change would end with 304.
        assert {(answer.status, answer.json()["value"]) for answer in answers} == {(200, "second")}
        assert len(world.aws.seen(mentions(f'"{PREFIX}/solo"'))) <= 3

    def test_nothing_new_is_not_modified_at_the_end(self, world) -> None:
        world.put("solo", "first")
        broker = world.serve()
        tag = broker.get("/secrets/solo").header("ETag")
        started = time.monotonic()
        answer = self.wait(broker, tag, 1)
        assert (answer.status, answer.body, answer.header("ETag")) == (304, b"", tag)
        assert 1 <= time.monotonic() - started < 1 + SLACK

    @pytest.mark.parametrize("tag", [None, '"another"'])
    def test_a_tag_that_does_not_hold_is_answered_at_once(self, world, tag: str | None) -> None:
        world.put("solo", "first")
        broker = world.serve()
        started = time.monotonic()
        answer = broker.get("/secrets/solo?wait=30", headers={"If-None-Match": tag} if tag else {})
        assert (answer.status, answer.json()["value"]) == (200, "first")
        assert time.monotonic() - started < 15, "not after half of the wait"

    def test_a_disconnected_caller_frees_its_place(self, world) -> None:
        world.put("solo", "first")
        broker = world.serve()
        tag = broker.get("/secrets/solo").header("ETag")
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", broker.port)) as sock:
            sock.settimeout(30)
            head = f"Authorization: Bearer {API_KEY}\r\nIf-None-Match: {tag}"
            sock.sendall(f"GET /secrets/solo?wait=60 HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n".encode())
            sock.shutdown(socket.SHUT_WR)
            # A half-closed connection shows how the wait ends.
            assert sock.recv(4096).startswith(b"HTTP/1.1 304 ")
        assert time.monotonic() - started < 30, "not after half of the wait"

    @pytest.mark.parametrize("seconds", ["61", "-1", "1.5", "x"])
    def test_a_wait_over_the_limit_is_rejected(self, world, seconds: str) -> None:
        answer = world.serve().get(f"/secrets/solo?wait={seconds}")
        assert (answer.status, answer.code) == (400, "bad_request")
        assert "wait" in answer.json()["detail"]

    def test_a_stopping_broker_answers_waiting_callers(self, world) -> None:
        world.put("solo", "first")
        broker = world.serve()
        tag = broker.get("/secrets/solo").header("ETag")
        answers: list[Answer] = []
        waiting = threading.Thread(target=lambda: answers.append(self.wait(broker, tag, 60)))
        waiting.start()
        until(lambda: broker.metric("latchkey_http_connections") >= 2, "it waits")
        broker.stop()
        waiting.join()
        assert [answer.status for answer in answers] == [304]
