"""`latchkey migrate status`: the state at every step, the measurements, and the next command."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from peers.broker import API_KEY
from peers.move import PREFIX, Move, shapes


@pytest.fixture
def move(cloud, tmp_path: Path) -> Move:
    cloud.reset()
    return Move(cloud, tmp_path, [shape for shape in shapes(60, seed=11) if "replicas" not in shape.obstacles])


def status(move: Move, *arguments: str, **env: str) -> dict[str, Any]:
    return move.json("status", *move.selection, "--journal", str(move.journal), *arguments, **env)


def phases(report: dict[str, Any]) -> str:
    """`x` for a completed phase, `.` for an open one, `?` if only a broker knows."""
    return "".join({"done": "x", "open": ".", "unknown": "?"}[phase["state"]] for phase in report["phases"])


def criterion(report: dict[str, Any], name: str) -> tuple[str, str]:
    return next((c["state"], c["measured"]) for c in report["criteria"] if c["name"] == name)


def follow(move: Move, report: dict[str, Any]) -> str:
    """Runs the next command of the status, with a password and --yes if needed."""
    words = shlex.split(report["next"]["command"])
    assert words[:2] == ["latchkey", "migrate"]
    command, rest = words[2], [str(move.folder / "password") if word == "FILE" else word for word in words[3:]]
    more = {"copy": move.rate, "cutover": ["--yes"], "cleanup": ["--yes", "--min-days", "0"]}.get(command, [])
    move.run(command, *rest, *more)
    return command


def test_following_it_leads_from_nothing_to_the_end(move: Move) -> None:
    (move.folder / "password").write_text("correct horse battery staple\n")
    (move.folder / "password").chmod(0o600)
    seen = []
    for _ in range(8):
        report = status(move, "--min-days", "0")
        seen.append((phases(report), (report["next"]["command"] or "").split(" ")[2:3]))
        if report["next"]["command"] is None:
            break
        follow(move, report)
    assert seen == [
        ("..??...", ["backup"]), ("x.??...", ["copy"]), ("xx??...", ["verify"]), ("xx??x..", ["cutover"]),
        ("xx??xx.", ["cleanup"]), ("xx??xxx", []),
    ]
    movable = sum(shape.moves for shape in move.shapes)
    assert report["summary"]["deleting"] == movable and "--undo" in report["next"]["why"]
    assert criterion(report, "cost")[0] == "met"
    before = 0.4 * sum("pending_deletion" not in shape.obstacles for shape in move.shapes)
    assert criterion(report, "cost")[1] == f"cost of secrets: ${before:.2f} before, ${before - 0.4 * movable:.2f} now"
    move.require_silence()


def test_after_the_cut_over_it_says_how_long_to_wait(move: Move) -> None:
    (move.folder / "password").write_text("correct horse battery staple\n")
    (move.folder / "password").chmod(0o600)
    for command in ("backup", "copy", "verify", "cutover"):
        assert follow(move, status(move)) == command
    report = status(move)
    assert report["next"]["command"] is None and "wait until 20" in report["next"]["why"]
    assert report["backend"] == "parameter-store"
    assert criterion(report, "reversible") == ("met", "complete backup: yes, 0 gone for good")
    # Without a selection the status covers the journal, as the page says.
    page = move.run("status", "--journal", str(move.journal))
    assert "wait until 20" in page and f"{sum(shape.moves for shape in move.shapes)} moved" in page
    move.run("rollback", "--journal", str(move.journal), "--yes")
    assert phases(status(move))[5] == "." and status(move)["backend"] == "secrets-manager"


def test_each_secret_has_its_state(move: Move) -> None:
    assert status(move)["summary"]["open"] == len(move.shapes) - sum("pending_deletion" in s.obstacles for s in move.shapes)
    move.copy()
    plain = [shape for shape in move.shapes if shape.moves]
    changed, missing, rewritten, deleted = plain[:4]
    move.secrets.put_secret_value(SecretId=changed.name, SecretString="a-newer-value-5ac1")
    move.ssm.delete_parameter(Name=missing.target)
    move.ssm.put_parameter(Name=rewritten.target, Value="theirs-91", Type="SecureString", Overwrite=True)
    move.secrets.delete_secret(SecretId=deleted.name, ForceDeleteWithoutRecovery=True)
    report = move.json("status", "--journal", str(move.journal))
    standings = {line["secret"]: line["standing"] for line in report["secrets"]}
    assert [standings[s.name] for s in (changed, missing, rewritten, deleted)] == ["changed", "missing", "rewritten", "gone"]
    assert {standings[s.name] for s in plain[4:]} == {"moved"}
    left = status(move)["summary"]
    assert left["left"] == sum(not s.moves and "pending_deletion" not in s.obstacles for s in move.shapes)
    assert criterion(report, "equal")[0] == "unmet" and criterion(report, "reversible")[0] == "unmet"
    assert phases(report)[1] == "."


def test_a_broken_off_copy_is_gone_on_with(move: Move) -> None:
    (move.folder / "password").write_text("correct horse battery staple\n")
    (move.folder / "password").chmod(0o600)
    assert follow(move, status(move)) == "backup"
    copy = move.start("copy", *move.selection, *move.pace)
    while move.lines() < 12 and copy.poll() is None:
        pass
    copy.kill()
    copy.wait(10)
    report = status(move)
    assert "--resume" in report["next"]["command"] and report["summary"]["moved"] > 0
    assert follow(move, report) == "copy"
    assert status(move)["summary"]["begun"] == 0


def with_password(move: Move) -> list[str]:
    (move.folder / "password").write_text("correct horse battery staple\n")
    (move.folder / "password").chmod(0o600)
    return ["--password-file", str(move.folder / "password"), "--journal", str(move.journal)]


def test_without_a_selection_the_next_command_is_about_the_journals_secrets_alone(move: Move) -> None:
    one, other, third = [shape for shape in move.shapes if shape.moves][:3]
    which = ["--secret", one.name, "--secret", other.name]
    move.run("backup", *which, "--out", str(move.folder / "b.cms"), *with_password(move))
    move.run("copy", *which, *move.pace)
    words = shlex.split(move.json("status", "--journal", str(move.journal))["next"]["command"])
    assert words[2:7] == ["verify", "--secret", one.name, "--secret", other.name]
    assert "--filter-prefix" not in words
    # The map of the copy is also found from another folder.
    (move.folder / "map.json").write_text(f'{{"{third.name}": "/elsewhere/third"}}')
    move.run("copy", "--map", "map.json", *move.pace)
    report = move.json("status", "--journal", str(move.journal))
    words = shlex.split(report["next"]["command"])
    assert words[2:] == [
        "backup", "--secret", one.name, "--secret", other.name, "--map", str(move.folder / "map.json"), "--out",
        "backup.cms", "--password-file", "FILE", "--journal", str(move.journal),
    ]
    assert {line["parameter"] for line in report["secrets"]} == {one.target, other.target, "/elsewhere/third"}
    report = move.json("status", "--map", "map.json", "--journal", str(move.journal))
    assert "--map map.json" in report["next"]["command"]


def test_a_backup_counts_for_its_contents_and_the_next_has_another_name(move: Move) -> None:
    one, other = [shape for shape in move.shapes if shape.moves][:2]
    file = move.folder / "backup.cms"
    move.run("backup", "--secret", one.name, "--out", str(file), *with_password(move))
    report = status(move)
    assert phases(report)[0] == "." and "lacks" in report["next"]["why"]
    assert "--out backup-2.cms" in report["next"]["command"] and follow(move, report) == "backup"
    assert phases(status(move))[0] == "x"
    # A broken backup does not count, and the printed command still works.
    (move.folder / "backup-2.cms").write_bytes(b"broken")
    report = status(move)
    assert phases(report)[0] == "." and "--out backup-3.cms" in report["next"]["command"]
    assert follow(move, report) == "backup"


def test_what_no_copy_has_looked_at_is_not_called_left(move: Move) -> None:
    named = [shape for shape in move.shapes if shape.moves or "pending_deletion" not in shape.obstacles][:10]
    move.run("copy", *[word for shape in named for word in ("--secret", shape.name)], *move.pace)
    report = status(move)
    assert report["summary"]["left"] == sum(not shape.moves for shape in named) > 0
    assert report["summary"]["open"] == sum("pending_deletion" not in s.obstacles for s in move.shapes) - len(named)


def test_a_move_of_which_everything_is_gone_is_done(move: Move) -> None:
    plain = [shape for shape in move.shapes if shape.moves]
    for shape in set(s.name for s in move.shapes) - set(s.name for s in plain):
        move.secrets.delete_secret(SecretId=shape, ForceDeleteWithoutRecovery=True)
    move.run("backup", *move.selection, "--out", "b.cms", *with_password(move))
    move.copy()
    move.run("verify", *move.selection, "--journal", str(move.journal))
    move.run("cutover", "--journal", str(move.journal), "--yes")
    for shape in plain:
        move.secrets.delete_secret(SecretId=shape.name, ForceDeleteWithoutRecovery=True)
    report = status(move)
    assert report["summary"]["gone"] == len(plain) and report["next"] == {"command": None, "why": "the migration is done"}
    assert phases(report)[6] == "x"


def test_it_shows_the_measurements_of_a_broker(move: Move, world) -> None:
    world.put("solo", "the value")
    broker = world.serve()
    for _ in range(150):
        assert broker.token().status == 200
    assert broker.get("/secrets/solo").status == 200
    asked = {"LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": API_KEY}
    report = status(move, **asked)
    assert phases(report)[2:4] == "xx"
    assert criterion(report, "issuer_calls") == ("met", "149 of 150 saved (99.333 %)")
    assert criterion(report, "errors") == ("met", "0 of 151 answers (0.000 %)")
    state, measured = criterion(report, "start_up")
    assert state == "met" and measured.startswith("secret ") and measured.endswith(" ms")
    assert len(world.issuer.requests) == 1
    assert "not measured" in criterion(status(move), "issuer_calls")[1]
    broker.stop()
    move.run("status", *move.selection, status=69, **asked)


def test_it_reads_no_value_and_writes_nothing(move: Move) -> None:
    name = next(shape.name for shape in move.shapes if shape.moves)
    before = move.secrets.describe_secret(SecretId=name).get("LastAccessedDate")
    status(move)
    assert not move.journal.exists() and move.parameters() == {}
    assert move.secrets.describe_secret(SecretId=name).get("LastAccessedDate") == before
    assert PREFIX in status(move)["next"]["command"]
    move.run("status", status=64)
