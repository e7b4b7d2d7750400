"""Migration commands that are killed can be repeated (row 50 of Faults.md). Other files kill the other commands.

A terminal and a core dump show no value.
"""

from __future__ import annotations

import json
import os
import pty
import random
import resource
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from peers.broker import BINARY, PREFIX as PARAMETERS
from peers.move import Move, shapes
from peers.proxy import ProxiedRequest, FaultProxy, mentions, operation
from peers.waiting import until

BACKEND = f"{PARAMETERS}/latchkey/backend"
KILLS = 8


@pytest.fixture
def move(cloud, tmp_path: Path) -> Move:
    cloud.reset()
    return Move(cloud, tmp_path, shapes(60, seed=12))


def journal(move: Move) -> list[str]:
    return ["--journal", str(move.journal)]


def backend(move: Move) -> str | None:
    found = move.ssm.get_parameters(Names=[BACKEND])["Parameters"]
    return found[0]["Value"] if found else None


def killed(move: Move, *arguments: str, after: float) -> bool:
    """Starts a command and kills it after a delay. Returns whether it was still running."""
    run = move.start(*arguments)
    time.sleep(after)
    was_running = run.poll() is None
    run.send_signal(signal.SIGKILL)
    run.wait(10)
    return was_running


def require_whole_journal(move: Move) -> None:
    """Checks that every line but a truncated one is valid, and that a command can read the journal."""
    for line in move.journal.read_bytes().split(b"\n")[:-1]:
        json.loads(line)
    move.run("status", *move.selection, *journal(move))


@pytest.mark.row(50)
def test_a_restore_into_parameter_store_that_is_killed_brings_every_value_once(move: Move) -> None:
    password = move.folder / "password"
    password.write_text("correct horse battery staple\n")
    password.chmod(0o600)
    file = str(move.folder / "backup.cms")
    move.run("backup", *move.selection, "--out", file, "--password-file", str(password), *journal(move))
    restore = ["--from", file, "--password-file", str(password), "--to", "parameter-store", "--yes", *move.rate]
    targets = sorted(shape.target for shape in move.shapes if shape.moves)
    for target in random.Random(50).sample(targets, 4):
        run = move.start("restore", *restore)
        until(
            lambda: run.poll() is not None or move.ssm.get_parameters(Names=[target])["Parameters"], "it is under way", 30
        )
        run.send_signal(signal.SIGKILL)
        run.wait(10)
    move.run("restore", *restore)
    move.require_moved()


@pytest.mark.row(50)
@pytest.mark.parametrize("command", ["cutover", "rollback"])
def test_a_turn_that_is_killed_is_either_made_or_not(move: Move, command: str) -> None:
    move.copy()
    move.run("verify", *move.selection, *journal(move))
    if command == "rollback":
        move.run("cutover", "--keep", *journal(move), "--yes")
    keep = ["--keep"] if command == "cutover" else []
    before, after = {"cutover": (None, "parameter-store"), "rollback": ("parameter-store", "secrets-manager")}[command]
    rng = random.Random(command)
    cut_off = 0
    for _ in range(KILLS):
        cut_off += killed(move, command, *keep, *journal(move), "--yes", after=rng.random() * 0.06)
        assert backend(move) in (before, after)
    assert cut_off > 0, "every one came to its end before it was killed"
    require_whole_journal(move)
    move.run(command, *keep, *journal(move), "--yes")
    assert backend(move) == after
    last = json.loads(move.journal.read_text().splitlines()[-1])
    assert (last["run"], last["clean"], last["details"]["to"]) == (command, True, after)
    # Every value was written once, in spite of repetitions.
    assert len(move.ssm.get_parameter_history(Name=BACKEND)["Parameters"]) == (1 if command == "cutover" else 2)


@pytest.mark.row(50)
@pytest.mark.parametrize(
    ("command", "before", "after"),
    [
        ("cutover --keep", "none", "parameter-store"), ("rollback", "parameter-store", "secrets-manager"),
        ("cutover --to shadow", "none", "shadow"),
    ],
)
def test_a_turn_that_is_killed_once_it_is_made_has_been_written_down(
    move: Move, gate: FaultProxy, command: str, before: str, after: str
) -> None:
    """The write arrives, and its answer is lost."""
    move.copy()
    move.run("verify", *move.selection, *journal(move))
    if command == "rollback":
        move.run("cutover", "--keep", *journal(move), "--yes")

    def unanswered(proxied: ProxiedRequest) -> bool:
        proxied.forward()
        return not proxied.wait_for_close()

    gate.always(unanswered, when=lambda request: operation("PutParameter")(request) and mentions(BACKEND)(request))
    began = time.time()
    env = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{gate.port}"}
    run = move.start(*command.split(), *journal(move), "--yes", **env)
    until(lambda: backend(move) == after, "the parameter is written", 30)
    run.send_signal(signal.SIGKILL)
    assert run.wait(10) == -signal.SIGKILL
    last = json.loads(move.journal.read_text().splitlines()[-1])
    assert (last["run"], last["details"]["from"], last["details"]["to"]) == ("turn", before, after)
    assert last["details"]["parameter"] == BACKEND and "@" in last["by"]
    assert began - 1 < last["at"] / 1000 < time.time() + 1
    if command == "rollback":
        # Only the journal then shows that the cut-over was undone.
        move.ssm.put_parameter(Name=BACKEND, Value="parameter-store", Type="String", Overwrite=True)
        name = next(shape.name for shape in move.shapes if shape.moves)
        kept = move.json("cleanup", "--secret", name, *journal(move), "--min-days", "0", "--yes", status=1)
        assert "not_cut_over" in {block["code"] for block in kept["secrets"][0]["blocks"]}
    require_whole_journal(move)


@pytest.mark.row(50)
def test_an_undo_that_is_killed_brings_them_all_back_when_repeated(move: Move) -> None:
    password = move.folder / "password"
    password.write_text("correct horse battery staple\n")
    password.chmod(0o600)
    out = ["--out", str(move.folder / "backup.cms"), "--password-file", str(password)]
    move.run("backup", *move.selection, *out, *journal(move))
    move.copy()
    move.run("verify", *move.selection, *journal(move))
    move.run("cutover", "--keep", *journal(move), "--yes")
    cleanup = ["cleanup", *move.selection, *journal(move), "--min-days", "0", "--yes"]
    move.run(*cleanup, status=1)
    undo = ["cleanup", *move.selection, *journal(move), "--undo", "--yes"]
    rng = random.Random("undo")
    assert sum([killed(move, *undo, after=0.05 + rng.random() * 0.3) for _ in range(KILLS)]) > 0
    move.run(*undo)
    pending = {shape.name for shape in move.shapes if "pending_deletion" in shape.obstacles}
    found = set()
    for page in move.secrets.get_paginator("list_secrets").paginate(IncludePlannedDeletion=True):
        found |= {secret["Name"] for secret in page["SecretList"] if secret.get("DeletedDate")}
    assert found == pending
    require_whole_journal(move)


@pytest.mark.row(50)
def test_a_verify_that_is_killed_proves_nothing_and_spoils_nothing(move: Move) -> None:
    move.copy()
    rng = random.Random("verify")
    verify = ["verify", *move.selection, *journal(move)]
    assert sum([killed(move, *verify, after=rng.random() * 0.1) for _ in range(KILLS)]) > 0
    lines = move.journal.read_bytes()
    if b'"run":"verify"' not in lines:
        move.run("cutover", *journal(move), "--yes", status=1)
    require_whole_journal(move)
    move.run(*verify)
    move.run("cutover", "--keep", *journal(move), "--yes")


# Visible output


def at_a_terminal(move: Move, *arguments: str) -> bytes:
    """The output of a command on a terminal."""
    parent_end, child_end = pty.openpty()
    run = subprocess.Popen(
        [str(BINARY), "migrate", *arguments], env=move.env, cwd=move.folder, stdin=child_end, stdout=child_end, stderr=child_end
    )
    os.close(child_end)
    shown = b""
    ends = time.monotonic() + 60
    while time.monotonic() < ends and select.select([parent_end], [], [], 60)[0]:
        try:
            shown += os.read(parent_end, 65536)
        except OSError:  # Nobody holds the other end any more.
            break
    os.close(parent_end)
    assert run.wait(10) == 0, shown[-2000:]
    move.output += shown.decode()
    return shown


def test_a_terminal_shows_progress_and_no_value(move: Move) -> None:
    (move.folder / "password").write_text("correct horse battery staple\n")
    out = ["--out", "b.cms", "--password-file", "password"]
    copy = ["copy", "--yes", *move.pace]
    for arguments in (["plan"], ["backup", *out, *journal(move)], copy, ["verify"]):
        shown = at_a_terminal(move, *arguments, *move.selection).replace(b"\x1b[K", b"")
        assert b"\rread " in shown and (b"\rcopied " in shown) == (arguments == copy), arguments
    move.require_silence(move.journal)
    move.require_moved()


def test_no_core_is_left_of_it(move: Move) -> None:
    def unlimited() -> None:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    run = subprocess.Popen(
        [str(BINARY), "migrate", "copy", *move.selection, *move.pace], env=move.env, cwd=move.folder,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=unlimited,
    )
    until(lambda: move.lines() > 8, "it is under way", 30)
    limits = Path(f"/proc/{run.pid}/limits").read_text()
    assert next(line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core")) == ["0", "0"]
    run.send_signal(signal.SIGABRT)
    _, status = os.waitpid(run.pid, 0)
    run.returncode = -signal.SIGABRT
    assert os.WIFSIGNALED(status) and not os.WCOREDUMP(status)
    assert list(move.folder.glob("*core*")) == []
    move.copy("--resume")
    move.require_moved()
