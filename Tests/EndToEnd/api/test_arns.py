"""An ARN with another account, region or partition is never answered with the resource of the same name."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from peers.broker import API_KEY, ROOT
from peers.moto import client_at

REGION, ACCOUNT = "eu-central-1", "123456789012"
CASES = ROOT / "Tests/Fixtures/cases"


def cases() -> list[dict[str, Any]]:
    return [case for name in ("arns.json", "arns-more.json") for case in json.loads((CASES / name).read_text())["cases"]]


class Place:
    """A broker over stores with two parameters and two secrets, and every request for a name."""

    def __init__(self, world, backend: str) -> None:
        ssm = world.moto.client("ssm", region=REGION)
        store = world.moto.client("secretsmanager", region=REGION)
        self.suffixes = {}
        for name, value, suffix in (("db", "pw", "Ab12Cd"), ("db-passwd", "six", "Ef34Gh")):
            ssm.put_parameter(Name=f"/orders/dev/{name}", Value=value, Type="SecureString")
            arn = store.create_secret(Name=f"orders/dev/{name}", SecretString=value)["ARN"]
            self.suffixes[suffix] = arn[-6:]
        self.broker = world.serve(
            LATCHKEY_UPSTREAM_TIMEOUT="15",
            AWS_REGION=REGION, LATCHKEY_PREFIX="/orders/dev", LATCHKEY_SECRETS_BACKEND=backend, LATCHKEY_PREFETCH=""
        )
        self.ssm = client_at(self.broker.url, "ssm", "default", API_KEY, region=REGION)
        self.secrets = client_at(self.broker.url, "secretsmanager", "default", API_KEY, region=REGION)

    def here(self, name: str) -> str:
        """The name of a case with the account and the random characters of the stand-in for AWS."""
        name = name.replace("111122223333", ACCOUNT)
        for case, real in self.suffixes.items():
            name = name.replace(case, real)
        return name

    def answer(self, operation: str, name: str) -> str:
        """The value, the error's code, or the name in `InvalidParameters`."""
        calls: dict[str, Callable[[], str]] = {
            "GetParameter": lambda: self.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"],
            "GetParameters": lambda: self.parameters(name),
            "GetSecretValue": lambda: self.secrets.get_secret_value(SecretId=name)["SecretString"],
            "DescribeSecret": lambda: self.described(name),
            "BatchGetSecretValue": lambda: self.batch(name),
        }
        if operation.startswith("/"):
            return self.extension(operation, name)
        try:
            return calls[operation]()
        except ClientError as error:
            return error.response["Error"]["Code"]

    def parameters(self, name: str) -> str:
        answer = self.ssm.get_parameters(Names=[name, "/orders/dev/db-passwd"], WithDecryption=True)
        values = {found["ARN"].rpartition("/")[2]: found["Value"] for found in answer["Parameters"]}
        assert values["db-passwd"] == "six", "the other name is answered"
        if answer["InvalidParameters"]:
            assert answer["InvalidParameters"] == [name]
            return "ParameterNotFound"
        return values["db"]

    def described(self, name: str) -> str:
        return {"orders/dev/db": "pw", "orders/dev/db-passwd": "six"}[self.secrets.describe_secret(SecretId=name)["Name"]]

    def batch(self, name: str) -> str:
        answer = self.secrets.batch_get_secret_value(SecretIdList=[name])
        if answer["Errors"]:
            return answer["Errors"][0]["ErrorCode"]
        return answer["SecretValues"][0]["SecretString"]

    def extension(self, path: str, name: str) -> str:
        parameter = "name" if path.startswith("/systemsmanager") else "secretId"
        query = urllib.parse.urlencode({parameter: name, **({"withDecryption": "true"} if parameter == "name" else {})})
        answer = self.broker.get(f"{path}?{query}").json()
        if "__type" in answer:
            return answer["__type"].rpartition("#")[2]
        return answer["Parameter"]["Value"] if parameter == "name" else answer["SecretString"]


@pytest.fixture(params=["parameter-store", "secrets-manager"])
def place(world, request) -> Place:
    return Place(world, request.param)


def test_a_name_of_another_place_is_never_answered_with_our_own(place: Place, request) -> None:
    backend = request.node.callspec.params["place"]
    wrong = []
    for case in cases():
        for operation in case["operations"]:
            # Twice: the second answer comes from memory.
            for answer in (place.answer(operation, place.here(case["name"])) for _ in range(2)):
                expected = case[backend]
                accepted = [
                    *([expected["served"]] if "served" in expected else []),
                    *expected.get("error", []), *expected.get("served_or_error", []),
                ]
                if answer not in accepted or answer == case.get("never"):
                    wrong.append(f"{operation} {case['name']}: {answer}")
    assert wrong == []
