"""The credentials that botocore would use, found in this process without network access."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import botocore.session
from botocore import credentials as providers
from botocore.configprovider import ConfiguredEndpointProvider
from botocore.utils import ensure_boolean, validate_region_name

#: Bounds of the parameters of a call (STS API reference, AssumeRole). botocore checks them before it sends.
SHORTEST = {"role": 20, "session_name": 2, "external_id": 2}


class Unusable(Exception):
    """botocore accepts credentials that cannot sign a call."""


def named_source(self: object, name: str) -> providers.Credentials:
    return providers.Credentials("named", name, method="named")


def process_words(self: object, command: str) -> dict[str, Any]:
    words = shlex.split(command)
    if not words or not words[0]:
        raise Unusable("an empty command")
    return {"access_key": "process", "secret_key": json.dumps(words), "token": None, "expiry_time": None}


@contextmanager
def nobody_asked() -> Iterator[None]:
    """Replaces what would start programs or call metadata services."""
    with (
        mock.patch.object(providers.CanonicalNameCredentialSourcer, "source_credentials", named_source),
        mock.patch.object(providers.ProcessProvider, "_retrieve_credentials_using", process_words),
    ):
        yield


def plan_of(environment: Mapping[str, str]) -> dict[str, Any]:
    """Region, endpoint of Parameter Store and plan, or `error`. The environment is replaced during the call."""
    with mock.patch.dict(os.environ, environment, clear=True):
        try:
            # Registering request handlers is slow, and no request is sent.
            return settle(botocore.session.Session(include_builtin_handlers=False))
        except Exception as error:  # whatever botocore does not survive is not an identity
            cause = getattr(error, "kwargs", {}).get("error", "")
            return {"error": f"{type(error).__name__}: {error} {cause}"}


def settle(session: botocore.session.Session) -> dict[str, Any]:
    scoped = session.get_scoped_config()
    region = session.get_config_variable("region")
    if not region:
        raise Unusable("no region")
    validate_region_name(region)
    endpoint = None
    if not ensure_boolean(session.get_config_variable("ignore_configured_endpoint_urls")):
        endpoint = ConfiguredEndpointProvider(session.full_config, scoped, "ssm").provide()
    found = session.get_component("credential_provider").load_credentials()
    return {"region": region, "endpoint": endpoint, "plan": found and described(found)}


def described(found: providers.Credentials) -> dict[str, Any]:
    if isinstance(found, providers.DeferredRefreshableCredentials):
        fetcher = getattr(found._refresh_using, "__self__", None)
        if isinstance(fetcher, providers.AssumeRoleCredentialFetcher):
            return role(fetcher)
        if isinstance(fetcher, providers.AssumeRoleWithWebIdentityCredentialFetcher):
            return web_identity(fetcher)
        if isinstance(fetcher, providers.SSOCredentialFetcher):
            return sso(fetcher)
        raise Unusable("a code of an MFA device is asked for")
    if found.method == "named":
        source = {"Environment": "environment", "EcsContainer": "container", "Ec2InstanceMetadata": "instance metadata"}
        return {"kind": "named", "source": source[found.secret_key]}
    if found.method == "custom-process":
        return {"kind": "process", "words": json.loads(found.secret_key)}
    keys = [found.access_key, found.secret_key, found.token]
    return {"kind": "keys", **dict(zip(["key_id", "secret", "token"], map(plain, keys)))}


def plain(text: Any) -> str | None:
    if text is not None and not isinstance(text, str):
        raise Unusable(f"{text} where a text is expected")
    return text or None


def role(fetcher: providers.AssumeRoleCredentialFetcher) -> dict[str, Any]:
    arguments = fetcher._assume_kwargs
    if "SerialNumber" in arguments:
        raise Unusable("a code of an MFA device is asked for")
    return checked({
        "kind": "role", "role": fetcher._role_arn, "session_name": session_name(fetcher),
        "external_id": arguments.get("ExternalId"), "seconds": arguments.get("DurationSeconds"),
        "source": described(fetcher._source_credentials),
    })


def web_identity(fetcher: providers.AssumeRoleWithWebIdentityCredentialFetcher) -> dict[str, Any]:
    path = fetcher._web_identity_token_loader._web_identity_token_path
    return checked({
        "kind": "web identity", "role": fetcher._role_arn, "file": plain(path), "session_name": session_name(fetcher),
    })


def sso(fetcher: providers.SSOCredentialFetcher) -> dict[str, Any]:
    if fetcher._token_provider is not None:
        fetcher._token_provider._load_sso_config()
    found = {
        "account": fetcher._account_id, "role": fetcher._role_name, "region": fetcher._sso_region,
        "start_url": fetcher._start_url, "session": fetcher._sso_session_name,
    }
    if not all(plain(value) for name, value in found.items() if name != "session"):
        raise Unusable("an empty setting of SSO")
    return {"kind": "sso", **found}


def session_name(fetcher: Any) -> str | None:
    return None if fetcher._using_default_session_name else fetcher._assume_kwargs["RoleSessionName"]


def checked(call: dict[str, Any]) -> dict[str, Any]:
    for name, length in SHORTEST.items():
        value = call.get(name)
        if value is not None and len(plain(value) or "") < length:
            raise Unusable(f"{name} is too short")
    return call


def is_usable(plan: Mapping[str, Any] | None) -> bool:
    """Whether requests can be signed with the plan: a header cannot have white space or an empty key."""
    if plan is None:
        return False
    if plan["kind"] == "role":
        return is_usable(plan["source"])
    if plan["kind"] != "keys":
        return True
    visible = re.compile(r"[!-~]+")
    return all(value is None or visible.fullmatch(value) for value in (plan["key_id"] or "", plan["token"]))
