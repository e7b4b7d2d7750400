"""The servers that are measured: one process on the first core, or a worker of one."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from peers.broker import API_KEY, BINARY, ROOT
from peers.child import Child
from peers.http import ask
from peers.tls import Authority, Certificate
from peers.waiting import free_port
from routes import Upstreams

SERVER_CORE, LOAD_CORE = "0", "1"
PIN = ["taskset", "-c", SERVER_CORE]

NGINX = """
daemon off;
{process}
worker_processes 1;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    tcp_nodelay on;
    map $http_authorization $allowed {{ default 0; "Bearer {key}" 1; }}
    server {{
        listen 127.0.0.1:{port}{tls};
        location = /token {{
            if ($allowed = 0) {{ return 401; }}
            default_type application/json;
            add_header Cache-Control no-store;
            return 200 '{body}';
        }}
    }}
}}
"""

HAPROXY = """
global
    nbthread 1
    maxconn 8192
defaults
    mode http
    timeout client 600s
    timeout server 600s
    timeout connect 5s
    timeout http-keep-alive 600s
frontend broker
    bind 127.0.0.1:{port}
    http-request deny deny_status 401 unless {{ req.hdr(authorization) -m str "Bearer {key}" }}
    http-request return status 200 content-type application/json file {body} hdr Cache-Control no-store if {{ path /token }}
    http-request deny deny_status 404
"""


@dataclass(frozen=True)
class TLS:
    """The certificate of the servers, and the clients' settings."""

    certificate: Certificate
    context: ssl.SSLContext

    @staticmethod
    def make(folder: Path) -> TLS:
        authority = Authority(folder / "tls")
        certificate = authority.issue("server", "IP:127.0.0.1,DNS:localhost")
        # nginx's worker is another user.
        for path in (folder / "tls", *(folder / "tls").iterdir()):
            path.chmod(0o755)
        return TLS(certificate, authority.client_context())

    @property
    def nginx(self) -> str:
        return (
            " ssl; ssl_protocols TLSv1.3; ssl_ecdh_curve X25519; "
            f"ssl_certificate {self.certificate.cert}; ssl_certificate_key {self.certificate.key}"
        )

    @property
    def latchkey(self) -> dict[str, str]:
        return {"LATCHKEY_TLS_CERT": str(self.certificate.cert), "LATCHKEY_TLS_KEY": str(self.certificate.key)}


class Server(Protocol):
    """A server on the first core that answers `GET /token`."""

    port: int
    child: Child
    tls: TLS | None

    def worker(self) -> int:
        """The process that does the work."""


class Latchkey:
    """`latchkey serve` with a token in memory. Each peer is called once."""

    def __init__(self, folder: Path, wrapper: list[str], tls: TLS | None = None, **more: str) -> None:
        self.port, self.tls = free_port(), tls
        self.socket = folder / f"broker-{self.port}"
        self.upstreams = Upstreams()
        listen = f"127.0.0.1:{self.port}" + ("" if tls else f",unix:{self.socket}")
        # valgrind maps memory that is written and executed, in the process itself.
        confine = "false" if "valgrind" in wrapper else "true"
        env = self.upstreams.environment(
            folder, listen, LATCHKEY_CONFINE=confine, **{**(tls.latchkey if tls else {}), **more})
        self.child = Child([*wrapper, BINARY, "serve"], env)

    def worker(self) -> int:
        return self.child.pid


class Nginx:
    """nginx with one worker, and without a master if one process is measured."""

    def __init__(self, folder: Path, wrapper: list[str], body: str, single: bool, tls: TLS | None = None) -> None:
        self.port, self.tls = free_port(), tls
        self.single = single
        configuration = folder / f"nginx-{self.port}.conf"
        process = "master_process off;" if single else ""
        configuration.write_text(
            NGINX.format(
                process=process, folder=folder, key=API_KEY, port=self.port, body=body, tls=tls.nginx if tls else ""
            )
        )
        command = [*wrapper, shutil.which("nginx") or "/usr/sbin/nginx", "-p", folder, "-c", configuration]
        self.child = Child(command, {"PATH": os.environ["PATH"]})

    def worker(self) -> int:
        if self.single:
            return self.child.pid
        children = Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()
        return int(children[0])


class OneProcess:
    """A server that is one process, without TLS."""

    port: int
    child: Child
    tls = None

    def worker(self) -> int:
        return self.child.pid


class Haproxy(OneProcess):
    """haproxy with one thread, which answers itself."""

    def __init__(self, folder: Path, wrapper: list[str], body: str) -> None:
        self.port = free_port()
        configuration, file = folder / "haproxy.conf", folder / "haproxy-body"
        file.write_text(body)
        configuration.write_text(HAPROXY.format(port=self.port, key=API_KEY, body=file))
        command = [*wrapper, shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", configuration]
        self.child = Child(command, {"PATH": os.environ["PATH"]})


class Bare(OneProcess):
    """The epoll loop of bare.c."""

    def __init__(self, folder: Path, wrapper: list[str], body: str) -> None:
        self.port = free_port()
        self.child = Child([*wrapper, compiled("bare", folder), str(self.port), API_KEY, body], {})


class Hummingbird(OneProcess):
    """The server of hummingbird-token, with one event loop."""

    def __init__(self, folder: Path, wrapper: list[str], body: str) -> None:
        self.port = free_port()
        self.child = Child([*wrapper, self.built(), str(self.port), API_KEY, body], {"PATH": os.environ["PATH"]})

    @staticmethod
    def built() -> Path:
        """The program, which a first build makes in some minutes."""
        source = Path(__file__).resolve().parents[1] / "hummingbird-token"
        scratch = ROOT / ".build" / "hummingbird-token"
        command = ["swift", "build", "-c", "release", "--package-path", source, "--scratch-path", scratch]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return scratch / "release" / "hummingbird-token"


def compiled(name: str, folder: Path) -> Path:
    """The program of a C file in Tests/Perf."""
    program = folder / name
    if not program.exists():
        source = Path(__file__).resolve().parents[1] / f"{name}.c"
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source], check=True)
    return program


def wait(server: Server, within: float) -> bytes:
    """Waits until the server answers. Returns the body."""

    def answers() -> bytes:
        try:
            context = server.tls.context if server.tls else None
            answer = ask(server.port, "/token", headers={"Authorization": f"Bearer {API_KEY}"}, context=context)
        except OSError:
            return b""
        return answer.body if answer.status == 200 else b""

    server.child.ready(answers, "a token", within)
    return answers()


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
