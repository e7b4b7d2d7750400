"""`latchkey migrate` with the embedded stores, which have the limits of Parameter Store that moto lacks."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from peers.broker import BINARY, settings
from peers.child import Child
from peers.moto import client_at
from peers.move import latchkey_home

#: Secrets that cannot be migrated: the obstacle, the name and the value.
REFUSED = {
    "name_characters": ("limits/a+b", "v"),
    "name_reserved": ("ssm/limits", "v"),
    "name_shape": ("limits//empty", "v"),
    "name_depth": ("limits" + "/l" * 15, "v"),
    "name_length": ("limits/long", "v"),
    "over_advanced": ("limits/over-advanced", "x" * 8193),
    "reference": ("limits/reference", "{{ssm:/other}}"),
}
#: No secret has so long a name; only a map can produce it.
LONG = "/" + "n" * 967
#: Secrets at the limit: name, value and tier.
TAKEN = {
    "fifteen levels": ("limits" + "/l" * 14, "v", "Standard"),
    "4096 bytes": ("limits/standard", "x" * 4096, "Standard"),
    "4096 bytes of two each": ("limits/wide", "é" * 2048, "Standard"),
    "4097 bytes": ("limits/advanced", "x" * 4097, "Advanced"),
    "8192 bytes": ("limits/most", "x" * 8192, "Advanced"),
    "every character of a name": ("limits/aZ09_.-", "v", "Standard"),
    "braces": ("limits/braces", '{"a": {"b": {"c": "}}"}}}', "Standard"),
}


class Stores:
    """`latchkey dev` as both stores of a migration."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.child = Child([BINARY, "dev", "--port", "0", "--json"], latchkey_home(folder), cwd=folder)
        self.child.ready(lambda: "\n" in self.child.stdout, "the first line")
        self.url = json.loads(self.child.stdout.splitlines()[0])["aws_endpoint_url"]
        self.ssm = client_at(self.url, "ssm", attempts=10)
        self.secrets = client_at(self.url, "secretsmanager")

    def json(self, command: str, *arguments: str, status: int = 0) -> Any:
        env = settings(self.folder, AWS_ENDPOINT_URL=self.url, LATCHKEY_API_KEY=None)
        done = subprocess.run(
            [str(BINARY), "migrate", command, *arguments, "--json"], env=env, cwd=self.folder,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == status, done.stderr + done.stdout
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def stores(binary, tmp_path_factory) -> Iterator[Stores]:
    stores = Stores(tmp_path_factory.mktemp("limits"))
    yield stores
    assert stores.child.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("obstacle", sorted(REFUSED))
def test_parameter_store_rejects_what_the_plan_blocks(stores: Stores, obstacle: str) -> None:
    name, value = REFUSED[obstacle]
    stores.secrets.create_secret(Name=name, SecretString=value)
    target = LONG if obstacle == "name_length" else f"/{name}"
    (stores.folder / "map.json").write_text(json.dumps({name: target}))
    secret = stores.json("plan", "--map", "map.json")["secrets"][0]
    assert secret["action"] == "blocked"
    assert [o["code"] for o in secret["obstacles"] if o["weight"] == "blocks"] == [obstacle]
    with pytest.raises(ClientError):
        stores.ssm.put_parameter(Name=target, Value=value, Type="SecureString", Tier="Advanced", Overwrite=True)


def test_parameter_store_accepts_what_the_plan_allows(stores: Stores) -> None:
    for name, value, _ in TAKEN.values():
        stores.secrets.create_secret(Name=name, SecretString=value)
    names = [argument for name, _, _ in TAKEN.values() for argument in ("--secret", name)]
    plan = {secret["secret"]: secret for secret in stores.json("plan", *names)["secrets"]}
    assert {name: plan[name]["tier"] for name, _, _ in TAKEN.values()} == {name: t for name, _, t in TAKEN.values()}
    report = stores.json("copy", *names, "--journal", "taken.journal")
    assert report["summary"]["copied"] == len(TAKEN)
    assert stores.json("verify", *names, "--journal", "taken.journal")["clean"]
    for name, value, _ in TAKEN.values():
        assert stores.ssm.get_parameter(Name=f"/{name}", WithDecryption=True)["Parameter"]["Value"] == value
        assert len(stores.ssm.get_parameter_history(Name=f"/{name}")["Parameters"]) == 1


def test_the_standard_tier_is_kept_to_when_asked_for(stores: Stores) -> None:
    stores.secrets.create_secret(Name="limits/over-standard", SecretString="x" * 4097)
    which = ["--secret", "limits/over-standard", "--tier", "standard"]
    assert stores.json("plan", *which)["secrets"][0]["obstacles"][0]["code"] == "over_standard"
    report = stores.json("copy", *which, "--journal", "standard.journal")
    assert report["blocked"][0]["obstacles"] == ["over_standard"]


def test_a_throttled_copy_waits_and_brings_everything(stores: Stores) -> None:
    names = [f"limits/fast{number}" for number in range(12)]
    for name in names:
        stores.secrets.create_secret(Name=name, SecretString=name)
    which = [argument for name in names for argument in ("--secret", name)]
    # Far over the store's limit of three writes per second.
    report = stores.json("copy", *which, "--journal", "fast.journal", "--writes-per-second", "100")
    assert report["summary"]["copied"] == len(names)
    for name in names:
        assert len(stores.ssm.get_parameter_history(Name=f"/{name}")["Parameters"]) == 1


def test_a_secret_that_was_read_today_is_kept(stores: Stores) -> None:
    name = "limits/read-today"
    stores.secrets.create_secret(Name=name, SecretString="v")
    which = ["--secret", name, "--journal", "read.journal"]
    stores.json("copy", *which)
    stores.json("verify", *which)
    stores.json("cutover", "--journal", "read.journal", "--yes")
    kept = stores.json("cleanup", *which, "--min-days", "0", "--yes", status=1)
    assert "recently_read" in {block["code"] for block in kept["secrets"][0]["blocks"]}
