"""Hooks for schemathesis (SCHEMATHESIS_HOOKS): what `openapi.yaml` says in words, since no schema can say it.

A request that fits the schemas is made one that the words allow too. Requests that are meant to be refused stay as they are.
"""

from __future__ import annotations

import os
import re
from typing import Any

import schemathesis

#: `<prefix>`, below which there is a parameter `solo`.
PREFIX = os.environ.get("OPENAPI_PREFIX", "")
SECRET = f"{PREFIX.removeprefix('/')}/solo"

schemathesis.serializer.alias("application/x-amz-json-1.1", "application/json")


def is_meant_to_pass(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    if is_meant_to_pass(case):
        allow(case)


def allow(case: Any) -> None:
    """Puts right what depends on the settings or on two parameters together."""
    query = {name: text(value) for name, value in (case.query or {}).items()}
    # Parameter Store takes one of the two.
    if "version" in query and "label" in query:
        del query["label"]
    # The store in force decides what a version and a label are.
    if not re.fullmatch(r"[1-9][0-9]{0,17}", str(query.get("version", "1"))):
        query["version"] = "1"
    if not re.fullmatch(r"(?!(?i:aws|ssm))[A-Za-z_.-][A-Za-z0-9_.-]{0,99}", str(query.get("label", "blue"))):
        query["label"] = "blue"
    # What is not there, and what is outside the prefix, AWS says with 400.
    if "name" in query or "secretId" in query:
        query = {name: value for name, value in query.items() if name in ("withDecryption", "refreshNow")} | (
            {"name": f"{PREFIX}/solo"} if "name" in query else {"secretId": SECRET})
    if "secretId" in (case.path_parameters or {}):
        case.path_parameters["secretId"] = SECRET
        query = {name: value for name, value in query.items() if name == "refreshNow"}
    case.query = query
    if case.path.startswith("/oauth/token") and isinstance(case.body, dict):
        # The client is known by Basic credentials, and no other audience or scope is known here.
        case.body = {"grant_type": "client_credentials"}


def text(value: Any) -> Any:
    """Without NUL, which no query may hold."""
    return value.replace("\0", "") or "0" if isinstance(value, str) else value
