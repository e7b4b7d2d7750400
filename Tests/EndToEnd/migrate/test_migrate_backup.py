"""`latchkey migrate backup` and `restore`: a stock openssl opens the file, and nothing altered is ever written."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from peers.broker import ROOT
from peers.move import Move, shapes

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def move(cloud, tmp_path_factory) -> Move:
    return Move(cloud, tmp_path_factory.mktemp("backup"), shapes(500, seed=6))


@pytest.fixture(scope="module")
def password(move: Move) -> list[str]:
    file = move.folder / "password"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    return ["--password-file", str(file)]


@pytest.fixture(scope="module")
def backup(move: Move, password: list[str]) -> Path:
    file = move.folder / "backup.cms"
    result = move.json("backup", *move.selection, "--out", str(file), *password)
    readable = [shape.name for shape in move.shapes if "pending_deletion" not in shape.obstacles]
    assert result["secrets"] == len(readable)
    assert result["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert set(result["without_value"]) == {shape.name for shape in move.shapes} - set(readable)
    return file


def values(move: Move) -> dict[str, str | bytes]:
    return {shape.name: shape.value for shape in move.shapes if "pending_deletion" not in shape.obstacles}


def openssl(*arguments: str | Path) -> bytes:
    done = subprocess.run(
        ["openssl", "cms", "-decrypt", "-inform", "DER", *map(str, arguments)], capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def held(content: bytes) -> dict[str, str | bytes]:
    """The values in an opened backup, by name."""
    found: dict[str, str | bytes] = {}
    for secret in json.loads(content)["secrets"]:
        if "text" in secret:
            found[secret["name"]] = secret["text"]
        elif "base64" in secret:
            found[secret["name"]] = base64.b64decode(secret["base64"])
    return found


def store(move: Move) -> dict[str, str | bytes]:
    """What Secrets Manager holds now."""
    found: dict[str, str | bytes] = {}
    for name in values(move):
        answer = move.secrets.get_secret_value(SecretId=name)
        found[name] = answer["SecretString"] if "SecretString" in answer else answer["SecretBinary"]
    return found


def test_a_stock_openssl_opens_it(move: Move, backup: Path) -> None:
    assert held(openssl("-in", backup, "-pwri_password", PASSWORD)) == values(move)


def test_it_is_what_it_is_said_to_be(backup: Path) -> None:
    shown = subprocess.run(
        ["openssl", "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", str(backup)],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout
    for words in ("authEnvelopedData", "aes-256-gcm", "aes-256-cbc", "PBKDF2", "hmacWithSHA256", f"{600_000:06X}"):
        assert words in shown, words


def test_nobody_else_may_read_it_and_no_value_shows(move: Move, backup: Path) -> None:
    manifest = Path(f"{backup}.manifest")
    for file in (backup, manifest):
        assert file.stat().st_mode & 0o077 == 0
    assert len(json.loads(manifest.read_text())["secrets"]) == len(values(move))
    move.require_silence(backup, manifest)
    assert PASSWORD not in move.output and list(move.folder.glob("*.part")) == []


def test_said_again_it_leaves_the_file_alone_and_another_one_is_not_written_over_unasked(
    move: Move, backup: Path, password: list[str]
) -> None:
    before = backup.read_bytes()
    again = ["--out", str(backup), *password]
    assert not move.json("backup", *move.selection, *again)["written"]
    assert backup.read_bytes() == before
    # Of other secrets, and of these at other versions.
    move.run("backup", "--secret", move.shapes[0].name, *again, status=64)
    move.secrets.put_secret_value(SecretId=move.shapes[0].name, SecretString="another")
    move.run("backup", *move.selection, *again, status=64)
    move.secrets.put_secret_value(SecretId=move.shapes[0].name, SecretString=str(move.shapes[0].value))
    assert backup.read_bytes() == before
    result = move.json("backup", *move.selection, "--out", str(move.folder / "not.cms"), *password, "--dry-run")
    assert (result["written"], result["secrets"], result["sha256"]) == (False, len(values(move)), None)
    assert not (move.folder / "not.cms").exists()


def test_it_has_everything_that_is_known_and_a_restore_says_what_it_does_not_set(move: Move, password: list[str]) -> None:
    name, file = "metadata/all", move.folder / "metadata.cms"
    policy = {"Version": "2012-10-17", "Statement": []}
    move.secrets.create_secret(Name=name, SecretString="first-4be1", AddReplicaRegions=[{"Region": "eu-west-1"}])
    move.secrets.rotate_secret(SecretId=name, RotateImmediately=False, RotationRules={"AutomaticallyAfterDays": 30})
    move.secrets.put_secret_value(SecretId=name, SecretString="second-4be1")
    move.secrets.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps(policy))
    move.run("backup", "--secret", name, "--out", str(file), *password)
    (held,) = json.loads(openssl("-in", file, "-pwri_password", PASSWORD))["secrets"]
    assert held["text"] == "second-4be1"
    others = {version["text"]: version["stages"] for version in held["other_versions"]}
    assert others == {"first-4be1": ["AWSPREVIOUS"]}
    assert json.loads(held["resource_policy_text"]) == policy
    assert json.loads(held["rotation_rules"])["AutomaticallyAfterDays"] == 30
    assert "4be1" not in move.output + Path(f"{file}.manifest").read_text()
    move.secrets.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=["eu-west-1"])
    move.secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    result = move.json("restore", "--from", str(file), *password, "--to", "secrets-manager", "--yes")
    assert result["secrets"][0]["left_to_set"] == ["resource_policy", "rotation", "replicas", "other_versions"]
    assert move.secrets.get_secret_value(SecretId=name)["SecretString"] == "second-4be1"
    move.secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def test_what_was_asked_for_by_name_and_cannot_go_there_is_no_success(
    move: Move, backup: Path, password: list[str]
) -> None:
    binary = next(shape for shape in move.shapes if "binary" in shape.obstacles)
    pending = next(shape for shape in move.shapes if "pending_deletion" in shape.obstacles)
    for name, destination in ((binary.name, "parameter-store"), (pending.name, "secrets-manager")):
        arguments = ["--from", str(backup), *password, "--to", destination, "--only", name, "--yes"]
        result = move.json("restore", *arguments, status=1)
        assert not result["clean"] and result["summary"]["blocked"] == 1
    assert move.parameters() == {}


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_who_has_the_certificates_key_opens_it(move: Move, kind: str) -> None:
    keys = ROOT / "Tests/Fixtures/keys"
    file = move.folder / f"backup-{kind}.cms"
    one = next(shape for shape in move.shapes if shape.moves)
    arguments = ["--secret", one.name, "--out", str(file), "--recipient", str(keys / f"backup-{kind}.crt")]
    move.run("backup", *arguments)
    opened = openssl("-in", file, "-inkey", keys / f"backup-{kind}.pem", "-recip", keys / f"backup-{kind}.crt")
    assert held(opened) == {one.name: one.value}
    back = ["--from", str(file), "--to", "secrets-manager", "--key-file", str(keys / f"backup-{kind}.pem"), "--yes"]
    assert move.json("restore", *back)["summary"]["nothing"] == 1


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
    move: Move, backup: Path, password: list[str], case: str, manifest: bool
) -> None:
    file = move.folder / "altered.cms"
    beside = Path(f"{file}.manifest")
    file.write_bytes(altered(backup.read_bytes(), case))
    # A store that has another value, so that a write would show.
    one = next(shape for shape in move.shapes if shape.moves)
    move.secrets.put_secret_value(SecretId=one.name, SecretString="not the backup's")
    if manifest:
        beside.write_bytes(Path(f"{backup}.manifest").read_bytes())
    for destination in ("secrets-manager", "parameter-store"):
        move.run("restore", "--from", str(file), *password, "--to", destination, "--yes", status=1)
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


def test_without_yes_it_is_shown_and_not_done(move: Move, backup: Path, password: list[str]) -> None:
    arguments = ["--from", str(backup), *password, "--to", "parameter-store"]
    move.run("restore", *arguments, status=64)
    rehearsed = move.json("restore", *arguments, "--dry-run")
    assert not rehearsed["done"] and rehearsed["summary"]["create"] == sum(shape.moves for shape in move.shapes)
    assert move.parameters() == {}


def test_one_secret_comes_back_alone(move: Move, backup: Path, password: list[str]) -> None:
    one, other = [shape for shape in move.shapes if shape.moves][:2]
    for shape in (one, other):
        move.secrets.put_secret_value(SecretId=shape.name, SecretString="spoilt")
    arguments = ["--from", str(backup), *password, "--to", "secrets-manager", "--yes"]
    report = move.json("restore", *arguments, "--only", one.name)
    assert report["summary"]["replace"] == 1 and len(report["secrets"]) == 1
    assert store(move) == values(move) | {other.name: "spoilt"}
    assert move.json("restore", *arguments)["summary"]["replace"] == 1
    # The version that is put back was there before, under the id that the backup makes for it.
    move.secrets.put_secret_value(SecretId=one.name, SecretString="spoilt again")
    assert move.json("restore", *arguments, "--only", one.name)["clean"]
    assert store(move) == values(move)
    move.run("restore", *arguments, "--only", "shop/typo", status=1)


def test_a_secret_that_waits_for_its_deletion_is_brought_back(
    move: Move, backup: Path, password: list[str]
) -> None:
    one = next(shape for shape in move.shapes if shape.moves)
    move.secrets.delete_secret(SecretId=one.name)
    arguments = ["--from", str(backup), *password, "--to", "secrets-manager", "--yes"]
    assert move.json("restore", *arguments)["summary"]["undelete"] == 1
    assert store(move) == values(move)


def test_all_of_it_goes_into_parameter_store_as_far_as_that_takes_it(
    move: Move, backup: Path, password: list[str]
) -> None:
    arguments = ["--from", str(backup), *password, "--to", "parameter-store", "--yes", *move.rate]
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
    move: Move, backup: Path, password: list[str], kills: int
) -> None:
    move.moto.reset()
    arguments = ["--from", str(backup), *password, "--to", "secrets-manager", "--yes"]
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


@pytest.mark.row(50)
@pytest.mark.timeout(480)
def test_a_backup_that_is_killed_leaves_the_old_one_or_the_new_one(
    move: Move, backup: Path, password: list[str]
) -> None:
    file, between = move.folder / "killed.cms", 0
    file.write_bytes(backup.read_bytes())
    Path(f"{file}.manifest").write_bytes(Path(f"{backup}.manifest").read_bytes())
    rng = random.Random(7)
    opens = ["--from", str(file), *password, "--to", "secrets-manager", "--dry-run", "--only", next(iter(values(move)))]
    for attempt in (made for made in range(20) if made < 6 or between == 0):
        before = file.stat().st_ino
        run = move.start("backup", *move.selection, "--out", str(file), *password, "--yes")
        if attempt < 3:
            time.sleep(rng.random() * 3)
        else:
            # Right after the file was renamed, and before its manifest is.
            while file.stat().st_ino == before and run.poll() is None:
                pass
        run.send_signal(signal.SIGKILL)
        run.wait(10)
        between += file.stat().st_ino != before and run.returncode == -signal.SIGKILL
        assert held(openssl("-in", file, "-pwri_password", PASSWORD)) == values(move)
        # A manifest that is there is this file's: one of the other would have it refused as altered.
        move.run("restore", *opens)
    assert between > 0, "none was cut off between the two"
