"""Credentials that `credential_process` of a profile prints."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from peers.credentials import NO_KEYS
from peers.waiting import until


def program(world, text: str) -> dict[str, str | None]:
    """A profile whose credentials a shell script prints."""
    (world.folder / ".aws").mkdir()
    (world.folder / ".aws/config").write_text(f"[profile app]\ncredential_process = {world.folder}/creds\n")
    (world.folder / "creds").write_text("#!/bin/sh\n" + text)
    (world.folder / "creds").chmod(0o700)
    return {**NO_KEYS, "AWS_PROFILE": "app"}


GOOD = """printf '{"Version":1,"AccessKeyId":"AKIAPROG","SecretAccessKey":"program"}'\n"""


def test_a_program_gets_no_secrets_or_descriptors_of_latchkey(world) -> None:
    world.put("solo", "the value")
    seen = world.folder / "seen"
    env = program(
        world,
        f"env >'{seen}.env'; ls -l /proc/$$/fd >'{seen}.fds'; cat >'{seen}.stdin'\n"
        f"echo secret-on-stderr >&2; {GOOD}",
    )
    broker = world.serve(["secret-on-stderr"], **env)
    assert broker.get("/secrets/solo").status == 200
    names = {line.partition("=")[0] for line in Path(f"{seen}.env").read_text().splitlines()}
    assert "HOME" in names and not {name for name in names if name.startswith(("LATCHKEY_", "AUTH0_"))}
    # Descriptors above 2 belong to the shell: the script, and copies for redirections.
    kept = [line.rpartition("-> ")[2] for line in Path(f"{seen}.fds").read_text().splitlines()[1:]]
    assert kept and not [name for name in kept if "socket" in name or "anon_inode" in name]
    assert Path(f"{seen}.stdin").read_text() == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("exit 3\n", "credential_process ended with 3"),
        ("kill -9 $$\n", "ended by signal 9"),
        ("yes\n", "printed more than 64 KiB"),
        ("echo '{\"Version\":1,\"AccessKeyId\":\"in-the-output\"'\n", "not a JSON object"),
    ],
    ids=["fails", "is killed", "never stops printing", "prints no JSON"],
)
def test_a_failing_program_is_reported_without_its_output(world, text: str, why: str) -> None:
    env = program(world, text)
    broker = world.start(["in-the-output"], **env)
    answer = broker.get("/secrets/solo")
    assert (answer.status, answer.code) == (503, "upstream_unavailable")
    assert int(answer.header("Retry-After") or 0) >= 1
    until(lambda: any(why in str(line.get("why")) for line in broker.logs), why)
    children = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and parent_of(pid) == broker.child.pid]
    assert children == [], "nothing of it is left"


def parent_of(pid: str) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
