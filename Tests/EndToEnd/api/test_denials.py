"""A denied and a missing name cannot be told apart: neither by the answer on any front, nor by the time that it takes."""

from __future__ import annotations

import bisect
import http.client
import json
import random
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peers.broker import PREFIX, Broker
from peers.callers import Connection, Member, bearer, stable, write
from peers.profiles import NAME, entry
from peers.raw import signature

#: May have something, but nothing that is asked for here.
DENIED = Member("denied", ["secrets", "token"], ["own/*"], ["own"])
ALLOWED = Member("allowed", ["secrets", "token"], ["**"], ["own", "hide"])
ROOT = PREFIX.removeprefix("/")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
#: Of one length, so that an answer cannot differ by it.
NAMES = {"parameter": "db/password", "field": "STRIPE_KEY1", "missing": "db/passwort"}
PROFILES = {"existing": "hide", "missing": "none"}


@pytest.fixture
def broker(world, tmp_path: Path) -> Iterator[Broker]:
    world.put(NAMES["parameter"], "value-of-password")
    world.put("secrets", json.dumps({NAMES["field"]: "value-of-stripe"}))
    file = write(tmp_path / "callers.json", [member.entry(tmp_path) for member in (DENIED, ALLOWED)])
    profiles = tmp_path / "profiles.json"
    profiles.write_text(json.dumps([entry(name, f"https://{name}.test") for name in ("own", "hide")]))
    yield world.serve(
        [member.key for member in (DENIED, ALLOWED)] + [member.signing for member in (DENIED, ALLOWED)],
        LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_UPSTREAM_TIMEOUT="15", **{NAME: str(profiles)})


Front = Callable[[Broker, Connection, str], http.client.HTTPResponse]


def aws(operation: str, body: Callable[[str], dict]) -> Front:
    def ask(broker: Broker, connection: Connection, name: str):
        data = json.dumps(body(name)).encode()
        host = f"127.0.0.1:{broker.port}"
        fields = dict(signature(broker.port, operation, data, host, DENIED.signing, DENIED.name))
        return connection.ask("/", fields, "POST", data.decode())

    return ask


def native(path: str) -> Front:
    return lambda _, connection, name: connection.ask(path.format(urllib.parse.quote(name)), bearer(DENIED.key))


SECRET_FRONTS: dict[str, Front] = {
    "native": native("/secrets/{}"),
    "field": native("/secrets/{}?field=a"),
    "refresh": native("/secrets/{}?refresh=true"),
    "batch": native("/secrets?keys={}"),
    "parameters": native(f"/systemsmanager/parameters/get?name={PREFIX}/{{}}"),
    "secrets": native(f"/secretsmanager/get?secretId={ROOT}/{{}}"),
    "agent": native(f"/v1/{ROOT}/{{}}"),
    "GetParameter": aws("AmazonSSM.GetParameter", lambda name: {"Name": f"{PREFIX}/{name}", "WithDecryption": True}),
    "GetParameters": aws("AmazonSSM.GetParameters", lambda name: {"Names": [f"{PREFIX}/{name}"]}),
    "GetSecretValue": aws("secretsmanager.GetSecretValue", lambda name: {"SecretId": f"{ROOT}/{name}"}),
    "DescribeSecret": aws("secretsmanager.DescribeSecret", lambda name: {"SecretId": f"{ROOT}/{name}"}),
    "BatchGetSecretValue": aws("secretsmanager.BatchGetSecretValue", lambda name: {"SecretIdList": [f"{ROOT}/{name}"]}),
}


def rejected(_: Broker, connection: Connection, name: str):
    body = json.dumps({"sha256": "00" * 32, "profile": name})
    return connection.ask("/token/rejected", bearer(DENIED.key), "POST", body)


def oauth(_: Broker, connection: Connection, name: str):
    body = urllib.parse.urlencode({
        "grant_type": "client_credentials", "client_id": DENIED.name, "client_secret": DENIED.key,
        "audience": f"https://{name}.test",
    })
    return connection.ask("/oauth/token", FORM, "POST", body)


PROFILE_FRONTS: dict[str, Front] = {"token": native("/token/{}"), "rejected": rejected, "oauth": oauth}


def anonymous(answer, name: str) -> str:
    """An answer without what may differ. A batch repeats the names that its caller has given."""
    text = str(stable(answer))
    return re.sub(r"\"request_id\": ?\"[^\"]*\"", "", text).replace(name, "NAME").replace(urllib.parse.quote(name), "NAME")


@pytest.mark.parametrize("front", SECRET_FRONTS)
def test_the_answer_to_a_denied_secret_is_that_to_a_missing_one(broker: Broker, front: str) -> None:
    connection = Connection(broker)
    for name in NAMES.values():
        assert broker.get(f"/secrets/{name}", key=ALLOWED.key).status == (404 if name == NAMES["missing"] else 200)
    answers = {name: SECRET_FRONTS[front](broker, connection, name) for name in NAMES.values()}
    assert len({anonymous(answer, name) for name, answer in answers.items()}) == 1, front
    assert {answer.status for answer in answers.values()} <= {200, 400, 403}
    if front not in ("batch", "BatchGetSecretValue"):
        assert not any(name in answer.text or name in str(answer.headers) for name, answer in answers.items())


@pytest.mark.parametrize("front", PROFILE_FRONTS)
def test_the_answer_to_a_denied_profile_is_that_to_a_missing_one(broker: Broker, front: str) -> None:
    connection = Connection(broker)
    assert broker.get("/token/hide", key=ALLOWED.key).status == 200
    answers = {name: PROFILE_FRONTS[front](broker, connection, name) for name in PROFILES.values()}
    assert len({anonymous(answer, name) for name, answer in answers.items()}) == 1, front
    assert not any(name in answer.text for name, answer in answers.items())


def order(first: list[float], second: list[float]) -> float:
    """The chance that one of the first is smaller than one of the second (the statistic of Mann and Whitney, divided by
    the number of pairs): a half if they have the same distribution."""
    second = sorted(second)
    low = sum(len(second) - bisect.bisect_right(second, value) for value in first)
    ties = sum(bisect.bisect_right(second, value) - bisect.bisect_left(second, value) for value in first)
    return (low + ties / 2) / (len(first) * len(second))


def times(broker: Broker, key: str, names: dict[str, str], count: int) -> dict[str, list[float]]:
    """The times of so many requests for each name, in random order on one connection, without the slowest tenth: these
    are those that the machine has interrupted."""
    connection = http.client.HTTPConnection("127.0.0.1", broker.port)
    rng = random.Random(15)
    measured: dict[str, list[float]] = {kind: [] for kind in names}
    tasks = [kind for kind in names for _ in range(count)]
    rng.shuffle(tasks)
    headers = bearer(key)
    for kind in tasks:
        started = time.perf_counter()
        connection.request("GET", f"/secrets/{names[kind]}", headers=headers)
        connection.getresponse().read()
        measured[kind].append(time.perf_counter() - started)
    connection.close()
    return {kind: sorted(values)[: count * 9 // 10] for kind, values in measured.items()}


#: Measurements until one is as it must be.
ATTEMPTS = 10


@pytest.mark.alone
@pytest.mark.timeout(240)
def test_the_time_of_a_denial_does_not_tell_whether_the_name_exists(broker: Broker) -> None:
    count = 4_000
    # What is in memory must not matter either: two of the names are, the missing one as a known absence.
    for name in NAMES.values():
        broker.get(f"/secrets/{name}", key=ALLOWED.key)
    cold = {**NAMES, "never asked for": "db/passwoxt"}
    times(broker, DENIED.key, cold, 200)
    # Other work on the machine makes a difference now and then; a difference of the broker is there each time.
    for attempt in range(ATTEMPTS):
        denied = times(broker, DENIED.key, cold, count)
        found = {kind: order(denied["missing"], values) for kind, values in denied.items() if kind != "missing"}
        print(f"attempt {attempt}: {found}")
        # The standard deviation is 0.007 for equal distributions.
        if all(abs(value - 0.5) < 0.03 for value in found.values()):
            break
    else:
        pytest.fail(f"the times differ: {found}")
    # The measure finds a difference where there is one: a caller that may have the names.
    def difference() -> float:
        allowed = times(broker, ALLOWED.key, NAMES, count)
        return abs(order(allowed["missing"], allowed["parameter"]) - 0.5)

    assert any(difference() > 0.03 for _ in range(ATTEMPTS))
