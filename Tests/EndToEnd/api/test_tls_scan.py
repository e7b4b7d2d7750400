"""A scanner that knows Mozilla's recommendations finds nothing wrong with the TLS server."""

from __future__ import annotations

import re
import subprocess

from peers.broker import ROOT
from peers.tls_servers import TLSServers

SSLYZE = ROOT / ".build/sslyze/bin/sslyze"


def test_the_scanner_reports_only_the_private_authority(tls_servers: TLSServers) -> None:
    """`intermediate` of Mozilla's configurations: versions, cipher suites, groups, key, and the known attacks."""
    done = subprocess.run(
        [SSLYZE, "--mozilla_config", "intermediate", f"localhost:{tls_servers.plain.port}"],
        capture_output=True, text=True, timeout=300)
    _, found, verdict = done.stdout.partition("COMPLIANCE AGAINST TLS CONFIGURATION")
    assert found, done.stdout + done.stderr
    assert re.findall(r"^ +\* (\S+?):", verdict, re.M) == ["certificate_path_validation"], verdict
    assert "Client Renegotiation DoS Attack:   OK - Not vulnerable" in done.stdout
