"""`latchkey migrate backup`: the openssl command opens the file, and its permissions and contents are right."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from peers.backups import held, openssl, values
from peers.broker import ROOT
from peers.move import PASSWORD, Move, shapes


@pytest.fixture(scope="module")
def move(cloud, tmp_path_factory) -> Move:
    return Move(cloud, tmp_path_factory.mktemp("backup"), shapes(500, seed=6))


@pytest.fixture(scope="module")
def backup(move: Move) -> Path:
    file = move.folder / "backup.cms"
    result = move.json("backup", *move.selection, "--out", str(file), *move.password)
    readable = [shape.name for shape in move.shapes if "pending_deletion" not in shape.obstacles]
    assert result["secrets"] == len(readable)
    assert result["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert set(result["without_value"]) == {shape.name for shape in move.shapes} - set(readable)
    return file


def test_a_stock_openssl_opens_it(move: Move, backup: Path) -> None:
    assert held(openssl("-in", backup, "-pwri_password", PASSWORD)) == values(move)


def test_it_has_the_documented_algorithms(backup: Path) -> None:
    shown = subprocess.run(
        ["openssl", "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", str(backup)],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout
    for words in ("authEnvelopedData", "aes-256-gcm", "aes-256-cbc", "PBKDF2", "hmacWithSHA256", f"{600_000:06X}"):
        assert words in shown, words


def test_it_is_readable_by_its_owner_only_and_shows_no_value(move: Move, backup: Path) -> None:
    manifest = Path(f"{backup}.manifest")
    for file in (backup, manifest):
        assert file.stat().st_mode & 0o077 == 0
    assert len(json.loads(manifest.read_text())["secrets"]) == len(values(move))
    move.require_silence(backup, manifest)
    assert PASSWORD not in move.output and list(move.folder.glob("*.part")) == []


def test_a_repeated_backup_changes_nothing_and_another_file_is_not_overwritten(move: Move, backup: Path) -> None:
    before = backup.read_bytes()
    again = ["--out", str(backup), *move.password]
    assert not move.json("backup", *move.selection, *again)["written"]
    assert backup.read_bytes() == before
    # A backup of other secrets, and of other versions of these.
    move.run("backup", "--secret", move.shapes[0].name, *again, status=64)
    move.secrets.put_secret_value(SecretId=move.shapes[0].name, SecretString="another")
    move.run("backup", *move.selection, *again, status=64)
    move.secrets.put_secret_value(SecretId=move.shapes[0].name, SecretString=str(move.shapes[0].value))
    assert backup.read_bytes() == before
    result = move.json("backup", *move.selection, "--out", str(move.folder / "not.cms"), *move.password, "--dry-run")
    assert (result["written"], result["secrets"], result["sha256"]) == (False, len(values(move)), None)
    assert not (move.folder / "not.cms").exists()


def test_it_has_all_metadata_and_a_restore_names_what_it_does_not_set(move: Move) -> None:
    name, file = "metadata/all", move.folder / "metadata.cms"
    policy = {"Version": "2012-10-17", "Statement": []}
    move.secrets.create_secret(Name=name, SecretString="first-4be1", AddReplicaRegions=[{"Region": "eu-west-1"}])
    move.secrets.rotate_secret(SecretId=name, RotateImmediately=False, RotationRules={"AutomaticallyAfterDays": 30})
    move.secrets.put_secret_value(SecretId=name, SecretString="second-4be1")
    move.secrets.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps(policy))
    move.run("backup", "--secret", name, "--out", str(file), *move.password)
    (held,) = json.loads(openssl("-in", file, "-pwri_password", PASSWORD))["secrets"]
    assert held["text"] == "second-4be1"
    others = {version["text"]: version["stages"] for version in held["other_versions"]}
    assert others == {"first-4be1": ["AWSPREVIOUS"]}
    assert json.loads(held["resource_policy_text"]) == policy
    assert json.loads(held["rotation_rules"])["AutomaticallyAfterDays"] == 30
    assert "4be1" not in move.output + Path(f"{file}.manifest").read_text()
    move.secrets.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=["eu-west-1"])
    move.secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    result = move.json("restore", "--from", str(file), *move.password, "--to", "secrets-manager", "--yes")
    assert result["secrets"][0]["left_to_set"] == ["resource_policy", "rotation", "replicas", "other_versions"]
    assert move.secrets.get_secret_value(SecretId=name)["SecretString"] == "second-4be1"
    move.secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_the_key_of_the_certificate_opens_it(move: Move, kind: str) -> None:
    keys = ROOT / "Tests/Fixtures/keys"
    file = move.folder / f"backup-{kind}.cms"
    one = next(shape for shape in move.shapes if shape.moves)
    arguments = ["--secret", one.name, "--out", str(file), "--recipient", str(keys / f"backup-{kind}.crt")]
    move.run("backup", *arguments)
    opened = openssl("-in", file, "-inkey", keys / f"backup-{kind}.pem", "-recip", keys / f"backup-{kind}.crt")
    assert held(opened) == {one.name: one.value}
    back = ["--from", str(file), "--to", "secrets-manager", "--key-file", str(keys / f"backup-{kind}.pem"), "--yes"]
    assert move.json("restore", *back)["summary"]["nothing"] == 1


@pytest.mark.slow(30)
@pytest.mark.row(50)
@pytest.mark.timeout(480)
def test_a_backup_that_is_killed_leaves_the_old_one_or_the_new_one(move: Move, backup: Path) -> None:
    file, between = move.folder / "killed.cms", 0
    file.write_bytes(backup.read_bytes())
    Path(f"{file}.manifest").write_bytes(Path(f"{backup}.manifest").read_bytes())
    rng = random.Random(7)
    opens = ["--from", str(file), *move.password, "--to", "secrets-manager", "--dry-run", "--only", next(iter(values(move)))]
    for attempt in (made for made in range(20) if made < 6 or between == 0):
        before = file.stat().st_ino
        run = move.start("backup", *move.selection, "--out", str(file), *move.password, "--yes")
        if attempt < 3:
            time.sleep(rng.random() * 3)
        else:
            # After the file is renamed and before its manifest is.
            while file.stat().st_ino == before and run.poll() is None:
                pass
        run.send_signal(signal.SIGKILL)
        run.wait(10)
        between += file.stat().st_ino != before and run.returncode == -signal.SIGKILL
        assert held(openssl("-in", file, "-pwri_password", PASSWORD)) == values(move)
        # A manifest, if present, belongs to this file. Otherwise the file would be rejected as altered.
        move.run("restore", *opens)
    assert between > 0, "none was cut off between the two"
