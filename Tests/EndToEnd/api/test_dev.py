"""`latchkey dev`: the whole product without an account, used by boto3 and the aws CLI."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from peers.broker import BINARY
from peers.child import Child
from peers.http import Answer, ask
from peers.moto import client_at


@dataclass
class Dev:
    """A running `latchkey dev` and the contents of its first line."""

    child: Child
    output: dict[str, str]

    @property
    def port(self) -> int:
        return int(self.output["url"].rpartition(":")[2])

    def get(self, path: str) -> Answer:
        return ask(self.port, path, headers={"Authorization": f"Bearer {self.output['key']}"})

    def client(self, service: str) -> Any:
        """A client that retries throttling: the quota of Parameter Store is three writes per second."""
        return client_at(self.output["aws_endpoint_url"], service, attempts=10)


@pytest.fixture(scope="module")
def dev(binary, tmp_path_factory) -> Iterator[Dev]:
    home = tmp_path_factory.mktemp("dev")
    child = Child([BINARY, "dev", "--port", "0", "--json"], {"PATH": os.environ["PATH"], "HOME": str(home)}, cwd=home)
    child.ready(lambda: "\n" in child.stdout, "the first line")
    dev = Dev(child, json.loads(child.stdout.splitlines()[0]))
    child.ready(lambda: ask(dev.port, "/readyz").status == 200, "ready")
    yield dev
    assert child.stop(signal.SIGTERM) == 0


def test_the_first_line_says_where_everything_is(dev: Dev) -> None:
    assert set(dev.output) >= {"url", "key", "aws_endpoint_url", "token_url"}
    assert dev.output["url"].startswith("http://127.0.0.1:")


def test_a_token_and_a_secret_come_out(dev: Dev) -> None:
    token = dev.get("/token")
    assert token.status == 200 and token.json()["access_token"].count(".") == 2
    names = [path["Name"] for path in dev.client("ssm").get_parameters_by_path(Path="/", Recursive=True)["Parameters"]]
    assert any(name.endswith("/secrets") for name in names), names


def test_the_tokens_signature_holds_against_the_published_keys(dev: Dev) -> None:
    import jwt

    token = dev.get("/token").json()["access_token"]
    keys = jwt.PyJWKClient(dev.output["token_url"].replace("/oauth/token", "/.well-known/jwks.json"))
    claims = jwt.decode(
        token, keys.get_signing_key_from_jwt(token), algorithms=["RS256"], options={"verify_aud": False}
    )
    assert claims["exp"] > claims["iat"]


def test_the_broker_serves_parameters_that_boto3_writes(dev: Dev) -> None:
    prefix = prefix_of(dev)
    dev.client("ssm").put_parameter(Name=f"{prefix}/from-boto3", Value="v1", Type="SecureString")
    assert dev.get("/secrets/from-boto3").json()["value"] == "v1"


def prefix_of(dev: Dev) -> str:
    names = [path["Name"] for path in dev.client("ssm").get_parameters_by_path(Path="/", Recursive=True)["Parameters"]]
    return next(name.removesuffix("/secrets") for name in names if name.endswith("/secrets"))


def test_the_aws_command_line_talks_to_it(dev: Dev, tmp_path: Path) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": dev.output["aws_endpoint_url"],
        "AWS_PAGER": "",
    }

    def aws(*arguments: str) -> dict[str, Any]:
        command = [str(Path(sys.executable).parent / "aws"), *arguments, "--output", "json"]
        return json.loads(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout)

    name = "/cli/one"
    put = ("ssm", "put-parameter", "--name", name, "--type", "SecureString")
    assert aws(*put, "--value", "a")["Version"] == 1
    assert aws(*put, "--value", "b", "--overwrite")["Version"] == 2
    got = aws("ssm", "get-parameter", "--name", name, "--with-decryption")["Parameter"]
    assert (got["Value"], got["Version"], got["Type"]) == ("b", 2, "SecureString")
    assert [p["Name"] for p in aws("ssm", "get-parameters-by-path", "--path", "/cli")["Parameters"]] == [name]
    created = aws("secretsmanager", "create-secret", "--name", "cli/two", "--secret-string", "s")
    assert aws("secretsmanager", "get-secret-value", "--secret-id", created["ARN"])["SecretString"] == "s"


REFUSED = {
    "over 4 KB": ({"Value": "x" * 4097}, "ValidationException"),
    "empty": ({"Value": ""}, None),
    "a name with a blank": ({"Name": "/limits/a b"}, "ValidationException"),
    "a reserved name": ({"Name": "/aws/limits"}, "AccessDeniedException"),
    "sixteen levels": ({"Name": "/l" * 16}, "HierarchyLevelLimitExceededException"),
    "a reference": ({"Value": "{{ssm:/other}}"}, "ValidationException"),
    "no type": ({"Type": "Blob"}, None),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_the_limits_of_parameter_store_are_kept(dev: Dev, case: str) -> None:
    change, code = REFUSED[case]
    put = {"Name": "/limits/one", "Value": "v", "Type": "String", "Overwrite": True} | change
    with pytest.raises(Exception) as refused:
        dev.client("ssm").put_parameter(**put)
    if code:
        assert isinstance(refused.value, ClientError)
        assert refused.value.response["Error"]["Code"] == code


def test_four_kilobytes_fit(dev: Dev) -> None:
    dev.client("ssm").put_parameter(Name="/limits/fits", Value="x" * 4096, Type="String")


def test_an_existing_parameter_is_not_overwritten_unasked(dev: Dev) -> None:
    ssm = dev.client("ssm")
    ssm.put_parameter(Name="/limits/there", Value="v", Type="String")
    with pytest.raises(ssm.exceptions.ParameterAlreadyExists):
        ssm.put_parameter(Name="/limits/there", Value="w", Type="String")


def test_eleven_names_are_too_many_and_unknown_ones_are_named(dev: Dev) -> None:
    ssm = dev.client("ssm")
    with pytest.raises(ClientError):
        ssm.get_parameters(Names=[f"/n/{number}" for number in range(11)])
    assert ssm.get_parameters(Names=["/n/1"])["InvalidParameters"] == ["/n/1"]


def test_the_errors_are_awss_own(dev: Dev) -> None:
    ssm, secrets = dev.client("ssm"), dev.client("secretsmanager")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/not/there")
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId="not/there")


def test_versions_and_deletions_work_as_in_aws(dev: Dev) -> None:
    ssm = dev.client("ssm")
    for value in ("one", "two"):
        ssm.put_parameter(Name="/versions/p", Value=value, Type="String", Overwrite=True)
    assert ssm.get_parameter(Name="/versions/p:1")["Parameter"]["Value"] == "one"
    ssm.delete_parameter(Name="/versions/p")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/versions/p")


def test_a_page_of_a_browser_gets_nothing_under_a_name_of_its_own(dev: Dev) -> None:
    upstream = int(dev.output["aws_endpoint_url"].rpartition(":")[2])
    key = {"Authorization": f"Bearer {dev.output['key']}"}
    for host, status in (("rebind.example", 403), (f"rebind.example:{dev.port}", 403), ("localhost", 200), ("[::1]:1", 200)):
        for path in ("/token", "/livez"):
            assert ask(dev.port, path, headers={**key, "Host": host}).status == status, host
        assert ask(upstream, "/dev/requests", headers={"Host": host}).status == status, host
    assert ask(dev.port, "/token", headers={**key, "Origin": "null"}).code == "forbidden"
    assert ask(upstream, "/dev/requests", headers={"Origin": "null"}).status == 403
