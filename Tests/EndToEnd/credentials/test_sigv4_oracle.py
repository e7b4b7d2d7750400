"""Signatures of generated requests are equal to those of botocore."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from peers import longrun
from peers.broker import ROOT

GENERATOR = ROOT / "Tests/Fixtures/aws/make_sigv4_vectors.py"
#: 500 cases if a hundredth of them runs.
COUNT = longrun.count(50_000)


@pytest.mark.long
@pytest.mark.together("swiftpm")
def test_new_requests_are_signed_as_botocore_signs_them(tmp_path) -> None:
    seed = longrun.rng("sigv4").randrange(2**32)
    vectors = tmp_path / "vectors.json"
    made = subprocess.run([sys.executable, str(GENERATOR), str(seed), str(COUNT)], capture_output=True, check=True)
    vectors.write_bytes(made.stdout)
    signed = subprocess.run(
        ["swift", "test", "--skip-build", "--filter", "SigV4Tests"],
        cwd=ROOT,
        env=os.environ | {"LATCHKEY_SIGV4_VECTORS": str(vectors)},
        capture_output=True,
        text=True,
        timeout=120 + COUNT / 50,
    )
    assert signed.returncode == 0, f"seed {seed}: {signed.stdout[-3000:]}"
    assert '"Every generated request has the signature of botocore" passed' in signed.stdout, signed.stdout[-500:]
