"""AWS SDKs read Secrets Manager through the broker, with either backend."""

from __future__ import annotations

import datetime
import json
import time

import pytest
from botocore import auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from peers.broker import API_KEY, PREFIX
from peers.faults import aws_error
from peers.http import ask
from peers.proxy import mentions, operation
from peers.sdk import aws, aws_of_both, client, failure, comparable
from peers.waiting import until

#: Names in Secrets Manager do not begin with a slash.
ROOT = PREFIX.removeprefix("/")


@pytest.fixture
def secrets(world):
    for name, content in {
        "db": {"SecretString": json.dumps({"user": "u", "password": "päss\n"})},
        "key": {"SecretBinary": bytes(range(256))},
        "plain": {"SecretString": " text "},
    }.items():
        world.secrets_manager.create_secret(Name=f"{ROOT}/{name}", **content)
    world.secrets_manager.put_secret_value(SecretId=f"{ROOT}/plain", SecretString="second")
    return client(world.serve(LATCHKEY_SECRETS_BACKEND="secrets-manager"), "secretsmanager")


@pytest.mark.parametrize("name", ["db", "key", "plain"])
def test_a_secret_is_as_the_store_has_it(world, secrets, name: str) -> None:
    ask = {"SecretId": f"{ROOT}/{name}"}
    assert comparable(secrets.get_secret_value(**ask)) == comparable(world.secrets_manager.get_secret_value(**ask))


def test_a_secret_may_be_named_by_its_arn_stage_and_version(world, secrets) -> None:
    store = world.secrets_manager
    current = store.get_secret_value(SecretId=f"{ROOT}/plain")
    for ask in (
        {"SecretId": current["ARN"]},
        {"SecretId": f"{ROOT}/plain", "VersionStage": "AWSPREVIOUS"},
        {"SecretId": f"{ROOT}/plain", "VersionStage": "AWSCURRENT"},
        {"SecretId": f"{ROOT}/plain", "VersionId": current["VersionId"]},
    ):
        assert comparable(secrets.get_secret_value(**ask)) == comparable(store.get_secret_value(**ask))


def test_several_secrets_are_as_the_store_has_them(world, secrets) -> None:
    ask = {"SecretIdList": [f"{ROOT}/plain", f"{ROOT}/nothing", f"{ROOT}/db", f"{ROOT}/key"]}
    assert comparable(secrets.batch_get_secret_value(**ask)) == comparable(world.secrets_manager.batch_get_secret_value(**ask))


def test_a_description_is_as_the_store_has_it(world, secrets) -> None:
    actual = secrets.describe_secret(SecretId=f"{ROOT}/plain")
    assert comparable(actual) == comparable(world.secrets_manager.describe_secret(SecretId=f"{ROOT}/plain"))


def test_a_thousand_reads_are_one_at_the_store(world, secrets) -> None:
    world.aws.forget()
    for _ in range(1000):
        secrets.get_secret_value(SecretId=f"{ROOT}/db")
    assert len([seen for seen in world.aws.seen(operation("GetSecretValue")) if f"{ROOT}/db" in seen.body.decode()]) == 1


def test_an_error_is_the_exception_it_is_at_the_store(world, secrets) -> None:
    world.secrets_manager.delete_secret(SecretId=f"{ROOT}/key")
    for name in ("nothing", "key"):
        ask = {"SecretId": f"{ROOT}/{name}"}
        actual = failure(lambda: secrets.get_secret_value(**ask))
        assert actual == failure(lambda: world.secrets_manager.get_secret_value(**ask))


def test_ids_beyond_the_prefix_are_denied(world, secrets) -> None:
    world.aws.forget()
    for name in ("other/app", f"{ROOT}x/y", ROOT, f"/{ROOT}/db", "plain"):
        assert failure(lambda: secrets.get_secret_value(SecretId=name))[1] == "AccessDeniedException", name
    denied = failure(lambda: secrets.batch_get_secret_value(SecretIdList=[f"{ROOT}/db", "other/app"]))
    assert denied[1] == "AccessDeniedException"
    assert [seen for seen in world.aws.seen(operation("GetSecretValue")) if "other" in seen.body.decode()] == []


def test_writes_are_denied(world, secrets) -> None:
    for call in (
        lambda: secrets.create_secret(Name=f"{ROOT}/new", SecretString="x"),
        lambda: secrets.put_secret_value(SecretId=f"{ROOT}/db", SecretString="x"),
        lambda: secrets.delete_secret(SecretId=f"{ROOT}/db"),
        lambda: secrets.list_secrets(),
    ):
        assert failure(call)[1] == "AccessDeniedException"


def test_migrated_secrets_can_still_be_read_as_secrets(world) -> None:
    version = world.put("db", "moved")
    secrets = client(world.serve(), "secretsmanager")
    first = secrets.get_secret_value(SecretId=f"{ROOT}/db")
    assert (first["Name"], first["SecretString"], first["VersionStages"]) == (f"{ROOT}/db", "moved", ["AWSCURRENT"])
    assert first["ARN"].startswith(f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{ROOT}/db-")
    again = {"VersionId": first["VersionId"], "VersionStage": "AWSCURRENT"}
    assert comparable(secrets.get_secret_value(SecretId=first["ARN"], **again)) == comparable(first)
    assert failure(lambda: secrets.get_secret_value(SecretId=f"{ROOT}/db", VersionId="0" * 36)) == (
        "ResourceNotFoundException", "ResourceNotFoundException"
    )
    assert failure(lambda: secrets.get_secret_value(SecretId=f"{ROOT}/nothing"))[1] == "ResourceNotFoundException"
    assert world.put("db", "moved on") == version + 1
    fresh = client(world.serve(), "secretsmanager").get_secret_value(SecretId=f"{ROOT}/db")
    assert fresh["SecretString"] == "moved on" and fresh["VersionId"] != first["VersionId"]


@pytest.mark.parametrize("words", [
    ["get-secret-value", "--secret-id", f"{ROOT}/plain"],
    ["get-secret-value", "--secret-id", f"{ROOT}/key"],
    ["batch-get-secret-value", "--secret-id-list", *(f"{ROOT}/{name}" for name in ("plain", "nothing", "db", "key"))],
], ids=["text", "bytes", "several"])
def test_the_aws_cli_prints_the_same_bytes_as_for_the_store(world, secrets, words: list[str]) -> None:
    actual, expected = aws_of_both(world.brokers[0], world.moto, "secretsmanager", *words)
    assert actual == expected
    assert f"{ROOT}/" in actual


@pytest.mark.parametrize(("at_store", "here"), [
    ("DecryptionFailure", "DecryptionFailure"), ("InvalidParameterException", "InvalidParameterException"),
    ("AccessDeniedException", "AccessDeniedException"),
])
def test_rejections_of_the_store_keep_their_code_and_are_not_retried(world, secrets, at_store: str, here: str) -> None:
    world.aws.always(aws_error(at_store), when=mentions(f"{ROOT}/db"))
    patient = client(world.brokers[0], "secretsmanager", attempts=3)
    assert failure(lambda: patient.get_secret_value(SecretId=f"{ROOT}/db"))[1] == here
    assert world.brokers[0].metric("latchkey_http_requests_total", route="aws", code="400") == 1


def test_a_malformed_version_id_is_rejected_without_a_request(world, secrets) -> None:
    broker = world.brokers[0]
    for members in ({"VersionId": "short"}, {"VersionId": "0" * 65}, {"VersionStage": "s" * 257}):
        body = json.dumps({"SecretId": f"{ROOT}/db", **members}).encode()
        answer = ask(broker.port, "/", "POST", signed(broker, "secretsmanager.GetSecretValue", body), body)
        assert refused(answer) == "ValidationException"
        assert "failed to satisfy constraint" in answer.text


def test_a_secret_that_waits_for_its_deletion_is_gone_at_once_when_its_time_is_up(world) -> None:
    world.secrets_manager.create_secret(Name=f"{ROOT}/going", SecretString="v")
    broker = world.serve(LATCHKEY_SECRETS_BACKEND="secrets-manager", LATCHKEY_SECRET_TTL="1")
    assert broker.get("/secrets/going").status == 200
    world.secrets_manager.delete_secret(SecretId=f"{ROOT}/going", RecoveryWindowInDays=7)
    until(lambda: broker.get("/secrets/going").status == 404, "it is gone")
    assert broker.get("/health").json()["status"] == "ok"


def test_the_aws_cli_prints_errors(world, secrets) -> None:
    wrong = aws(world.brokers[0], "secretsmanager", "get-secret-value", "--secret-id", f"{ROOT}/plain", secret="w" * 32)
    assert wrong.returncode != 0 and "InvalidSignatureException" in wrong.stderr


# Signatures


def signed(broker, target: str, body: bytes, service: str = "secretsmanager", **changes: str) -> dict[str, str]:
    """The fields of a request as botocore signs it now."""
    request = AWSRequest("POST", f"{broker.url}/", data=body)
    request.headers["X-Amz-Target"] = target
    request.headers["Content-Type"] = "application/x-amz-json-1.1"
    request.headers["Host"] = f"127.0.0.1:{broker.port}"
    SigV4Auth(Credentials("default", API_KEY), service, "us-east-1").add_auth(request)
    return {**dict(request.headers.items()), **changes}


def refused(answer) -> str:
    assert answer.status == 400
    return answer.json()["__type"].split("#")[-1]


def test_a_wrong_key_and_an_unknown_id_have_different_errors(world) -> None:
    broker = world.serve()
    wrong = client(broker, "secretsmanager", secret="not-the-key-0123456789")
    assert failure(lambda: wrong.get_secret_value(SecretId=f"{ROOT}/db"))[1] == "InvalidSignatureException"
    nobody = client(broker, "secretsmanager", key="AKIANOBODY")
    assert failure(lambda: nobody.get_secret_value(SecretId=f"{ROOT}/db"))[1] == "UnrecognizedClientException"
    assert broker.metric("latchkey_auth_failures_total", reason="unknown") == 2


def test_a_request_that_was_caught_is_good_for_nothing_else(world, secrets) -> None:
    broker = world.brokers[0]
    body = json.dumps({"SecretId": f"{ROOT}/db"}).encode()
    fields = signed(broker, "secretsmanager.GetSecretValue", body)

    def post(path: str = "/", data: bytes = body, **changes: str):
        return ask(broker.port, path, "POST", {**fields, **changes}, data)

    assert post().status == 200
    assert refused(post(data=body.replace(b"/db", b"/key"))) == "InvalidSignatureException"
    assert refused(post("/?a=b")) == "InvalidSignatureException"
    assert refused(post(**{"X-Amz-Target": "secretsmanager.DescribeSecret"})) == "InvalidSignatureException"
    assert refused(post(Host="elsewhere")) == "InvalidSignatureException"
    assert refused(post(**{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"})) == "InvalidSignatureException"
    # It is also not a key for other routes.
    assert post("/token/rejected").status == 401
    assert ask(broker.port, "/secrets/db", "GET", fields).status == 401


def test_a_request_older_than_five_minutes_is_refused(world, secrets, monkeypatch) -> None:
    broker = world.brokers[0]
    body = json.dumps({"SecretId": f"{ROOT}/db"}).encode()
    for minutes, taken in ((-6, False), (-4, True), (4, True), (6, False)):
        then = datetime.datetime.fromtimestamp(time.time() + minutes * 60, datetime.UTC).replace(tzinfo=None)
        monkeypatch.setattr(auth, "get_current_datetime", lambda *_, then=then, **__: then)
        fields = signed(broker, "secretsmanager.GetSecretValue", body)
        answer = ask(broker.port, "/", "POST", fields, body)
        if taken:
            assert answer.status == 200
        else:
            assert refused(answer) == "InvalidSignatureException"


def test_requests_without_a_signature_are_rejected(world, secrets) -> None:
    broker = world.brokers[0]
    target = {"X-Amz-Target": "secretsmanager.GetSecretValue"}
    bare = ask(broker.port, "/", "POST", target, b"{}")
    assert refused(bare) == "MissingAuthenticationTokenException"
    assert bare.header("x-amzn-RequestId") and bare.header("x-amzn-ErrorType")
    bearer = ask(broker.port, "/", "POST", {**target, "Authorization": f"Bearer {API_KEY}"}, b"{}")
    assert refused(bearer) == "IncompleteSignatureException"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"SecretId":1}', b"{}", b'{"SecretId":""}', b"\xff"])
def test_a_malformed_body_gets_the_error_of_aws(world, secrets, body: bytes) -> None:
    broker = world.brokers[0]
    answer = ask(broker.port, "/", "POST", signed(broker, "secretsmanager.GetSecretValue", body), body)
    assert refused(answer) in ("SerializationException", "ValidationException")
