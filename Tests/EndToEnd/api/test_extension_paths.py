"""The paths of AWS's own Lambda extension and agent, on the broker's port."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from peers.broker import API_KEY, PREFIX
from peers.http import ask
from peers.proxy import operation

PARAMETERS = "/systemsmanager/parameters/get"
SECRETS = "/secretsmanager/get"
TOKEN = {"X-Aws-Parameters-Secrets-Token": API_KEY}


@pytest.fixture
def broker(world):
    world.put("db/password", "s3cret-ü")
    world.put("level", "info", "String")
    return world.serve(["s3cret-ü"])


def get(broker, path: str, headers=TOKEN, **query: str):
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    return ask(broker.port, f"{path}?{text}", headers=headers)


def test_a_parameter_is_read_with_the_functions_token(world, broker) -> None:
    answer = get(broker, PARAMETERS, name=f"{PREFIX}/db/password", withDecryption="true")
    assert answer.status == 200
    parameter = answer.json()["Parameter"]
    stored = world.parameter("db/password")
    assert (parameter["Value"], parameter["Version"], parameter["Type"]) == ("s3cret-ü", 1, "SecureString")
    assert (parameter["ARN"], parameter["Name"]) == (stored["ARN"], stored["Name"])


def test_the_bearer_key_opens_it_too(broker) -> None:
    answer = get(broker, PARAMETERS, {"Authorization": f"Bearer {API_KEY}"}, name=f"{PREFIX}/level")
    assert answer.json()["Parameter"]["Value"] == "info"


def test_without_decryption_the_store_keeps_its_secret(broker) -> None:
    answer = get(broker, PARAMETERS, name=f"{PREFIX}/db/password")
    assert answer.status == 200 and answer.json()["Parameter"]["Value"] != "s3cret-ü"


def test_a_version_or_label_can_be_requested(world, broker) -> None:
    world.put("level", "debug", "String")
    world.ssm.label_parameter_version(Name=f"{PREFIX}/level", ParameterVersion=1, Labels=["calm"])
    assert get(broker, PARAMETERS, name=f"{PREFIX}/level", version="2").json()["Parameter"]["Value"] == "debug"
    assert get(broker, PARAMETERS, name=f"{PREFIX}/level", label="calm").json()["Parameter"]["Value"] == "info"


def test_a_secret_is_read_and_read_anew(world) -> None:
    name = f"{PREFIX[1:]}/db"
    world.secrets_manager.create_secret(Name=name, SecretString=json.dumps({"a": 1}))
    broker = world.serve(LATCHKEY_SECRETS_BACKEND="secrets-manager")
    assert get(broker, SECRETS, secretId=name).json()["SecretString"] == '{"a": 1}'
    world.secrets_manager.put_secret_value(SecretId=name, SecretString="new")
    assert get(broker, SECRETS, secretId=name).json()["SecretString"] == '{"a": 1}'
    assert get(broker, SECRETS, secretId=name, refreshNow="true").json()["SecretString"] == "new"
    assert get(broker, SECRETS, secretId=name, versionStage="AWSPREVIOUS").json()["SecretString"] == '{"a": 1}'


def test_a_thousand_reads_are_one_at_the_store(world, broker) -> None:
    for _ in range(1000):
        assert get(broker, PARAMETERS, name=f"{PREFIX}/level").status == 200
    reads = world.aws.seen(operation("GetParameter", "GetParameters"))
    assert len([seen for seen in reads if "/level" in seen.body.decode()]) == 1


@pytest.mark.parametrize(("path", "query", "status", "kind"), [
    (PARAMETERS, {"name": f"{PREFIX}/nothing"}, 400, "ParameterNotFound"),
    (PARAMETERS, {"name": "/other"}, 400, "AccessDeniedException"),
    (PARAMETERS, {}, 400, "ValidationException"),
    (PARAMETERS, {"name": f"{PREFIX}/level", "withDecryption": "yes"}, 400, "ValidationException"),
    (PARAMETERS, {"name": f"{PREFIX}/level", "nam": "x"}, 400, "ValidationException"),
    (SECRETS, {"secretId": f"{PREFIX[1:]}/nothing"}, 400, "ResourceNotFoundException"),
    (SECRETS, {"secretId": "other/app"}, 400, "AccessDeniedException"),
    (SECRETS, {"secretId": f"{PREFIX[1:]}/x", "refreshNow": "1"}, 400, "ValidationException"),
])
def test_invalid_requests_get_the_errors_of_aws(broker, path: str, query, status: int, kind: str) -> None:
    answer = get(broker, path, **query)
    assert (answer.status, answer.json()["__type"]) == (status, kind)


@pytest.mark.parametrize("path", [PARAMETERS, SECRETS])
@pytest.mark.parametrize("headers", [{}, {"X-Aws-Parameters-Secrets-Token": "wrong"}, {"Authorization": "Bearer w"}])
def test_requests_without_the_key_are_rejected(world, broker, path: str, headers) -> None:
    answer = ask(broker.port, f"{path}?name={PREFIX}/level&secretId=x", headers=headers)
    assert (answer.status, answer.json()["__type"]) == (401, "UnrecognizedClientException")
    assert answer.header("WWW-Authenticate")


def test_a_wrong_token_is_not_mended_by_a_right_key(broker) -> None:
    both = {"X-Aws-Parameters-Secrets-Token": "wrong", "Authorization": f"Bearer {API_KEY}"}
    assert get(broker, PARAMETERS, both, name=f"{PREFIX}/level").status == 401
