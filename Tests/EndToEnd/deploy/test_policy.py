"""`latchkey policy`: what a role is opened to and what not, in both forms, and that deploy/ says the same."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.iam.access_control import IAMPolicy, PermissionResult

from peers import sdk
from peers.broker import PREFIX, ROOT, run
from peers.moto import TABLE
from peers.proxy import Received
from peers.terraform import MOTO, applies, initialised, terraform
from peers.waiting import until

BIN = Path(sys.executable).parent
ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SSM = f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/your-app/dev"
SECRETS = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:your-app/dev"
SETTINGS = {"AWS_REGION": "eu-central-1", "LATCHKEY_PREFIX": "/your-app/dev"}
PLACED = ["--account", ACCOUNT, "--kms-key", KEY]
IN_A_TABLE = {"LATCHKEY_SHARED_TIER": f"dynamodb:{TABLE}"}

#: What lies in deploy/iam, by the command line that printed it.
SHIPPED = {
    "runtime": (["--both-stores", "--any-profile"], {}),
    "runtime-dynamodb": (["--both-stores", "--any-profile"], IN_A_TABLE),
    "migrator": (["--role", "migrator"], {}),
}

#: Policies of every kind: the command line and the settings.
KINDS = {
    **{name: ([*PLACED, *arguments], env) for name, (arguments, env) in SHIPPED.items()},
    "as it comes": ([], {}),
    "the old store": (PLACED, {"LATCHKEY_SECRETS_BACKEND": "secrets-manager"}),
    "nothing shared": (PLACED, {"LATCHKEY_SHARED_TIER": "none"}),
    "listing": ([*PLACED, "--both-stores", "--with-listing"], {}),
    "china": ([], {"AWS_REGION": "cn-north-1"}),
    "the last day": ([*PLACED, "--role", "migrator", "--with-cleanup", "--with-restore", "--lambda-function", "orders"], {}),
}


def output_of(arguments: list[str], env: dict[str, str], status: int = 0) -> str:
    done = run("policy", *arguments, env={"PATH": "/usr/bin", **SETTINGS, **env})
    assert done.returncode == status, done.stderr
    return done.stdout


def printed(kind: str) -> dict[str, Any]:
    return json.loads(output_of(*KINDS[kind]))


def shipped(name: str) -> dict[str, Any]:
    return json.loads((ROOT / f"deploy/iam/{name}-policy.json").read_text())


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def unconditional(document: dict[str, Any]) -> str:
    """Without conditions, of which moto knows nothing; what a table's items are bound to is left to a test of its own."""
    kept = [s for s in document["Statement"] if not json.dumps(s["Action"]).count("kms:")]
    return json.dumps({**document, "Statement": [{k: v for k, v in s.items() if k != "Condition"} for s in kept]})


def allows(document: dict[str, Any], action: str, resource: str) -> bool:
    return IAMPolicy(unconditional(document)).is_action_permitted(action, resource) == PermissionResult.PERMITTED


# The text


@pytest.mark.parametrize("name", SHIPPED)
def test_what_lies_in_deploy_is_what_the_command_prints(name: str) -> None:
    assert (ROOT / f"deploy/iam/{name}-policy.json").read_text() == output_of(*KINDS[name])


@pytest.mark.parametrize("kind", KINDS)
def test_a_linter_finds_nothing_in_a_policy(kind: str) -> None:
    done = subprocess.run([BIN / "parliament"], input=output_of(*KINDS[kind]), capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_is_short_enough_and_names_what_it_opens(kind: str) -> None:
    document = printed(kind)
    # A managed policy has 6,144 characters at the most, white space not counted (IAM quotas).
    assert len("".join(json.dumps(document).split())) <= 6_144
    for statement in document["Statement"]:
        assert "*" not in json.dumps(statement["Action"])
        # Neither of these actions knows a resource.
        if not set(listed(statement["Action"])) <= {"secretsmanager:ListSecrets", "ssm:DescribeParameters"}:
            assert "*" not in listed(statement["Resource"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_opened_through_its_service_alone(kind: str) -> None:
    for statement in printed(kind)["Statement"]:
        if "kms:" not in json.dumps(statement["Action"]):
            assert set(statement.get("Condition", {})) <= {"ForAllValues:StringLike"}, "the keys of a table alone"
            continue
        assert statement["Resource"] == KEY and "kms:ViaService" in statement["Condition"]["StringEquals"]


def test_partitions_have_their_own_arns() -> None:
    assert "arn:aws-cn:ssm:cn-north-1:*:parameter/" in json.dumps(printed("china"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--account", "12"], ["--kms-key", "alias/aws/ssm"], ["--kms-key", KEY.replace("eu-central-1", "us-east-1")],
        ["--role", "migrator", "--any-profile"], ["--role", "migrator", "--with-listing"], ["--with-cleanup"], ["--role", "migrator", "--lambda-function", "a*"],
    ],
    ids=" ".join,
)
def test_what_would_open_something_else_is_refused(arguments: list[str]) -> None:
    output_of(arguments, {}, status=64)


# What it opens


def test_profiles_are_opened_by_name(tmp_path: Path) -> None:
    file = tmp_path / "profiles.json"
    profile = {
        "name": "reporting", "kind": "oauth2", "token_url": "https://issuer.test/token", "client_id": "c",
        "client_secret": "secret:reporting-secret",
    }
    file.write_text(json.dumps([profile]))
    document = json.loads(output_of(PLACED, {"LATCHKEY_PROFILES_FILE": str(file)}))
    for name in ("token", "expires", "lease"):
        assert allows(document, "ssm:PutParameter", f"{SSM}/auth0-cache/{name}")
        assert allows(document, "ssm:PutParameter", f"{SSM}/auth0-cache/reporting/{name}")
        assert not allows(document, "ssm:PutParameter", f"{SSM}/auth0-cache/billing/{name}")


@pytest.mark.parametrize("name", ["token", "expires", "lease"])
@pytest.mark.parametrize("profile", ["", "reporting/"])
def test_the_broker_may_write_the_token_pair_and_its_lease(name: str, profile: str) -> None:
    assert allows(shipped("runtime"), "ssm:PutParameter", f"{SSM}/auth0-cache/{profile}{name}")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ssm:PutParameter", f"{SSM}/secrets"),
        ("ssm:PutParameter", f"{SSM}/mongodb-uri"),
        ("ssm:PutParameter", f"{SSM}/latchkey/backend"),
        ("ssm:PutParameter", f"{SSM}/auth0-cache"),
        ("ssm:PutParameter", f"{SSM}/auth0-cache/anything"),
        ("ssm:DeleteParameter", f"{SSM}/auth0-cache/token"),
        # AWS authorises this one on the path alone, whatever parameters it returns.
        ("ssm:GetParametersByPath", SSM),
        ("secretsmanager:ListSecrets", "*"),
        ("ssm:GetParametersByPath", f"{SSM}/secrets"),
        ("ssm:GetParameter", SSM.replace("/dev", "/prod") + "/secrets"),
        ("ssm:GetParameter", SSM.replace("/dev", "/development") + "/secrets"),
        ("ssm:GetParameter", SSM.replace(ACCOUNT, "444455556666") + "/secrets"),
        ("secretsmanager:PutSecretValue", f"{SECRETS}/secrets-AbCdEf"),
        ("secretsmanager:DeleteSecret", f"{SECRETS}/secrets-AbCdEf"),
        ("secretsmanager:GetSecretValue", SECRETS.replace("/dev", "/prod") + "/secrets-AbCdEf"),
    ],
)
@pytest.mark.parametrize("name", ["runtime", "runtime-dynamodb"])
def test_the_broker_may_do_no_more(name: str, action: str, resource: str) -> None:
    assert not allows(shipped(name), action, resource)


def test_what_settings_leave_out_is_not_opened() -> None:
    old = printed("the old store")
    assert not allows(old, "ssm:GetParameter", f"{SSM}/secrets")
    assert allows(old, "ssm:GetParameters", f"{SSM}/auth0-cache/token")
    assert not allows(printed("as it comes"), "secretsmanager:GetSecretValue", f"{SECRETS}/secrets-AbCdEf")
    assert not allows(printed("nothing shared"), "ssm:PutParameter", f"{SSM}/auth0-cache/token")
    assert not allows(printed("runtime-dynamodb"), "ssm:PutParameter", f"{SSM}/auth0-cache/token")


@pytest.mark.parametrize("name", ["secrets", "mongodb-uri", "db/password", "latchkey/backend"])
def test_the_migrator_may_write_what_it_moves(name: str) -> None:
    assert allows(shipped("migrator"), "ssm:PutParameter", f"{SSM}/{name}")
    assert allows(shipped("migrator"), "secretsmanager:GetSecretValue", f"{SECRETS}/{name}-AbCdEf")


@pytest.mark.parametrize(
    ("action", "resource", "last"),
    [
        ("ssm:PutParameter", f"{SSM}/auth0-cache/token", False),
        ("ssm:GetParameter", f"{SSM}/auth0-cache/token", False),
        ("ssm:DeleteParameter", f"{SSM}/secrets", False),
        ("secretsmanager:DeleteSecret", f"{SECRETS}/secrets-AbCdEf", True),
        ("secretsmanager:PutSecretValue", f"{SECRETS}/secrets-AbCdEf", True),
        ("lambda:UpdateFunctionConfiguration", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:orders", True),
        ("lambda:UpdateFunctionConfiguration", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:billing", False),
    ],
)
def test_the_migrator_leaves_tokens_alone_and_old_secrets_until_it_is_told(action: str, resource: str, last: bool) -> None:
    assert not allows(shipped("migrator"), action, resource)
    assert allows(printed("the last day"), action, resource) == last


@pytest.mark.parametrize("path", ["", "/db"])
def test_listing_is_opened_on_demand_and_below_the_prefix_alone(path: str) -> None:
    assert allows(printed("listing"), "ssm:GetParametersByPath", SSM + path)
    assert allows(printed("listing"), "secretsmanager:ListSecrets", "*")
    for beyond in (SSM.replace("/dev", "/prod") + path, SSM.replace("/your-app/dev", "/"), SSM + "elopment" + path):
        assert not allows(printed("listing"), "ssm:GetParametersByPath", beyond)


# What the broker really calls

LISTING = {"ssm:GetParametersByPath", "secretsmanager:ListSecrets"}


def called(request: Received) -> list[tuple[str, str]]:
    """The actions a request takes, and on what."""
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
    """Everything that the SDK front hands on to a store, whether or not this backend does."""
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
        # What waits for its turn is read in tens.
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
    # A parameter that an SDK asks for by its own name is asked of Parameter Store, whatever the backend.
    other = {c for c in calls if backend == "secrets-manager" and c[0].startswith("ssm:Get") and "/auth0-cache/" not in c[1]}
    assert {call for call in calls - other if not allows(document, *call)} == set()
    # Without listing all but the listing is open.
    listing = LISTING & {action for action, _ in calls - other}
    assert {action for action, resource in calls - other if not allows(least, action, resource)} == listing != set()
    for secret in (f"{PREFIX}/secrets", f"{PREFIX}/db/password"):
        assert not allows(document, "ssm:PutParameter", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter{secret}")
    # And nothing is open that no call has needed: each action was seen. Brokers of the other two do what these both do.
    if backend in ("shadow", "auto"):
        return
    opened = {a for s in json.loads(unconditional(document))["Statement"] for a in listed(s["Action"])}
    assert opened - {action for action, _ in calls} == set()


# Terraform


@pytest.mark.timeout(600)
def test_terraform_applies_both_and_plans_no_difference_after(world, tmp_path: Path, monkeypatch) -> None:
    for name in ("iam", "terraform"):
        (tmp_path / name).mkdir()
        for file in (ROOT / "deploy" / name).iterdir():
            (tmp_path / name / file.name).write_text(file.read_text())
    folder = tmp_path / "terraform"
    (folder / "provider.tf").write_text(MOTO.format(region="eu-central-1", url=world.moto.url))
    (folder / "values.auto.tfvars").write_text(
        'prefix              = "/shop/prod"\ntoken_table         = "shop-tokens"\n'
        'runtime_principals  = ["arn:aws:iam::123456789012:root"]\n'
        'migrator_principals = ["arn:aws:iam::123456789012:root"]\n'
    )
    for role in ("runtime", "migrator"):
        (folder / f"policy-{role}.tf").write_text(output_of(["--role", role, "--format", "terraform"], {}))
    initialised(folder, monkeypatch)
    status, output = terraform("fmt", "-check", "-diff", cwd=folder)
    assert status == 0, output
    applies(folder)
    iam = world.moto.client("iam")
    key = world.moto.client("kms", region="eu-central-1").list_keys()["Keys"][0]["KeyArn"]
    env = {"LATCHKEY_PREFIX": "/shop/prod", "LATCHKEY_SHARED_TIER": "dynamodb:shop-tokens"}
    managed = {policy["PolicyName"]: policy for policy in iam.list_policies(Scope="Local")["Policies"]}
    for role, arguments in (("runtime", ["--both-stores", "--any-profile"]), ("migrator", [])):
        document = iam.get_role_policy(RoleName=f"latchkey-{role}", PolicyName=f"latchkey-{role}")["PolicyDocument"]
        assert document == json.loads(output_of(["--role", role, "--kms-key", key, *arguments], env))
        policy = managed[f"latchkey-{role}-your-app-dev"]
        version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        assert version["PolicyVersion"]["Document"] == json.loads(output_of(["--role", role, "--account", key.split(":")[4]], {}))
