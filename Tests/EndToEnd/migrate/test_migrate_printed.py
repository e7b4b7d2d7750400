"""Every command that `latchkey migrate` prints works as printed."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from peers.move import PREFIX, Move, Shape, shapes
from peers.switching import backend, refused

#: Options without a value.
FLAGS = {"--keep", "--undo", "--resume", "--force"}


@pytest.fixture
def move(cloud, tmp_path: Path) -> Move:
    cloud.reset()
    made = [shape for shape in shapes(40, seed=13) if "replicas" not in shape.obstacles]
    # A name with a space, and a journal in a folder with a space.
    folder = tmp_path / "a folder"
    folder.mkdir()
    move = Move(cloud, folder, [*made, Shape(f"{PREFIX}plain", "a plain value")])
    (folder / "password").write_text("correct horse battery staple\n")
    (folder / "password").chmod(0o600)
    return move


def printed(text: str) -> list[list[str]]:
    """The commands in a text, each up to the first word that is not an option or value."""
    return [words(part) for part in text.split("latchkey migrate ")[1:]]


def words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    command: list[str] = []
    while True:
        rest = text[lexer.instream.tell() :].lstrip()
        is_value = bool(command) and command[-1].startswith("--") and command[-1] not in FLAGS
        if command and not is_value and not rest.startswith("--"):
            return command
        word = lexer.get_token() or ""
        command.append(word.rstrip(",.;:)"))
        if command[-1] != word:
            return command


def typed(move: Move, command: list[str], status: int = 0) -> str:
    """Runs a command with --yes if it would ask. Returns its output."""
    more = {"copy": move.rate, "cutover": ["--yes"], "rollback": ["--yes"], "cleanup": ["--yes", "--min-days", "0"]}
    words = [str(move.folder / "password") if word == "FILE" else word for word in command]
    return refused(move, *words, *more.get(command[0], []), status=status)


def test_the_printed_commands_complete_a_migration(move: Move) -> None:
    journal = ["--journal", str(move.journal)]
    output = move.run("copy", *move.selection, *move.pace)
    assert printed(output) == [["cutover", "--keep", *journal]]
    # The command requires proof first, and prints how to get it.
    output = typed(move, ["cutover", "--keep", *journal], status=1)
    assert printed(output) == [["verify", *journal]]
    output = typed(move, ["verify", *journal])
    assert printed(output) == [["cutover", "--keep", *journal]]
    output = typed(move, ["cutover", *journal], status=1)
    assert printed(output) == [["cutover", "--keep", *journal]]
    typed(move, ["cutover", "--keep", *journal])
    assert backend(move) == "parameter-store"
    output = move.run("status", *journal)
    assert printed(output)[0][0] == "backup" and "--filter-prefix" in printed(output)[0]
    for command in printed(output):
        typed(move, command)
    output = move.run("status", *journal)
    assert [command[0] for command in printed(output)] == ["cleanup", "rollback"]
    for command in printed(output):
        # Rollback is refused while deleted secrets can still be restored, and prints how.
        if command[0] == "cleanup":
            typed(move, command)
        else:
            (undo,) = printed(typed(move, command, status=1))
            assert undo == ["cleanup", "--undo", *journal]
            typed(move, undo)
            typed(move, command)
    assert backend(move) == "secrets-manager"


def test_status_prints_the_selection_and_not_each_secret(move: Move) -> None:
    move.copy()
    for arguments in (["--journal", str(move.journal)], [*move.selection, "--journal", str(move.journal)]):
        words = shlex.split(move.json("status", *arguments)["next"]["command"])
        assert words[3:5] == ["--filter-prefix", PREFIX] and "--secret" not in words
    # The default journal needs no argument, and another folder has the same map.
    (move.folder / "map.json").write_text(f'{{"{PREFIX}plain": "{move.shapes[-1].target}"}}')
    move.run("copy", "--map", "map.json", *move.rate)
    command = move.json("status")["next"]["command"]
    assert f"--map '{move.folder}/map.json'" in command and "--journal" not in command
    for words in printed(command):
        typed(move, words)


def test_a_forced_cut_over_can_be_mended_as_it_is_printed(move: Move) -> None:
    journal = ["--journal", str(move.journal)]
    out = ["--out", "b.cms", "--password-file", "password"]
    move.run("backup", *move.selection, *out, *journal)
    move.copy()
    move.run("verify", *journal)
    move.run("cutover", "--force", *journal, "--yes")
    (command,) = printed(move.json("status", *journal)["next"]["command"])
    assert command == ["cutover", "--filter-prefix", PREFIX, "--keep", *journal]
    typed(move, command)
    assert move.json("status", *journal)["summary"]["kept"] == sum(not shape.moves for shape in move.shapes)
