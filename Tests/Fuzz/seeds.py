"""Seed inputs for each fuzz target, taken from the fixtures of the other tests."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[1] / "Fixtures"
#: Longer inputs slow the fuzzer down without new coverage.
MAX_BYTES = 8192


def raw(value: object) -> bytes:
    """The bytes of a fixture: one character for each byte, lists joined, `repeat` multiplied by `count`."""
    if isinstance(value, list):
        return b"".join(raw(part) for part in value)
    if isinstance(value, dict):
        return raw(value["repeat"]) * int(value["count"])
    return str(value).encode("latin-1")


def table(name: str) -> list[dict]:
    return json.loads((FIXTURES / "http" / name).read_text())["cases"]


def requests() -> Iterator[bytes]:
    for case in table("requests.json"):
        yield raw(case["bytes"])


def responses() -> Iterator[bytes]:
    """The first byte tells the target the method of the request."""
    for case in table("responses.json"):
        yield (b"\x01" if case.get("method") == "HEAD" else b"\x00") + raw(case["bytes"])


def chunked() -> Iterator[bytes]:
    for case in table("chunked.json"):
        yield raw(case["bytes"])


def journals() -> Iterator[bytes]:
    opened = {"journal": 1, "id": "7f", "key": "ab12", "place": "eu-central-1", "at": 1700000000000}
    item = {
        "secret": "orders/db", "parameter": "/orders/db", "state": "begun", "digest": "00ff", "at": 1700000000001,
        "secret_version": "v1", "version": 3, "reason": "denied",
    }
    run = {"run": "copy", "clean": True, "count": 2, "by": "deploy@ci", "at": 1700000000002, "details": {"a": "b"}}
    states = [{**item, "state": state} for state in ("begun", "written", "verified", "failed", "left")]
    lines = [json.dumps(line).encode() + b"\n" for line in (opened, *states, run)]
    yield b"".join(lines)
    yield b"".join(lines)[:-7]
    for line in lines:
        yield lines[0] + line


def resource_names() -> Iterator[bytes]:
    yield b"arn:aws:ssm:eu-central-1:111122223333:parameter/orders/dev/db"
    yield b"arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:orders/dev/db-Ab12Cd"
    yield b"arn:aws:s3:::bucket/key:with:colons"
    yield b"db/password"
    yield b"a_b.c-d/e+f=@"


#: Replaces the secrets of a file, so that the target can detect a message that contains one (PlantedSecret.swift).
SECRET = "hush-hush"


def texts() -> Iterator[bytes]:
    """JSON texts: those of the JSON test suite, and small ones of other tables."""
    for path in sorted((FIXTURES / "json-test-suite/test_parsing").iterdir()):
        yield path.read_bytes()
    for name in ("cases/json-limits.json", "cases/rejects.json", "aws/credentials.json"):
        yield (FIXTURES / name).read_bytes()[:MAX_BYTES]
    for path in sorted((FIXTURES / "cases/blob").glob("*.json")):
        yield path.read_bytes()
    yield rb'{"a":1,"\u0061":2,"\ud83d\ude00":[1.50,-0e9,9223372036854775807],"b":{"a":"\udc00"}}'


def settings_files() -> Iterator[bytes]:
    for path in sorted((FIXTURES / "cases/settings").glob("*.env")):
        yield path.read_bytes()
    example = (FIXTURES.parents[1] / "deploy/systemd/latchkey.env").read_bytes()
    for name in re.findall(rb"^#([A-Z0-9_]+=.*)$", example, re.MULTILINE):
        yield name + b"\nLATCHKEY_API_KEY=" + SECRET.encode() + b"-0123456789\nAUTH0_CLIENT_SECRET='" + SECRET.encode() + b"'\n"
    yield b"AWS_REGION=eu-central-1\nHTTPS_PROXY=http://user:password@proxy.example:3128\nno_proxy=.example\n"
    yield b"LATCHKEY_PROFILES_FILE=/profiles\n\0" + next(profiles())


def profiles() -> Iterator[bytes]:
    member = {"name": "orders", "kind": "auth0", "client_id": "orders", "client_secret": SECRET, "audience": "https://a/"}
    other = {**member, "name": "other", "kind": "oauth2", "token_url": "https://id.example/token", "scope": "read write"}
    other |= {"client_auth": "basic", "organization": "org_1", "extra": {"resource": "https://r/"}}
    key = {**other, "name": "key", "client_auth": "private_key_jwt", "key_id": "k1", "client_secret": "file:/run/key.pem"}
    for value in ([member], {"profiles": [member, other, key]}, [{**other, "client_id": "secret:orders/id"}], [{**member, "name": "token"}]):
        yield json.dumps(value, separators=(",", ":")).encode()


def shared_files() -> Iterator[bytes]:
    """The config file and, after a zero byte, the credentials file."""
    for folder in ("cases/aws-config", "cases/aws-config-more"):
        for case in sorted((FIXTURES / folder).iterdir()):
            both = [case / name for name in ("config", "credentials")]
            yield b"\0".join(planted(path.read_bytes()) if path.exists() else b"" for path in both)
    for case in json.loads((FIXTURES / "data/aws/profile-parser-tests.json").read_text())["tests"]:
        both = [case["input"].get(name, "").encode() for name in ("configFile", "credentialsFile")]
        yield b"\0".join(both)


def planted(file: bytes) -> bytes:
    return re.sub(rb"(aws_secret_access_key[ \t]*=[ \t]*)[^\r\n]*", rb"\1" + SECRET.encode(), file)


def tokens() -> Iterator[bytes]:
    """A key set and, after a zero byte, a token."""
    data = json.loads((FIXTURES / "jwt/tokens.json").read_text())
    for case in (*data["valid"], *data["forged"]):
        for issuer in data["issuers"]:
            yield json.dumps(issuer["jwks"], separators=(",", ":")).encode() + b"\0" + case["token"].encode()


def callers() -> Iterator[bytes]:
    for path in sorted((FIXTURES / "callers").iterdir()):
        yield path.read_bytes()


def audit_logs() -> Iterator[bytes]:
    """Whole logs, logs that begin in mid-chain, and single lines."""
    for path in sorted((FIXTURES / "audit").iterdir()):
        lines = path.read_bytes().splitlines(keepends=True)
        yield b"".join(lines)
        yield b"".join(lines[3:])
        yield from lines


TARGETS: dict[str, Callable[[], Iterator[bytes]]] = {
    "request": requests,
    "response": responses,
    "chunked": chunked,
    "journal": journals,
    "resource-name": resource_names,
    "json": texts,
    "settings": settings_files,
    "profiles": profiles,
    "shared-config": shared_files,
    "token": tokens,
    "callers": callers,
    "audit": audit_logs,
}


def found(target: str) -> Iterator[bytes]:
    """Inputs that broke a rule in the past."""
    for path in sorted((FIXTURES / "fuzz" / target).glob("*")):
        yield path.read_bytes()


def folder(target: str, parent: Path) -> Path:
    """Writes the seeds of a target into a folder, one file each, named after its digest."""
    place = parent / target
    place.mkdir(parents=True, exist_ok=True)
    for seed in (*TARGETS[target](), *found(target)):
        if len(seed) <= MAX_BYTES:
            (place / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    return place
