"""Shell scripts."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from rule import rule
from tree import ROOT, scripts


@rule("shellcheck accepts {}", each=scripts)
def shellcheck(script: str) -> Iterator[str]:
    check = subprocess.run(["shellcheck", "-x", script], cwd=ROOT, capture_output=True, text=True)
    if check.returncode != 0:
        yield from (check.stdout + check.stderr).splitlines()


@rule("{} is executable", each=scripts)
def executable(script: str) -> Iterator[str]:
    if not (ROOT / script).stat().st_mode & 0o100:
        yield f"{script} is not executable: chmod +x"
