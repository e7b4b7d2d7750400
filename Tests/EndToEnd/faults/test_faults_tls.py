"""A peer without a valid certificate gets no byte of a secret (rows 30 and 53 of Faults.md)."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from threading import Thread

import pytest

from peers.broker import AWS_ACCESS_KEY_ID, ROOT
from peers.child import Child
from peers.issuer import CLIENT_SECRET
from peers.proxy import FaultProxy
from peers.tls import Authority
from peers.waiting import free_port, until

GOOD = "DNS:localhost,IP:127.0.0.1"
#: The shared cases with this machine as host.
CERTIFICATES = [
    case
    for case in json.loads((ROOT / "Tests/Fixtures/cases/certificates.json").read_text())["cases"]
    if case["asked_for"] in ("localhost", "127.0.0.1")
]
UPSTREAMS = ["issuer", "aws"]


def wrong_host(authority: Authority) -> FaultProxy:
    return FaultProxy(tls=authority.issue("wrong-host", "DNS:elsewhere.test,IP:192.0.2.1").context())


def expired(authority: Authority) -> FaultProxy:
    return FaultProxy(tls=authority.issue("expired", GOOD, days=-1).context())


def untrusted(authority: Authority) -> FaultProxy:
    return FaultProxy(tls=Authority(authority.folder / "stranger", "Stranger").issue("stranger", GOOD).context())


def old_protocol(authority: Authority) -> FaultProxy:
    return FaultProxy(tls=authority.issue("old", GOOD).old_context())


def plain_http(authority: Authority) -> FaultProxy:
    return FaultProxy(greeting=b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def common_name_only(authority: Authority) -> FaultProxy:
    """A certificate with the name only in its subject. Clients must use subjectAltName (RFC 9110 §4.3.4)."""
    return FaultProxy(tls=authority.issue("localhost", "DNS:elsewhere.test").context())


def environment(upstream: str, port: int, authority: Authority, host: str = "localhost") -> dict[str, str]:
    url = f"https://{host}:{port}"
    trust = {"SSL_CERT_FILE": str(authority.root)}
    if upstream == "issuer":
        return trust | {"LATCHKEY_AUTH0_TOKEN_URL": f"{url}/oauth/token"}
    return trust | {"AWS_ENDPOINT_URL": url}


def ask(upstream: str, broker):
    return broker.token() if upstream == "issuer" else broker.get("/secrets/solo")


@pytest.fixture
def peer(request, authority, later) -> Iterator[FaultProxy]:
    peer = request.param(authority)
    later(peer.stop)
    return peer


@pytest.mark.row(53)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize(
    "peer", [wrong_host, expired, untrusted, old_protocol, plain_http, common_name_only], indirect=True,
    ids=lambda make: make.__name__.replace("_", " "),
)
def test_a_peer_that_proves_nothing_hears_nothing(world, authority, upstream: str, peer: FaultProxy) -> None:
    broker = world.start(**environment(upstream, peer.port, authority))
    started = time.monotonic()
    refused = ask(upstream, broker)
    assert refused.status in (502, 503, 504)
    assert time.monotonic() - started < 10
    assert peer.connections >= 1, "it was tried at all"
    heard = bytes(peer.received)
    assert CLIENT_SECRET.encode() not in heard and AWS_ACCESS_KEY_ID.encode() not in heard
    assert b"oauth" not in heard and b"X-Amz" not in heard
    if peer.tls:
        assert heard == b""


@pytest.mark.row(53)
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_peer_that_proves_itself_is_spoken_to(world, authority, later, upstream: str, host: str) -> None:
    world.put("solo", "over tls")
    behind = world.issuer.port if upstream == "issuer" else world.moto.port
    peer = FaultProxy(behind, tls=authority.issue("good", GOOD).context())
    later(peer.stop)
    broker = world.serve(**environment(upstream, peer.port, authority, host))
    assert ask(upstream, broker).status == 200
    assert peer.requests


def test_aws_takes_its_roots_from_aws_ca_bundle(world, authority, later) -> None:
    world.put("solo", "over tls")
    peer = FaultProxy(world.moto.port, tls=authority.issue("good", GOOD).context())
    later(peer.stop)
    url = f"https://localhost:{peer.port}"
    broker = world.serve(AWS_ENDPOINT_URL=url, AWS_CA_BUNDLE=str(authority.root))
    assert broker.get("/secrets/solo").json()["value"] == "over tls"


def test_an_issuer_in_the_clear_is_accepted_on_the_loopback_alone(world) -> None:
    from peers.broker import run

    env = world.settings(LATCHKEY_AUTH0_TOKEN_URL="http://issuer.test/oauth/token")
    refused = run("serve", env=env, timeout=5)
    assert refused.returncode == 78
    assert "LATCHKEY_AUTH0_TOKEN_URL" in refused.stderr


@pytest.mark.row(30)
@pytest.mark.slow
def test_a_name_that_does_not_resolve_ends_in_the_deadline(world) -> None:
    world.put("solo", "v")
    broker = world.serve(LATCHKEY_AUTH0_TOKEN_URL="https://nowhere.invalid/oauth/token")
    started = time.monotonic()
    refused = broker.token()
    assert refused.code in ("upstream_unavailable", "upstream_timeout")
    assert time.monotonic() - started < 10
    assert broker.get("/secrets/solo").status == 200


@pytest.mark.parametrize("case", CERTIFICATES, ids=lambda case: f"{case['subject_cn']} {case['san']} {case['asked_for']}")
def test_a_peer_is_known_by_its_subject_alternative_name_alone(world, authority, later, case) -> None:
    """The table of certificates against the running broker, for the hosts that a test can listen on."""
    world.put("solo", "over tls")
    leaf = authority.issue(f"case-{CERTIFICATES.index(case)}", ",".join(case["san"]), subject=case["subject_cn"])
    peer = FaultProxy(world.moto.port, tls=leaf.context())
    later(peer.stop)
    broker = world.start(**environment("aws", peer.port, authority, case["asked_for"]))
    answer = broker.get("/secrets/solo")
    assert (answer.status == 200) == case["accepted"], answer
    if not case["accepted"]:
        assert answer.json()["upstream_code"] == "tls_failed" and not peer.received


def test_a_server_that_wants_another_handshake_midway_does_not_get_it(world, authority, later) -> None:
    """TLS 1.2 has renegotiation. The client refuses it, so that the peer it has verified is the peer it talks to."""
    leaf = authority.issue("renegotiates", GOOD)
    port = free_port()
    server = Child(
        ["openssl", "s_server", "-accept", str(port), "-cert", leaf.cert, "-key", leaf.key, "-tls1_2"], os.environ,
        stdin=subprocess.PIPE,
    )
    later(server.kill)
    until(lambda: "ACCEPT" in server.stdout, "s_server listens")
    broker = world.start(**environment("aws", port, authority))
    asked = Thread(target=lambda: broker.get("/secrets/solo"))
    asked.start()
    until(lambda: "X-Amz-Target" in server.stdout, "s_server has the request")
    server.process.stdin.write(b"r\n")
    server.process.stdin.flush()
    until(lambda: "no renegotiation" in server.stdout + server.stderr, "s_server is told that there is none")
    asked.join(15)
