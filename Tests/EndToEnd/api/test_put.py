"""`latchkey put`: sources of the value, its limits, and its type."""

from __future__ import annotations

import json
import os
import pty
import re
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from peers.broker import BINARY, run
from peers.cases import CASES, cases
from peers.faults import aws_error
from peers.proxy import operation

PUT = operation("PutParameter")
NOBODY = 65_534
LINE_ENDS = json.loads((CASES / "line-ends/expect.json").read_text())["files"]


def written_of(case: dict[str, Any]) -> list[bytes]:
    if "bytes" in case:
        return [b"x" * case["bytes"]]
    return [part.encode() for part in case.get("parts", [case.get("text", "")])]


def feed(descriptor: int, parts: list[bytes]) -> None:
    """Writes everything; ignores a reader that closes early."""
    try:
        for part in parts:
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        os.close(descriptor)


@contextmanager
def fed(reader: int, writer: int, case: dict[str, Any]) -> Iterator[int]:
    thread = threading.Thread(target=feed, args=(writer, written_of(case)))
    thread.start()
    try:
        yield reader
    finally:
        os.close(reader)
        thread.join(30)


@contextmanager
def descriptor_for(case: dict[str, Any]) -> Iterator[int]:
    """An open descriptor of the case's kind, with the case's bytes to be read from it."""
    kind = case["stdin"]
    if kind.startswith("pipe"):
        reader, writer = os.pipe()
        os.set_blocking(reader, "does not wait" not in kind)
        with fed(reader, writer, case) as descriptor:
            yield descriptor
    elif kind.startswith("socketpair"):
        parent_end, child_end = socket.socketpair()
        with fed(child_end.detach(), parent_end.detach(), case) as descriptor:
            yield descriptor
    elif kind.startswith("terminal"):
        parent_end, child_end = pty.openpty()
        os.write(parent_end, case["text"].encode() + b"\x04\x04")
        yield child_end
        os.close(parent_end)
        os.close(child_end)
    elif kind == "file":
        with tempfile.TemporaryFile() as file:
            file.write(b"".join(written_of(case)))
            file.seek(0)
            yield file.fileno()
    else:
        paths = {"/dev/null": "/dev/null", "a folder": "/", "without an end": "/dev/zero", "open for writing alone": "/dev/null"}
        descriptor = os.open(paths[kind], os.O_WRONLY if "writing" in kind else os.O_RDONLY)
        yield descriptor
        os.close(descriptor)


def put_from(world, case: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 60}
    if case["stdin"] == "closed":
        command = ["/bin/sh", "-c", 'exec "$0" put k <&-', str(BINARY)]
        return subprocess.run(command, env=world.settings(), **options)
    env = world.settings()
    if "another user" in case["stdin"]:
        if os.geteuid() != 0 or not all(folder.stat().st_mode & 0o001 for folder in BINARY.parents):
            pytest.skip("only root can be two users, and the other one has to find the program")
        # Skip folders that the other user may not read.
        env["HOME"] = "/nonexistent"
        options |= {"user": NOBODY, "cwd": "/"}
    with descriptor_for(case) as descriptor:
        return subprocess.run([str(BINARY), "put", "k"], env=env, stdin=descriptor, **options)


@pytest.mark.parametrize("case", cases("stdin"))
def test_descriptor_0_is_read_whatever_its_type(world, case: dict[str, Any]) -> None:
    done = put_from(world, case)
    assert done.returncode == case["exit"], done.stderr
    found = world.parameter("k")
    assert (found or {}).get("Value") == case.get("written")
    if "says" in case:
        assert case["says"] in done.stderr
    if "says_not" in case:
        assert case["says_not"] not in done.stderr and done.stderr.startswith("latchkey: ")
    for name in case.get("message_names", []):
        assert name in done.stderr


@pytest.mark.parametrize("name", LINE_ENDS)
@pytest.mark.parametrize("way", ["--file", "standard input"])
def test_one_line_end_is_left_out_and_nothing_else(world, name: str, way: str) -> None:
    path, expected = CASES / "line-ends" / name, LINE_ENDS[name]
    if way == "--file":
        done = run("put", "k", "--file", str(path), env=world.settings())
    else:
        with path.open("rb") as file:
            done = subprocess.run(
                [str(BINARY), "put", "k"], env=world.settings(), stdin=file, capture_output=True, text=True, timeout=30
            )
    if "refused" in expected:
        assert done.returncode == 64 and expected["refused"] in done.stderr
        assert world.parameter("k") is None
    else:
        assert done.returncode == 0, done.stderr
        assert world.parameter("k")["Value"] == expected["value"]


def value_of(case: dict[str, Any]) -> str:
    if "bytes" in case:
        return "x" * case["bytes"]
    letter, count = re.fullmatch(r"U\+([0-9A-F]{4}) ([\d,]+) times", case["text"]).groups()
    return chr(int(letter, 16)) * int(count.replace(",", ""))


@pytest.mark.parametrize("case", [case for case in cases("token-sizes") if "command" in case.values[0]])
def test_a_value_of_any_size_is_written_or_rejected_before_a_request(world, case: dict[str, Any]) -> None:
    done = run(*case["command"], env=world.settings(), stdin=value_of(case))
    assert done.returncode == case["exit"], done.stderr
    for name in case.get("message_names", []):
        assert name in done.stderr
    if case["sent"] is None:
        assert world.aws.seen() == []
        return
    (request,) = world.aws.seen(PUT)
    body = request.json()
    assert {name: body.get(name) for name in case["sent"]} == case["sent"]
    assert body["Value"] == value_of(case)


@pytest.mark.parametrize("size", [4_097, 8_193, 1_048_577])
def test_a_file_that_is_too_long_is_refused_with_the_bound(world, tmp_path, size: int) -> None:
    path = tmp_path / "value"
    path.write_text("x" * size)
    done = run("put", "k", "--file", str(path), env=world.settings())
    assert (done.returncode, world.aws.seen()) == (64, [])
    assert "4096" in done.stderr and "--tier" in done.stderr


def test_a_value_that_is_not_text_is_rejected(world, tmp_path) -> None:
    path = tmp_path / "value"
    path.write_bytes(b"\xff\xfe")
    done = run("put", "k", "--file", str(path), env=world.settings())
    assert done.returncode == 64 and "UTF-8" in done.stderr


def test_writing_over_a_parameter_keeps_its_key(world) -> None:
    assert run("put", "k", "--kms-key", "alias/orders", env=world.settings(), stdin="one").returncode == 0
    assert run("put", "k", "--yes", env=world.settings(), stdin="two").returncode == 0
    assert run("put", "k", "--yes", "--kms-key", "alias/other", env=world.settings(), stdin="three").returncode == 0
    assert [request.json().get("KeyId") for request in world.aws.seen(PUT)] == ["alias/orders", "alias/orders", "alias/other"]
    world.aws.always(aws_error("AccessDeniedException"), when=operation("DescribeParameters"))
    done = run("put", "k", "--yes", env=world.settings(), stdin="four")
    assert done.returncode == 0 and "--kms-key" in done.stderr


def test_a_key_that_cannot_be_used_is_named(world) -> None:
    world.aws.always(aws_error("InvalidKeyId"), when=PUT)
    done = run("put", "k", "--kms-key", "alias/nobody", env=world.settings(), stdin="one")
    assert done.returncode == 77 and "alias/nobody" in done.stderr
