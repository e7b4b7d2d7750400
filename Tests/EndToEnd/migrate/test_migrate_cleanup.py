"""`latchkey migrate cleanup`: which secrets are kept or deleted, when, and how they are restored."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from peers.move import Move, shapes
from peers.switching import BACKEND, Asked, backend, journal, proven, refused, runs


@pytest.fixture
def move(cloud, tmp_path: Path) -> Move:
    cloud.reset()
    return Move(cloud, tmp_path, shapes(60, seed=8))


class TestCleanup:
    @pytest.fixture
    def moved(self, move: Move) -> Move:
        """Backed up, copied, verified and cut over."""
        password = move.folder / "password"
        password.write_text("correct horse battery staple\n")
        password.chmod(0o600)
        out = ["--out", str(move.folder / "backup.cms"), "--password-file", str(password)]
        move.run("backup", *move.selection, *out, *journal(move))
        proven(move)
        move.run("cutover", "--keep", *journal(move), "--yes")
        return move

    def pending(self, move: Move) -> set[str]:
        found = set()
        for page in move.secrets.get_paginator("list_secrets").paginate(IncludePlannedDeletion=True):
            found |= {secret["Name"] for secret in page["SecretList"] if secret.get("DeletedDate")}
        return found

    def test_it_deletes_migrated_secrets_and_gives_reasons_for_the_others(self, moved: Move) -> None:
        before = self.pending(moved)
        cleanup = ["cleanup", *moved.selection, *journal(moved)]
        young = moved.json(*cleanup, "--yes", status=1)
        assert young["summary"]["delete"] == 0
        assert all(s["blocks"] for s in young["secrets"] if s["secret"] not in before)
        moved.run(*cleanup, "--min-days", "0", status=64)
        assert self.pending(moved) == before
        done = moved.json(*cleanup, "--min-days", "0", "--recovery-window-days", "7", "--yes", status=1)
        gone = {shape.name for shape in moved.shapes if shape.moves and "replicas" not in shape.obstacles}
        assert self.pending(moved) - before == gone
        reasons = {s["secret"]: {b["code"] for b in s["blocks"]} for s in done["secrets"] if s["blocks"]}
        for shape in moved.shapes:
            if "replicas" in shape.obstacles:
                assert reasons[shape.name] == {"replicas"}
            elif not shape.moves and shape.name not in before:
                assert reasons[shape.name] == {"kept"}
        deletion = moved.secrets.describe_secret(SecretId=min(gone))["DeletedDate"].timestamp()
        assert 6 * 86400 < deletion - time.time() < 8 * 86400

    @pytest.mark.parametrize("command", ["rollback", "cutover --to shadow"])
    def test_the_fleet_is_not_turned_onto_secrets_that_wait_for_their_deletion(self, moved: Move, command: str) -> None:
        switch = [*command.split(), *journal(moved), "--yes"]
        moved.run("cleanup", *moved.selection, *journal(moved), "--min-days", "0", "--yes", status=1)
        report = refused(moved, *switch)
        assert "cleanup --undo" in report and backend(moved) == "parameter-store"
        moved.run(*switch, "--force")
        assert runs(moved, command.split()[-1])[-1]["details"]["forced"] == "true"
        moved.run("cutover", *journal(moved), "--yes", "--force")
        moved.run("cleanup", *moved.selection, *journal(moved), "--undo", "--yes")
        moved.run(*switch)
        assert backend(moved) == runs(moved, command.split()[-1])[-1]["details"]["to"]
        assert "forced" not in runs(moved, command.split()[-1])[-1]["details"]

    def test_it_is_judged_again_once_nobody_else_writes_the_journal(self, moved: Move) -> None:
        before = self.pending(moved)
        asked = Asked(moved, "cleanup", *moved.selection, *journal(moved), "--min-days", "0")
        moved.run("rollback", *journal(moved), "--yes")
        asked.confirm(status=1)
        assert self.pending(moved) == before

    def test_undo_brings_them_all_back(self, moved: Move) -> None:
        before = self.pending(moved)
        moved.run("cleanup", *moved.selection, *journal(moved), "--min-days", "0", "--yes", status=1)
        assert self.pending(moved) > before
        moved.json("cleanup", *moved.selection, *journal(moved), "--undo", "--yes")
        # A secret that someone else deleted is restored only if it is named.
        assert self.pending(moved) == before
        moved.run("verify", *moved.selection, *journal(moved))
        moved.run("cleanup", "--secret", min(before), *journal(moved), "--undo", "--yes")
        assert self.pending(moved) == before - {min(before)}

    @pytest.mark.row(50)
    def test_killed_and_repeated_it_comes_to_the_same(self, moved: Move) -> None:
        cleanup = ["cleanup", *moved.selection, *journal(moved), "--min-days", "0", "--yes"]
        before = self.pending(moved)
        rng = random.Random(9)
        for _ in range(4):
            run = moved.start(*cleanup)
            time.sleep(0.1 + rng.random() * 0.4)
            run.send_signal(signal.SIGKILL)
            run.wait(10)
        moved.run(*cleanup, status=1)
        assert len(self.pending(moved) - before) == sum(
            shape.moves and "replicas" not in shape.obstacles for shape in moved.shapes
        )

    @pytest.mark.parametrize(
        "case",
        [
            "no cut-over", "rolled back", "no backup", "altered backup", "changed since", "parameter gone", "shadow",
            "turned past the journal", "rolled back by another journal", "another prefix",
        ],
    )
    def test_each_of_these_keeps_a_secret(self, moved: Move, case: str) -> None:
        shape = next(shape for shape in moved.shapes if shape.moves)
        file = moved.folder / "backup.cms"
        code = {
            "rolled back": "not_cut_over", "no backup": "no_backup", "altered backup": "no_backup",
            "changed since": "changed_since", "parameter gone": "parameter_missing", "shadow": "not_in_force",
            "turned past the journal": "not_in_force", "rolled back by another journal": "not_in_force",
            "another prefix": "not_in_force",
        }.get(case)
        env = {}
        if case == "no cut-over":
            lines = moved.journal.read_text().splitlines(keepends=True)
            moved.journal.write_text("".join(line for line in lines if '"run":"cutover"' not in line))
            code = "not_cut_over"
        elif case == "rolled back":
            moved.run("rollback", *journal(moved), "--yes")
        elif case == "no backup":
            file.unlink()
        elif case == "altered backup":
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(content)
        elif case == "shadow":
            moved.run("cutover", "--to", "shadow", *journal(moved), "--yes")
        elif case == "turned past the journal":
            moved.ssm.put_parameter(Name=BACKEND, Value="secrets-manager", Type="String", Overwrite=True)
        elif case == "rolled back by another journal":
            moved.run("rollback", "--journal", str(moved.folder / "other.journal"), "--yes")
        elif case == "another prefix":
            env["LATCHKEY_PREFIX"] = "/orders/other"
        elif case == "changed since":
            moved.secrets.put_secret_value(SecretId=shape.name, SecretString="changed")
        else:
            moved.ssm.delete_parameter(Name=shape.target)
        report = moved.json(
            "cleanup", "--secret", shape.name, *journal(moved), "--min-days", "0", "--yes", status=1, **env
        )
        assert code in {block["code"] for block in report["secrets"][0]["blocks"]}
        assert shape.name not in self.pending(moved)
