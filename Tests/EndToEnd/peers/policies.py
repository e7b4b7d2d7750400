"""Evaluates IAM policies with moto."""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult

ACCOUNT = "111122223333"


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def unconditional(document: dict[str, Any]) -> str:
    """Without conditions, of which moto knows nothing; what a table's items are bound to is left to a test of its own."""
    kept = [s for s in document["Statement"] if not json.dumps(s["Action"]).count("kms:")]
    return json.dumps({**document, "Statement": [{k: v for k, v in s.items() if k != "Condition"} for s in kept]})


def allows(document: dict[str, Any], action: str, resource: str) -> bool:
    return IAMPolicy(unconditional(document)).is_action_permitted(action, resource) == PermissionResult.PERMITTED
