"""Sources of AWS credentials, emulated by a proxy without an upstream, and the credentials that boto3 finds in them."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from .broker import PREFIX
from .faults import document, status
from .proxy import ProxiedRequest, Fault, FaultProxy, Filter, Received

FOLDER = "/latest/meta-data/iam/security-credentials/"
#: Unsets the keys, which take precedence over every other source.
NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


def target(path: str) -> Filter:
    return lambda request: request.target.partition("?")[0] == path


def action(name: str) -> Filter:
    """Requests for this STS operation."""
    return lambda request: f"Action={name}&".encode() in request.body + b"&"


def secret_of(access_key: str) -> str:
    return f"secret/of+{access_key}"


def token_of(access_key: str) -> str:
    return f"token/of+{access_key}=="


def iso(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def credentials(access_key: str, seconds: float = 3600) -> Fault:
    """The document of IMDS and the container agents. Its expiration is relative to the time of the answer."""

    def fault(proxied: ProxiedRequest) -> bool:
        body = {
            "Code": "Success", "AccessKeyId": access_key, "SecretAccessKey": secret_of(access_key),
            "Token": token_of(access_key), "Expiration": iso(seconds),
        }
        return document(body, 200, ("Date", format_datetime(datetime.now(UTC), usegmt=True)))(proxied)

    return fault


def assumed(operation: str, access_key: str, seconds: float = 3600) -> Fault:
    """The response of STS to this operation."""
    body = f"""<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>
      <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/a/b</Arn><AssumedRoleId>A:b</AssumedRoleId></AssumedRoleUser>
      <Credentials><AccessKeyId>{access_key}</AccessKeyId><SecretAccessKey>{secret_of(access_key)}</SecretAccessKey>
      <SessionToken>{token_of(access_key)}</SessionToken><Expiration>{iso(seconds)}</Expiration></Credentials>
      </{operation}Result></{operation}Response>"""
    return status(200, body.encode(), ("Content-Type", "text/xml"))


def play_instance(peer: FaultProxy, access_key: str) -> None:
    """IMDSv2 without IMDSv1: a request without the session token is rejected."""
    peer.always(status(401))
    with_token: Filter = lambda request: request.headers.get("x-aws-ec2-metadata-token") == "imds-session"
    peer.always(status(200, b"web"), when=lambda r: target(FOLDER)(r) and with_token(r))
    peer.always(credentials(access_key), when=lambda r: target(FOLDER + "web")(r) and with_token(r))
    peer.always(
        status(200, b"imds-session"), when=lambda r: target("/latest/api/token")(r) and r.method == "PUT"
    )


def boto3_resolves(env: Mapping[str, str]) -> list[str | None]:
    """The key id, secret and token that boto3 finds in a separate process with this environment."""
    code = (
        "import botocore.session, json;"
        "c = botocore.session.Session().get_credentials().get_frozen_credentials();"
        "print(json.dumps([c.access_key, c.secret_key, c.token]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"AWS_DEFAULT_REGION": "us-east-1", **env}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def signer(request: Received) -> str:
    """The access key id that signed a request."""
    return request.headers["authorization"].partition("Credential=")[2].partition("/")[0]


def is_signed_with(request: Received, secret: str) -> bool:
    """Whether the request is signed with this secret key (AWS Signature Version 4)."""
    parts = dict(
        part.strip().split("=", 1) for part in request.headers["authorization"].partition(" ")[2].split(",")
    )
    scope = parts["Credential"].partition("/")[2]
    names = parts["SignedHeaders"].split(";")
    canonical = "\n".join(
        [request.method, request.target, ""]
        + [f"{name}:{request.headers[name]}" for name in names]
        + ["", parts["SignedHeaders"], hashlib.sha256(request.body).hexdigest()]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for text in scope.split("/") + [f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{scope}\n{digest}"]:
        key = hmac.digest(key, text.encode(), "sha256")
    return hmac.compare_digest(key.hex(), parts["Signature"])


def reads(name: str) -> Filter:
    """Parameter Store requests for this parameter."""
    return lambda request: f"{PREFIX}/{name}".encode() in request.body
