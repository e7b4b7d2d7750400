"""A caller id that is only claimed is not the caller, and a credential that ends while a body arrives does not count."""

from __future__ import annotations

import http.client
import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from peers.broker import API_KEY, Broker
from peers.callers import Member, bearer, write
from peers.waiting import until

TOKENS = Member("tokens", ["token"])


def claim(broker: Broker, caller: str, length: int) -> int:
    """Sends the head of a request with this caller's id and a signature that nobody has made."""
    now = datetime.now(timezone.utc)
    scope = f"{caller}/{now:%Y%m%d}/us-east-1/ssm/aws4_request"
    connection = http.client.HTTPConnection("127.0.0.1", broker.port, timeout=60)
    connection.putrequest("POST", "/")
    for name, value in {
        "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}", "X-Amz-Target": "AmazonSSM.GetParameter", "Content-Length": str(length),
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date;x-amz-target, Signature={'0' * 64}",
    }.items():
        connection.putheader(name, value)
    connection.endheaders(b"{}" if length == 2 else None)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_claimed_id_without_a_valid_signature_is_nobody(world, tmp_path: Path) -> None:
    """Also where the request is refused before its signature can be verified."""
    audit = tmp_path / "audit.log"
    file = write(tmp_path / "callers.json", [TOKENS.entry(tmp_path)])
    broker = world.serve([TOKENS.key, TOKENS.signing], LATCHKEY_CALLERS_FILE=str(file), LATCHKEY_AUDIT_LOG=str(audit))
    answers = {claim(broker, caller, length) for caller in ("default", "tokens") for length in (2, 20_000)}
    assert answers <= {400, 401, 403, 413}
    assert claim(broker, "tokens", 2) == claim(broker, "default", 2), "the scopes of a claimed caller do not show"
    lines = lambda: [json.loads(line) for line in audit.read_text().splitlines()]  # noqa: E731
    until(lambda: len([line for line in lines() if line.get("front") == "aws-sdk"]) >= 6, "the lines of all requests")
    for line in lines():
        if line.get("front") == "aws-sdk":
            assert (line.get("caller"), line.get("credential"), line["decision"]) == (None, None, "denied"), line
    assert broker.metric("latchkey_caller_requests_total", caller="tokens") == 0


@pytest.mark.slow
def test_a_caller_whose_time_ends_while_its_body_arrives_gets_nothing(world, tmp_path: Path) -> None:
    world.put("solo", "value-of-solo")
    ends = datetime.now(timezone.utc) + timedelta(seconds=4)
    brief = Member("brief", ["secrets"], ["solo"], more={"not_after": f"{ends:%Y-%m-%dT%H:%M:%SZ}"})
    file = write(tmp_path / "callers.json", [brief.entry(tmp_path)])
    broker: Broker = world.serve([brief.key, brief.signing], LATCHKEY_CALLERS_FILE=str(file))
    connection = http.client.HTTPConnection("127.0.0.1", broker.port, timeout=60)
    connection.putrequest("GET", "/secrets/solo")
    connection.putheader("Authorization", f"Bearer {brief.key}")
    connection.putheader("Content-Length", "2")
    connection.endheaders(b"a")
    if time.time() < ends.timestamp() - 1:
        assert broker.get("/secrets/solo", key=None, headers=bearer(brief.key)).status == 200
    until(lambda: broker.get("/secrets/solo", key=None, headers=bearer(brief.key)).status == 401, "its time is over")
    connection.send(b"b")
    assert connection.getresponse().status == 401
    assert broker.get("/secrets/solo", key=API_KEY).status == 200
