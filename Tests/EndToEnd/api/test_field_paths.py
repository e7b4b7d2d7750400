"""Keys and fields: a literal name first, then a path, and never outside the prefix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peers.broker import API_KEY, PREFIX, ROOT, Broker, run, settings
from peers.cases import cases
from peers.proxy import FaultProxy

FILES = [json.loads((ROOT / f"Tests/Fixtures/cases/{name}.json").read_text()) for name in ("field-paths", "field-paths-more")]
SECRETS = {name: text for file in FILES for name, text in file["secrets"].items()}
BLOB = {name: text for file in FILES for name, text in file.get("blob", {}).items()}


class Names:
    """A broker over one of the stores, and the names it requested from that store."""

    def __init__(self, cloud, folder: Path, backend: str) -> None:
        self.cloud, self.backend = cloud, backend
        for name, text in {**SECRETS, "secrets": json.dumps(BLOB)}.items():
            self.put(name, text)
        self.proxy = FaultProxy(cloud.port)
        self.env = settings(
            folder, AWS_ENDPOINT_URL=f"http://127.0.0.1:{self.proxy.port}", LATCHKEY_SECRETS_BACKEND=backend,
            LATCHKEY_SSM_MAX_TPS="1000", LATCHKEY_SHARED_TIER="none",
        )
        self.broker = Broker(self.env).wait_live().wait_ready()

    def put(self, name: str, text: str) -> None:
        if self.backend == "parameter-store":
            self.cloud.client("ssm").put_parameter(Name=f"{PREFIX}/{name}", Value=text, Type="SecureString")
        else:
            self.cloud.client("secretsmanager").create_secret(Name=f"{PREFIX[1:]}/{name}", SecretString=text)

    def asked_for(self) -> list[str]:
        """All names and paths requested from the store."""
        found = []
        for request in self.proxy.seen(lambda seen: bool(seen.operation)):
            body = request.json()
            found += body.get("Names", []) + [body[name] for name in ("Name", "Path", "SecretId") if name in body]
        return found

    def require_inside(self) -> None:
        start = PREFIX if self.backend == "parameter-store" else PREFIX[1:]
        # ListSecrets has a filter and no name.
        assert not [name for name in self.asked_for() if not f"{name}/".startswith(f"{start}/") or ".." in name]


@pytest.fixture(scope="module", params=["parameter-store", "secrets-manager"])
def names(cloud, tmp_path_factory: pytest.TempPathFactory, request) -> Iterator[Names]:
    names = Names(cloud, tmp_path_factory.mktemp("names"), request.param)
    yield names
    names.broker.stop()
    names.proxy.stop()


def with_requests() -> list[Any]:
    return [case for case in cases("field-paths") if "request" in case.values[0]]


def with_commands() -> list[Any]:
    return [case for case in cases("field-paths") if "command" in case.values[0]]


@pytest.mark.parametrize("case", with_requests())
def test_a_request_gets_the_field_it_names(case: dict[str, Any], names: Names) -> None:
    method = case.get("method", "GET")
    whole = names.broker.get(case["request"], method=method, headers={"Accept": "application/json"})
    plain = names.broker.get(case["request"], method=method, headers={"Accept": "text/plain"})
    if "text" in case:
        assert (whole.status, plain.status) == (200, 200), whole.text
        assert (whole.json()["value"], plain.text) == (case["text"], case["text"])
        assert whole.json()["encoding"] == "utf8"
    elif "batch" in case:
        assert whole.status == 200, whole.text
        assert {key: found["value"] for key, found in whole.json()["secrets"].items()} == case["batch"]
    else:
        statuses = case["status"] if isinstance(case["status"], list) else [case["status"]]
        assert whole.status in statuses and plain.status in statuses, whole.text
    names.require_inside()


@pytest.mark.parametrize("way", ["by the broker", "by itself"])
@pytest.mark.parametrize("case", with_commands())
def test_a_command_prints_the_field_it_names(case: dict[str, Any], way: str, names: Names) -> None:
    env = names.env if way == "by itself" else {"LATCHKEY_URL": names.broker.url, "LATCHKEY_API_KEY": API_KEY}
    done = run(*case["command"], env=env)
    if "text" in case:
        assert (done.returncode, done.stdout) == (0, case["text"]), done.stderr
    else:
        assert done.returncode in case["exit"] and done.stdout == "", done.stderr
    names.require_inside()
