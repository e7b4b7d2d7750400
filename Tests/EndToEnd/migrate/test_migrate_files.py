"""Files that options and settings name: a file of another program is never changed, and the error names it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from peers.broker import BINARY
from peers.move import Move, shapes
from peers.waiting import free_port

FIXTURES = Path(__file__).parents[2] / "Fixtures/cases"
CASES: list[dict[str, Any]] = json.loads((FIXTURES / "files.json").read_text())["cases"]
MORE: list[dict[str, Any]] = json.loads((FIXTURES / "files-more.json").read_text())["cases"]
#: The shared config file has separate tests.
OURS = [case for case in CASES + MORE if "AWS_CONFIG_FILE" not in case.get("setting", {})]


@pytest.fixture
def move(cloud, tmp_path: Path) -> Move:
    cloud.reset()
    return Move(cloud, tmp_path, shapes(4, seed=11))


class Ground:
    """The files of one case before the command."""

    def __init__(self, move: Move, case: dict[str, Any]) -> None:
        self.move = move
        self.names = {"{f}": str(move.folder / "f"), "{g}": str(move.folder / "g"), "{p}": str(move.folder / "p")}
        Path(self.names["{p}"]).write_text("correct horse battery staple\n")
        for path, what in case["there"].items():
            self.put(Path(self.path(path)), what)
        self.before = {path: self.content(path) for path in case.get("unchanged", [])}

    def path(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace(name, value)
        return text

    def put(self, path: Path, what: Any) -> None:
        match what:
            case {"link_to": target}:
                path.symlink_to(self.path(target))
            case "a folder":
                path.mkdir()
            case "a pipe":
                os.mkfifo(path)
            case "a whole journal and half a line":
                self.move.run("copy", *self.move.selection, "--journal", str(path), *self.move.rate)
                with path.open("ab") as file:
                    file.write(b'{"half":"a li')
            case {"text": text, "mode": mode}:
                path.write_text(text)
                path.chmod(int(mode, 8))
            case text:
                path.write_text(text)

    def content(self, path: str) -> tuple[bytes, int]:
        file = Path(self.path(path))
        return file.read_bytes(), file.lstat().st_mode

    def run(self, words: list[str], **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BINARY), *words], env=self.move.env | env, cwd=self.move.folder, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60,
        )


def name(case: dict[str, Any]) -> str:
    return f"{case.get('command')} {case.get('setting', '')} {case['there']}"


@pytest.mark.parametrize("case", OURS, ids=name)
def test_a_path_is_looked_at_before_anything_is_written(move: Move, case: dict[str, Any]) -> None:
    ground = Ground(move, case)
    words = [ground.path(word) for word in case["command"].split()]
    env = {setting: ground.path(value) for setting, value in case.get("setting", {}).items()}
    if words[0] == "migrate":
        words += [*move.selection, *(move.rate if words[1] == "copy" else [])]
    if case.get("stores") == "none answers":
        env |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}", "AWS_MAX_ATTEMPTS": "1"}
    done = ground.run(words, **env)
    wanted = 0 if case.get("exit") in (None, "as with no file") else case["exit"]
    assert done.returncode == wanted, done.stderr
    for path, before in ground.before.items():
        assert ground.content(path) == before
    for path in case.get("absent", []):
        assert not Path(ground.path(path)).exists()
    for text in case.get("message_names", []):
        assert ground.path(text) in done.stderr
    if wanted == 64:
        assert str(move.folder) in done.stderr, "the refusal names the path"
    if wanted == 0:
        journal = Path(ground.names["{f}"]).read_bytes()
        assert journal.endswith(b"\n") and b"a li" not in journal
        assert [json.loads(line) for line in journal.splitlines()]


def test_a_journal_whose_key_a_crash_kept_from_being_written_is_begun_anew(move: Move) -> None:
    move.copy()
    header = move.journal.read_bytes().splitlines(keepends=True)[0]
    key = move.journal.with_name(move.journal.name + ".key")
    for left in (None, ""):
        move.journal.write_bytes(header)
        key.unlink()
        if left is not None:
            key.write_text(left)
        move.run("status", *move.selection, "--journal", str(move.journal))
        move.copy()
        assert len(key.read_text()) == 65
    move.json("verify", *move.selection, "--journal", str(move.journal))


def test_a_backup_replaces_a_backup_and_nothing_else(move: Move) -> None:
    out, password = move.folder / "b.cms", move.folder / "p"
    password.write_text("correct horse battery staple\n")
    password.chmod(0o600)
    backup = ["--out", str(out), "--password-file", str(password), "--yes", "--journal", str(move.journal)]
    move.run("backup", *move.selection, *backup)
    whole = out.read_bytes()
    move.secrets.put_secret_value(SecretId=move.shapes[0].name, SecretString="another")
    move.run("backup", *move.selection, *backup)
    assert out.read_bytes() != whole
    manifest = out.with_name("b.cms.manifest")
    manifest.write_text("somebody else's\n")
    whole = out.read_bytes()
    move.run("backup", *move.selection, *backup, status=64)
    assert (out.read_bytes(), manifest.read_text()) == (whole, "somebody else's\n")
    manifest.unlink()
    out.write_text("somebody else's\n")
    move.run("backup", *move.selection, *backup, status=64)
    assert out.read_text() == "somebody else's\n" and not manifest.exists()
    assert str(out) in move.output
