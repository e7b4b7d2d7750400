"""Hooks for schemathesis (SCHEMATHESIS_HOOKS): rules of `openapi.yaml` that a schema cannot express.

A request that matches the schemas is changed so that it also follows these rules. Negative tests are not changed.
"""

from __future__ import annotations

import os
import random
import re
from typing import Any

import schemathesis
import urllib3.connectionpool
import urllib3.util.connection


def _from_any_address(address, timeout=None, source_address=None, socket_options=None):
    """A connection from an address of its own: answers to many wrong keys of one address are delayed."""
    source = f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}"
    return _connect(address, timeout, (source, 0), socket_options)


def _end(pool, connection) -> None:
    """Keeps no connection, so that the next request has another address."""
    if connection is not None:
        connection.close()
    _put(pool, connection)


_connect = urllib3.util.connection.create_connection
urllib3.util.connection.create_connection = _from_any_address
_put = urllib3.connectionpool.HTTPConnectionPool._put_conn
urllib3.connectionpool.HTTPConnectionPool._put_conn = _end

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
    """Corrects values that depend on the settings or on each other."""
    query = {name: text(value) for name, value in (case.query or {}).items()}
    # Parameter Store accepts only one of the two.
    if "version" in query and "label" in query:
        del query["label"]
    # The syntax of versions and labels depends on the store.
    if not re.fullmatch(r"[1-9][0-9]{0,17}", str(query.get("version", "1"))):
        query["version"] = "1"
    if not re.fullmatch(r"(?!(?i:aws|ssm))[A-Za-z_.-][A-Za-z0-9_.-]{0,99}", str(query.get("label", "blue"))):
        query["label"] = "blue"
    # AWS answers 400 for names that do not exist or are outside the prefix.
    if "name" in query or "secretId" in query:
        query = {name: value for name, value in query.items() if name in ("withDecryption", "refreshNow")} | (
            {"name": f"{PREFIX}/solo"} if "name" in query else {"secretId": SECRET})
    if "secretId" in (case.path_parameters or {}):
        case.path_parameters["secretId"] = SECRET
        query = {name: value for name, value in query.items() if name == "refreshNow"}
    case.query = query
    if case.path.startswith("/oauth/token") and isinstance(case.body, dict):
        # Basic credentials identify the client, and only this audience and scope exist.
        case.body = {"grant_type": "client_credentials"}


def text(value: Any) -> Any:
    """The text without NUL, which a query may not contain."""
    return value.replace("\0", "") or "0" if isinstance(value, str) else value
