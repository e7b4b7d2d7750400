"""The broker serves secrets that boto3 and the aws CLI wrote, from either store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from peers.broker import AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, PREFIX, run
from peers.proxy import mentions

BLOB = {"STRIPE_KEY": "sk_test_5f1c0b8e", "DB": {"user": "orders", "port": 5432}, "FLAG": True}
AWS = Path(sys.executable).parent / "aws"


def aws(world, *arguments: str) -> str:
    """The aws command line against moto."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(world.folder),
        "AWS_ACCESS_KEY_ID": AWS_ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": AWS_SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": world.moto.url,
        "AWS_PAGER": "",
    }
    return subprocess.run([AWS, *arguments], env=env, check=True, capture_output=True, text=True).stdout


def test_a_field_of_the_blob_comes_first(world) -> None:
    world.put("secrets", json.dumps(BLOB))
    world.put("STRIPE_KEY", "the parameter of the same name")
    answer = world.serve(secrets=[BLOB["STRIPE_KEY"]]).get("/secrets/STRIPE_KEY")
    assert answer.json() | {"version": ""} == {
        "key": "STRIPE_KEY",
        "value": BLOB["STRIPE_KEY"],
        "version": "",
        "source": "parameter-store",
        "encoding": "utf8",
    }


def test_a_key_that_the_blob_lacks_is_a_parameter(world) -> None:
    world.put("secrets", json.dumps(BLOB))
    world.put("db/password", "hunter2-of-the-tests")
    broker = world.serve(secrets=["hunter2-of-the-tests"])
    answer = broker.get("/secrets/db/password")
    assert (answer.json()["value"], answer.header("X-Latchkey-Tier")) == ("hunter2-of-the-tests", "parameter-store")
    assert broker.get("/secrets/db/password").header("X-Latchkey-Tier") == "memory"


def test_the_broker_reads_secrets_of_the_aws_cli(world) -> None:
    value = "späte Ernte, \"quoted\"\nand a second line"
    name = f"{PREFIX}/from-cli"
    aws(world, "ssm", "put-parameter", "--name", name, "--type", "SecureString", "--value", value)
    assert world.serve().get("/secrets/from-cli").json()["value"] == value


def test_boto3_and_the_aws_cli_read_values_of_put(world) -> None:
    done = run("put", "api-key", env=world.settings(), stdin="value-of-put-2b6e")
    assert done.returncode == 0, done.stderr
    stored = world.parameter("api-key")
    assert (stored["Value"], stored["Type"]) == ("value-of-put-2b6e", "SecureString")
    out = aws(world, "ssm", "get-parameter", "--name", f"{PREFIX}/api-key", "--with-decryption", "--output", "json")
    assert json.loads(out)["Parameter"]["Value"] == "value-of-put-2b6e"
    assert "value-of-put-2b6e" not in done.stdout + done.stderr


def test_plain_text_is_the_bare_value(world) -> None:
    world.put("solo", "bare value")
    answer = world.serve().get("/secrets/solo", headers={"Accept": "text/plain"})
    assert answer.body == b"bare value"
    assert (answer.header("Content-Type") or "").startswith("text/plain")
    assert answer.header("Cache-Control") == "no-store"


@pytest.mark.parametrize(
    ("path", "value"),
    [("DB?field=user", "orders"), ("DB?field=port", "5432"), ("json?field=a.b", "deep")],
)
def test_a_field_is_picked_out_of_a_json_value(world, path: str, value: str) -> None:
    world.put("secrets", json.dumps(BLOB))
    world.put("json", json.dumps({"a": {"b": "deep"}}))
    assert world.serve().get(f"/secrets/{path}").json()["value"] == value


def test_a_field_that_is_not_there_is_not_found(world) -> None:
    world.put("json", json.dumps({"a": 1}))
    world.put("text", "not json at all")
    broker = world.serve()
    assert broker.get("/secrets/json?field=b").code == "not_found"
    assert broker.get("/secrets/text?field=b").status in (400, 404)
    assert "not json" not in broker.get("/secrets/text?field=b").text


def test_an_unknown_secret_is_not_found(world) -> None:
    answer = world.serve().get("/secrets/nobody-wrote-this")
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("query", ["refresh_now=true", "tll=3", "field=a&Field=b", "min_ttl=5"])
def test_an_unknown_query_parameter_is_refused_by_name(world, query: str) -> None:
    world.put("solo", "v")
    answer = world.serve().get(f"/secrets/solo?{query}")
    assert (answer.status, answer.code) == (400, "unknown_parameter")
    assert query.split("&")[-1].split("=")[0] in answer.json()["detail"]


@pytest.mark.parametrize("key", ["../auth0-cache/token", "%2e%2e/x", "a//b", "/etc", "a/", "x%00y", "x%0d%0ay"])
def test_a_key_never_leaves_the_prefix(world, key: str) -> None:
    answer = world.serve().get(f"/secrets/{key}")
    assert answer.status in (400, 404)
    asked = [name for request in world.aws.seen() for name in names(request.json())]
    assert all(name.startswith(f"{PREFIX}/") and ".." not in name for name in asked)


def names(body: dict) -> list[str]:
    return body.get("Names", []) + ([body["Name"]] if "Name" in body else [])


def test_refresh_reads_past_memory(world) -> None:
    world.put("solo", "old")
    broker = world.serve()
    assert broker.get("/secrets/solo").json()["value"] == "old"
    world.put("solo", "new")
    assert broker.get("/secrets/solo").json()["value"] == "old"
    answer = broker.get("/secrets/solo?refresh=true")
    assert (answer.json()["value"], answer.json()["version"]) in (("new", 2), ("new", "2"))


def test_a_tag_that_still_holds_is_not_modified(world) -> None:
    world.put("solo", "v")
    broker = world.serve()
    tag = broker.get("/secrets/solo").header("ETag")
    again = broker.get("/secrets/solo", headers={"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")


def test_a_part_of_a_value_that_still_holds_is_not_modified(world) -> None:
    world.put("db", json.dumps({"user": "u", "password": "p"}))
    broker = world.serve()
    tag = broker.get("/secrets/db?field=user").header("ETag")
    again = broker.get("/secrets/db?field=user", headers={"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")
    # `*` is not an entity tag of any answer.
    assert broker.get("/secrets/db?field=nobody", headers={"If-None-Match": "*"}).status == 404


@pytest.mark.parametrize(("query", "says"), [
    ("version=" + "1" * 65, "version"), ("label=" + "l" * 257, "label"), ("version=", "version"), ("label=", "label"),
    ("version=1&label=live", "label"),
])
def test_a_malformed_selector_is_rejected_without_a_request(world, query: str, says: str) -> None:
    broker = world.serve()
    world.aws.forget()
    answer = broker.get(f"/secrets/solo?{query}")
    assert (answer.status, answer.code) == (400, "bad_request")
    assert says in answer.json()["detail"]
    assert world.aws.seen(mentions(f"{PREFIX}/solo")) == []


class TestSecretsManager:
    """The same secrets with the other backend."""

    ENV = {"LATCHKEY_SECRETS_BACKEND": "secrets-manager"}

    def put(self, world, name: str, **value: object) -> None:
        world.secrets_manager.create_secret(Name=f"{PREFIX.lstrip('/')}/{name}", **value)

    def test_the_blob_and_single_secrets_are_read(self, world) -> None:
        self.put(world, "secrets", SecretString=json.dumps(BLOB))
        self.put(world, "solo", SecretString="from secrets manager")
        broker = world.serve(**self.ENV)
        answer = broker.get("/secrets/solo")
        assert (answer.json()["value"], answer.json()["source"]) == ("from secrets manager", "secrets-manager")
        assert answer.header("X-Latchkey-Tier") == "secrets-manager"
        assert broker.get("/secrets/STRIPE_KEY").json()["value"] == BLOB["STRIPE_KEY"]

    def test_binary_values_come_as_base64(self, world) -> None:
        self.put(world, "binary", SecretBinary=b"\x00\x01\xff")
        answer = world.serve(**self.ENV).get("/secrets/binary")
        assert (answer.json()["value"], answer.json()["encoding"]) == ("AAH/", "base64")

    def test_a_missing_secret_is_not_found(self, world) -> None:
        assert world.serve(**self.ENV).get("/secrets/nothing").code == "not_found"

    def test_the_token_pair_stays_in_parameter_store(self, world) -> None:
        assert world.serve(**self.ENV).token().header("X-Latchkey-Tier") == "auth0"
        assert world.aws.seen(mentions(f"{PREFIX}/auth0-cache/token"))


def test_signatures_and_policies_are_checked_when_moto_is_told_to(world, later) -> None:
    """A user who may only read and write parameters. moto checks the signature of every call."""
    world.put("solo", "signed for")
    iam = world.moto.client("iam")
    iam.create_user(UserName="broker")
    statement = {"Effect": "Allow", "Action": ["ssm:GetParameter", "ssm:GetParameters"], "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_user_policy(UserName="broker", PolicyName="read", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="broker")["AccessKey"]
    world.moto.enforce(0)
    later(lambda: world.moto.enforce(None))
    allowed = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    broker = world.start(secrets=[key["SecretAccessKey"]], **allowed)
    assert broker.get("/secrets/solo").json()["value"] == "signed for"
    assert broker.token().status == 200, "a denied write does not keep the token back"
    wrong = world.start(**(allowed | {"AWS_SECRET_ACCESS_KEY": "wrong" * 8}))
    assert wrong.get("/secrets/solo").code == "upstream_denied"
