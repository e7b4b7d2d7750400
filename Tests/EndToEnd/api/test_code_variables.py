"""`exec` and `env` omit fields whose names make a loader, shell or interpreter run code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from peers.broker import API_KEY, ROOT, run

CASES = ROOT / "Tests/Fixtures/cases"
TABLE = json.loads((CASES / "loader-variables.json").read_text())
MORE = json.loads((CASES / "loader-variables-more.json").read_text())


def named(case: dict[str, Any]) -> str:
    return " ".join([*case["command"], *case["blob"]])


def filled(value: Any, folder: Path) -> Any:
    return json.loads(json.dumps(value).replace("{folder}", str(folder)))


def names_in(output: str) -> set[str]:
    """The names on the left of `NAME=value` lines."""
    return {line.removeprefix("export ").split("=", 1)[0] for line in output.splitlines() if "=" in line}


@pytest.mark.parametrize("case", TABLE["cases"] + MORE["cases"], ids=named)
@pytest.mark.parametrize("front", ["store", "broker"])
def test_a_field_that_runs_code_is_left_out_unless_requested(world, tmp_path, case, front) -> None:
    case = filled(case, tmp_path)
    world.put("secrets", json.dumps(case["blob"]))
    env = world.settings()
    if front == "broker":
        broker = world.serve()
        env = {"PATH": env["PATH"], "HOME": env["HOME"], "LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": API_KEY}
    for name in case.get("environment_without", []):
        env.pop(name, None)
    done = run(*case["command"], env=env)
    assert done.returncode == case["exit"], done.stderr
    for name in case.get("stderr_names", case.get("has_not", [])):
        assert name in done.stderr
    found = names_in(done.stdout)
    given = set(env) if case["command"][0] == "exec" else set()
    assert set(case.get("has", [])) <= found
    assert not (set(case.get("has_not", [])) - given) & found
    for value in case["blob"].values():
        assert len(value) < 3 or value not in done.stderr


def test_no_name_of_the_table_reaches_a_program(world) -> None:
    names = TABLE["names"] + MORE["names"]
    value = "from-the-blob-6f1b"
    world.put("secrets", json.dumps({**dict.fromkeys(names, value), "db": value}))
    done = run("exec", "--", "/usr/bin/env", env=world.settings())
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if value in line] == [f"db={value}"]
    assert all(f"latchkey: {name} is left out" in done.stderr for name in names) and value not in done.stderr
