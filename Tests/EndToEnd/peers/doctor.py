"""Runs `latchkey doctor` and reads its findings."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from .broker import AWS_SECRET_ACCESS_KEY, BINARY, run
from .issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from .moto import TABLE

BLOB = {"AUTH0_CLIENT_ID": CLIENT_ID, "AUTH0_CLIENT_SECRET": CLIENT_SECRET, "AUTH0_AUDIENCE": AUDIENCE}
FROM_BLOB = dict.fromkeys(BLOB)
IN_A_TABLE = {"LATCHKEY_SHARED_TIER": f"dynamodb:{TABLE}", "LATCHKEY_SECRETS_BACKEND": "secrets-manager"}
#: Upstreams that are healthy must not count as slow on a busy machine.
PATIENT = {"LATCHKEY_UPSTREAM_TIMEOUT": "15"}
#: Settings of a setup without tokens.
NO_ISSUER = dict.fromkeys(
    ["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_AUDIENCE", "LATCHKEY_AUTH0_TOKEN_URL"])


def doctor(world, *arguments: str, **env: str | None) -> tuple[int, list[dict[str, Any]]]:
    started = {
        "AWS_ENDPOINT_URL": world.moto.url, "LATCHKEY_AUTH0_TOKEN_URL": world.issuer.token_url, **PATIENT, **env}
    done = run("doctor", "--json", *arguments, env=world.settings(**started), timeout=60)
    return done.returncode, json.loads(done.stdout)["findings"]


class Doctor:
    """One run of `latchkey doctor`."""

    def __init__(self, world, *arguments: str, **env: str | None) -> None:
        started = {
            "AWS_ENDPOINT_URL": world.moto.url, "LATCHKEY_AUTH0_TOKEN_URL": world.issuer.token_url, **PATIENT, **env}
        # libfaketime changes the environment of the first process that loads it, so `env` is that process.
        done = subprocess.run(
            ["/usr/bin/env", str(BINARY), "doctor", "--json", *arguments], env=world.settings(**started),
            capture_output=True, text=True, timeout=60,
        )
        assert CLIENT_SECRET not in done.stdout + done.stderr
        assert AWS_SECRET_ACCESS_KEY not in done.stdout + done.stderr
        self.status = done.returncode
        self.output = done.stdout
        report = json.loads(done.stdout)
        self.findings: list[dict[str, Any]] = report["findings"]
        assert report["healthy"] == (self.status == 0) and report["exit_code"] == self.status
        assert all("remedy" in f for f in self.findings if f["weight"] in ("problem", "warning"))

    def of(self, severity: str) -> list[tuple[str, str]]:
        return [(f["area"], f["subject"]) for f in self.findings if f["weight"] == severity]

    def text(self, area: str) -> str:
        return " ".join(f["explanation"] + f.get("remedy", "") for f in self.findings if f["area"] == area)
