"""openapi.yaml is valid, and the broker answers as it documents."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from peers.broker import Broker
from peers.http import Answer
from peers.specification import SPECIFICATION, resolved

METHODS = {"get", "head", "post", "put", "delete", "options", "patch"}
#: Values of path parameters.
EXAMPLES = {"key": "solo", "profile": "default"}
OPERATIONS = [
    pytest.param(method, path, id=f"{method} {path}".replace("/", "."))
    for path, item in SPECIFICATION["paths"].items()
    for method in item
    if method in METHODS
]


def concrete(path: str) -> str:
    """A path with values for its parameters."""
    return re.sub(r"\{(\w+)\}", lambda match: EXAMPLES.get(match[1], "example"), path)


def responses(method: str, path: str) -> dict[str, Any]:
    return {str(code): resolved(answer) for code, answer in SPECIFICATION["paths"][path][method]["responses"].items()}


def require_documented(answer: Answer, method: str, path: str) -> None:
    """Checks that the status, media type, body and headers are documented."""
    known = responses(method, path)
    documented = known.get(str(answer.status)) or known.get(f"{answer.status // 100}XX") or known.get("default")
    assert documented, f"{method} {path}: {answer.status} is not documented: {answer.text[:300]}"
    for name, header in documented.get("headers", {}).items():
        if resolved(header).get("required"):
            assert answer.header(name) is not None, f"{name} is missing"
    content = documented.get("content", {})
    if not content or method == "head":
        return
    media = (answer.header("Content-Type") or "").split(";")[0]
    kinds = {kind.split(";")[0]: resolved(value) for kind, value in content.items()}
    assert media in kinds, f"{media} is not documented for {answer.status}"
    if media.endswith("json") and "schema" in kinds[media]:
        schema = {**kinds[media]["schema"], "components": SPECIFICATION.get("components", {})}
        jsonschema.Draft202012Validator(schema).validate(answer.json())


@pytest.fixture(scope="function")
def broker(world) -> Broker:
    world.put("solo", "v")
    return world.serve()


def test_the_document_is_valid() -> None:
    validate(SPECIFICATION)


def test_it_has_the_routes_of_the_main_job() -> None:
    have = {re.sub(r"\{.*?\}", "{}", path) for path in SPECIFICATION["paths"]}
    assert {"/token", "/secrets/{}", "/health", "/livez", "/readyz", "/metrics"} <= have


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_with_a_key_it_answers_as_documented(broker: Broker, method: str, path: str) -> None:
    answer = broker.get(concrete(path), method=method.upper())
    assert answer.code != "method_not_allowed"
    require_documented(answer, method, path)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_without_a_key_it_answers_as_documented(broker: Broker, method: str, path: str) -> None:
    answer = broker.get(concrete(path), key=None, method=method.upper())
    if path in ("/livez", "/readyz"):
        assert answer.status == 200
    else:
        assert answer.status in (400, 401)
    require_documented(answer, method, path)


@pytest.mark.parametrize("path", [path for path in SPECIFICATION["paths"] if path not in ("/livez", "/readyz")])
def test_an_unknown_parameter_is_answered_as_documented(broker: Broker, path: str) -> None:
    method = "get" if "get" in SPECIFICATION["paths"][path] else "post"
    answer = broker.get(f"{concrete(path)}?no_such_parameter=1", method=method.upper())
    assert answer.status == 400
    if path == "/oauth/token":
        assert answer.json()["error"] == "invalid_request"
    elif path == "/" or path.endswith("/get") or path.startswith("/v1/"):
        # `/` checks the signature first; test_sdk_secrets.py has a signed request with a query.
        assert answer.json()["__type"].split("#")[-1] in ("ValidationException", "IncompleteSignatureException")
    else:
        assert answer.code == "unknown_parameter"
    require_documented(answer, method, path)


def test_errors_of_upstreams_are_answered_as_documented(broker: Broker, world) -> None:
    world.aws.down()
    world.auth.down()
    for path in ("/token", "/secrets/{key}"):
        answer = broker.get(path.replace("{key}", "absent"))
        assert answer.status in (502, 503, 504)
        require_documented(answer, "get", path)
