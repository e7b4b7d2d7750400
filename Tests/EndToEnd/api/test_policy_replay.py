"""The callers file that is learned from a recorded day refuses nothing of that day, and each line of it is needed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from peers import audit_log, longrun, traffic
from peers.broker import run
from peers.callers import CHANGED, write
from peers.traffic import Callers, Request
from peers.waiting import until

CALLERS = 8
REQUESTS = 400
#: The learned file has at least so many scopes, secrets, profiles and callers, which are removed one at a time.
LINES = 100


@dataclass
class Day:
    callers: Callers
    file: Path
    requests: list[tuple[Request, Any]]
    learned: dict[str, Any]

    def use(self, file: dict[str, Any]) -> None:
        """Puts a callers file into force."""
        broker = self.callers.broker
        lines = lambda: sum(line["message"].startswith(CHANGED) for line in broker.logs)  # noqa: E731
        before = lines()
        write(self.file, file["callers"], **{name: value for name, value in file.items() if name != "callers"})
        until(lambda: lines() > before, "the callers of the file are in force")

    def differences(self, caller: str | None = None) -> Iterator[tuple[Request, Any, Any]]:
        """The requests that give something else than on the recorded day."""
        for request, recorded in self.requests:
            if caller in (None, request.caller) and (now := self.callers.outcome(request)) != recorded:
                yield request, recorded, now


@pytest.fixture
def day(world, tmp_path: Path) -> Day:
    rng = longrun.rng("a day of traffic")
    for name in traffic.PARAMETERS:
        world.put(name, f"value-of-{name}")
    world.put("secrets", json.dumps({name: f"value-of-{name}" for name in traffic.FIELDS}))
    profiles = tmp_path / "profiles.json"
    profiles.write_text(json.dumps(
        [{"name": name, "kind": "auth0", "audience": audience} for name, audience in traffic.PROFILES.items()]))
    profiles.chmod(0o600)
    members = {name: traffic.member(rng, name) for name in (f"caller{number}" for number in range(CALLERS))}
    path = audit_log.place(tmp_path)
    file = write(tmp_path / "callers.json", [one.entry(tmp_path) for one in members.values()], mode="observe")
    broker = world.serve(
        [secret for one in members.values() for secret in (one.key, one.signing)], LATCHKEY_AUDIT_LOG=str(path),
        LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_PROFILES_FILE=str(profiles), LATCHKEY_UPSTREAM_TIMEOUT="15",
        LATCHKEY_SSM_MAX_TPS="1000")
    callers = Callers(broker, members)
    recorded = []
    for _ in range(REQUESTS):
        request = traffic.request(rng, rng.choice(list(members.values())))
        recorded.append((request, callers.outcome(request)))
    # The lines of /health and /metrics do not wait for the answer's end.
    until(lambda: len({line["request_id"] for line in audit_log.accesses(path)}) >= REQUESTS, "a line for each request")
    done = run(
        "policy", "--from-use", str(path), "--callers", str(file), env={"PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stderr
    return Day(callers, file, recorded, json.loads(done.stdout))


def lines(file: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Each line that can be removed: the index of the caller, the member and the value; no member for a whole caller."""
    found = [(index, "", entry["id"]) for index, entry in enumerate(file["callers"])]
    for index, entry in enumerate(file["callers"]):
        for member in ("scopes", "secrets", "profiles"):
            values = entry.get(member, [])
            # A caller needs a scope. That of the only one is tested with the whole caller.
            if member != "scopes" or len(values) > 1:
                found += [(index, member, value) for value in values]
    return found


@pytest.mark.long
@pytest.mark.slow(60)
@pytest.mark.timeout(1800)
def test_nothing_of_the_day_is_refused_and_no_line_can_be_left_out(day: Day) -> None:
    assert day.learned["mode"] == "enforce"
    day.use(day.learned)
    different = list(day.differences())
    assert different == [], f"seed {longrun.SEED}: {different[:5]}"
    removable = lines(day.learned)
    assert len(removable) >= LINES
    for number in longrun.cases(len(removable), "lines of the learned file"):
        index, member, value = removable[number]
        changed = json.loads(json.dumps(day.learned))
        caller = changed["callers"][index]["id"]
        if member:
            changed["callers"][index][member].remove(value)
        else:
            del changed["callers"][index]
        day.use(changed)
        first = next(day.differences(caller), None)
        assert first is not None, f"seed {longrun.SEED}: {caller} does not need {member} {value}"
