"""moto as AWS: its own server, and its WSGI application on a server with kept-alive connections."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config

from . import nursery
from .broker import AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
from .child import Child
from .http import ask
from .waiting import free_port

BIN = Path(sys.executable).parent
#: The DynamoDB table of tests that share tokens in DynamoDB.
TABLE = "latchkey-tokens"


class Moto:
    """A moto server of this process."""

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
        """Removes everything from every store."""
        ask(self.port, "/moto-api/reset", method="POST")

    def enforce(self, exempt_calls: int | None) -> None:
        """Checks signatures and policies after this number of calls; None stops the checks."""
        count = "inf" if exempt_calls is None else str(exempt_calls)
        ask(self.port, "/moto-api/reset-auth", method="POST", body=count)

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """A boto3 client of this server for a service, cached because creating one takes a tenth of a second."""
        name = f"{service} {region}"
        if name not in self._clients:
            self._clients[name] = client_at(self.url, service, region=region)
        return self._clients[name]

    def stop(self) -> None:
        self.child.kill()


class KeepAliveMoto(Moto):
    """moto with kept-alive connections. moto's own server closes each one, so the broker's pool would not be used."""

    def __init__(self) -> None:
        self.port = free_port()
        self.scheme = "http"
        self._clients = {}
        if nursery.is_open():
            self.child = nursery.ForkedMoto(self.port)
        else:
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
    return {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/tmp"), "MOTO_CALL_RESET_API": "false",
        # No browser calls it.
        "MOTO_DISABLE_GLOBAL_CORS": "true",
    }


def answers(port: int) -> bool:
    try:
        return ask(port, "/moto-api/data.json", timeout=5).status == 200
    except OSError:
        return False


def client_at(
    url: str, service: str, key: str = AWS_ACCESS_KEY_ID, secret: str = AWS_SECRET_ACCESS_KEY, attempts: int = 1,
    region: str = "us-east-1",
) -> Any:
    """A boto3 client of a new session, without settings from the environment."""
    core = botocore.session.Session()
    core.register_component("data_loader", _loader)
    session = boto3.session.Session(
        aws_access_key_id=key, aws_secret_access_key=secret, region_name=region, botocore_session=core
    )
    retries = {"mode": "standard", "total_max_attempts": attempts}
    return session.client(service, endpoint_url=url, config=Config(retries=retries))


def load_clients() -> None:
    """Reads what clients of the usual services need, so that forks of this process need not."""
    for service in ("ssm", "secretsmanager", "dynamodb"):
        client_at("http://127.0.0.1:1", service)


#: Reads the descriptions of services, and keeps them for all sessions.
_loader = botocore.loaders.create_loader()
