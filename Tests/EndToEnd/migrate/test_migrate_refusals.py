"""`latchkey migrate` without a permission or a secret: it names the action, and ends with 77 or 1."""

from __future__ import annotations

import json
from typing import Any

import pytest

from peers.faults import aws_error
from peers.move import Move, Shape, shapes
from peers.proxy import FaultProxy, Filter, Received, operation

READS = ("GetParameter", "GetParameters")


@pytest.fixture
def move(cloud, tmp_path) -> Move:
    cloud.reset()
    return Move(cloud, tmp_path, shapes(20, seed=14))


@pytest.fixture
def env(gate: FaultProxy) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{gate.port}"}


def refuse(gate: FaultProxy, when: Filter) -> None:
    gate.always(aws_error("AccessDeniedException"), when=when)


def of(*operations: str, naming: str = "") -> Filter:
    """Requests for these operations with this name."""
    mark = f'"{naming}"'.encode() if naming else b""
    return lambda request: request.operation in operations and mark in request.body


def moving(move: Move) -> list[Shape]:
    return [shape for shape in move.shapes if shape.moves]


def denied(report: dict[str, Any]) -> dict[str, list[str]]:
    """The obstacles by secret."""
    return {item["secret"]: item["obstacles"] for item in report["blocked"] if "permission" in item["obstacles"]}


def journal(move: Move) -> list[str]:
    return ["--journal", str(move.journal)]


# A missing permission


def test_one_parameter_that_may_not_be_read_holds_up_no_other(move: Move, gate: FaultProxy, env) -> None:
    one, *others = moving(move)
    refuse(gate, of(*READS, naming=one.target))
    report = move.json("copy", *move.selection, *move.pace, status=77, **env)
    assert denied(report) == {one.name: ["permission"]} and not report["clean"]
    assert report["summary"]["copied"] == len(others)
    assert set(move.parameters()) == {shape.target for shape in others}
    assert "ssm:GetParameter is refused" in move.run("copy", *move.selection, *move.pace, "--resume", status=77, **env)


def test_one_secret_that_may_not_be_read_is_a_refusal_of_each_command(move: Move, gate: FaultProxy, env) -> None:
    one, *others = moving(move)
    refuse(gate, of("GetSecretValue", naming=one.name))
    plan = {item["secret"]: item for item in move.json("plan", *move.selection, **env)["secrets"]}
    found = [o for o in plan[one.name]["obstacles"] if o["weight"] == "blocks"]
    assert [o["code"] for o in found] == ["permission"] and "secretsmanager:GetSecretValue" in found[0]["remedy"]
    assert denied(move.json("copy", *move.selection, *move.pace, status=77, **env)) == {one.name: ["permission"]}
    assert set(move.parameters()) == {shape.target for shape in others}
    report = move.json("verify", *move.selection, *journal(move), status=77, **env)
    assert [s["secret"] for s in report["secrets"] if s["verdict"] != "equal"] == [one.name]
    out = move.folder / "b.cms"
    move.run("backup", *move.selection, "--out", str(out), *move.password, status=77, **env)
    assert not out.exists()


def test_a_write_that_is_refused_is_a_refusal(move: Move, gate: FaultProxy, env) -> None:
    one, *others = moving(move)
    refuse(gate, of("PutParameter", naming=one.target))
    report = move.json("copy", *move.selection, *move.pace, status=77, **env)
    assert report["summary"]["failed"] == 1 and report["summary"]["copied"] == len(others)
    gate.heal()
    refuse(gate, operation("PutParameter"))
    move.run("cutover", *journal(move), "--force", "--yes", status=77, **env)


@pytest.mark.parametrize("command", ["plan", "copy", "verify", "status", "backup"])
def test_a_list_that_is_refused_ends_a_command_with_its_code(move: Move, gate: FaultProxy, env, command: str) -> None:
    (move.folder / "password").write_text("correct horse battery staple\n")
    refuse(gate, operation("ListSecrets"))
    more = ["--out", "b.cms", "--password-file", "password"] if command == "backup" else []
    move.run(command, *move.selection, *more, status=77, **env)
    assert "secretsmanager:ListSecrets is refused" in move.output


def test_status_names_missing_permissions_and_shows_everything_else(move: Move, gate: FaultProxy, env) -> None:
    move.copy()
    one, *others = moving(move)
    refuse(gate, of(*READS, naming=one.target))
    report = move.json("status", *move.selection, *journal(move), status=77, **env)
    standings = {line["secret"]: line["standing"] for line in report["secrets"]}
    assert standings[one.name] == "refused" and {standings[shape.name] for shape in others} == {"moved"}
    assert report["denied"] == ["ssm:GetParameter"] and report["next"]["command"] is None
    gate.heal()
    refuse(gate, of("DescribeSecret", naming=one.name))
    # A named secret is described by its name.
    report = move.json("status", "--secret", one.name, *journal(move), status=77, **env)
    assert {line["secret"] for line in report["secrets"] if line["standing"] == "refused"} == {one.name}
    gate.heal()
    refuse(gate, of(*READS, naming="/orders/test/latchkey/backend"))
    report = move.json("status", *move.selection, *journal(move), status=77, **env)
    assert report["backend"] is None and report["summary"]["moved"] == len(others) + 1


# Missing secrets


def test_a_name_that_is_not_there_is_no_success(move: Move) -> None:
    one = moving(move)[0]
    report = move.json("copy", "--secret", one.name, "--secret", "shop/prod/nobody", *move.pace, status=1)
    assert not report["clean"] and report["summary"]["copied"] == 1
    assert [item["obstacles"] for item in report["blocked"]] == [["not_found"]]


@pytest.mark.parametrize("command", ["plan", "copy", "verify", "status", "cleanup"])
def test_an_empty_prefix_is_a_slip_and_not_every_secret_there_is(move: Move, command: str) -> None:
    move.run(command, "--filter-prefix", "", status=64)
    move.run(command, *move.selection, "--filter-prefix=", status=64)
    assert move.parameters() == {}


# Requests of the plan


def writes(gate: FaultProxy) -> list[Received]:
    return gate.seen(operation("PutParameter"))


def test_what_the_plan_asks_could_write_over_nothing(move: Move, gate: FaultProxy, env) -> None:
    live = moving(move)[0]
    move.ssm.put_parameter(Name=live.target, Value="live", Type="SecureString")
    move.json("plan", *move.selection, "--kms-key", "alias/shop", **env)
    assert writes(gate)
    for request in writes(gate):
        assert request.json()["Overwrite"] is False and request.json()["DataType"] == "latchkey:none"
    assert {name: found["Value"] for name, found in move.parameters().items()} == {live.target: "live"}


def obstacles(plan: dict[str, Any], action: str) -> set[str]:
    return {s["secret"] for s in plan["secrets"] if any(action in o["explanation"] for o in s["obstacles"])}


def test_the_plan_names_the_very_action_that_is_refused(move: Move, gate: FaultProxy, env) -> None:
    tagged = {shape.name for shape in move.shapes if shape.extra.get("Tags")}
    assert tagged
    refuse(gate, lambda request: request.operation == "PutParameter" and b'"Tags"' in request.body)
    plan = move.json("plan", *move.selection, **env)
    assert obstacles(plan, "ssm:AddTagsToResource") == tagged and obstacles(plan, "ssm:PutParameter") == set()
    gate.heal()
    refuse(gate, operation("PutParameter"))
    plan = move.json("plan", *move.selection, **env)
    assert obstacles(plan, "ssm:PutParameter") >= {shape.name for shape in moving(move)}
    assert obstacles(plan, "ssm:AddTagsToResource") == set()


def test_the_plan_says_how_many_paths_it_did_not_ask_about(move: Move, gate: FaultProxy, env) -> None:
    one = moving(move)[0]
    targets = {f"shop/prod/p{number}": f"/shop/path{number}/x" for number in range(23)}
    for name in targets:
        move.secrets.create_secret(Name=name, SecretString=name)
    (move.folder / "map.json").write_text(json.dumps(targets | {one.name: one.target}))
    assert "write permission was not checked for 4 more paths" in move.run("plan", "--map", "map.json", **env)
    assert len(writes(gate)) == 20


def test_a_refused_read_of_what_the_fleet_follows_is_called_by_its_name(move: Move, gate: FaultProxy, env) -> None:
    refuse(gate, of("GetParameter"))
    move.run("rollback", *journal(move), "--yes", status=77, **env)
    assert "ssm:GetParameter is refused" in move.output


def test_a_turn_that_is_throttled_waits_and_is_made_once(move: Move, gate: FaultProxy, env) -> None:
    gate.next(aws_error("ThrottlingException"), when=operation("PutParameter"))
    move.run("rollback", *journal(move), "--yes", **env)
    assert len(move.ssm.get_parameter_history(Name="/orders/test/latchkey/backend")["Parameters"]) == 1
