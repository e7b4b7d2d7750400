"""An invalid profiles file changes nothing: the last valid profiles stay in force."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from peers import longrun
from peers.profiles import FAULTS, A, B, Reloaded, audience, entry, put
from peers.waiting import until


@pytest.fixture
def reloaded(world, tmp_path: Path) -> Reloaded:
    return Reloaded(world, tmp_path / "profiles.json", entry("a", A))


@pytest.mark.parametrize("name", FAULTS)
def test_an_unusable_file_changes_nothing_is_logged_once_and_recovers(reloaded: Reloaded, name: str) -> None:
    value = reloaded.token("a")
    make, code = FAULTS[name]
    make(reloaded.file)
    until(lambda: reloaded.health_entry()["state"] == "failing", "/health tells it")
    assert (reloaded.health_entry()["what"], reloaded.health_entry()["error"]) == ("profiles", code)
    assert reloaded.broker.get("/health").json()["status"] == "degraded"
    until(lambda: reloaded.warnings() == [code], "the log tells it")
    assert reloaded.failures() == 1
    assert (reloaded.token("a"), reloaded.get("z").status) == (value, 404)
    put(reloaded.file, json.dumps([entry("a", A)]))
    until(lambda: reloaded.health_entry()["state"] == "ok", "it comes back by itself")
    assert (reloaded.changes(), reloaded.token("a"), reloaded.asked(A)) == (0, value, 1)
    reloaded.write(entry("z", B))
    assert (reloaded.get("a").status, audience(reloaded.token("z"))) == (404, B)
    assert (reloaded.failures(), reloaded.warnings()) == (1, [code])


def test_a_file_that_may_not_be_read_changes_nothing(world, tmp_path: Path) -> None:
    # Root can read any file with these capabilities.
    wrapper = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
    reloaded = Reloaded(world, tmp_path / "profiles.json", entry("a", A), wrapper=wrapper)
    value = reloaded.token("a")
    reloaded.file.chmod(0)
    until(lambda: reloaded.health_entry()["error"] == "permission_denied", "/health tells it")
    assert (reloaded.token("a"), reloaded.failures()) == (value, 1)
    reloaded.write(entry("z", B))
    assert (reloaded.get("a").status, audience(reloaded.token("z"))) == (404, B)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_after_random_sequences_of_changes_and_faults_the_right_tokens_are_served(world, tmp_path: Path) -> None:
    """Each token has the audience of the last valid file, and costs one request for each change."""
    reloaded = Reloaded(world, tmp_path / "profiles.json", LATCHKEY_ISSUE_BUDGET_PER_HOUR="100000")
    names = ["p", "q", "r", "s"]
    for number in longrun.cases(100, "profiles file"):
        rng = random.Random(number)
        reloaded.write(entry("marker", f"https://{number}.test/"))
        model: dict[str, str] = {}
        values: dict[str, str] = {}
        for step in range(8):
            if rng.random() < 0.3:
                make, code = FAULTS[rng.choice(list(FAULTS))]
                make(reloaded.file)
                until(lambda: reloaded.health_entry()["error"] == code, f"case {number}: /health says {code}")
            else:
                wanted = {
                    name: f"https://{name}{rng.randrange(2)}.{number}.test/" for name in names if rng.random() < 0.6
                }
                reloaded.write(*(entry(name, wanted[name]) for name in wanted), entry("step", f"https://{step}.test/"))
                values = {name: value for name, value in values.items() if wanted.get(name) == model.get(name)}
                model = wanted
            for name in rng.sample(names, 3):
                if name not in model:
                    assert reloaded.get(name).status == 404, f"case {number}, step {step}: {name} was removed"
                    assert reloaded.oauth(f"https://{name}0.{number}.test/").status == 400, f"case {number}"
                    continue
                got = reloaded.token(name)
                assert audience(got) == model[name], f"case {number}, step {step}: {name}"
                assert got == values.get(name, got), f"case {number}, step {step}: {name} keeps its token"
                assert reloaded.oauth(model[name]).json()["access_token"] == got, f"case {number}, step {step}"
                values[name] = got
