"""The commands of Installation.md. What changes a system or a cluster is a stand-in that checks what it is given."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from peers.broker import BINARY, ROOT, settings, version
from peers.examples import Example, examples

BLOCKS = [example for example in examples() if example.page == "Installation.md" and example.language == "sh"]
#: Writes its name and arguments to a file, one JSON list for each call. Every file that it is given must exist.
STAND_IN = """#!/usr/bin/env python3
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
for word in sys.argv[1:]:
    path = word.rpartition("=")[2]
    if path.startswith(("deploy/", "./packages/")) or path.endswith((".json", ".key", ".tar")):
        if not os.path.exists(path):
            sys.exit(f"{sys.argv[0]}: there is no {path}")
"""


@pytest.mark.slow(10)
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.first.split()[0])
def test_the_commands_of_the_page_work_as_they_are_printed(tmp_path: Path, binary: Path, block: Example) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sudo", "kubectl", "podman", "terraform"):
        (programs / name).write_text(STAND_IN)
        (programs / name).chmod(0o755)
    (programs / "latchkey").symlink_to(BINARY)
    work = tmp_path / "work"
    (work / ".build/release").mkdir(parents=True)
    (work / ".build/release/latchkey").symlink_to(BINARY)
    (work / "deploy").symlink_to(ROOT / "deploy")
    env = settings(tmp_path, CALLS=str(tmp_path / "calls"))
    env["PATH"] = f"{programs}:{env['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text], cwd=work, env=env, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    calls = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    assert len(calls) >= 2
    for call in calls:
        assert not any("*" in word for word in call), f"a pattern that matches nothing: {call}"
        if "run" in call:
            assert call[-1] == f"localhost/latchkey:{version()}"
    if (work / "callers.json").exists():
        assert [caller["id"] for caller in json.loads((work / "callers.json").read_text())["callers"]] == ["orders", "prometheus"]
        # A header cannot have a line end.
        assert (work / "prometheus.key").read_text().isprintable()
        assert os.stat(work / "callers.json").st_mode & 0o777 == 0o600
