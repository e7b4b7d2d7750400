"""`latchkey doctor` as a test calls it."""

from __future__ import annotations

import json
from typing import Any

from .broker import run

#: Settings of a setup without tokens.
NO_ISSUER = dict.fromkeys(
    ["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_AUDIENCE", "LATCHKEY_AUTH0_TOKEN_URL"])


def doctor(world, *arguments: str, **env: str | None) -> tuple[int, list[dict[str, Any]]]:
    started = {"AWS_ENDPOINT_URL": world.moto.url, "LATCHKEY_AUTH0_TOKEN_URL": world.issuer.token_url, **env}
    done = run("doctor", "--json", *arguments, env=world.settings(**started), timeout=60)
    return done.returncode, json.loads(done.stdout)["findings"]
