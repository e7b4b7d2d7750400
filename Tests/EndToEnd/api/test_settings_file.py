"""The settings file: accepted and rejected files, and reading back the output of `latchkey config`."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from dotenv import dotenv_values

from peers import longrun
from peers.broker import ROOT, run

CASES = ROOT / "Tests/Fixtures/cases"
FILES = json.loads((CASES / "settings/expect.json").read_text())
ROUND_TRIPS = [
    case
    for folder in ("settings", "settings-more")
    for case in json.loads((CASES / folder / "round-trip.json").read_text())["cases"]
]


def shown(environment: dict[str, str]) -> dict[str, dict]:
    done = run("config", "--json", env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_table_has_files() -> None:
    assert len(FILES) >= 18


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_or_refused_at_its_line(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes((CASES / "settings" / name).read_bytes())
    environment = {"AWS_REGION": "us-east-1", "LATCHKEY_CONFIG": str(file)}
    if "AWS_REGION" in FILES[name]["values"]:
        del environment["AWS_REGION"]
    if FILES[name]["exit"] == 0:
        found = shown(environment)
        for setting, value in FILES[name]["values"].items():
            assert found[setting]["value"] == ("<secret>" if setting == "AUTH0_CLIENT_SECRET" else value)
        from_file = {setting for setting in found if found[setting]["origin"] == f"file {file}"}
        assert from_file == FILES[name]["values"].keys()
        return
    done = run("config", env=environment)
    assert done.returncode == FILES[name]["exit"]
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert f"{file}, line {FILES[name]['refused_at_line']}: " in done.stderr
    assert "sesame" not in done.stderr + done.stdout


@pytest.mark.parametrize("case", ROUND_TRIPS, ids=lambda case: " ".join(case["environment"]))
def test_the_output_of_config_can_be_read_back(tmp_path: Path, case: dict) -> None:
    first = run("config", env=case["environment"])
    assert first.returncode == 0, first.stderr
    file = tmp_path / "printed.env"
    file.write_text(first.stdout)
    second = run("config", env={"LATCHKEY_CONFIG": str(file)})
    assert (second.returncode, second.stderr) == (case["second_run"]["exit"], "")
    before, after = shown(case["environment"]), shown({"LATCHKEY_CONFIG": str(file)})
    assert before.keys() == after.keys()
    for name in before.keys() - {"LATCHKEY_CONFIG"}:
        is_gone = before[name]["value"] == "<secret>" or name == case["second_run"].get("without")
        assert after[name]["value"] == (None if is_gone else before[name]["value"]), name


#: Characters with a meaning in such files, and plain text.
PIECES = [*"'\"\\#$`;={}", " ", "\t", "${HOME}", "$HOME", " # ", "n", "t", "x", "one", "\\\\", "\\\"", "\\'", "é", "export "]


@pytest.mark.long
def test_an_accepted_value_is_the_one_that_python_dotenv_reads(tmp_path: Path) -> None:
    for number in longrun.cases(2_000, "settings file"):
        rng = random.Random(number)
        pieces = [rng.choice(PIECES) for _ in range(rng.randint(0, 6))]
        quote = rng.choice(["", "'", '"'])
        line = f"AUTH0_AUDIENCE={quote}{''.join(pieces)}{quote}"
        text = rng.choice(["\n", "\r\n", "\r"]).join(["# first", line, "AUTH0_CLIENT_ID='orders client'", ""])
        file = tmp_path / "settings.env"
        file.write_text(text, newline="")
        done = run("config", "--json", env={"AWS_REGION": "us-east-1", "LATCHKEY_CONFIG": str(file)})
        if done.returncode == 78:
            assert f"{file}, line 2: " in done.stderr, f"case {number}: {line}"
            continue
        found = json.loads(done.stdout)
        with file.open(newline="") as stream:
            expected = dotenv_values(stream=stream)
        actual = {name: found[name]["value"] or "" for name in expected}
        assert actual == expected and len(expected) == 2, f"case {number}: {line}"
