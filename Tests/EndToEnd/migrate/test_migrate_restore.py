"""`latchkey migrate restore`: a backup is written back to either store, and an altered file is refused."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from peers.backups import store, values
from peers.move import Move, shapes


@pytest.fixture(scope="module")
def move(cloud, tmp_path_factory) -> Move:
    return Move(cloud, tmp_path_factory.mktemp("restore"), shapes(500, seed=6))


@pytest.fixture(scope="module")
def backup(move: Move) -> Path:
    file = move.folder / "backup.cms"
    move.run("backup", *move.selection, "--out", str(file), *move.password)
    return file


def test_a_named_secret_that_cannot_be_restored_is_a_failure(move: Move, backup: Path) -> None:
    binary = next(shape for shape in move.shapes if "binary" in shape.obstacles)
    pending = next(shape for shape in move.shapes if "pending_deletion" in shape.obstacles)
    for name, destination in ((binary.name, "parameter-store"), (pending.name, "secrets-manager")):
        arguments = ["--from", str(backup), *move.password, "--to", destination, "--only", name, "--yes"]
        result = move.json("restore", *arguments, status=1)
        assert not result["clean"] and result["summary"]["blocked"] == 1
    assert move.parameters() == {}


def altered(content: bytes, case: str) -> bytes:
    rng = random.Random(case)
    if case.startswith("cut"):
        return content[: rng.randrange(len(content))]
    if case == "longer":
        return content + b"\0"
    place = {"head": 28, "version": 30, "tag": len(content) - 1}.get(case, rng.randrange(400, len(content) - 20))
    return content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]


@pytest.mark.parametrize("case", ["cut 1", "cut 2", "cut 3", "longer", "head", "version", "flip 1", "flip 2", "flip 3", "tag"])
@pytest.mark.parametrize("manifest", [True, False], ids=["manifest", "no manifest"])
def test_an_altered_file_is_refused_before_anything_is_written(
    move: Move, backup: Path, case: str, manifest: bool
) -> None:
    file = move.folder / "altered.cms"
    beside = Path(f"{file}.manifest")
    file.write_bytes(altered(backup.read_bytes(), case))
    # The store has another value, so that a write would be visible.
    one = next(shape for shape in move.shapes if shape.moves)
    move.secrets.put_secret_value(SecretId=one.name, SecretString="not the backup's")
    if manifest:
        beside.write_bytes(Path(f"{backup}.manifest").read_bytes())
    for destination in ("secrets-manager", "parameter-store"):
        move.run("restore", "--from", str(file), *move.password, "--to", destination, "--yes", status=1)
    beside.unlink(missing_ok=True)
    assert move.parameters() == {}
    assert move.secrets.get_secret_value(SecretId=one.name)["SecretString"] == "not the backup's"
    move.secrets.put_secret_value(SecretId=one.name, SecretString=str(one.value))


def test_another_password_opens_nothing(move: Move, backup: Path) -> None:
    wrong = move.folder / "wrong"
    wrong.write_text("another password\n")
    wrong.chmod(0o600)
    arguments = ["--password-file", str(wrong), "--to", "secrets-manager", "--yes"]
    move.run("restore", "--from", str(backup), *arguments, status=1)


def test_without_yes_it_is_shown_and_not_done(move: Move, backup: Path) -> None:
    arguments = ["--from", str(backup), *move.password, "--to", "parameter-store"]
    move.run("restore", *arguments, status=64)
    rehearsed = move.json("restore", *arguments, "--dry-run")
    assert not rehearsed["done"] and rehearsed["summary"]["create"] == sum(shape.moves for shape in move.shapes)
    assert move.parameters() == {}


def test_one_secret_comes_back_alone(move: Move, backup: Path) -> None:
    one, other = [shape for shape in move.shapes if shape.moves][:2]
    for shape in (one, other):
        move.secrets.put_secret_value(SecretId=shape.name, SecretString="spoilt")
    arguments = ["--from", str(backup), *move.password, "--to", "secrets-manager", "--yes"]
    report = move.json("restore", *arguments, "--only", one.name)
    assert report["summary"]["replace"] == 1 and len(report["secrets"]) == 1
    assert store(move) == values(move) | {other.name: "spoilt"}
    assert move.json("restore", *arguments)["summary"]["replace"] == 1
    # The restored version existed before, with the id that the backup derives.
    move.secrets.put_secret_value(SecretId=one.name, SecretString="spoilt again")
    assert move.json("restore", *arguments, "--only", one.name)["clean"]
    assert store(move) == values(move)
    move.run("restore", *arguments, "--only", "shop/typo", status=1)


def test_a_secret_that_waits_for_its_deletion_is_brought_back(move: Move, backup: Path) -> None:
    one = next(shape for shape in move.shapes if shape.moves)
    move.secrets.delete_secret(SecretId=one.name)
    arguments = ["--from", str(backup), *move.password, "--to", "secrets-manager", "--yes"]
    assert move.json("restore", *arguments)["summary"]["undelete"] == 1
    assert store(move) == values(move)


def test_all_of_it_goes_into_parameter_store_as_far_as_that_takes_it(move: Move, backup: Path) -> None:
    arguments = ["--from", str(backup), *move.password, "--to", "parameter-store", "--yes", *move.rate]
    report = move.json("restore", *arguments)
    assert report["clean"]
    blocked = {secret["secret"] for secret in report["secrets"] if secret["action"] == "blocked"}
    assert blocked == {shape.name for shape in move.shapes if not shape.moves}
    move.require_moved()
    assert move.json("restore", *arguments)["summary"]["create"] == 0
    move.require_moved()


@pytest.mark.row(50)
@pytest.mark.parametrize("kills", [5])
def test_into_an_empty_store_killed_and_repeated_all_comes_back_equal(
    move: Move, backup: Path, kills: int
) -> None:
    move.moto.reset()
    arguments = ["--from", str(backup), *move.password, "--to", "secrets-manager", "--yes"]
    rng = random.Random(kills)
    for _ in range(kills):
        restore = move.start("restore", *arguments)
        time.sleep(0.8 + rng.random())
        restore.send_signal(signal.SIGKILL)
        restore.wait(10)
    assert move.json("restore", *arguments)["clean"]
    assert store(move) == values(move)
    for shape in move.shapes:
        if shape.name not in values(move):
            continue
        found = move.secrets.describe_secret(SecretId=shape.name)
        assert len(found["VersionIdsToStages"]) == 1
        assert found.get("Description", "") == shape.extra.get("Description", "")
        assert found.get("Tags", []) == shape.extra.get("Tags", [])
        assert found.get("KmsKeyId") == shape.extra.get("KmsKeyId")
    move.require_silence()
