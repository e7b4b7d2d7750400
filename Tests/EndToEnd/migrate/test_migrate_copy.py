"""`latchkey migrate plan`, `copy` and `verify` on five hundred secrets of every shape, killed at any point."""

from __future__ import annotations

import random
import signal
import time

import pytest

from peers.move import PREFIX, Move, Shape, shapes

SECRETS = 500
KILLS = 20


@pytest.fixture(scope="module")
def move(cloud, tmp_path_factory) -> Move:
    return Move(cloud, tmp_path_factory.mktemp("move"), shapes(SECRETS, seed=5))


def test_the_plan_names_each_obstacle_with_its_remedy(move: Move) -> None:
    plan = move.json("plan", *move.selection)
    planned = {secret["secret"]: secret for secret in plan["secrets"]}
    for shape in move.shapes:
        secret = planned[shape.name]
        assert {obstacle["code"] for obstacle in secret["obstacles"]} == shape.obstacles, shape.name
        assert secret["action"] == ("create" if shape.moves else "blocked")
        assert all(obstacle["remedy"] for obstacle in secret["obstacles"])
    moved = [shape for shape in move.shapes if shape.moves]
    assert plan["summary"]["create"] == len(moved)
    advanced = sum("needs_advanced" in shape.obstacles for shape in moved)
    staying = sum(not shape.moves and "pending_deletion" not in shape.obstacles for shape in move.shapes)
    assert plan["cost"]["after"]["total"] == pytest.approx(advanced * 0.05 + staying * 0.40)


def test_a_rehearsal_writes_nothing(move: Move) -> None:
    move.copy("--dry-run")
    assert move.parameters() == {} and not move.journal.exists()


@pytest.mark.slow(40)
@pytest.mark.row(50)
@pytest.mark.timeout(480)
def test_a_copy_that_is_killed_at_twenty_points_brings_every_value_once(move: Move) -> None:
    rng = random.Random(50)
    steps = sum(shape.moves for shape in move.shapes) * 3
    kills = 0
    for point in sorted(rng.sample(range(steps), KILLS)):
        copy = move.start("copy", *move.selection, *move.pace, "--resume")
        until = time.monotonic() + 60
        while move.lines() <= point and copy.poll() is None and time.monotonic() < until:
            time.sleep(0.0005)
        time.sleep(rng.random() * 0.004)
        if copy.poll() is not None:
            # On a busy machine the last steps may end before the kill.
            break
        kills += 1
        copy.send_signal(signal.SIGKILL)
        copy.wait(10)
    assert kills >= KILLS - 3, "the copy ended before it was killed"
    refused = move.run("copy", *move.selection, *move.pace, status=64)
    assert refused == "" and "--resume" in move.output
    report = move.copy("--resume")
    assert report["clean"] and report["summary"]["failed"] == 0
    assert report["summary"]["done_before"] > 0
    move.require_moved()


def test_tags_and_descriptions_came_along(move: Move) -> None:
    described = {}
    for page in move.ssm.get_paginator("describe_parameters").paginate():
        described |= {parameter["Name"]: parameter for parameter in page["Parameters"]}
    for shape in move.shapes:
        if not shape.moves:
            continue
        assert described[shape.target].get("Description", "") == shape.extra.get("Description", "")[:1024]
        assert described[shape.target]["Tier"] == ("Advanced" if "needs_advanced" in shape.obstacles else "Standard")
        if tags := shape.extra.get("Tags"):
            found = move.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=shape.target)
            assert found["TagList"] == tags


def test_copying_again_writes_nothing(move: Move) -> None:
    assert move.copy()["summary"]["copied"] == 0
    move.require_moved()


def test_verify_is_clean_and_lists_the_remaining_secrets(move: Move) -> None:
    report = move.json("verify", *move.selection, "--journal", str(move.journal))
    assert report["clean"]
    assert {secret["verdict"] for secret in report["secrets"]} == {"equal"}
    assert all(secret["version"] == secret["copied_version"] == 1 for secret in report["secrets"])
    assert {left["secret"] for left in report["left"]} == {shape.name for shape in move.shapes if not shape.moves}
    move.run("verify", *move.selection, "--strict", status=1)


def flipped(value: str, rng: random.Random) -> str:
    """One bit of one ASCII character changed."""
    places = [place for place, character in enumerate(value) if "0" <= character <= "9"]
    place = rng.choice(places)
    return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]


@pytest.mark.parametrize("store", ["old", "new"])
def test_one_flipped_bit_in_either_store_is_found(move: Move, store: str) -> None:
    rng = random.Random(store)
    shape: Shape = rng.choice([s for s in move.shapes if s.moves and len(s.value) < 4096])
    spoilt = flipped(str(shape.value), rng)
    if store == "old":
        move.secrets.put_secret_value(SecretId=shape.name, SecretString=spoilt)
    else:
        move.ssm.put_parameter(Name=shape.target, Value=spoilt, Type="SecureString", Overwrite=True)
    report = move.json("verify", *move.selection, status=1)
    wrong = [secret for secret in report["secrets"] if secret["verdict"] != "equal"]
    assert [secret["secret"] for secret in wrong] == [shape.name]
    assert wrong[0]["verdict"] == "different" and wrong[0]["old_bytes"] == wrong[0]["new_bytes"]
    if store == "old":
        move.secrets.put_secret_value(SecretId=shape.name, SecretString=str(shape.value))
    else:
        # The corrected value has version 3, which the journal did not write.
        move.ssm.put_parameter(Name=shape.target, Value=str(shape.value), Type="SecureString", Overwrite=True)
        found = move.json("verify", *move.selection, "--journal", str(move.journal), status=1)
        assert [s["verdict"] for s in found["secrets"] if s["verdict"] != "equal"] == ["rewritten"]
        move.copy()
    assert move.json("verify", *move.selection, "--journal", str(move.journal))["clean"]


def test_a_secret_that_changed_after_the_copy_is_kept_back_until_told(move: Move) -> None:
    shape = next(shape for shape in move.shapes if shape.moves)
    before = move.parameters()[shape.target]["Version"]
    move.secrets.put_secret_value(SecretId=shape.name, SecretString="a-new-value-after-the-copy")
    report = move.copy(status=1)
    assert report["summary"]["kept_back"] == 1 and report["summary"]["copied"] == 0
    move.copy("--yes")
    found = move.parameters()[shape.target]
    assert (found["Value"], found["Version"]) == ("a-new-value-after-the-copy", before + 1)
    assert "a-new-value-after-the-copy" not in move.output


def test_no_value_shows_anywhere(move: Move) -> None:
    move.require_silence(move.journal, move.journal.with_name("move.journal.key"))
    for file in (move.journal, move.journal.with_name("move.journal.key")):
        assert file.stat().st_mode & 0o077 == 0


def test_a_prefix_that_nothing_begins_with_is_no_success(move: Move) -> None:
    for command in ("plan", "copy", "verify"):
        move.run(command, "--filter-prefix", "shpo/", status=1)


def test_nothing_selected_is_a_slip(move: Move) -> None:
    for command in ("plan", "copy", "verify"):
        move.run(command, status=64)


def test_a_map_gives_other_names(move: Move) -> None:
    shape = next(shape for shape in move.shapes if "name_characters" in shape.obstacles)
    file = move.folder / "map.json"
    file.write_text(f'{{"{shape.name}": "/shop/mapped"}}')
    assert move.json("plan", "--map", str(file))["secrets"][0]["parameter"] == "/shop/mapped"
    arguments = ["--map", str(file), "--journal", str(move.folder / "mapped.journal")]
    assert move.json("copy", *arguments)["summary"]["copied"] == 1
    assert move.json("verify", *arguments)["clean"]
    assert move.parameters()["/shop/mapped"]["Value"] == shape.value


def test_a_torn_journal_is_gone_on_with_and_a_foreign_one_is_not(move: Move) -> None:
    journal = move.folder / "torn.journal"
    name = next(shape.name for shape in move.shapes if shape.moves)
    arguments = ["--secret", name, "--journal", str(journal), "--resume"]
    move.run("copy", *arguments)
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-7])
    move.run("copy", *arguments)
    assert all(line.startswith(b"{") and line.endswith(b"}") for line in journal.read_bytes().splitlines())
    move.run("copy", *arguments, status=64, AWS_REGION="eu-west-1")
    journal.write_bytes(b"not a journal\n" + whole)
    move.run("copy", *arguments, status=64)


def test_an_outage_has_its_exit_code(move: Move) -> None:
    assert PREFIX in " ".join(move.selection)
    away = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    for command in ("plan", "copy", "verify"):
        arguments = ["--journal", str(move.folder / "away.journal")] if command != "plan" else []
        move.run(command, *move.selection, *arguments, status=69, **away)
