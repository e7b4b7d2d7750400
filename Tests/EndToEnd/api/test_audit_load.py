"""The audit log at the highest rate that the machine reaches."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from peers import audit_log
from peers.audit_log import audit
from peers.broker import API_KEY

SECONDS, CONNECTIONS = 5, 64


@pytest.mark.alone
@pytest.mark.slow
def test_at_full_rate_no_line_is_lost_or_torn(world, tmp_path: Path) -> None:
    """wrk keeps two workers busy. On the build machine they answer more than 20,000 requests per second."""
    path = audit_log.place(tmp_path)
    broker = world.serve(LATCHKEY_AUDIT_LOG=str(path), LATCHKEY_WORKERS="2", LATCHKEY_UPSTREAM_TIMEOUT="15")
    assert broker.token().status == 200
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", f"Authorization: Bearer {API_KEY}", f"{broker.url}/token"],
        capture_output=True, text=True, timeout=60, check=True)
    asked = re.search(r"(\d+) requests in", done.stdout)
    assert asked and "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    print(f"{rate[1] if rate else '?'} requests per second with an audit log")
    answered = int(broker.metric("latchkey_http_requests_total", route="token", code="200"))
    assert broker.metric("latchkey_audit_lines_total", outcome="lost") == 0
    broker.stop()
    # wrk ends its connections without the last answers. Each of them has a line too.
    assert int(asked[1]) + 1 <= answered <= int(asked[1]) + 1 + CONNECTIONS
    lines = path.read_bytes().splitlines()
    reads = sum(b'"action":"token.read"' in line for line in lines)
    assert reads == answered, f"{reads} lines for {answered} answers"
    verified = audit_log.verify([path])
    assert not verified.parts and verified.lost == 0 and verified.stopped >= set(verified.last)
    status, output, _ = audit("verify", str(path), timeout=120)
    assert status == 0, output
