"""A broker whose profiles file changes while it runs, and the faults of that file."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .broker import Broker
from .http import Answer, ask
from .issuer import CLIENT_SECRET
from .proxy import mentions
from .waiting import until
from .world import World

NAME = "LATCHKEY_PROFILES_FILE"
A, B = "https://a.test/api", "https://b.test/api"


def entry(name: str, audience: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "auth0", "audience": audience, **more}


def audience(token: str) -> str:
    """The `aud` claim of the token."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["aud"]


def put(file: Path, text: str) -> None:
    """Replaces the file atomically, whatever it is."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(0o600)
    if file.is_dir():
        file.rmdir()
    os.replace(fresh, file)


class Reloaded:
    """A broker with a profiles file."""

    def __init__(self, world: World, file: Path, *entries: dict, wrapper: tuple[str, ...] = (), **env: str) -> None:
        self.world = world
        self.file = file
        put(file, json.dumps(entries))
        self.broker: Broker = world.serve([CLIENT_SECRET], wrapper, **{NAME: str(file)}, **env)

    def changes(self) -> int:
        return sum(line["message"].startswith("the profiles have changed") for line in self.broker.logs)

    def write(self, *entries: dict) -> None:
        """Writes other profiles and waits until they are in force."""
        count = self.changes()
        put(self.file, json.dumps(entries))
        until(lambda: self.changes() > count, "the profiles of the file are in force")

    def get(self, profile: str, query: str = "") -> Answer:
        return self.broker.get(f"/token/{profile}{query}")

    def token(self, profile: str) -> str:
        answer = self.get(profile)
        assert answer.status == 200, answer.text
        value = answer.json()["access_token"]
        self.broker.remember_secret(value)
        return value

    def oauth(self, audience: str) -> Answer:
        body = {"grant_type": "client_credentials", "client_id": "default", "audience": audience}
        body["client_secret"] = self.broker.env["LATCHKEY_API_KEY"]
        headers = {"Content-Type": "application/json"}
        return ask(self.broker.port, "/oauth/token", method="POST", body=json.dumps(body), headers=headers)

    def health_entry(self, name: str = NAME) -> dict[str, Any]:
        return self.broker.get("/health").json()["followed"][name]

    def failures(self) -> float:
        return self.broker.metric("latchkey_reload_failures_total", what="profiles")

    def warnings(self) -> list[str]:
        message = "a followed file cannot be used; the last good value stays in force"
        return [line["code"] for line in self.broker.logs if line["message"] == message]

    def asked(self, audience: str) -> int:
        """Requests for this audience at the issuer."""
        return len(self.world.auth.seen(mentions(audience)))

    def is_shared(self, name: str, value: str) -> bool:
        found = self.world.parameter(f"auth0-cache/{name}/token")
        return found is not None and found["Value"] == value


#: Faults of the file: how to produce it, and the reported code.
GOOD = json.dumps([entry("z", B)])
FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "half written": (lambda file: put(file, GOOD[:-7]), "unfit"),
    "no JSON": (lambda file: put(file, "profiles: [z]"), "unfit"),
    "a name twice": (lambda file: put(file, json.dumps([entry("z", A), entry("z", B)])), "unfit"),
    "a member twice": (lambda file: put(file, '[{"name":"z","kind":"auth0","kind":"auth0"}]'), "unfit"),
    "one bad profile": (lambda file: put(file, json.dumps([entry("z", B), {"name": "y"}])), "unfit"),
    "a reserved name": (lambda file: put(file, json.dumps([entry("lease", B)])), "unfit"),
    "empty": (lambda file: put(file, ""), "empty"),
    "no text": (lambda file: (put(file, ""), file.write_bytes(b"\xff\xfe"))[0], "not_utf8"),
    "too large": (lambda file: put(file, "[" + " " * (1 << 20) + "]"), "too_large"),
    "gone": (lambda file: file.unlink(missing_ok=True) if not file.is_dir() else file.rmdir(), "absent"),
    "a folder": (lambda file: (FAULTS["gone"][0](file), file.mkdir())[0], "not_a_file"),
}
