"""The Lambda layer, driven by a stand-in for the Extensions API."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from urllib.parse import quote

import pytest

from peers.broker import AWS_SECRET_ACCESS_KEY, BINARY, PREFIX, ROOT
from peers.cases import cases
from peers.http import ask
from peers.lambda_api import ExtensionsAPI, start, unpack
from peers.moto import client_at
from peers.promises import SLACK
from peers.proxy import operation
from peers.waiting import free_port, until

#: The variables that Lambda gives a function, and the token that the function sends.
SESSION = "IQoJb3JpZ2luX2VjEND-session-token-of-this-function"
TOKEN = {"X-Aws-Parameters-Secrets-Token": SESSION}
READS = operation("GetParameter", "GetParameters", "GetParametersByPath", "GetSecretValue")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layer")
    layer = folder / "layer.zip"
    made = subprocess.run(
        [ROOT / "deploy/lambda/layer", "--binary", BINARY, "--out", layer],
        env={**os.environ, "LATCHKEY_LAYER_ANY_GLIBC": "1"}, capture_output=True, text=True, timeout=120,
    )
    assert made.returncode == 0, made.stderr
    assert layer.stat().st_size < 50 << 20, "Lambda takes 50 MB zipped"
    return unpack(layer, folder / "opt")


@pytest.fixture
def api(later):
    stand_in = ExtensionsAPI()
    later(stand_in.stop)
    return stand_in


class Extension:
    def __init__(self, world, api, program, **extra: str) -> None:
        self.port = free_port()
        given = {
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_SESSION_TOKEN": SESSION,
            "LATCHKEY_API_KEY": None,
            "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT": str(self.port),
            "LATCHKEY_PREFETCH": "secrets,db/password",
        }
        self.child = start(program, world.settings(**{**given, **extra}))

    def secret(self, name: str):
        return ask(self.port, f"/secretsmanager/get/?secretId={quote(f'{PREFIX[1:]}/{name}', safe='')}", headers=TOKEN)

    def parameter(self, name: str, headers=TOKEN):
        path = f"/systemsmanager/parameters/get?name={quote(f'{PREFIX}/{name}', safe='')}&withDecryption=true"
        return ask(self.port, path, headers=headers)


@pytest.fixture
def extension(world, api, program, later):
    def begin(**extra: str) -> Extension:
        begun = Extension(world, api, program, **extra)
        later(begun.child.kill)
        return begun

    world.put("db/password", "s3cret-of-lambda")
    return begin


def test_a_thousand_invocations_cost_the_store_nothing_after_init(world, api, extension) -> None:
    function = extension()
    api.wait_asked(1)
    assert api.registered == [("latchkey", {"events": ["INVOKE", "SHUTDOWN"]})]
    fetched = world.aws.seen(READS)
    assert len([seen for seen in fetched if "db/password" in seen.body.decode()]) == 1, "INIT has fetched it, once"
    for number in range(1000):
        api.invoke()
        answer = function.parameter("db/password")
        assert answer.json()["Parameter"]["Value"] == "s3cret-of-lambda"
        api.wait_asked(number + 2)
    later_reads = [seen for seen in world.aws.seen(READS)[len(fetched):] if "db/password" in seen.body.decode()]
    assert later_reads == []
    deadline = api.shut_down(2000)
    assert function.child.wait(30) == 0
    assert time.time() < deadline + SLACK
    assert api.errors == []
    output = function.child.stdout + function.child.stderr
    assert not [secret for secret in (SESSION, "s3cret-of-lambda", AWS_SECRET_ACCESS_KEY) if secret in output]


def test_in_the_backend_auto_init_fetches_too(world, api, extension) -> None:
    world.put("latchkey/backend", "parameter-store", "String")
    function = extension(LATCHKEY_SECRETS_BACKEND="auto")
    api.wait_asked(1)
    assert [seen for seen in world.aws.seen(READS) if "db/password" in seen.body.decode()], "INIT has fetched it"
    api.shut_down(2000)
    assert function.child.wait(30) == 0


def test_a_function_s_sdk_reads_with_credentials_given_in_code(world, api, extension) -> None:
    function = extension()
    api.wait_asked(1)
    ssm = client_at(f"http://127.0.0.1:{function.port}", "ssm", "default", SESSION)
    found = ssm.get_parameter(Name=f"{PREFIX}/db/password", WithDecryption=True)
    assert found["Parameter"]["Value"] == "s3cret-of-lambda"
    api.shut_down(2000)
    assert function.child.wait(30) == 0


def test_the_functions_session_token_is_the_key(world, api, extension) -> None:
    function = extension()
    api.wait_asked(1)
    assert function.parameter("db/password", {"X-Aws-Parameters-Secrets-Token": "another"}).status == 401
    assert function.parameter("db/password", {}).status == 401
    assert ask(function.port, "/token", headers={"Authorization": f"Bearer {SESSION}"}).status == 200
    api.shut_down(2000)
    assert function.child.wait(30) == 0


@pytest.mark.parametrize(("milliseconds", "kind"), [(300, "application/json"), (2000, "text/plain")])
def test_it_leaves_before_the_deadline_though_a_connection_is_open(
    world, api, extension, milliseconds: int, kind: str
) -> None:
    function = extension()
    api.wait_asked(1)
    with socket.create_connection(("127.0.0.1", function.port)) as idle:
        idle.sendall(b"GET /livez HTTP/1.1\r\nHost: l\r\n")
        deadline = api.shut_down(milliseconds, "timeout", kind)
        assert function.child.wait(10) == 0
        assert time.time() < deadline + SLACK


def test_a_store_that_is_down_does_not_keep_init_from_ending(world, api, extension) -> None:
    world.aws.down()
    function = extension(LATCHKEY_UPSTREAM_TIMEOUT="1")
    api.wait_asked(1)
    assert function.parameter("db/password").status == 500
    world.aws.up()
    api.shut_down(2000)
    assert function.child.wait(30) == 0


def test_empty_variables_of_aws_are_not_set(world, api, extension) -> None:
    function = extension(AWS_PROFILE="", AWS_ENDPOINT_URL_SSM="", AWS_CONTAINER_CREDENTIALS_FULL_URI="")
    api.wait_asked(1)
    assert function.parameter("db/password").status == 200
    api.shut_down(2000)
    assert function.child.wait(30) == 0


def test_a_failed_start_is_reported_to_lambda(world, api, extension) -> None:
    function = extension(LATCHKEY_SECRET_TTL="forever")
    assert function.child.wait(10) == 78
    [(phase, kind, body)] = api.errors
    assert (phase, kind) == ("init/error", "Extension.Start")
    assert "LATCHKEY_SECRET_TTL" in body["errorMessage"] and body["errorType"] == kind
    assert api.asked == 0


def test_outside_of_lambda_it_says_so(world, api, extension) -> None:
    function = extension(AWS_LAMBDA_RUNTIME_API="")
    assert function.child.wait(10) == 78
    assert "AWS_LAMBDA_RUNTIME_API" in function.child.stderr
    nobody = extension(AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{free_port()}")
    assert nobody.child.wait(10) == 69


class Steered:
    """An extension with variables of AWS, and a value that both APIs read."""

    def __init__(self, world, api, extension, variables: dict[str, str], backend: str = "parameter-store") -> None:
        self.world = world
        world.secrets_manager.create_secret(Name=f"{PREFIX[1:]}/db/password", SecretString="s3cret-of-lambda")
        # Only requests of the test are read.
        self.function = extension(**variables, LATCHKEY_SECRETS_BACKEND=backend, LATCHKEY_PREFETCH="")
        api.wait_asked(1)

    def reads(self) -> int:
        """The number of reads of the value from the stores."""
        return len([seen for seen in self.world.aws.seen(READS) if "db/password" in seen.body.decode()])

    def parameter(self) -> str:
        return self.function.parameter("db/password").json()["Parameter"]["Value"]

    def secret(self) -> str:
        return self.function.secret("db/password").json()["SecretString"]

    def change(self, value: str) -> None:
        self.world.put("db/password", value)
        self.world.secrets_manager.put_secret_value(SecretId=f"{PREFIX[1:]}/db/password", SecretString=value)

    def lines_with(self, name: str) -> list[str]:
        return [line for line in self.function.child.stderr.splitlines() if name in line]


def of_secrets(variables: dict[str, str]) -> bool:
    return "SSM_PARAMETER_STORE_TTL" not in variables and "SECRETS_MANAGER_TTL" in variables


@pytest.mark.parametrize("case", cases("extension-environment"))
def test_aws_s_own_variables_are_followed_or_named(world, api, extension, case) -> None:
    variables, then = case["environment"], case["then"]
    if "refused by name" in then:
        function = extension(**variables)
        assert function.child.wait(10) == 78
        [(phase, _, body)] = api.errors
        [(name, _)] = variables.items()
        assert phase == "init/error" and name in body["errorMessage"] and name in function.child.stderr
        assert then.partition(": ")[2] in body["errorMessage"]
        return
    steered = Steered(world, api, extension, variables)
    read = steered.secret if of_secrets(variables) else steered.parameter
    before = steered.reads()
    if "each request asks" in then:
        assert [read() for _ in range(3)] == ["s3cret-of-lambda"] * 3
        assert steered.reads() == before + 3
    elif "1 s later" in then or then.startswith("as the first"):
        assert read() == "s3cret-of-lambda"
        steered.change("changed-of-lambda")
        started = time.monotonic()
        until(lambda: read() == "changed-of-lambda", "the new form is given")
        assert time.monotonic() - started < 1 + SLACK
    else:
        assert [read() for _ in range(3)] == ["s3cret-of-lambda"] * 3
        assert steered.reads() <= max(before, 1)
    ignored = [f"{name} has no effect" for name in variables if name.endswith(("_MILLIS", "_CONNECTIONS", "_COLOUR"))]
    if "wins" in then:
        [aws_name, own] = sorted(variables, key=lambda name: name.startswith("LATCHKEY_"))
        ignored.append(f"{aws_name} has no effect: {own} is set and wins")
    for words in ignored:
        until(lambda words=words: steered.lines_with(words), f"the log has: {words}")
        assert len(steered.lines_with(words)) == 1
    if variables.get("PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL") == "NONE":
        assert not steered.lines_with('"listening"')


@pytest.mark.parametrize("backend", ["parameter-store", "secrets-manager"])
def test_each_store_has_the_time_of_its_own_variable(world, api, extension, backend: str) -> None:
    variables = {"SSM_PARAMETER_STORE_TTL": "300", "SECRETS_MANAGER_TTL": "0"}
    steered = Steered(world, api, extension, variables, backend)
    before = steered.reads()
    for _ in range(3):
        assert steered.secret() == "s3cret-of-lambda"
    assert steered.reads() == before + 3
    steered.change("changed-of-lambda")
    assert steered.secret() == "changed-of-lambda"
