"""The file of the audit log: full disks, rotation, several writers, load, and its verification."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from peers import audit_log, sdk
from peers.audit_log import SECRET, audit, of
from peers.broker import API_KEY, PREFIX, Broker, run
from peers.keepalive import Line
from peers.waiting import free_port, until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return audit_log.place(tmp_path)


@pytest.fixture
def broker(world, path: Path) -> Broker:
    return audit_log.serve(world, path)


def test_under_load_no_line_is_lost_or_torn(broker: Broker, path: Path) -> None:
    each, connections = 2000, 6
    head = f"GET /token HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n"

    def load(number: int) -> int:
        line = Line(broker.port)
        asked = [f"{head}X-Request-Id: r{number}-{index}\r\n\r\n".encode() for index in range(each)]
        answers = line.ask(asked)
        line.close()
        return sum(answer.status == 200 for answer in answers)

    broker.token()
    with ThreadPoolExecutor(connections) as pool:
        assert sum(pool.map(load, range(connections))) == each * connections
    ids = [record["request_id"] for record in audit_log.records(path) if (record["request_id"] or "").startswith("r")]
    assert len(ids) == len(set(ids)) == each * connections
    assert broker.metric("latchkey_audit_lines_total", outcome="lost") == 0
    broker.stop()
    verified = audit_log.verify([path])
    assert not verified.parts and any(record["action"] == "checkpoint" for record in audit_log.records(path))
    assert audit("verify", str(path))[0] == 0


def test_pipelined_requests_keep_their_order(world, broker: Broker, path: Path) -> None:
    # Each miss keeps its place while the hits behind it are ready.
    broker.token()
    head = f"Host: x\r\nAuthorization: Bearer {API_KEY}\r\n"
    paths = [f"/secrets/missing{index}" if index % 3 == 0 else "/token" for index in range(30)]
    line = Line(broker.port)
    answers = line.ask([f"GET {one} HTTP/1.1\r\n{head}\r\n".encode() for one in paths])
    line.close()
    assert [answer.status for answer in answers] == [404 if "missing" in one else 200 for one in paths]
    for one, answer in zip(paths, answers, strict=True):
        (record,) = of(path, answer.header("X-Request-Id"))
        assert record["name"] == (one.rpartition("/")[2] if "missing" in one else "default")


def test_a_renamed_file_is_followed(broker: Broker, path: Path) -> None:
    broker.token()
    old = path.with_suffix(".1")
    path.rename(old)
    until(lambda: path.exists(), "a new file")
    answer = until(lambda: (found := broker.token()) and of(path, found.header("X-Request-Id")) and found, "a line there")
    assert not of(old, answer.header("X-Request-Id"))
    broker.stop()
    assert not audit_log.verify([old, path]).parts
    status, output, _ = audit("verify", str(old), str(path))
    assert status == 0, output
    assert audit("verify", str(path))[0] == 0, "a file that begins in the middle of chains"


def test_sighup_opens_the_file_again(broker: Broker, path: Path) -> None:
    path.unlink()
    os.kill(broker.child.pid, signal.SIGHUP)
    until(lambda: path.exists(), "a new file")


@pytest.mark.parametrize("policy", ["refuse", "count"])
def test_a_full_disk_behaves_as_configured(world, path: Path, policy: str) -> None:
    world.put("level", SECRET)
    broker = world.serve(
        [SECRET], wrapper=["prlimit", "--fsize=20000", "--"], LATCHKEY_AUDIT_LOG=str(path),
        LATCHKEY_AUDIT_ON_FAILURE=policy, LATCHKEY_WORKERS="1")
    answers = [broker.get("/secrets/level") for _ in range(100)]
    statuses = [answer.status for answer in answers]
    assert path.stat().st_size == 20_000
    if policy == "count":
        assert set(statuses) == {200}
    else:
        first = statuses.index(503)
        assert set(statuses[:first]) == {200} and set(statuses[first:]) == {503}
        for answer in answers[first:]:
            assert SECRET not in answer.text
            assert (answer.code, answer.header("Retry-After")) == ("audit_unavailable", "1")
        signed = sdk.client(broker, "ssm")
        with pytest.raises(Exception, match="ServiceUnavailable"):
            signed.get_parameter(Name=f"{PREFIX}/level", WithDecryption=True)
    # A request without a credential is answered as ever.
    assert broker.get("/token", key=None).status == 401
    # The space comes back with a new file.
    old = path.with_suffix(".1")
    path.rename(old)
    until(lambda: path.exists() and broker.get("/secrets/level").status == 200, "a written log")
    assert broker.metric("latchkey_audit_lines_total", outcome="lost") > 0
    broker.stop()
    kinds = {record["action"] for record in audit_log.records(path)}
    assert "lost" in kinds and "torn" in kinds
    status, output, _ = audit("verify", str(old), str(path))
    assert status == 0, output
    assert any("cannot be written" in line["message"] for line in broker.logs)
    assert any("is written again" in line["message"] for line in broker.logs)


def test_two_brokers_may_append_to_one_file(world, path: Path) -> None:
    world.put("level", SECRET)
    brokers = [world.serve([SECRET], LATCHKEY_AUDIT_LOG=str(path), LATCHKEY_UPSTREAM_TIMEOUT="15") for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: brokers[number % 2].get("/secrets/level"), range(400)))
    ids = {answer.header("X-Request-Id") for answer in answers}
    assert ids <= {record["request_id"] for record in audit_log.records(path)}
    for broker in brokers:
        broker.stop()
    verified = audit_log.verify([path])
    assert len({chain.partition(".")[0] for chain in verified.last}) == 2
    assert audit("verify", str(path))[0] == 0


def test_checkpoints_are_signed_and_the_end_is_protected(world, path: Path, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    private.chmod(0o600)
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    broker = world.serve(
        LATCHKEY_AUDIT_LOG=str(path), LATCHKEY_AUDIT_KEY=f"file:{private}", LATCHKEY_AUDIT_SYNC="true",
        LATCHKEY_WORKERS="1")
    line = Line(broker.port)
    line.ask([f"GET /token HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n\r\n".encode()] * 2100)
    line.close()
    broker.stop()
    verified = audit_log.verify([path], key.public_key())
    assert verified.signed >= 4
    status, output, _ = audit("verify", str(path), "--public-key", str(public), "--json")
    report = json.loads(output)
    assert status == 0 and all(chain["end"] == "stopped" for chain in report["chains"])
    assert any((chain["signed_to"] or 0) >= 2000 for chain in report["chains"])
    other = Ed25519PrivateKey.generate().public_key()
    public.write_bytes(
        other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    status, output, _ = audit("verify", str(path), "--public-key", str(public))
    assert status == 1 and "signature" in output


def test_verify_names_the_first_bad_line(broker: Broker, path: Path, tmp_path: Path) -> None:
    for _ in range(40):
        broker.token()
    broker.stop()
    lines = path.read_bytes().splitlines(keepends=True)
    bad = tmp_path / "bad.log"

    def first(changed: list[bytes]) -> str:
        bad.write_bytes(b"".join(changed))
        status, output, _ = audit("verify", str(bad))
        assert status == 1, output
        return output.split(" ")[0].rstrip(":")

    place = len(lines) // 2
    changed = lines[place].replace(b'"allowed"', b'"denied"')
    assert first([*lines[:place], changed, *lines[place + 1 :]]) == f"{bad}:{place + 1}"
    assert first([*lines[:place], lines[place - 3], *lines[place:]]) == f"{bad}:{place + 1}"
    assert first(lines[:-3] + lines[-1:]).startswith(f"{bad}:")
    bad.write_bytes(b"".join(lines[:-3]))
    status, output, _ = audit("verify", str(bad))
    assert status == 0 and "unterminated" in output
    last = json.loads(lines[-2])
    assert audit("verify", str(bad), "--expect", f"{last['chain']}:{last['seq']}")[0] == 1


def test_what_cannot_be_written_ends_the_start(world, path: Path) -> None:
    target = path.with_name("target")
    target.touch()
    path.symlink_to(target)
    for value, reason in [(str(path), "symbolic link"), ("/dev/full", "cannot write"), (str(path.parent), "cannot open")]:
        listen = f"127.0.0.1:{free_port()}"
        done = run("serve", env=world.settings(LATCHKEY_AUDIT_LOG=value, LATCHKEY_LISTEN=listen))
        assert done.returncode == 78 and "LATCHKEY_AUDIT_LOG" in done.stderr and reason in done.stderr, done.stderr
