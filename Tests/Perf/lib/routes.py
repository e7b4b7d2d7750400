"""The requests that are measured, and peers of a broker that answer at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from peers.broker import API_KEY, PREFIX, settings
from peers.faults import aws_error, document
from peers.proxy import FaultProxy, ProxiedRequest
from peers.raw import bearer, request, signature

#: The length of an RS256 token with a few claims.
TOKEN = "eyJhbGciOiJSUzI1NiJ9." + "a" * 700 + "." + "b" * 342


@dataclass(frozen=True)
class Route:
    """A request that is measured."""

    target: str
    fields: tuple[tuple[str, str], ...] = (bearer(),)
    method: str = "GET"
    body: bytes = b""
    status: int = 200
    #: The operation of AWS, for a request that is signed.
    operation: str = ""
    is_audited: bool = False
    is_local: bool = False

    def request(self, port: int, etag: str) -> bytes:
        """The bytes to send. `{etag}` in a field is the entity tag of the route's first answer."""
        fields = [(name, value.replace("{etag}", etag)) for name, value in self.fields]
        if self.operation:
            fields = signature(port, self.operation, self.body)
        return request(self.method, self.target, fields, self.body)


TEN = [f"one-of-ten-{number}" for number in range(10)]
FORM = ("Content-Type", "application/x-www-form-urlencoded")
AGENT = ("X-Aws-Parameters-Secrets-Token", API_KEY)
ROUTES = {
    "token": Route("/token"),
    "token-audit": Route("/token", is_audited=True),
    "token-unix": Route("/token", is_local=True),
    "token-profile": Route("/token/default"),
    "secret": Route("/secrets/solo"),
    "secret-text": Route("/secrets/solo", (bearer(), ("Accept", "text/plain"))),
    "secret-304": Route("/secrets/solo", (bearer(), ("If-None-Match", "{etag}")), status=304),
    "secret-field": Route("/secrets/blob?field=a.b"),
    "ten-secrets": Route(f"/secrets?keys={','.join(TEN)}"),
    "aws": Route(
        "/", method="POST", operation="AmazonSSM.GetParameter",
        body=json.dumps({"Name": f"{PREFIX}/solo", "WithDecryption": True}).encode()),
    "extension": Route(f"/systemsmanager/parameters/get?name={quote(f'{PREFIX}/solo', '')}&withDecryption=true", (AGENT,)),
    "oauth": Route(
        "/oauth/token", (FORM,), "POST",
        f"grant_type=client_credentials&client_id=default&client_secret={quote(API_KEY)}&audience=perf".encode()),
}


class Upstreams:
    """An issuer and a Parameter Store that answer at once."""

    def __init__(self) -> None:
        self.issuer, self.aws = FaultProxy(), FaultProxy()
        self.issuer.always(document({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 86400}))
        self.aws.always(self.read)

    @staticmethod
    def value(name: str) -> str:
        """A blob for a name with `blob`, as many bytes as the number after `bytes-`, and else 100 bytes."""
        if "blob" in name:
            return '{"a":{"b":"' + "x" * 100 + '"}}'
        _, marked, size = name.partition("bytes-")
        return "x" * (int(size) if marked else 100)

    @classmethod
    def read(cls, proxied: ProxiedRequest) -> bool:
        """Answers GetParameter and GetParameters: every name has a value but that of the blob with all secrets."""
        asked = json.loads(proxied.request.body)
        names = [name for name in asked.get("Names") or [asked.get("Name", "")] if not name.endswith("/secrets")]
        found = [{"Name": name, "Type": "SecureString", "Version": 1, "Value": cls.value(name)} for name in names]
        if "Names" in asked:
            missing = [name for name in asked["Names"] if name not in names]
            return document({"Parameters": found, "InvalidParameters": missing})(proxied)
        return (document({"Parameter": found[0]}) if found else aws_error("ParameterNotFound"))(proxied)

    def environment(self, folder: Path, listen: str, **more: str) -> dict[str, str]:
        """The settings of a broker with one worker that keeps what it has read."""
        return settings(
            folder,
            **{
                "LATCHKEY_LISTEN": listen,
                "LATCHKEY_WORKERS": "1",
                "LATCHKEY_LOG_LEVEL": "error",
                "LATCHKEY_SHARED_TIER": "none",
                "LATCHKEY_UPSTREAM_TIMEOUT": "15",
                "LATCHKEY_SECRET_TTL": "3600",
                "LATCHKEY_NEGATIVE_TTL": "3600",
                "LATCHKEY_PREFETCH": "",
                "LATCHKEY_AUTH0_TOKEN_URL": f"http://127.0.0.1:{self.issuer.port}/oauth/token",
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.aws.port}",
                "AUTH0_DOMAIN": "issuer.test",
                "AUTH0_CLIENT_ID": "perf",
                "AUTH0_CLIENT_SECRET": "perf-secret-not-used",
                "AUTH0_AUDIENCE": "perf",
                **more,
            },
        )

    def stop(self) -> None:
        self.issuer.stop()
        self.aws.stop()
