"""The AWS calls that a broker makes are those that `latchkey policy` allows."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from peers import sdk
from peers.broker import PREFIX, run
from peers.moto import TABLE
from peers.policies import ACCOUNT, allows, listed, unconditional
from peers.proxy import Received
from peers.waiting import until

LISTING = {"ssm:GetParametersByPath", "secretsmanager:ListSecrets"}


def called(request: Received) -> list[tuple[str, str]]:
    """The actions of a request and their resources."""
    body = request.json()
    region, account = "us-east-1", ACCOUNT
    service = {"AmazonSSM": "ssm", "secretsmanager": "secretsmanager", "DynamoDB_20120810": "dynamodb"}[
        request.headers["x-amz-target"].partition(".")[0]
    ]
    action = f"{service}:{request.operation}"
    if request.operation == "ListSecrets":
        return [(action, "*")]
    if service == "ssm":
        names = [name.partition(":")[0] for name in body.get("Names", []) or [body.get("Name") or body["Path"]]]
        return [(action, f"arn:aws:ssm:{region}:{account}:parameter{name}") for name in names]
    if service == "secretsmanager":
        return [(action, f"arn:aws:secretsmanager:{region}:{account}:secret:{body['SecretId']}-AbCdEf")]
    return [(action, f"arn:aws:dynamodb:{region}:{account}:table/{body['TableName']}")]


def ask_as_an_sdk(broker) -> None:
    """Sends every SDK call that can reach a store."""
    ssm, secrets = sdk.client(broker, "ssm"), sdk.client(broker, "secretsmanager")
    name, root = f"{PREFIX}/db/password", PREFIX.removeprefix("/")
    for call in (
        lambda: ssm.get_parameter(Name=name, WithDecryption=True),
        lambda: ssm.get_parameters(Names=[name, f"{PREFIX}/nobody"], WithDecryption=False),
        lambda: ssm.get_parameters_by_path(Path=PREFIX, Recursive=True, WithDecryption=True),
        lambda: ssm.get_parameters_by_path(Path=f"{PREFIX}/db"),
        lambda: secrets.get_secret_value(SecretId=f"{root}/db/password"),
        lambda: secrets.describe_secret(SecretId=f"{root}/db/password"),
        lambda: secrets.batch_get_secret_value(SecretIdList=[f"{root}/db/password"]),
    ):
        try:
            call()
        except ClientError:
            pass


def ask_at_once(broker, paths: list[str]) -> None:
    with ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(broker.get, paths))


@pytest.mark.parametrize("backend", ["parameter-store", "secrets-manager", "shadow", "auto"])
@pytest.mark.parametrize("tier", ["parameter-store", f"dynamodb:{TABLE}", "none"])
def test_every_call_of_the_broker_is_permitted_and_no_write_of_a_secret(world, table, backend: str, tier: str) -> None:
    choice = {"LATCHKEY_SECRETS_BACKEND": backend, "LATCHKEY_SHARED_TIER": tier, "LATCHKEY_SSM_MAX_TPS": "6"}
    version = world.put("db/password", "v")
    name = f"{PREFIX.removeprefix('/')}/db/password"
    world.secrets_manager.create_secret(Name=name, SecretString="v")
    broker = world.serve(**choice)
    token = broker.token().json()["access_token"]
    until(lambda: tier == "none" or world.aws.seen(lambda r: r.operation in ("UpdateItem", "PutParameter")), "a write")
    for path in ("/secrets/db/password", "/secrets/nobody", "/secrets/db/password?refresh=true", "/secrets"):
        broker.get(path)
    ask_as_an_sdk(broker)
    if backend == "parameter-store":
        assert broker.get(f"/secrets/db/password?version={version}").status == 200
        # Waiting reads are batched by ten.
        ask_at_once(broker, [f"/secrets/cold{number}" for number in range(12)])
    digest = hashlib.sha256(token.encode()).hexdigest()
    broker.get("/token/rejected", method="POST", body=json.dumps({"sha256": digest}).encode())
    assert broker.token().status == 200
    broker.stop()
    least, document, both = (
        json.loads(run("policy", "--account", ACCOUNT, *more, env=world.settings(**choice)).stdout)
        for more in ([], ["--with-listing"], ["--with-listing", "--both-stores"])
    )
    calls = {call for request in world.aws.requests for call in called(request)}
    assert len(calls) >= 3
    assert {call for call in calls if not allows(both, *call)} == set()
    # A parameter that an SDK requests is read from Parameter Store with every backend.
    other = {c for c in calls if backend == "secrets-manager" and c[0].startswith("ssm:Get") and "/auth0-cache/" not in c[1]}
    assert {call for call in calls - other if not allows(document, *call)} == set()
    # Without --with-listing only listing is denied.
    listing = LISTING & {action for action, _ in calls - other}
    assert {action for action, resource in calls - other if not allows(least, action, resource)} == listing != set()
    for secret in (f"{PREFIX}/secrets", f"{PREFIX}/db/password"):
        assert not allows(document, "ssm:PutParameter", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter{secret}")
    # Each allowed action was used. The other two backends combine these.
    if backend in ("shadow", "auto"):
        return
    opened = {a for s in json.loads(unconditional(document))["Statement"] for a in listed(s["Action"])}
    assert opened - {action for action, _ in calls} == set()
