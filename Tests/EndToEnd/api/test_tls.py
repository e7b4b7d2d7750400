"""TLS to the broker itself, with clients of several makers: what they agree on, and what is refused."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from peers import broker as product
from peers.broker import API_KEY, Broker, settings
from peers.cases import cases
from peers.raw import request
from peers.tls_clients import CLIENTS, REQUEST, Call, installed
from peers.tls_servers import connect, read_all
from peers.waiting import free_port, until

CASES = cases("tls")


# MARK: The table


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("case", CASES)
def test_every_client_meets_what_the_table_says(case: dict[str, Any], client: str, tls_servers) -> None:
    if client not in case.get("clients", CLIENTS):
        return
    if not installed(client):
        pytest.skip(f"{client} is not installed")
    trusts = {"anyone": None, "other": tls_servers.other.root}.get(case.get("trusts"), tls_servers.authority.root)
    call = Call(
        tls_servers.servers[case["server"]].port, trusts, case.get("version"), case.get("server_name", "localhost"),
        tuple(case.get("protocols", ["http/1.1"])), tls_servers.callers.get(case.get("certificate")),
    )
    found = CLIENTS[client](call)
    expect = case["expect"]
    if expect == "refused":
        assert found.status is None, found.text
        return
    assert found.status == expect["status"], found.text
    assert "version" not in expect or found.version == expect["version"], found.text
    # Python shows the certificate only of a peer that it has verified.
    if "subject" in expect and not (client == "python" and call.trust is None):
        assert found.subject == expect["subject"], found.text


# MARK: Sessions


def s_client(port: int, root: Path, *words: str, stdin: bytes = REQUEST) -> str:
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", "-CAfile", str(root), *words],
        input=stdin, capture_output=True, timeout=30,
    )
    return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("server", ["plain", "request"])
def test_a_session_is_resumed_with_any_worker(version: str, server: str, tls_servers, tmp_path) -> None:
    broker = tls_servers.servers[server]
    session = tmp_path / "session.pem"
    caller = tls_servers.callers["good"]
    words = [version, "-ign_eof", "-cert", str(caller.cert), "-key", str(caller.key)]
    resumed = broker.metric("latchkey_tls_handshakes_total", outcome="resumed")
    assert "New, TLSv1" in s_client(broker.port, tls_servers.authority.root, *words, "-sess_out", str(session))
    for _ in range(4):
        text = s_client(broker.port, tls_servers.authority.root, *words, "-sess_in", str(session))
        assert "Reused, TLSv1" in text and "HTTP/1.1 200" in text, text
    assert broker.metric("latchkey_tls_handshakes_total", outcome="resumed") >= resumed + 4


def test_a_ticket_of_another_broker_leads_to_a_new_session(tls_servers, tmp_path) -> None:
    session = tmp_path / "session.pem"
    s_client(tls_servers.plain.port, tls_servers.authority.root, "-ign_eof", "-sess_out", str(session))
    text = s_client(tls_servers.servers["request"].port, tls_servers.authority.root, "-ign_eof", "-sess_in", str(session))
    assert "New, TLSv1.3" in text and "HTTP/1.1 200" in text, text


def test_no_early_data_is_offered_or_accepted(tls_servers, tmp_path) -> None:
    session, early = tmp_path / "session.pem", tmp_path / "early"
    early.write_bytes(REQUEST)
    text = s_client(tls_servers.plain.port, tls_servers.authority.root, "-tls1_3", "-ign_eof", "-sess_out", str(session))
    assert "Max Early Data: 0" in text
    text = s_client(
        tls_servers.plain.port, tls_servers.authority.root, "-tls1_3", "-ign_eof", "-sess_in", str(session), "-early_data", str(early)
    )
    assert "Early data was accepted" not in text and text.count("HTTP/1.1 200") == 1, text


def test_a_renegotiation_is_refused(tls_servers) -> None:
    # A line that is the letter R makes s_client renegotiate.
    text = s_client(tls_servers.plain.port, tls_servers.authority.root, "-tls1_2", stdin=b"R\n" + REQUEST)
    assert "RENEGOTIATING" in text and "no renegotiation" in text, text
    assert tls_servers.plain.get("/livez", key=None).status == 200


# MARK: The service


def test_tls_is_for_tcp_alone(tls_servers, binary, tmp_path) -> None:
    path = tmp_path / "l.sock"
    port = free_port()
    env = settings(
        tmp_path, LATCHKEY_TLS_CERT=str(tls_servers.first.cert), LATCHKEY_TLS_KEY=str(tls_servers.first.key),
        LATCHKEY_LISTEN=f"127.0.0.1:{port},unix:{path}",
    )
    broker = Broker(env, context=tls_servers.authority.client_context())
    broker.wait_live()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(str(path))
        sock.sendall(REQUEST)
        assert read_all(sock).endswith(b"ok")
    broker.stop()


def test_beyond_loopback_the_warning_is_gone_with_tls(tls_servers, binary, tmp_path) -> None:
    for extra, warned in (
        ({}, True),
        ({"LATCHKEY_TLS_CERT": str(tls_servers.first.cert), "LATCHKEY_TLS_KEY": str(tls_servers.first.key)}, False),
    ):
        env = settings(tmp_path, LATCHKEY_LISTEN=f"0.0.0.0:{free_port()}", LATCHKEY_API_KEY=API_KEY + "-beyond-loopback", **extra)
        broker = Broker(env)
        until(lambda: any(line.get("message") == "listening" for line in broker.logs), "it listens")  # noqa: B023
        assert any("plain HTTP beyond loopback" in line.get("message", "") for line in broker.logs) == warned
        broker.stop()


def test_commands_reach_a_broker_over_tls(tls_servers, tmp_path) -> None:
    env = settings(tmp_path, LATCHKEY_URL=tls_servers.plain.url)
    found = product.run("get", "db/password", env={**env, "SSL_CERT_FILE": str(tls_servers.authority.root)})
    assert "parameter-store cannot be reached" in found.stderr, "the broker has answered"
    refused = product.run("get", "db/password", env=env)
    assert refused.returncode == 69 and "the broker at https://localhost" in refused.stderr, refused.stderr


def test_a_handshake_is_logged_at_debug_with_what_was_negotiated(tls_servers, binary, tmp_path) -> None:
    env = settings(
        tmp_path, LATCHKEY_TLS_CERT=str(tls_servers.first.cert), LATCHKEY_TLS_KEY=str(tls_servers.first.key),
        LATCHKEY_LOG_LEVEL="debug",
    )
    broker = Broker(env, context=tls_servers.authority.client_context()).wait_live()
    lines = until(
        lambda: [line for line in broker.logs if line.get("message") == "TLS handshake" and line.get("outcome") == "ok"],
        "the handshake is logged",
    )
    assert re.match(r"TLSv1\.3 TLS_\w+ (x25519|X25519|X25519MLKEM768)", lines[0]["detail"]), lines[0]
    broker.stop()


def test_a_stop_answers_every_accepted_request(tls_servers, binary, tmp_path) -> None:
    env = settings(tmp_path, LATCHKEY_TLS_CERT=str(tls_servers.first.cert), LATCHKEY_TLS_KEY=str(tls_servers.first.key))
    broker = Broker(env, context=tls_servers.authority.client_context()).wait_live()
    socks = [connect(broker.port, tls_servers.authority.client_context()) for _ in range(20)]
    for sock in socks:
        sock.sendall(request("GET", "/livez"))
        assert b"200 OK" in sock.recv(65536)
    for sock in socks:
        sock.sendall(request("GET", "/livez"))
    broker.child.process.send_signal(signal.SIGTERM)
    for sock in socks:
        answer = read_all(sock)
        assert b"200 OK" in answer and b"ok" in answer
        sock.close()
    assert broker.child.process.wait(30) == 0
    broker.stopped = True


def test_settings_that_cannot_be_used_end_the_start(tls_servers, binary, tmp_path) -> None:
    cut = tmp_path / "cut.pem"
    cut.write_bytes(tls_servers.first.cert.read_bytes()[:-50])
    pairs: list[tuple[dict[str, object], str]] = [
        ({"CERT": tls_servers.first.cert, "KEY": tls_servers.second.key}, "the key does not belong to the certificate"),
        ({"CERT": cut, "KEY": tls_servers.first.key}, "not a complete certificate chain"),
        ({"CERT": tmp_path / "none.pem", "KEY": tls_servers.first.key}, "does not exist"),
        ({"CERT": tls_servers.first.cert, "KEY": tls_servers.first.cert}, "no unencrypted private key"),
        ({"CERT": f"{tls_servers.first.cert},{tls_servers.second.cert}", "KEY": tls_servers.first.key}, "names 2 files"),
        ({"CERT": tls_servers.first.cert, "KEY": tls_servers.first.key, "CLIENT_CA": cut}, "not a complete list of certificates"),
    ]
    for names, why in pairs:
        env = settings(tmp_path, **{f"LATCHKEY_TLS_{name}": str(value) for name, value in names.items()})
        done = product.run("serve", env={**env, "LATCHKEY_LISTEN": f"127.0.0.1:{free_port()}"})
        assert done.returncode == 78 and why in done.stderr, done.stderr
        assert "PRIVATE KEY" not in done.stderr
