"""The tables of extension paths and selectors, with stores that hold the values of the tables."""

from __future__ import annotations

import base64
import json
import urllib.parse
from typing import Any

import pytest
from botocore.exceptions import ClientError

from peers.broker import API_KEY
from peers.cases import CASES
from peers.http import Answer, ask
from peers.moto import client_at
from peers.proxy import mentions

#: Names of the tables.
PREFIX, DB = "/orders/dev", "/orders/dev/db"


def table(name: str) -> list[dict[str, Any]]:
    """The cases of both files with this name."""
    return [case for file in (name, f"{name}-more") for case in json.loads((CASES / f"{file}.json").read_text())["cases"]]


@pytest.fixture(params=["parameter-store", "secrets-manager"])
def backend(request) -> str:
    return request.param


@pytest.fixture
def broker(world, backend):
    world.ssm.put_parameter(Name=DB, Value="pw", Type="SecureString")
    world.ssm.label_parameter_version(Name=DB, ParameterVersion=1, Labels=["blue"])
    world.secrets_manager.create_secret(Name=DB[1:], SecretString="pw")
    return world.serve(LATCHKEY_PREFIX=PREFIX, LATCHKEY_SECRETS_BACKEND=backend, LATCHKEY_PREFETCH="")


def headers(case: dict[str, Any]) -> dict[str, str]:
    basic = base64.b64encode(f"default:{API_KEY}".encode()).decode()
    return {
        name: value.replace("{key}", API_KEY).replace("{default:key}", basic) for name, value in case["headers"].items()
    }


def value(answer: Answer) -> str:
    body = answer.json()
    return body["Parameter"]["Value"] if "Parameter" in body else body["SecretString"]


def names_asked(world) -> list[str]:
    """The names requested from Parameter Store since the last `forget`, without the followed parameters."""
    bodies = [seen.json() for seen in world.aws.seen() if seen.operation in ("GetParameter", "GetParameters")]
    names = [name for body in bodies for name in ([body["Name"]] if "Name" in body else body["Names"])]
    return [name for name in names if name != f"{PREFIX}/latchkey/kept"]


def flaws(world, broker, case: dict[str, Any]) -> list[str]:
    """The differences between the answer and the case."""
    world.aws.forget()
    answer = ask(broker.port, case["path"], case.get("method", "GET"), headers(case), case.get("body"))
    found = []
    if answer.status != case["status"]:
        found.append(f"status {answer.status}: {answer.text}")
    elif "value" in case and value(answer) != case["value"]:
        found.append(f"value {value(answer)}")
    if "type" in case and case["type"] not in answer.json().get("__type", ""):
        found.append(answer.text)
    if "detail_names" in case and case["detail_names"] not in answer.text:
        found.append(f"{case['detail_names']} is not named: {answer.text}")
    if "asked_of_store" in case and names_asked(world) != [case["asked_of_store"]]:
        found.append(f"asked of the store: {names_asked(world)}")
    return found


def test_every_spelling_of_a_front_s_path_and_of_its_token_works(world, broker) -> None:
    wrong = {}
    for case in table("extension-paths"):
        if found := flaws(world, broker, case):
            wrong[f"{case['path']} {case['headers']}"] = found
    assert wrong == {}


@pytest.mark.parametrize("backend", ["parameter-store"], indirect=True)
def test_a_selector_is_judged_before_a_name_is_made_of_it(world, broker) -> None:
    routes = json.loads((CASES / "selectors.json").read_text())["routes"]
    wrong = {}
    for case in table("selectors"):
        expected = case["status"] if isinstance(case["status"], list) else [case["status"]]
        for route in routes:
            target = f"{route}{'&' if '?' in route else '?'}{case['query']}"
            world.aws.forget()
            answer = broker.get(target)
            selected = [name for name in names_asked(world) if name.startswith(f"{DB}:")]
            asked = [case["asked_of_store"]] if "asked_of_store" in case else []
            if answer.status not in expected or selected != asked:
                wrong[target] = (answer.status, answer.text, selected)
    assert wrong == {}


@pytest.mark.parametrize("backend", ["parameter-store"], indirect=True)
def test_a_selector_behind_a_name_of_an_sdk_is_judged_too(world, broker) -> None:
    ssm = client_at(broker.url, "ssm", "default", API_KEY)
    for selector in ("1", "blue"):
        assert ssm.get_parameter(Name=f"{DB}:{selector}", WithDecryption=True)["Parameter"]["Value"] == "pw"
    for selector in ("", "0", "1.0", "1:blue", "blue:1", "9223372036854775808", "5blue", "aws-x", "../other", "a\nb"):
        world.aws.forget()
        with pytest.raises(ClientError, match="ValidationException"):
            ssm.get_parameter(Name=f"{DB}:{selector}")
        assert names_asked(world) == [], selector


@pytest.mark.parametrize("backend", ["parameter-store"], indirect=True)
def test_a_stage_that_no_parameter_can_have_is_no_part_of_a_name(world, broker) -> None:
    world.ssm.put_parameter(Name=DB, Value="new", Type="SecureString", Overwrite=True)
    secrets = client_at(broker.url, "secretsmanager", "default", API_KEY)
    assert secrets.get_secret_value(SecretId=DB[1:], VersionStage="blue")["SecretString"] == "pw"
    for stage in ("1", "AWSPREVIOUS", "1:x", "../other"):
        world.aws.forget()
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            secrets.get_secret_value(SecretId=DB[1:], VersionStage=stage)
        assert names_asked(world) == [], stage


@pytest.mark.parametrize("backend", ["secrets-manager"], indirect=True)
@pytest.mark.parametrize("query", [
    "version=1", "version=" + "1" * 31, "version=" + "1" * 65, "label=" + "l" * 257, "label=a%0Ab", "version=", "label=",
])
def test_secrets_manager_s_selectors_have_its_own_grammar(world, broker, query: str) -> None:
    world.aws.forget()
    answer = broker.get(f"/secrets/db?{query}")
    assert (answer.status, answer.code) == (400, "bad_request")
    assert query.partition("=")[0] in answer.json()["detail"]
    assert world.aws.seen(mentions(DB[1:])) == []
    good = urllib.parse.quote("AWSCURRENT")
    assert broker.get(f"/secrets/db?label={good}").json()["value"] == "pw"
