"""Reloads under load: no request fails, whatever is written meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from pathlib import Path

import pytest

from peers import longrun
from peers.broker import API_KEY
from peers.profiles import A, B, entry
from peers.reloading import Reloaded, replace
from peers.steady import SteadyCallers
from peers.waiting import until


class Writer(threading.Thread):
    """Replaces settings, key and profiles again and again, and sometimes writes them in halves first."""

    def __init__(self, reloaded: Reloaded, key: Path, profiles: Path, rng: random.Random) -> None:
        super().__init__(daemon=True)
        self.reloaded, self.key, self.profiles, self.rng = reloaded, key, profiles, rng
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(self.rng.uniform(0.01, 0.4)):
            level = self.rng.choice(["info", "notice", "warning"])
            names = self.rng.choice([["a"], ["a", "b"]])
            profiles = json.dumps([entry(name, {"a": A, "b": B}[name]) for name in names])
            for path, text in (
                (self.reloaded.file, self.reloaded.text(LATCHKEY_LOG_LEVEL=level)), (self.key, API_KEY),
                (self.profiles, profiles),
            ):
                if self.rng.random() < 0.3:
                    # Within a check, as a tool that does not rename leaves it for a moment.
                    path.write_text(text[: self.rng.randrange(len(text))])
                replace(path, text)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_two_hundred_hang_ups_under_load_fail_no_request(world, tmp_path: Path) -> None:
    key, profiles = tmp_path / "key", tmp_path / "profiles.json"
    replace(key, API_KEY)
    replace(profiles, json.dumps([entry("a", A)]))
    reloaded = Reloaded(
        world, tmp_path, {"LATCHKEY_API_KEY": f"file:{key}", "LATCHKEY_PROFILES_FILE": str(profiles)}
    )
    world.put("solo", "v")
    assert [reloaded.broker.get(path).status for path in ("/token", "/token/a", "/secrets/solo")] == [200] * 3
    callers = [SteadyCallers(reloaded.broker.port, path, 100, 4) for path in ("/token", "/token/a", "/secrets/solo")]
    writer = Writer(reloaded, key, profiles, longrun.rng("hang-ups"))
    writer.start()
    for _ in range(longrun.count(200)):
        # The level in force may hide the line in the log.
        last = reloaded.health()["reload"]["last"]
        os.kill(reloaded.broker.child.pid, signal.SIGHUP)
        until(lambda last=last: reloaded.health()["reload"]["last"] != last, "the reload")
    writer.done.set()
    writer.join()
    for caller in callers:
        caller.stop()
    assert [dict(caller.failures) for caller in callers] == [{}] * 3
    assert all(caller.served > 0 for caller in callers)
    reloaded.write(reloaded.text())
    until(lambda: reloaded.health()["status"] == "ok", "everything is whole again")
