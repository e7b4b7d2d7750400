"""The peers of one broker: AWS and an issuer, each behind a proxy that can inject faults."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import markers
from .broker import PREFIX, Broker, settings
from .issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET, Issuer
from .moto import Moto
from .proxy import FaultProxy


class World:
    """The peers and brokers of one test. `end` stops every broker and checks its exit."""

    def __init__(self, moto: Moto, issuer: Issuer, folder: Path) -> None:
        markers.forget()
        self.moto = moto
        self.issuer = issuer
        self.folder = folder
        self.aws = FaultProxy(moto.port)
        self.auth = FaultProxy(issuer.port)
        self.brokers: list[Broker] = []
        self.ssm = moto.client("ssm")
        self.secrets_manager = moto.client("secretsmanager")

    @property
    def aws_url(self) -> str:
        return f"http://127.0.0.1:{self.aws.port}"

    @property
    def token_url(self) -> str:
        return f"http://127.0.0.1:{self.auth.port}/oauth/token"

    def settings(self, **extra: str | None) -> dict[str, str]:
        """The environment of a broker; None removes a variable."""
        defaults: dict[str, Any] = {
            "AWS_ENDPOINT_URL": self.aws_url,
            "LATCHKEY_AUTH0_TOKEN_URL": self.token_url,
            "AUTH0_DOMAIN": "issuer.test",
            "AUTH0_CLIENT_ID": CLIENT_ID,
            "AUTH0_CLIENT_SECRET": CLIENT_SECRET,
            "AUTH0_AUDIENCE": AUDIENCE,
        }
        return settings(self.folder, **{**defaults, **extra})

    def start(self, secrets: Sequence[str] = (), wrapper: Sequence[str] = (), **extra: str | None) -> Broker:
        """Starts a broker and waits for `/livez`; its upstreams may be down."""
        broker = Broker(self.settings(**extra), [CLIENT_SECRET, *secrets], wrapper)
        self.brokers.append(broker)
        return broker.wait_live()

    def serve(self, secrets: Sequence[str] = (), wrapper: Sequence[str] = (), **extra: str | None) -> Broker:
        """Starts a broker and waits until it is ready."""
        return self.start(secrets, wrapper, **extra).wait_ready()

    def put(self, name: str, value: str, kind: str = "SecureString", overwrite: bool = True) -> int:
        """Writes a parameter under the prefix with boto3, without the proxy. Returns its version."""
        markers.mark_parameter(name, value, kind)
        answer = self.ssm.put_parameter(Name=f"{PREFIX}/{name}", Value=value, Type=kind, Overwrite=overwrite)
        return int(answer["Version"])

    def parameter(self, name: str) -> dict[str, Any] | None:
        """A parameter under the prefix, read with boto3 without the proxy; None if it does not exist."""
        found = self.ssm.get_parameters(Names=[f"{PREFIX}/{name}"], WithDecryption=True)["Parameters"]
        return found[0] if found else None

    def end(self) -> None:
        """Stops the brokers while their peers still answer, then the proxies."""
        self.aws.heal()
        self.auth.heal()
        faults: list[AssertionError] = []
        for broker in self.brokers:
            try:
                broker.stop()
                broker.require_clean_output()
            except AssertionError as fault:
                faults.append(fault)
        self.aws.stop()
        self.auth.stop()
        if faults:
            raise faults[0]
