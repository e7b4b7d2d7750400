"""The documentation: it compiles, and README.md is short. Tests/EndToEnd/api/test_pages.py checks its contents."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator

from rule import rule
from tree import ROOT


@rule("The documentation compiles without a warning")
def documentation() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as output:
        done = subprocess.run(
            [
                *("docc", "convert", "Sources/latchkey/Latchkey.docc", "--warnings-as-errors"),
                *("--fallback-display-name", "Latchkey", "--fallback-bundle-identifier", "latchkey"),
                *("--output-path", output),
            ],
            cwd=ROOT, capture_output=True, text=True,
        )
    if done.returncode != 0:
        yield from (done.stdout + done.stderr).splitlines()


@rule("README.md has 10 KB at most")
def size() -> Iterator[str]:
    if (count := (ROOT / "README.md").stat().st_size) > 10_000:
        yield f"README.md has {count} bytes"
