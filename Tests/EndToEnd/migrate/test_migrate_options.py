"""`latchkey migrate copy`: type, key, tier and rate of the copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from peers.faults import never_answer
from peers.move import PREFIX, Move, Shape
from peers.proxy import FaultProxy, operation
from peers.waiting import until

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def move(cloud, tmp_path) -> Move:
    cloud.reset()
    own = {"KmsKeyId": "alias/shop"}
    made = [Shape(f"{PREFIX}k{number}", f"value-{number}-3e", extra=own if number % 2 else {}) for number in range(9)]
    return Move(cloud, tmp_path, made)


def described(move: Move) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for page in move.ssm.get_paginator("describe_parameters").paginate():
        found |= {parameter["Name"]: parameter for parameter in page["Parameters"]}
    return found


def test_a_parameter_has_the_requested_type(move: Move) -> None:
    how = [*move.selection, "--type", "String"]
    move.run("copy", *how, *move.pace)
    assert {found["Type"] for found in move.parameters().values()} == {"String"}
    assert move.json("verify", *how, "--journal", str(move.journal))["summary"]["equal"] == len(move.shapes)
    # A parameter of another type is not overwritten, and the copy is not complete.
    report = move.json("copy", *move.selection, "--journal", str(move.folder / "other.journal"), *move.rate)
    assert {obstacle for item in report["blocked"] for obstacle in item["obstacles"]} == {"other_type"}
    move.run("copy", *move.selection, "--type", "StringList", *move.pace, status=64)
    move.run("copy", *how, "--kms-key", KEY, *move.pace, status=64)


@pytest.mark.parametrize(("asked", "plain", "own"), [(KEY, KEY, KEY), ("same", None, "alias/shop"), (None, None, None)])
def test_a_value_is_encrypted_with_the_requested_key(
    move: Move, gate: FaultProxy, asked: str | None, plain: str | None, own: str | None
) -> None:
    how = ["--kms-key", asked] if asked else []
    move.run("copy", *move.selection, *how, *move.pace, AWS_ENDPOINT_URL=f"http://127.0.0.1:{gate.port}")
    named = {request.json()["Name"]: request.json().get("KeyId") for request in gate.seen(operation("PutParameter"))}
    assert named == {shape.target: own if shape.extra else plain for shape in move.shapes}
    move.require_moved()


def test_an_equal_value_is_not_rewritten_for_a_key_or_tier_and_this_is_reported(move: Move) -> None:
    move.copy()
    again = ["--journal", str(move.folder / "again.journal"), *move.rate]
    for how in (["--kms-key", KEY], ["--tier", "advanced"]):
        report = move.json("copy", *move.selection, *how, *again, "--yes")
        assert report["summary"]["equal"] == len(move.shapes)
        assert all(line["kept_as_it_is"] for line in report["secrets"])
        assert "another KMS key or tier than requested" in move.run("copy", *move.selection, *how, *again, "--yes")
    move.require_moved()
    assert {found["Tier"] for found in described(move).values()} == {"Standard"}


def test_verify_reports_values_that_a_copy_skipped_for_their_tier(move: Move) -> None:
    move.secrets.create_secret(Name=f"{PREFIX}long", SecretString="x" * 5000)
    move.json("copy", *move.selection, "--tier", "standard", *move.pace)
    for more in (["--journal", str(move.journal)], ["--tier", "standard"]):
        report = move.json("verify", *move.selection, *more)
        assert [left["secret"] for left in report["left"]] == [f"{PREFIX}long"]
    move.run("verify", *move.selection, status=1)
    move.run("verify", *move.selection, "--tier", "standard", "--journal", str(move.journal))
    move.run("cutover", "--keep", "--journal", str(move.journal), "--yes")


def test_a_copy_makes_three_writes_per_second_by_default(move: Move, gate: FaultProxy) -> None:
    env = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{gate.port}"}
    move.run("copy", *move.selection, "--journal", str(move.journal), **env)
    times = [request.at for request in gate.seen(operation("PutParameter"))]
    assert len(times) == len(move.shapes)
    # Three at once after an idle time, then three per second.
    assert times[-1] - times[0] > (len(times) - 3) / 3 - 0.2


def test_a_write_over_another_value_whose_answer_is_lost_is_made_once(move: Move, gate: FaultProxy) -> None:
    one = move.shapes[0]
    move.ssm.put_parameter(Name=one.target, Value="another", Type="SecureString")

    def lost(proxied) -> bool:
        proxied.forward()
        proxied.reset()
        return False

    gate.next(lost, when=operation("PutParameter"))
    env = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{gate.port}"}
    report = move.json("copy", "--secret", one.name, *move.pace, "--yes", **env)
    assert report["secrets"][0]["outcome"] == "copied" and report["secrets"][0]["version"] == 2
    assert len(move.ssm.get_parameter_history(Name=one.target)["Parameters"]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan"], ["backup", "--out", "b.cms", "--password-file", "password"], ["copy"], ["verify"], ["status"],
        ["cleanup"], ["cutover", "--force", "--yes"], ["rollback", "--yes"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_no_command_leaves_a_core(move: Move, gate: FaultProxy, arguments: list[str]) -> None:
    (move.folder / "password").write_text("correct horse battery staple\n")
    gate.always(never_answer)
    which = [] if arguments[0] in ("cutover", "rollback") else move.selection
    run = move.start(*arguments, *which, AWS_ENDPOINT_URL=f"http://127.0.0.1:{gate.port}")
    until(lambda: gate.requests, "it has asked", 20)
    limits = Path(f"/proc/{run.pid}/limits").read_text().splitlines()
    assert next(line.split()[4:6] for line in limits if line.startswith("Max core")) == ["0", "0"]
    run.kill()
    run.wait(10)
