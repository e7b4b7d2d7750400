"""Shared AWS files in the product: the credentials, the region, and the line of an error."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from peers import botocore_plan
from peers.broker import ROOT, run
from peers.credentials import NO_KEYS, action, iso, play_instance, reads, signer, target
from peers.faults import aws_error, document, status
from peers.proxy import FaultProxy
from peers.waiting import until

CASES = ROOT / "Tests/Fixtures/cases"
FOLDERS = sorted(path.parent for path in CASES.glob("aws-config*/*/expect.json"))
OWN = {"config", "credentials", "env.json", "expect.json", "sso-token.json"}


@dataclass
class Home:
    """A home directory with the files of a case, and its environment."""

    folder: Path
    environment: dict[str, str | None]
    expect: dict[str, Any]


def lay_out(case: Path, home: Path, endpoint: str) -> Home:
    def filled(data: bytes) -> bytes:
        return data.replace(b"{home}", str(home).encode()).replace(b"{endpoint}", endpoint.encode())

    (home / ".aws/sso/cache").mkdir(parents=True)
    for path in case.iterdir():
        if path.name in ("config", "credentials"):
            (home / ".aws" / path.name).write_bytes(filled(path.read_bytes()))
        elif path.name == "sso-token.json":
            name = hashlib.sha1(b"orders").hexdigest()
            (home / ".aws/sso/cache" / f"{name}.json").write_bytes(filled(path.read_bytes()))
        elif path.name not in OWN:
            (home / path.name).write_bytes(filled(path.read_bytes()))
            (home / path.name).chmod(0o700)
    environment = json.loads(filled((case / "env.json").read_bytes()))
    return Home(home, environment, json.loads((case / "expect.json").read_bytes()))


def play_upstreams(aws: FaultProxy) -> None:
    """STS and IAM Identity Center, beside the store."""
    body = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
      <AccessKeyId>ASIAASSUMED</AccessKeyId><SecretAccessKey>example-secret</SecretAccessKey>
      <SessionToken>session-of-role</SessionToken><Expiration>{iso(3600)}</Expiration></Credentials></AssumeRoleResult>
      </AssumeRoleResponse>"""
    aws.always(status(200, body.encode(), ("Content-Type", "text/xml")), when=action("AssumeRole"))
    answer = {"accessKeyId": "ASIASSO", "secretAccessKey": "example-secret", "sessionToken": "session-of-sso"}
    aws.always(
        document({"roleCredentials": {**answer, "expiration": 4_000_000_000_000}}), when=target("/federation/credentials")
    )


def environment(world, home: Home) -> dict[str, str]:
    # The issuer's settings are in the environment, so that only the value is read from the store.
    return world.settings(**{**NO_KEYS, "AWS_REGION": None, **home.environment})


@pytest.mark.row(66)
@pytest.mark.parametrize("case", FOLDERS, ids=[path.name for path in FOLDERS])
def test_shared_files_give_the_expected_identity_or_an_error_with_a_line(world, case: Path) -> None:
    home = lay_out(case, world.folder, world.aws_url)
    want = home.expect["want"]
    play_upstreams(world.aws)
    done = run("get", "solo", env=environment(world, home))
    if want["outcome"] == "refused":
        assert_refused(done, want)
        served = run("serve", env=environment(world, home))
        assert_refused(served, want)
        assert world.aws.seen() == [], "nobody was asked with another identity"
        return
    # The answer of the stand-in does not matter here.
    assert done.returncode not in (64, 77, 78), done.stderr
    call = world.aws.seen(lambda request: "x-amz-target" in request.headers)[0]
    scope = call.headers["authorization"].partition("Credential=")[2].split("/")
    assert (scope[0], scope[2]) == (want["key_id"], want["region"])
    assert call.headers.get("x-amz-security-token") == want["session_token"]
    assumed = [
        {"assumed_with": signer(request), "role_arn": dict(pair.split("=") for pair in request.body.decode().split("&"))
            ["RoleArn"].replace("%3A", ":").replace("%2F", "/")}
        for request in world.aws.seen(action("AssumeRole"))
    ]
    assert assumed == ([want["role"]] if "role" in want else [])
    if "process_words" in want:
        assert (home.folder / "words").read_text().splitlines() == want["process_words"]


def assert_refused(done: Any, want: dict[str, Any]) -> None:
    assert done.returncode == want["exit"], done.stderr
    assert want["file"] in done.stderr
    assert want["line"] is None or f", line {want['line']}:" in done.stderr, done.stderr
    assert want.get("says", "") in done.stderr


@pytest.mark.parametrize("case", FOLDERS, ids=[path.name for path in FOLDERS])
def test_botocore_gives_the_expected_result_of_the_case(tmp_path: Path, case: Path) -> None:
    """Checks the oracle of the generated files with recorded results."""
    home = lay_out(case, tmp_path, "http://127.0.0.1:8")
    base = {"HOME": str(tmp_path), "AWS_ENDPOINT_URL": "http://127.0.0.1:8", "AWS_EC2_METADATA_DISABLED": "true"}
    given = {name: text for name, text in (base | home.environment).items() if text is not None}
    # botocore does not know this name; every other SDK does.
    if "AWS_REGION" in given:
        given["AWS_DEFAULT_REGION"] = given["AWS_REGION"]
    with botocore_plan.nobody_asked():
        found = botocore_plan.plan_of(given)
    expect = home.expect["want"] if home.expect["botocore"] == "the same" else home.expect["botocore"]
    if expect["outcome"] == "refused":
        assert found.get("plan") is None, found
        return
    assert found["region"] == expect["region"]
    plan = found["plan"]
    match plan["kind"]:
        case "role":
            assert expect["key_id"] == "ASIAASSUMED"
            assert (plan["source"]["key_id"], plan["role"]) == tuple(expect["role"].values())
        case "keys":
            assert (plan["key_id"], plan["token"]) == (expect["key_id"], expect["session_token"])
        case "process":
            assert expect["key_id"] == "AKIAPROCESS" and plan["words"][1:] == expect["process_words"]
        case kind:
            assert (kind, expect["key_id"]) == ("sso", "ASIASSO")


# Files that cannot be read


@pytest.fixture
def peer() -> Iterator[FaultProxy]:
    peer = FaultProxy()
    yield peer
    peer.stop()


KEYS = "[{}]\naws_access_key_id = {}\naws_secret_access_key = file-secret\n"


def beside_an_instance(peer: FaultProxy, **extra: str) -> dict[str, str | None]:
    """Starts an instance metadata service that must not be used."""
    play_instance(peer, "ASIAINST")
    instance = {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{peer.port}"}
    return {**NO_KEYS, **instance, **extra}


def make_folder(path: Path) -> None:
    path.mkdir()


def make_long(path: Path) -> None:
    path.write_text("# a long comment\n" * (1 << 16))


def make_unreadable(path: Path) -> None:
    # Reading this fails even for root.
    path.symlink_to("/proc/self/mem")


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_circle(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.row(66)
@pytest.mark.parametrize("name", ["config", "credentials"])
@pytest.mark.parametrize("make", [make_folder, make_long, make_unreadable, make_pipe, make_circle])
def test_a_file_that_cannot_be_read_ends_the_search(world, peer: FaultProxy, name: str, make) -> None:
    (world.folder / ".aws").mkdir()
    make(world.folder / ".aws" / name)
    env = world.settings(**beside_an_instance(peer))
    for command in (["get", "solo"], ["serve"]):
        done = run(*command, env=env)
        assert done.returncode == 78
        assert f"{world.folder}/.aws/{name}: cannot be read: " in done.stderr or "longer than 1 MiB" in done.stderr
    assert peer.seen() == [] and world.aws.seen() == []


def test_no_file_is_no_error(world, peer: FaultProxy) -> None:
    world.put("solo", "the value")
    for extra in ({}, {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/keys"}):
        done = run("get", "solo", env=world.settings(**beside_an_instance(peer, **extra)))
        assert done.stdout == "the value", done.stderr
    assert {signer(request) for request in world.aws.seen(reads("solo"))} == {"ASIAINST"}


@pytest.mark.row(66)
def test_a_file_that_becomes_invalid_does_not_change_the_identity(world, peer: FaultProxy) -> None:
    """The current keys are rejected while the file is incomplete, and instance metadata has other keys."""
    for name in ("one", "two"):
        world.put(name, "the value")
    path = world.folder / ".aws/credentials"
    path.parent.mkdir()
    path.write_text(KEYS.format("default", "AKIAFIRST"))
    broker = world.serve(["file-secret"], **beside_an_instance(peer))
    assert broker.get("/secrets/one").status == 200
    path.write_text(KEYS.format("default", "AKIASECOND")[:-30] + "\nhalf a line")
    world.aws.always(aws_error("ExpiredTokenException"), when=lambda r: "AKIAFIRST" in r.headers.get("authorization", ""))
    assert broker.get("/secrets/two").status in (502, 503)
    until(
        lambda: any(f"{path}, line" in str(line.get("why")) and "equals sign" in str(line.get("why")) for line in broker.logs),
        "the file and its line in the log",
    )
    assert peer.seen() == [], "the instance was never asked"
    path.write_text(KEYS.format("default", "AKIASECOND"))
    until(lambda: broker.get("/secrets/two").status == 200, "the mended file is read", within=15)
    assert {signer(request) for request in world.aws.seen(reads("two"))} == {"AKIAFIRST", "AKIASECOND"}


# Expiration of credentials


EXPIRATIONS = json.loads((CASES / "process-expirations.json").read_bytes())["cases"]


@pytest.mark.parametrize("row", EXPIRATIONS, ids=[row["suffix"] or "none" for row in EXPIRATIONS])
def test_a_programs_expiration_is_read_with_its_zone(world, row: dict[str, Any]) -> None:
    world.put("solo", "the value")
    (world.folder / ".aws").mkdir()
    program = world.folder / "creds"
    (world.folder / ".aws/config").write_text(f"[default]\ncredential_process = {program}\n")
    answer = {
        "Version": 1, "AccessKeyId": "ASIAPROG", "SecretAccessKey": "program", "SessionToken": "t",
        "Expiration": "2031-02-28T23:59:58" + row["suffix"],
    }
    program.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    program.chmod(stat.S_IRWXU)
    done = run("get", "solo", env=world.settings(**NO_KEYS))
    if row["accepted"]:
        assert done.stdout == "the value", done.stderr
    else:
        assert done.returncode != 0 and "Expiration" in done.stderr
        assert world.aws.seen(reads("solo")) == []
