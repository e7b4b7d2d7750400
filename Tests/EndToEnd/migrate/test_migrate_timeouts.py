"""`latchkey migrate` when a read times out: it reads again, continues with the others, and names what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from peers.faults import never_answer, status
from peers.move import Move, shapes
from peers.proxy import Filter, FaultProxy

OF_SECRETS = ("GetSecretValue",)
OF_PARAMETERS = ("GetParameter", "GetParameters")


@pytest.fixture
def move(cloud, tmp_path) -> Move:
    cloud.reset()
    return Move(cloud, tmp_path, shapes(12, seed=15))


@pytest.fixture
def env(gate: FaultProxy) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{gate.port}", "LATCHKEY_UPSTREAM_TIMEOUT": "6"}


def reads(operations: tuple[str, ...], name: str) -> Filter:
    return lambda request: request.operation in operations and f'"{name}"'.encode() in request.body


def unread(report: dict[str, Any]) -> list[str]:
    """The secrets that `plan` or `copy` could not read."""
    entries = report.get("blocked") or report["secrets"]
    codes = lambda entry: [o if isinstance(o, str) else o["code"] for o in entry.get("obstacles", [])]  # noqa: E731
    return [entry["secret"] for entry in entries if "unread" in codes(entry)]


def hung(move: Move, operations: tuple[str, ...]) -> tuple[Any, Filter]:
    """A movable secret, and a filter for the reads of it in one store."""
    one = next(shape for shape in move.shapes if shape.moves)
    return one, reads(operations, one.name if operations == OF_SECRETS else one.target)


@pytest.mark.parametrize("operations", [OF_SECRETS, OF_PARAMETERS], ids=["secret", "parameter"])
def test_a_read_that_times_out_once_is_made_again(move: Move, gate: FaultProxy, env, operations) -> None:
    _, matching = hung(move, operations)
    gate.next(never_answer, when=matching)
    report = move.json("copy", *move.selection, *move.pace, **env)
    assert report["clean"] and len(gate.seen(matching)) >= 2
    move.require_moved()
    gate.next(never_answer, when=matching)
    assert move.json("verify", *move.selection, "--journal", str(move.journal), **env)["clean"]


@pytest.mark.slow(45)
@pytest.mark.parametrize("operations", [OF_SECRETS, OF_PARAMETERS], ids=["secret", "parameter"])
def test_one_that_never_answers_is_named_and_the_others_are_moved(move: Move, gate: FaultProxy, env, operations) -> None:
    one, matching = hung(move, operations)
    gate.always(never_answer, when=matching)
    assert unread(move.json("plan", *move.selection, status=69, **env)) == [one.name]
    report = move.json("copy", *move.selection, *move.pace, status=69, **env)
    assert unread(report) == [one.name] and not report["clean"]
    others = {shape.target for shape in move.shapes if shape.moves and shape is not one}
    assert set(move.parameters()) == others and report["summary"]["copied"] == len(others)
    # A secret that could not be read is not skipped for good: the next run moves it.
    gate.heal()
    again = move.json("copy", *move.selection, *move.pace, "--resume", **env)
    assert again["clean"] and again["summary"]["copied"] == 1
    move.require_moved()


@pytest.mark.slow(45)
def test_verify_names_secrets_it_could_not_read(move: Move, gate: FaultProxy, env) -> None:
    move.copy()
    one, matching = hung(move, OF_SECRETS)
    gate.always(never_answer, when=matching)
    report = move.json("verify", *move.selection, "--journal", str(move.journal), status=69, **env)
    assert [s["secret"] for s in report["secrets"] if s["verdict"] != "equal"] == [one.name]
    assert next(s for s in report["secrets"] if s["secret"] == one.name)["verdict"] == "unread"


@pytest.mark.slow(25)
def test_a_backup_that_lacks_a_value_fails_and_names_it(move: Move, gate: FaultProxy, env) -> None:
    one, matching = hung(move, OF_SECRETS)
    password, out = move.folder / "password", Path(move.folder / "b.cms")
    password.write_text("correct horse battery staple\n")
    password.chmod(0o600)
    backup = ["backup", *move.selection, "--out", str(out), "--password-file", str(password)]
    gate.always(never_answer, when=matching)
    move.run(*backup, status=69, **env)
    assert one.name in move.output and not out.exists()
    gate.heal()
    gate.next(never_answer, when=matching)
    move.run(*backup, **env)
    assert out.exists()


@pytest.mark.slow(20)
@pytest.mark.parametrize("fault", [never_answer, status(503)], ids=["no answer", "failing"])
def test_a_store_that_is_down_ends_the_command_soon(move: Move, gate: FaultProxy, env, fault) -> None:
    gate.always(fault, when=lambda request: request.operation in OF_SECRETS)
    move.run("copy", *move.selection, *move.pace, status=69, **env)
    assert move.parameters() == {}
    # Three reads with three attempts each, and concurrent ones.
    assert len({request.body for request in gate.seen(lambda r: r.operation in OF_SECRETS)}) <= 12
