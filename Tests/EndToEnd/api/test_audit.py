"""The audit log has a line for each access, in hash chains, before the answer leaves."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from peers import audit_log, sdk
from peers.audit_log import SECRET, audit, of
from peers.broker import API_KEY, PREFIX, Broker
from peers.http import ask
from peers.issuer import AUDIENCE
from peers.waiting import until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return audit_log.place(tmp_path)


@pytest.fixture
def broker(world, path: Path) -> Broker:
    return audit_log.serve(world, path)


def told(record: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(record[name] for name in ("front", "action", "name", "decision", "status", "credential", "caller"))


def requests(broker: Broker) -> dict[str, tuple[Any, list[tuple[Any, ...]]]]:
    """A request for each kind of access: its answer, and its expected lines."""
    key = ("key", "default")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    basic = {"Authorization": "Basic " + base64.b64encode(f"default:{API_KEY}".encode()).decode()}
    agent = {"X-Aws-Parameters-Secrets-Token": API_KEY}
    post = {"Authorization": f"Bearer {API_KEY}"}
    port = broker.port
    return {
        "token": (broker.get("/token"), [("native", "token.read", "default", "allowed", 200, *key)]),
        "profile": (broker.get("/token/none"), [("native", "token.read", "none", "failed", 404, *key)]),
        "secret": (
            broker.get("/secrets/db%2Fpassword"), [("native", "secret.read", "db/password", "allowed", 200, *key)]),
        "missing": (broker.get("/secrets/nothing"), [("native", "secret.read", "nothing", "failed", 404, *key)]),
        "batch": (
            broker.get("/secrets?keys=level,nothing"),
            [
                ("native", "secret.read", "level", "allowed", 200, *key),
                ("native", "secret.read", "nothing", "failed", 200, *key),
            ]),
        "list": (broker.get("/secrets"), [("native", "secret.list", None, "allowed", 200, *key)]),
        "clear": (
            ask(port, "/cache/clear", "POST", post), [("native", "cache.clear", None, "allowed", 204, *key)]),
        "rejected": (
            ask(port, "/token/rejected", "POST", post, json.dumps({"sha256": "0" * 64})),
            [("native", "token.reject", "default", "allowed", 202, *key)]),
        "oauth": (
            ask(port, "/oauth/token", "POST", {**form, **basic}, f"grant_type=client_credentials&audience={AUDIENCE}"),
            [("oauth", "token.read", "default", "allowed", 200, *key)]),
        "parameter": (
            ask(port, f"/systemsmanager/parameters/get?name={PREFIX}/level", headers=agent),
            [("extension", "secret.read", "level", "allowed", 200, *key)]),
        "foreign": (
            ask(port, "/systemsmanager/parameters/get?name=/other/level", headers=agent),
            [("extension", "secret.read", "/other/level", "denied", 400, *key)]),
        "agent": (
            ask(port, f"/secretsmanager/get?secretId={PREFIX[1:]}/level", headers=agent),
            [("extension", "secret.read", "level", "allowed", 200, *key)]),
        "nobody": (
            broker.get("/secrets/level", key=None),
            [("native", "secret.read", "level", "denied", 401, None, None)]),
        "stranger": (
            broker.get("/token", key="wrong-key-000000000000"),
            [("native", "token.read", "default", "denied", 401, None, None)]),
        "unknown route": (broker.get("/nowhere", key=None), [("native", "route.unknown", None, "denied", 401, None, None)]),
        "metrics": (broker.get("/metrics"), [("native", "metrics.read", None, "allowed", 200, *key)]),
        "health": (broker.get("/health"), [("native", "health.read", None, "allowed", 200, *key)]),
        "document": (broker.get("/openapi.yaml"), [("native", "openapi.read", None, "allowed", 200, *key)]),
    }


#: Answers that give out nothing do not wait for their line.
NOT_HELD = {"nobody", "stranger", "unknown route", "metrics", "health", "document"}


def test_each_access_on_each_front_has_its_line(world, broker: Broker, path: Path) -> None:
    for name, (answer, expected) in requests(broker).items():
        number = answer.header("X-Request-Id")
        if name in NOT_HELD:
            until(lambda number=number: of(path, number), f"the line of {name}")
        found = of(path, number)
        # The names of a batch are in the order of their answers.
        assert sorted(map(told, found), key=str) == sorted(expected, key=str), (name, answer.status, answer.body)
        assert all(record["peer"].startswith("127.0.0.1:") for record in found), name
    broker.get("/secrets/level")
    hit = broker.get("/secrets/level")
    (line,) = of(path, hit.header("X-Request-Id"))
    assert (line["tier"], line["source"], line["version"]) == ("memory", "parameter-store", "1")
    for probe in ("/livez", "/readyz"):
        assert of(path, broker.get(probe, key=None).header("X-Request-Id")) == []


def test_sdks_have_a_line_for_each_name(world, broker: Broker, path: Path) -> None:
    ssm, manager = sdk.client(broker, "ssm"), sdk.client(broker, "secretsmanager")
    ssm.get_parameters(Names=[f"{PREFIX}/level", f"{PREFIX}/db/password", f"{PREFIX}/nothing"], WithDecryption=True)
    ssm.get_parameters_by_path(Path=f"{PREFIX}/db", WithDecryption=True)
    manager.get_secret_value(SecretId=f"{PREFIX[1:]}/level")
    manager.describe_secret(SecretId=f"{PREFIX[1:]}/level")
    with pytest.raises(Exception, match="AccessDenied"):
        ssm.get_parameter(Name="/other/level")
    lines = [told(record) for record in audit_log.accesses(path) if record["front"] == "aws-sdk"]
    sdk_key = ("sigv4", "default")
    assert sorted(lines, key=str) == sorted(
        [
            ("aws-sdk", "secret.read", "level", "allowed", 200, *sdk_key),
            ("aws-sdk", "secret.read", "db/password", "allowed", 200, *sdk_key),
            ("aws-sdk", "secret.read", "nothing", "failed", 200, *sdk_key),
            ("aws-sdk", "secret.read", "db/password", "allowed", 200, *sdk_key),
            ("aws-sdk", "secret.read", "level", "allowed", 200, *sdk_key),
            ("aws-sdk", "secret.describe", "level", "allowed", 200, *sdk_key),
            ("aws-sdk", "secret.read", "/other/level", "denied", 400, *sdk_key),
        ], key=str)


def test_the_line_is_there_before_the_answer(broker: Broker, path: Path) -> None:
    for number in range(50):
        answer = broker.get(f"/secrets/{'level' if number % 2 else 'db%2Fpassword'}")
        assert len(of(path, answer.header("X-Request-Id"))) == 1


def test_the_log_verifies_and_has_no_secret(world, broker: Broker, path: Path) -> None:
    token = broker.token().json()["access_token"]
    requests(broker)
    broker.stop()
    text = path.read_text()
    assert SECRET not in text and API_KEY not in text and token not in text
    assert path.stat().st_mode & 0o777 == 0o600
    verified = audit_log.verify([path])
    # The stop line names the chains of all workers; one that got no request has no line.
    assert verified.stopped >= set(verified.last) and not verified.parts
    first, last = audit_log.records(path)[0], audit_log.records(path)[-1]
    assert (first["action"], last["action"]) == ("start", "stop")
    assert set(first["name"].split(",")) == verified.stopped
    status, output, _ = audit("verify", str(path))
    assert status == 0 and "unterminated" not in output, output


def test_requests_without_a_credential_cannot_fill_the_log(broker: Broker, path: Path) -> None:
    def burst(_: int) -> None:
        for _ in range(50):
            broker.get("/token", key=None)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(burst, range(4)))

    def dropped() -> int:
        return sum(int(record["name"]) for record in audit_log.records(path) if record["action"] == "unauthenticated")

    until(lambda: dropped() == 190, "summary lines for the rest")
    assert sum(record["caller"] is None for record in audit_log.accesses(path)) == 10
    summaries = [record for record in audit_log.records(path) if record["action"] == "unauthenticated"]
    assert len({record["time"][:19] for record in summaries}) == len(summaries)


def test_events_of_the_broker_are_recorded(world, path: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(API_KEY)
    broker = world.serve(
        LATCHKEY_AUDIT_LOG=str(path), LATCHKEY_API_KEY=f"file:{key}", LATCHKEY_SECRETS_BACKEND="auto")
    world.put("latchkey/backend", "secrets-manager", "String")
    key.write_text("another-key-5d81c3f0a7b24e69b05f1e9d")

    def actions() -> list[tuple[str, str | None]]:
        return [(record["action"], record["name"]) for record in audit_log.records(path)]

    until(lambda: ("key.change", None) in actions(), "the change of the key")
    until(lambda: ("backend.change", "secrets-manager") in actions(), "the turn of the backend", 40)
    broker.stop()
    audit_log.verify([path])


def test_stderr_is_a_target(world) -> None:
    broker = world.serve(LATCHKEY_AUDIT_LOG="stderr", LATCHKEY_UPSTREAM_TIMEOUT="15")
    identity = broker.token().header("X-Request-Id")
    line = until(
        lambda: next((line for line in broker.logs if line.get("request_id") == identity and "prev" in line), None),
        "the line")
    assert line["action"] == "token.read"


def test_show_filters(broker: Broker, path: Path) -> None:
    broker.get("/secrets/db%2Fpassword")
    broker.get("/secrets/level")
    broker.get("/secrets/nothing")
    broker.get("/token", key=None)
    broker.stop()

    def names(*options: str) -> list[str | None]:
        status, output, _ = audit("show", str(path), "--json", *options)
        assert status == 0
        return [json.loads(line)["name"] for line in output.splitlines()]

    assert names("--name", "db/*") == ["db/password"]
    assert names("--decision", "failed") == ["nothing"]
    assert names("--caller", "default", "--decision", "allowed", "--since", "1h") == ["db/password", "level"]
    assert names("--until", "2020-01-01T00:00:00Z") == []
    assert names("--caller", "-", "--decision", "denied") == ["default"]
    table = audit("show", str(path), "--name", "level")[1].splitlines()
    assert table[0].split()[:3] == ["time", "caller", "credential"] and len(table) == 2
