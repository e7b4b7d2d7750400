"""`latchkey render --watch` is killed while values change: the file is always whole and right."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import threading
from pathlib import Path

import pytest

from peers import longrun
from peers.child import Child
from peers.rendering import client, content, watch

#: The file has both fields of one version, its digest, and a length that a partial file would not have.
TEMPLATE = 'begin {{ secret "pair" "number" }}\n{{ secret "pair" "filler" }}\n{{ secret "pair" "digest" }} end'


def value(number: int) -> str:
    """The JSON of one version. Its size is decided by its number."""
    filler = "".join(random.Random(number).choices("abcdef0123456789", k=1 + number * 37 % 3000))
    return json.dumps({"number": number, "filler": filler, "digest": digest(number, filler)})


def digest(number: int, filler: str) -> str:
    return hashlib.sha256(f"{number} {filler}".encode()).hexdigest()


def version(text: str | None) -> int:
    """The number of the version that the file has; fails if it is not exactly that. -1 for no file."""
    if text is None:
        return -1
    begin, filler, end = text.split("\n")
    number = int(begin.removeprefix("begin "))
    assert text == f"begin {number}\n{filler}\n{digest(number, filler)} end", text
    return number


class Reader:
    """Reads the file all the time, and checks it each time that it was replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last = 0
        self.problems: list[str] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        seen = 0
        # The reader must not take all of a core.
        while not self.ended.wait(0.0005):
            try:
                if (found := self.path.stat().st_ino) == seen:
                    continue
                seen = found
                self.check(self.path.read_text())
            except FileNotFoundError:
                if self.last:
                    self.problems.append("the file is gone")
            except (AssertionError, ValueError) as problem:
                self.problems.append(repr(problem)[:200])

    def check(self, text: str) -> None:
        number = version(text)
        if number < self.last:
            self.problems.append(f"{number} after {self.last}")
        self.last = max(self.last, number)


@pytest.mark.long
@pytest.mark.slow(60)
@pytest.mark.timeout(3600)
def test_no_file_is_ever_partial_or_wrong(world, tmp_path: Path) -> None:
    count = longrun.count(10_000)
    rng = longrun.rng("render kills")
    folder = tmp_path / "app"
    folder.mkdir()
    template, out = folder / "app.tmpl", folder / "app.conf"
    template.write_text(TEMPLATE)
    world.put("pair", value(0))
    broker = world.serve(LATCHKEY_UPSTREAM_TIMEOUT="15")
    reader = Reader(out)
    child: Child | None = None
    kills = 0
    try:
        for number in range(1, count + 1):
            world.put("pair", value(number))
            assert broker.get("/cache/clear", method="POST").status == 204
            if child is None:
                child = watch(client(broker), template, out)
            else:
                child.send(signal.SIGHUP)
            if rng.random() < 0.1:
                # At any moment from its start to after its end.
                threading.Event().wait(rng.random() * 0.05)
                os.kill(child.pid, signal.SIGKILL)
                child.wait()
                child = watch(client(broker), template, out)
                kills += 1
            # SIGHUP would end a process that has just started, so the next one waits for its first line.
            child.ready(
                lambda child=child, number=number: "keeping " in child.stderr and version(content(out)) == number,
                f"version {number}")
            assert not reader.problems, f"seed {longrun.SEED}, version {number}: {reader.problems}"
    finally:
        reader.ended.set()
        reader.thread.join()
        if child is not None and child.running:
            child.stop()
    assert not reader.problems, f"seed {longrun.SEED}: {reader.problems}"
    assert kills > 0 or count < 50
    assert sorted(path.name for path in folder.iterdir() if not path.name.endswith(".part")) == ["app.conf", "app.tmpl"]
