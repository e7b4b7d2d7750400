"""A day of requests of many callers on every front, and what each of them gives the caller."""

from __future__ import annotations

import base64
import http.client
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from . import sdk
from .broker import PREFIX, Broker
from .callers import Connection, Member, bearer, digest

MAIL = "https://mail.test/"
#: The audiences of the named profiles.
PROFILES = {"mail": MAIL, "pay": "https://pay.test/"}
PARAMETERS = [f"{area}/{name}" for area in ("db", "api", "team/a", "team/b") for name in ("key", "password", "url")] + ["top"]
FIELDS = ["STRIPE_KEY", "MAIL_KEY", "a.b c", "übermut"]
#: Names that callers ask for and that do not exist.
MISSING = ["db/none", "OPTIONAL"]
ROOT = PREFIX.removeprefix("/")


@dataclass(frozen=True)
class Request:
    """One request: its kind is a key of `KINDS`."""

    caller: str
    kind: str
    names: tuple[str, ...] = ()


@dataclass
class Callers:
    """The callers of a broker, with their connections."""

    broker: Broker
    members: dict[str, Member]
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _connections: dict[str, Connection] = field(default_factory=dict)

    def outcome(self, request: Request) -> Any:
        """What the answer gives: its status and the names in it. Two answers that give the same are equal."""
        return KINDS[request.kind](self, self.members[request.caller], *request.names)

    def get(self, who: Member, path: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
        connection = self._connections.setdefault(who.name, Connection(self.broker))
        try:
            return connection.ask(path, headers or bearer(who.key), **more)
        except http.client.RemoteDisconnected:
            # The broker has ended a connection that was idle for a minute. The next request opens another.
            return connection.ask(path, headers or bearer(who.key), **more)

    def client(self, who: Member, service: str) -> Any:
        if (who.name, service) not in self._clients:
            self._clients[who.name, service] = sdk.client(self.broker, service, who.name, who.signing)
        return self._clients[who.name, service]


def quoted(name: str) -> str:
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 or byte in b"/._-" else f"%{byte:02X}" for byte in name.encode())


def status(path: Callable[..., str]) -> Callable[..., Any]:
    """A GET whose status says everything."""
    return lambda callers, who, *names: callers.get(who, path(*map(quoted, names))).status


def batch(callers: Callers, who: Member, *names: str) -> Any:
    answer = callers.get(who, f"/secrets?keys={','.join(map(quoted, names))}")
    body = answer.json()
    return answer.status, sorted(body.get("secrets", {})), sorted((name, one["code"]) for name, one in body.get("errors", {}).items())


def signed(service: str, operation: str, found: Callable[[dict[str, Any]], Any], **arguments: Callable[..., Any]) -> Callable[..., Any]:
    """A call of an SDK: what it returns, or its error."""
    def call(callers: Callers, who: Member, *names: str) -> Any:
        try:
            given = {name: make(*names) for name, make in arguments.items()}
            return found(getattr(callers.client(who, service), operation)(**given))
        except ClientError as error:
            return error.response["Error"]["Code"]

    return call


def listed(answer: dict[str, Any], *lists: str) -> Any:
    return [sorted(one if isinstance(one, str) else one["Name"] for one in answer[name]) for name in lists]


def several(answer: dict[str, Any]) -> Any:
    return sorted(one["Name"] for one in answer["SecretValues"]), sorted(one["ErrorCode"] for one in answer["Errors"])


def grant(callers: Callers, who: Member, *audiences: str) -> Any:
    basic = base64.b64encode(f"{who.name}:{who.key}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    body = "grant_type=client_credentials" + "".join(f"&audience={one}" for one in audiences)
    answer = callers.get(who, "/oauth/token", headers, method="POST", body=body)
    return answer.status, answer.json().get("error")


def rejected(callers: Callers, who: Member, *profiles: str) -> Any:
    body = {"sha256": digest("another token"), **({"profile": profiles[0]} if profiles else {})}
    return callers.get(who, "/token/rejected", method="POST", body=json.dumps(body)).status


KINDS: dict[str, Callable[..., Any]] = {
    "secret": status(lambda name: f"/secrets/{name}"),
    "batch": batch,
    "list": status(lambda: "/secrets"),
    "extension": status(lambda name: f"/systemsmanager/parameters/get?name={PREFIX}/{name}&withDecryption=true"),
    "agent": status(lambda name: f"/secretsmanager/get?secretId={ROOT}/{name}"),
    "v1": status(lambda name: f"/v1/{ROOT}/{name}"),
    "parameter": signed("ssm", "get_parameter", lambda answer: answer["Parameter"]["Name"],
                        Name=lambda name: f"{PREFIX}/{name}", WithDecryption=lambda _: True),
    "parameters": signed("ssm", "get_parameters", lambda answer: listed(answer, "Parameters", "InvalidParameters"),
                         Names=lambda *names: [f"{PREFIX}/{name}" for name in names], WithDecryption=lambda *_: True),
    "path": signed("ssm", "get_parameters_by_path", lambda answer: listed(answer, "Parameters"),
                   Path=lambda name: f"{PREFIX}/{name}", Recursive=lambda _: True),
    "value": signed("secretsmanager", "get_secret_value", lambda answer: answer["Name"], SecretId=lambda name: f"{ROOT}/{name}"),
    "values": signed("secretsmanager", "batch_get_secret_value", several,
                     SecretIdList=lambda *names: [f"{ROOT}/{name}" for name in names]),
    "describe": signed("secretsmanager", "describe_secret", lambda answer: answer["Name"], SecretId=lambda name: f"{ROOT}/{name}"),
    "token": status(lambda name=None: f"/token/{name}" if name else "/token"),
    "oauth": grant,
    "rejected": rejected,
    "clear": lambda callers, who: callers.get(who, "/cache/clear", method="POST").status,
    "health": status(lambda: "/health"),
    "metrics": status(lambda: "/metrics"),
}
#: The scope that each kind needs; any but `metrics` opens the health report.
SCOPES = {
    **dict.fromkeys(KINDS, "secrets"), "token": "token", "oauth": "token", "rejected": "token", "clear": "admin",
    "metrics": "metrics", "health": "",
}
SEVERAL = {"batch": 5, "parameters": 5, "values": 5}


def member(rng: random.Random, name: str) -> Member:
    """A caller with some scopes, and patterns that give it little of what it will ask for."""
    scopes = [scope for scope in ("token", "secrets", "admin", "metrics") if rng.random() < 0.7] or ["secrets"]
    patterns = rng.sample(["db/*", "!api/key", "team/**", "STRIPE_KEY"], rng.randrange(3))
    return Member(name, scopes, patterns)


def request(rng: random.Random, who: Member) -> Request:
    """A request that the scopes of the caller open."""
    scopes = set(who.scopes)
    kinds = [kind for kind, scope in SCOPES.items() if scope in scopes or (not scope and scopes - {"metrics"})]
    kind = rng.choice(kinds)
    if SCOPES[kind] == "token":
        profile = rng.choice([None, *PROFILES])
        if profile is None:
            return Request(who.name, kind)
        return Request(who.name, kind, (PROFILES[profile] if kind == "oauth" else profile,))
    if kind == "path":
        return Request(who.name, kind, (rng.choice(["db", "team", "team/a"]),))
    # Fields of the blob have no name in AWS's services, and not every name can be written there.
    names = PARAMETERS + (FIELDS + MISSING + ["secrets"] if kind in ("secret", "batch") else MISSING[:1])
    if kind in SEVERAL:
        return Request(who.name, kind, tuple(rng.sample(names, rng.randint(1, SEVERAL[kind]))))
    return Request(who.name, kind, (rng.choice(names),) if SCOPES[kind] == "secrets" and kind != "list" else ())
