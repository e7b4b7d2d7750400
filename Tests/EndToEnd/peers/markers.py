"""The secrets of the running test. No log, audit log, metric or error may contain one.

`World.put`, `Broker` and the tests add them. `Broker.stop` and `World.end` look for them in all that a broker has written,
and `peers.http` in the answers that report an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

#: Shorter texts occur by chance.
MIN_LENGTH = 8

_values: set[str] = set()


def forget() -> None:
    """A new test begins."""
    _values.clear()


def mark(value: str | None) -> None:
    """Adds a secret."""
    if value and len(value) >= MIN_LENGTH:
        _values.add(value)


def mark_parameter(name: str, value: str, kind: str) -> None:
    """Adds the value of a parameter, and the fields of a blob. Latchkey's own parameters are no secrets."""
    if kind != "SecureString" or name.startswith("latchkey/"):
        return
    try:
        fields = json.loads(value)
    except ValueError:
        return mark(value)
    for field, text in fields.items() if isinstance(fields, dict) else ():
        # The others of these fields say where the issuer is.
        if isinstance(text, str) and (not field.startswith("AUTH0_") or field == "AUTH0_CLIENT_SECRET"):
            mark(text)


def found_in(text: str, more: Iterable[str] = ()) -> list[str]:
    """The beginnings of the secrets in the text."""
    return sorted({secret[:4] + "…" for secret in {*_values, *more} if secret and secret in text})


def require_none(answer: Any) -> None:
    """Fails if an answer that reports an error contains a secret."""
    if answer.status >= 400 and _values:
        text = f"{answer.headers}\n{answer.body.decode(errors='replace')}"
        leaked = found_in(text)
        assert not leaked, f"secrets in an answer with status {answer.status}: {leaked}"
