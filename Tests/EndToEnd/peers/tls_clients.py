"""TLS clients of several makers, each driven by the same case: openssl, curl, Python and Node."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .tls import Certificate

TIMEOUT = 30


@dataclass(frozen=True)
class Call:
    """What one client does: `GET /livez` over a connection of its own."""

    port: int
    #: The file of the authorities that it trusts; None to trust whoever answers.
    trust: Path | None
    #: `TLSv1.1`, `TLSv1.2` or `TLSv1.3`; None for whatever both sides know.
    version: str | None = None
    #: The name that it asks for.
    name: str = "localhost"
    protocols: tuple[str, ...] = ("http/1.1",)
    certificate: Certificate | None = None


@dataclass(frozen=True)
class Outcome:
    """How a call ended; no status means that it was refused."""

    status: int | None
    version: str | None = None
    #: The common name of the server's certificate.
    subject: str | None = None
    text: str = ""


REQUEST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def status(text: str) -> int | None:
    found = re.search(r"HTTP/1\.1 (\d+)", text)
    return int(found[1]) if found else None


def python(call: Call) -> Outcome:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if call.trust:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(call.trust)
    if call.version:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            version = ssl.TLSVersion[call.version.replace(".", "_")]
            if call.version == "TLSv1.1":
                context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
    if call.protocols:
        context.set_alpn_protocols(list(call.protocols))
    if call.certificate:
        context.load_cert_chain(call.certificate.cert, call.certificate.key)
    try:
        with (
            socket.create_connection(("127.0.0.1", call.port), timeout=TIMEOUT) as plain,
            context.wrap_socket(plain, server_hostname=call.name, suppress_ragged_eofs=False) as sock,
        ):
            sock.sendall(REQUEST)
            answer = b""
            while data := sock.recv(65536):
                answer += data
            names = dict(item for part in (sock.getpeercert() or {}).get("subject", ()) for item in part)
            return Outcome(status(answer.decode()), sock.version(), names.get("commonName"), answer.decode())
    except (ssl.SSLError, ConnectionError) as fault:
        return Outcome(None, text=str(fault))


def openssl(call: Call) -> Outcome:
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{call.port}", "-servername", call.name, "-ign_eof"]
    if call.trust:
        words += ["-CAfile", str(call.trust), "-verify_return_error"]
    if call.version:
        words += ["-" + call.version.lower().replace("v", "").replace(".", "_")]
        if call.version == "TLSv1.1":
            words += ["-cipher", "DEFAULT:@SECLEVEL=0"]
    if call.protocols:
        words += ["-alpn", ",".join(call.protocols)]
    if call.certificate:
        words += ["-cert", str(call.certificate.cert), "-key", str(call.certificate.key)]
    done = subprocess.run(words, input=REQUEST, capture_output=True, timeout=TIMEOUT)
    text = done.stdout.decode(errors="replace")
    version = re.search(r"^New, (\S+), Cipher is", text, re.MULTILINE)
    subject = re.search(r"^subject=.*CN = (\S+)", text, re.MULTILINE)
    return Outcome(
        status(text), version[1] if version else None, subject[1] if subject else None, text + done.stderr.decode()
    )


def curl(call: Call) -> Outcome:
    words = ["curl", "-sv", "--http2" if "h2" in call.protocols else "--http1.1"]
    words += ["--connect-to", f"{call.name}:{call.port}:127.0.0.1:{call.port}"]
    words += ["--cacert", str(call.trust)] if call.trust else ["-k"]
    if call.version:
        number = call.version.removeprefix("TLSv")
        words += [f"--tlsv{number}", "--tls-max", number]
        if number == "1.1":
            words += ["--ciphers", "DEFAULT:@SECLEVEL=0"]
    if not call.protocols:
        words.append("--no-alpn")
    if call.certificate:
        words += ["--cert", str(call.certificate.cert), "--key", str(call.certificate.key)]
    done = subprocess.run([*words, f"https://{call.name}:{call.port}/livez"], capture_output=True, timeout=TIMEOUT)
    text = done.stderr.decode(errors="replace")
    version = re.search(r"SSL connection using (\S+)", text)
    subject = re.search(r"subject:.*CN=(\S+)", text)
    return Outcome(
        status(text) if done.returncode == 0 else None, version[1] if version else None,
        subject[1] if subject else None, text,
    )


NODE = """
const tls = require("tls"), fs = require("fs"), c = JSON.parse(process.argv[1]);
const read = path => path ? fs.readFileSync(path) : undefined;
const options = {
  host: "127.0.0.1", port: c.port, servername: c.name, checkServerIdentity: () => undefined,
  ca: read(c.trust), rejectUnauthorized: !!c.trust, cert: read(c.cert), key: read(c.key),
  ALPNProtocols: c.protocols.length ? c.protocols : undefined,
};
if (c.version) options.minVersion = options.maxVersion = c.version;
if (c.version === "TLSv1.1") options.ciphers = "DEFAULT:@SECLEVEL=0";
let text = "", subject = null, version = null;
const end = failure => {
  console.log(JSON.stringify({text, subject, version, failure}));
  process.exit(0);
};
const socket = tls.connect(options, () => {
  subject = (socket.getPeerCertificate().subject || {}).CN;
  version = socket.getProtocol();
  socket.write(c.request);
});
socket.on("data", data => text += data);
socket.on("error", fault => end(String(fault)));
socket.on("end", () => end(null));
"""


def node(call: Call) -> Outcome:
    case: dict[str, Any] = {
        "port": call.port, "name": call.name, "version": call.version, "protocols": call.protocols,
        "trust": str(call.trust) if call.trust else None, "request": REQUEST.decode(),
        "cert": str(call.certificate.cert) if call.certificate else None,
        "key": str(call.certificate.key) if call.certificate else None,
    }
    done = subprocess.run(["node", "-e", NODE, json.dumps(case)], capture_output=True, timeout=TIMEOUT, check=True)
    found = json.loads(done.stdout)
    if found["failure"]:
        return Outcome(None, text=found["failure"])
    return Outcome(status(found["text"]), found["version"], found["subject"], found["text"])


CLIENTS: dict[str, Callable[[Call], Outcome]] = {"openssl": openssl, "curl": curl, "python": python, "node": node}


def installed(client: str) -> bool:
    return client == "python" or shutil.which(client) is not None
