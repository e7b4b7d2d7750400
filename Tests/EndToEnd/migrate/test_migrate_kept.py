"""Secrets that cannot be migrated stay in Secrets Manager, are named at every step, and are served after the cut-over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from peers.broker import PREFIX, Broker, run
from peers.move import Move, Shape, shapes
from peers.unchanging import UnchangingClient, by_extension, by_sdk, natively, whole
from peers.switching import backend, journal, proven, refused, runs
from peers.waiting import until

#: The prefix of names in Secrets Manager, and the parameter with the kept secrets.
OURS = f"{PREFIX.lstrip('/')}/"
KEPT = f"{PREFIX}/latchkey/kept"


def mixed() -> list[Shape]:
    """42 secrets of every shape, nine of which cannot be moved."""
    made = [shape for shape in shapes(80, seed=42, prefix=OURS) if "replicas" not in shape.obstacles]
    blob = Shape(f"{OURS}secrets", json.dumps({"FIELD": "of the blob", "NUMBER": 12345678901234567890}))
    moving = [blob, *[shape for shape in made if shape.moves]][:33]
    return moving + [shape for shape in made if not shape.moves][:9]


@pytest.fixture
def move(world, tmp_path: Path) -> Move:
    return Move(world.moto, tmp_path, mixed(), prefix=OURS)


def names(made: list[Shape]) -> list[str]:
    return sorted(shape.name for shape in made)


def staying(move: Move) -> list[str]:
    return names([shape for shape in move.shapes if not shape.moves])


def readable(move: Move) -> list[str]:
    return names([s for s in move.shapes if not s.moves and "pending_deletion" not in s.obstacles])


def kept(move: Move) -> str | None:
    found = move.ssm.get_parameters(Names=[KEPT])["Parameters"]
    return found[0]["Value"] if found else None


def key(name: str) -> str:
    return name.removeprefix(OURS)


def in_force(broker: Broker, backend_name: str, count: int) -> None:
    def shown() -> bool:
        health = broker.get("/health").json()
        return (health["secrets_backend"], health["kept_secrets"]) == (backend_name, count)

    until(shown, f"{backend_name} with {count} kept secrets", within=60)


@pytest.mark.slow
def test_no_answer_changes_while_42_secrets_are_moved_and_moved_back(move: Move, world) -> None:
    broker = world.serve(LATCHKEY_SECRETS_BACKEND="auto", LATCHKEY_SSM_MAX_TPS="1000")
    ids = names(move.shapes)
    keys = [key(name) for name in ids]
    clients = [
        UnchangingClient(natively(broker, [*keys, "FIELD", "NUMBER", "nobody"])),
        UnchangingClient(by_extension(broker, ids)),
        UnchangingClient(by_sdk(broker, ids)),
        UnchangingClient(whole(broker, readable(move))),
    ]
    answered = [name for name in keys if clients[0].first[name][0] == 200]
    assert len(answered) == 33 + len(readable(move)) == 41
    for one in clients:
        one.start()
    proven(move)
    assert refused(move, "cutover", *journal(move), "--yes").count(OURS) == 9
    assert backend(move) is None and kept(move) is None
    for command, backend_name, count in ((["cutover", "--keep"], "parameter-store", 9), (["rollback"], "secrets-manager", 0)):
        move.run(*command, *journal(move), "--yes")
        in_force(broker, backend_name, count)
        rounds = [one.rounds for one in clients]
        until(lambda: all(one.rounds >= was + 2 for one, was in zip(clients, rounds, strict=True)), "two rounds of all", 60)
    for one in clients:
        one.stop()
    assert [one.changes for one in clients] == [[]] * len(clients)
    assert kept(move) == "placeholder"


def test_every_step_names_the_secrets_that_stay(move: Move) -> None:
    away = staying(move)
    plan = move.json("plan", *move.selection)
    assert plan["summary"]["staying"] == 9
    assert sorted(s["secret"] for s in plan["secrets"] if s["action"] == "blocked") == away
    assert all(name in move.run("plan", *move.selection).split("9 stay in Secrets Manager")[1] for name in away)
    page = move.run("copy", *move.selection, *move.pace)
    assert "9 stay in Secrets Manager" in page and all(name in page for name in away)
    page = move.run("verify", *move.selection, *journal(move))
    assert "33 equal, 0 not, 9 left in Secrets Manager" in page and all(name in page for name in away)
    for arguments in ([], move.selection):
        report = move.json("status", *arguments, *journal(move))
        assert sorted(s["secret"] for s in report["staying"]) == away
        measured = next(c["measured"] for c in report["criteria"] if c["name"] == "equal")
        assert measured == "33 moved, 0 to copy, 9 left in Secrets Manager (0 of them kept)"
    told = refused(move, "cutover", *journal(move), "--yes")
    assert "9 secrets stay" in told and all(name in told for name in away)
    report = move.json("cutover", *journal(move), "--keep", "--yes")
    assert sorted(report["kept"]) == away and report["lost"] == []
    assert kept(move) == ",".join(away)
    assert {s["secret"]: s["reason"] for s in report["staying"]}[away[0]] in ("over_advanced", "binary", "reference")
    report = move.json("status", *journal(move))
    assert report["summary"]["kept"] == 9 and report["summary"]["left"] == 0 and sorted(report["kept"]) == away
    assert "9 left in Secrets Manager (9 of them kept)" in move.run("status", *journal(move))
    assert runs(move, "cutover")[-1]["details"]["kept"] == ",".join(away)


def test_cleanup_does_not_delete_kept_secrets(move: Move) -> None:
    proven(move)
    move.run("cutover", "--keep", *journal(move), "--yes")
    report = move.json("cleanup", *move.selection, *journal(move), "--dry-run", "--min-days", "0", status=1)
    found = {s["secret"]: s["action"] for s in report["secrets"] if s["action"] in ("kept", "nothing")}
    assert sorted(found) == staying(move)
    assert sorted(name for name, act in found.items() if act == "kept") == readable(move)


def test_with_force_only_nothing_is_kept_and_lost_secrets_are_named(move: Move, world) -> None:
    proven(move)
    report = move.json("cutover", "--force", *journal(move), "--yes", "--dry-run")
    assert sorted(report["lost"]) == readable(move) and kept(move) is None
    page = move.run("cutover", "--force", *journal(move), "--yes")
    assert [line.split(": ")[1] for line in page.splitlines() if "404 from now on" in line] == readable(move)
    assert kept(move) == "placeholder"
    assert runs(move, "cutover")[-1]["details"]["forced"] == "true"
    broker = world.serve(LATCHKEY_SECRETS_BACKEND="auto")
    assert {broker.get(f"/secrets/{key(name).replace('+', '%2B')}").status for name in readable(move)} == {404}
    assert len(move.json("status", *journal(move))["staying"]) == 9


def test_a_broker_of_parameter_store_alone_reads_the_list_at_its_start(move: Move, world) -> None:
    proven(move)
    move.run("cutover", "--keep", *journal(move), "--yes")
    broker = world.serve(LATCHKEY_SECRETS_BACKEND="parameter-store")
    shown = broker.get("/health").json()
    assert shown["kept_secrets"] == 9 and "secrets-manager" in shown["tiers"]
    assert (shown["followed"]["kept"]["what"], shown["followed"]["kept"]["source"]) == ("kept", KEPT)
    for name in readable(move):
        assert broker.get(f"/secrets/{key(name).replace('+', '%2B')}").json()["source"] == "secrets-manager", name
    done = run("get", key(readable(move)[0]), env=world.settings(LATCHKEY_API_KEY=None))
    assert done.returncode == 0, done.stderr


def test_a_list_goes_to_the_advanced_tier_and_past_that_is_refused(move: Move) -> None:
    # Each name has over a hundred characters and is invalid for a parameter.
    long = [f"{OURS}{'n' * 100}{number:03}+" for number in range(80)]
    for name in long[:45]:
        move.secrets.create_secret(Name=name, SecretString=name)
    proven(move)
    move.run("cutover", "--keep", *journal(move), "--yes")
    assert 4096 < len(kept(move) or "") <= 8192
    (described,) = move.ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [KEPT]}])["Parameters"]
    assert described["Tier"] == "Advanced"
    move.run("rollback", *journal(move), "--yes")
    assert kept(move) == "placeholder"
    for name in long[45:]:
        move.secrets.create_secret(Name=name, SecretString=name)
    move.run("verify", *move.selection, *journal(move))
    assert "a parameter holds 8192" in refused(move, "cutover", "--keep", *journal(move), "--yes")
    assert (backend(move), kept(move)) == ("secrets-manager", "placeholder")


def test_secrets_kept_by_another_migration_stay_kept(move: Move, world) -> None:
    proven(move)
    move.ssm.put_parameter(Name=KEPT, Value="orders/elsewhere/x", Type="String")
    report = move.json("cutover", "--keep", *journal(move), "--yes")
    assert sorted(report["kept"]) == sorted(["orders/elsewhere/x", *staying(move)])
    lost = move.json("cutover", "--force", *journal(move), "--yes")["lost"]
    assert sorted(lost) == sorted(["orders/elsewhere/x", *readable(move)])
