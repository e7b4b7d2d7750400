"""`GET /openapi.yaml`: the document of the running version, its examples, and a client that is generated from it."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from peers.broker import API_KEY, ROOT, Broker
from peers.callers import Member, write
from peers.specification import DOCUMENT, SPECIFICATION, resolved

PYTHON = ROOT / ".build/openapi-client/bin/python"
METHODS = {"get", "head", "post"}
#: Reads the default token and a nested secret with the generated client, and prints both.
PROGRAM = """
import json, sys
from latchkey_client import AuthenticatedClient
from latchkey_client.api.secrets import get_secret
from latchkey_client.api.tokens import get_token
with AuthenticatedClient(sys.argv[1], sys.stdin.read(), headers={"Accept": "application/json"}) as client:
    token, secret = get_token.sync(client=client), get_secret.sync("db/password", client=client)
    missing = get_secret.sync_detailed("db/none", client=client)
print(json.dumps({"token": token.to_dict(), "secret": secret.to_dict(), "missing": missing.parsed.to_dict()}))
"""


@pytest.fixture
def broker(world) -> Broker:
    return world.serve(LATCHKEY_UPSTREAM_TIMEOUT="15")


def values(node: dict[str, Any]) -> list[Any]:
    """The examples of a parameter, header or media type."""
    single = [node["example"]] if "example" in node else []
    return single + [example["value"] for example in node.get("examples", {}).values()]


def described() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every parameter, header and media type of the document, with where it is."""
    for path, item in SPECIFICATION["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            if method == "parameters":
                yield from ((f"{where} {node['name']}", node) for node in map(resolved, operation))
                continue
            body = operation.get("requestBody", {}).get("content", {})
            yield from ((f"{where} body {kind}", node) for kind, node in body.items())
            for status, response in operation["responses"].items():
                response = resolved(response)
                for name, header in response.get("headers", {}).items():
                    yield f"{where} {status} {name}", resolved(header)
                for kind, media in response.get("content", {}).items():
                    yield f"{where} {status} {kind}", media


def test_every_parameter_header_and_body_has_an_example_of_its_schema() -> None:
    # Bytes have no text that could be shown.
    nodes = [(where, node) for where, node in described() if not where.endswith("application/octet-stream")]
    assert len(nodes) > 300
    assert [where for where, node in nodes if not values(node)] == []
    components = SPECIFICATION["components"]
    for where, node in nodes:
        validator = jsonschema.Draft202012Validator({**resolved(node["schema"]), "components": components})
        for value in values(node):
            assert [error.message for error in validator.iter_errors(value)] == [], where


def test_it_is_the_file_of_the_project(broker: Broker) -> None:
    answer = broker.get("/openapi.yaml")
    assert answer.status == 200 and answer.body == DOCUMENT.read_bytes()
    assert answer.header("Content-Type") == "application/yaml"
    assert answer.header("Cache-Control") == "no-store" and answer.header("Vary") == "Accept-Encoding"
    head = broker.get("/openapi.yaml", method="HEAD")
    assert head.status == 200 and head.body == b"" and head.header("ETag") == answer.header("ETag")
    assert head.header("Content-Length") == str(DOCUMENT.stat().st_size)


def test_it_is_compressed_when_gzip_is_accepted(broker: Broker) -> None:
    plain, packed = broker.get("/openapi.yaml"), broker.get("/openapi.yaml", headers={"Accept-Encoding": "gzip"})
    assert packed.header("Content-Encoding") == "gzip" and gzip.decompress(packed.body) == plain.body
    assert packed.header("ETag") != plain.header("ETag")


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_it_is_not_sent_to_a_caller_who_has_it(broker: Broker, coding: str) -> None:
    tag = broker.get("/openapi.yaml", headers={"Accept-Encoding": coding}).header("ETag")
    for field in (tag, f'"other", W/{tag}', "*"):
        again = broker.get("/openapi.yaml", headers={"Accept-Encoding": coding, "If-None-Match": field})
        assert (again.status, again.body, again.header("ETag")) == (304, b"", tag), field
        assert again.header("Cache-Control") == "no-store"
    changed = broker.get("/openapi.yaml", headers={"Accept-Encoding": coding, "If-None-Match": '"other"'})
    assert changed.status == 200


def test_it_is_open_to_each_caller_with_a_scope_other_than_metrics(world, tmp_path: Path) -> None:
    members = [Member("tokens", ["token"]), Member("secrets", ["secrets"]), Member("admin", ["admin"]),
               Member("scraper", ["metrics"])]
    broker = world.serve(LATCHKEY_CALLERS_FILE=str(write(tmp_path / "callers.json", [member.entry(tmp_path) for member in members])),
                         LATCHKEY_UPSTREAM_TIMEOUT="15")
    statuses = {member.name: broker.get("/openapi.yaml", key=member.key).status for member in members}
    assert statuses == {"tokens": 200, "secrets": 200, "admin": 200, "scraper": 403}
    assert broker.get("/openapi.yaml", key=None).status == 401


def test_a_client_generated_from_it_reads_a_token_and_a_nested_secret(world, broker: Broker, tmp_path: Path) -> None:
    world.put("db/password", "s3cr3t")
    (tmp_path / "openapi.yaml").write_bytes(broker.get("/openapi.yaml").body)
    # The generator knows few media types. It formats with tools that need not be there.
    kinds = {"application/x-amz-json-1.1": "application/json", "application/yaml": "text/plain"}
    (tmp_path / "generator.yaml").write_text(json.dumps({"post_hooks": [], "content_type_overrides": kinds}))
    generated = subprocess.run(
        [PYTHON, "-m", "openapi_python_client", "generate", "--meta", "none", "--path", "openapi.yaml",
         "--config", "generator.yaml", "--output-path", "latchkey_client", "--fail-on-warning"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert generated.returncode == 0, generated.stdout + generated.stderr
    done = subprocess.run([PYTHON, "-c", PROGRAM, broker.url], cwd=tmp_path, input=API_KEY, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read["token"]["access_token"] == broker.token().json()["access_token"]
    assert read["secret"]["key"] == "db/password" and read["secret"]["value"] == "s3cr3t"
    assert read["missing"]["code"] == "not_found"
