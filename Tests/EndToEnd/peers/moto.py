"""moto as AWS: its plain server, and its WSGI application on a server that keeps connections alive."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from .broker import AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
from .child import Child
from .http import ask
from .waiting import free_port

BIN = Path(sys.executable).parent
#: The DynamoDB table of the tests that share tokens in one.
TABLE = "latchkey-tokens"


class Moto:
    """A moto server of this process's own."""

    def __init__(self, cert: Path | None = None, key: Path | None = None, port: int | None = None) -> None:
        self.port = port or free_port()
        self.scheme = "https" if cert else "http"
        self._clients: dict[str, Any] = {}
        tls = ["-c", str(cert), "-k", str(key)] if cert else []
        self.child = Child(
            [BIN / "moto_server", "-H", "127.0.0.1", "-p", str(self.port), *tls], moto_environment()
        )

    def wait(self) -> Moto:
        self.child.ready(lambda: answers(self.port), "moto answers")
        return self

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def reset(self) -> None:
        """Empties every store."""
        ask(self.port, "/moto-api/reset", method="POST")

    def enforce(self, exempt_calls: int | None) -> None:
        """Checks signatures and policies from now on, after so many calls; None stops checking."""
        count = "inf" if exempt_calls is None else str(exempt_calls)
        ask(self.port, "/moto-api/reset-auth", method="POST", body=count)

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """This server's boto3 client for a service, made once: that takes a tenth of a second."""
        name = f"{service} {region}"
        if name not in self._clients:
            self._clients[name] = client_at(self.url, service, region=region)
        return self._clients[name]

    def stop(self) -> None:
        self.child.kill()


class KeepAliveMoto(Moto):
    """moto with connections that are kept alive: its own server closes each, which would hide the broker's pool."""

    def __init__(self) -> None:
        self.port = free_port()
        self.scheme = "http"
        self._clients = {}
        self.child = Child(
            [sys.executable, "-m", "peers.moto_app", str(self.port)],
            moto_environment(),
            cwd=Path(__file__).resolve().parents[1],
        )

    def wait(self) -> KeepAliveMoto:
        super().wait()
        # A service is loaded at its first call, which takes a second or more: longer than most tests' upstream timeout
        # on a busy machine.
        self.client("ssm").describe_parameters(MaxResults=1)
        self.client("secretsmanager").list_secrets(MaxResults=1)
        return self


def moto_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/tmp"), "MOTO_CALL_RESET_API": "false"}


def answers(port: int) -> bool:
    try:
        return ask(port, "/moto-api/data.json", timeout=5).status == 200
    except OSError:
        return False


def client_at(
    url: str, service: str, key: str = AWS_ACCESS_KEY_ID, secret: str = AWS_SECRET_ACCESS_KEY, attempts: int = 1,
    region: str = "us-east-1",
) -> Any:
    """A boto3 client of its own session, with nothing taken from the environment."""
    session = boto3.session.Session(
        aws_access_key_id=key, aws_secret_access_key=secret, region_name=region
    )
    retries = {"mode": "standard", "total_max_attempts": attempts}
    return session.client(service, endpoint_url=url, config=Config(retries=retries))
