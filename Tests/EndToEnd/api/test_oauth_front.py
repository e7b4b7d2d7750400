"""OAuth clients get the cached token and the errors of their protocol from `POST /oauth/token`."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from auth0.authentication import GetToken
from auth0.authentication.exceptions import Auth0Error
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from oauthlib.oauth2 import (
    BackendApplicationClient,
    InvalidClientError,
    InvalidScopeError,
    OAuth2Error,
    UnsupportedGrantTypeError,
)
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error, InvalidClientIdError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session as RequestsOAuthSession

from peers.broker import API_KEY, Broker
from peers.faults import oauth_error
from peers.http import Answer, ask
from peers.issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET

FORM = "application/x-www-form-urlencoded"
#: A key in base64: form decoding turns its plus signs into spaces.
BASE64_KEY = "q+7Zk0+vQ3m/9T2w+Xy1LrB8sD4uHfJa5cNeGpKzMo0="


@pytest.fixture
def broker(world) -> Broker:
    return world.serve()


@pytest.fixture(autouse=True)
def insecure_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets oauthlib use plain http."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def basic(client: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()


def post(broker: Broker, body: Any, kind: str = FORM, query: str = "", **headers: str) -> Answer:
    if isinstance(body, dict):
        body = urlencode(body) if kind.startswith(FORM) else json.dumps(body)
    fields = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return ask(broker.port, f"/oauth/token{query}", method="POST", body=body, headers=fields)


def request(**parameters: str) -> dict[str, str]:
    defaults = {"grant_type": "client_credentials", "client_id": "default", "client_secret": API_KEY}
    return {**defaults, **parameters}


# The libraries as their documentation shows.


def by_auth0(broker: Broker, client: str = "default", key: str = API_KEY, audience: str = AUDIENCE) -> dict[str, Any]:
    issuer = GetToken(f"127.0.0.1:{broker.port}", client, client_secret=key, protocol="http")
    return issuer.client_credentials(audience)


def by_authlib(method: str) -> Callable[..., dict[str, Any]]:
    def ask_for(
        broker: Broker, client: str = "default", key: str = API_KEY, audience: str = AUDIENCE, **more: str
    ) -> dict[str, Any]:
        session = OAuth2Session(
            client, key, token_endpoint=f"{broker.url}/oauth/token", token_endpoint_auth_method=method
        )
        return session.fetch_token(grant_type="client_credentials", audience=audience, **more)

    return ask_for


def by_requests_oauthlib(in_body: bool) -> Callable[..., dict[str, Any]]:
    def ask_for(
        broker: Broker, client: str = "default", key: str = API_KEY, audience: str = AUDIENCE, **more: str
    ) -> dict[str, Any]:
        session = RequestsOAuthSession(client=BackendApplicationClient(client_id=client))
        how: dict[str, Any] = (
            {"client_secret": key, "include_client_id": True} if in_body else {"auth": HTTPBasicAuth(client, key)}
        )
        return session.fetch_token(f"{broker.url}/oauth/token", audience=audience, **how, **more)

    return ask_for


LIBRARIES = {
    "auth0-python": by_auth0,
    "authlib basic": by_authlib("client_secret_basic"),
    "authlib post": by_authlib("client_secret_post"),
    "requests-oauthlib basic": by_requests_oauthlib(in_body=False),
    "requests-oauthlib post": by_requests_oauthlib(in_body=True),
}
WITH_SCOPE = [name for name in LIBRARIES if name != "auth0-python"]


def refused(library: str, broker: Broker, **how: str) -> tuple[type[Exception], str, str]:
    """The exception class and the error that the library raises."""
    with pytest.raises((Auth0Error, OAuthError, OAuth2Error)) as caught:
        LIBRARIES[library](broker, **how)
    error = caught.value
    if isinstance(error, Auth0Error):
        return type(error), error.error_code, error.message
    return type(error), error.error, error.description


def test_every_library_gets_the_token_and_the_issuer_sees_one_request(broker, world) -> None:
    answers = {name: ask_for(broker) for name, ask_for in LIBRARIES.items()}
    tokens = {answer["access_token"] for answer in answers.values()}
    assert len(tokens) == 1
    broker.remember_secret(tokens.pop())
    assert all(answer["token_type"] == "Bearer" and 86_300 < answer["expires_in"] <= 86_400 for answer in answers.values())
    assert world.issuer.requests == ["POST /oauth/token 200"]
    assert broker.token().json()["access_token"] == answers["auth0-python"]["access_token"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_unknown_client_is_invalid_client(library: str, broker) -> None:
    kind, code, _ = refused(library, broker, client="nobody")
    assert code == "invalid_client"
    assert not library.startswith("requests-oauthlib") or kind is InvalidClientError


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_wrong_key_is_invalid_client_and_counted(library: str, broker) -> None:
    wrong = API_KEY[:-1] + "0"
    broker.remember_secret(wrong)
    _, code, says = refused(library, broker, key=wrong)
    assert code == "invalid_client" and wrong not in says
    assert broker.metric("latchkey_auth_failures_total", reason="unknown") == 1
    assert broker.metric("latchkey_http_requests_total", route="oauth_token", method="post", code="401") == 1


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_foreign_audience_is_invalid_target(library: str, broker, world) -> None:
    kind, code, says = refused(library, broker, audience="https://elsewhere.test/api")
    assert code == "invalid_target" and "elsewhere" not in says
    assert not library.startswith("requests-oauthlib") or kind is CustomOAuth2Error
    assert world.issuer.requests == []


@pytest.mark.parametrize("library", WITH_SCOPE)
def test_a_scope_the_token_has_not_is_invalid_scope(library: str, broker) -> None:
    granted = LIBRARIES[library](broker, scope="read:orders")
    assert granted["access_token"] and granted["scope"] in ("read:orders", ["read:orders"])
    kind, code, _ = refused(library, broker, scope="read:orders delete:orders")
    assert code == "invalid_scope"
    assert not library.startswith("requests-oauthlib") or kind is InvalidScopeError


def test_errors_are_the_classes_that_oauthlib_has_for_them(broker) -> None:
    for body, kind, status in [
        (urlencode(request(grant_type="password")), UnsupportedGrantTypeError, 400),
        # oauthlib has several classes for invalid_request and takes the first by name.
        (urlencode(request()) + "&grant_type=client_credentials", InvalidClientIdError, 400),
        (urlencode({"grant_type": "client_credentials"}), InvalidClientError, 401),
        (urlencode(request(client_id="default", client_secret="x")), InvalidClientError, 401),
    ]:
        answer = post(broker, body)
        assert answer.status == status
        client = BackendApplicationClient(client_id="default")
        with pytest.raises(kind):
            client.parse_request_body_response(answer.text)


def test_an_answer_follows_the_rfc(broker) -> None:
    cold, warm = post(broker, request()), post(broker, request())
    for answer, tier in ((cold, "auth0"), (warm, "memory")):
        assert answer.status == 200
        assert answer.header("Content-Type") == "application/json"
        assert (answer.header("Cache-Control"), answer.header("Pragma")) == ("no-store", "no-cache")
        assert answer.header("X-Latchkey-Tier") == tier
        assert answer.header("X-Latchkey-Expires-At") and answer.header("Age") and answer.header("X-Request-Id")
        assert set(answer.json()) == {"access_token", "token_type", "expires_in", "scope"}
    assert broker.token().header("Pragma") is None


@pytest.mark.parametrize(
    ("name", "body", "headers", "status", "code"),
    [
        ("no authentication", {"grant_type": "client_credentials"}, {}, 401, "invalid_client"),
        ("an id alone", {"grant_type": "client_credentials", "client_id": "default"}, {}, 401, "invalid_client"),
        ("a bearer key", {"grant_type": "client_credentials"}, {"Authorization": f"Bearer {API_KEY}"}, 401, "invalid_client"),
        ("both ways", request(), {"Authorization": basic("default", API_KEY)}, 400, "invalid_request"),
        ("a bearer key and the body", request(), {"Authorization": f"Bearer {API_KEY}"}, 400, "invalid_request"),
        ("a wrong key by Basic", {"grant_type": "client_credentials"}, {"Authorization": basic("default", "x")}, 401, "invalid_client"),
        ("Basic that is none", {"grant_type": "client_credentials"}, {"Authorization": "Basic ???"}, 401, "invalid_client"),
        ("no grant type", {"client_id": "default", "client_secret": API_KEY}, {}, 400, "invalid_request"),
        ("another grant", request(grant_type="refresh_token"), {}, 400, "unsupported_grant_type"),
        ("another grant of a stranger", request(grant_type="x", client_secret="x"), {}, 401, "invalid_client"),
        ("audience and resource that differ", request(audience=AUDIENCE, resource="https://b.test"), {}, 400, "invalid_target"),
        ("a parameter twice", urlencode(request()) + "&audience=a&audience=b", {}, 400, "invalid_request"),
        ("a secret twice", urlencode(request()) + f"&client_secret={API_KEY}", {}, 400, "invalid_request"),
        ("a bad escape", "grant_type=%zz", {}, 400, "invalid_request"),
        ("nothing", "", {}, 401, "invalid_client"),
    ],
)  # fmt: skip
def test_a_refusal_is_an_error_of_the_rfc(name: str, body: Any, headers: dict[str, str], status: int, code: str, broker) -> None:
    answer = post(broker, body, **headers)
    assert (answer.status, answer.json()["error"]) == (status, code), name
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.header("Content-Type") == "application/json"
    assert (answer.header("Cache-Control"), answer.header("Pragma")) == ("no-store", "no-cache")
    assert answer.header("WWW-Authenticate") == ('Basic realm="latchkey"' if status == 401 else None)
    assert API_KEY not in answer.text + str(answer.headers)


def test_other_forms_of_a_good_request_are_understood(broker) -> None:
    resource = request(resource=AUDIENCE)
    encoded = basic(quote_plus("default"), quote_plus(API_KEY))
    for answer in [
        post(broker, resource),
        post(broker, {**resource, "audience": AUDIENCE}),
        post(broker, request(), kind=f"{FORM}; charset=UTF-8"),
        post(broker, request(tenant="ignored", audience="")),
        post(broker, {**request(), "organization": None, "extra": [1]}, kind="application/json; charset=utf-8"),
        post(broker, {"grant_type": "client_credentials"}, kind="application/json", Authorization=encoded),
        post(broker, {"grant_type": "client_credentials", "client_id": "default"}, Authorization=encoded),
    ]:
        assert answer.status == 200, answer.text


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_key_in_base64_works_whether_the_client_encodes_it_or_not(library: str, world) -> None:
    broker = world.start([BASE64_KEY], LATCHKEY_API_KEY=BASE64_KEY)
    assert LIBRARIES[library](broker, key=BASE64_KEY)["access_token"]
    plain, encoded = basic("default", BASE64_KEY), basic("default", quote_plus(BASE64_KEY))
    for header in (plain, encoded):
        assert post(broker, {"grant_type": "client_credentials"}, Authorization=header).status == 200


def test_a_media_type_of_another_kind_is_refused(broker) -> None:
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/xml"):
        answer = post(broker, urlencode(request()), kind=kind)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


def test_credentials_in_the_query_are_refused(broker) -> None:
    answer = post(broker, request(), query=f"?client_secret={API_KEY}")
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
    assert "client_secret" in answer.json()["error_description"] and API_KEY not in answer.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_post_is_taken(method: str, broker) -> None:
    answer = ask(broker.port, "/oauth/token", method=method)
    assert (answer.status, answer.header("Allow")) == (405, "POST")
    if method != "HEAD":
        assert answer.json()["error"] == "invalid_request"


def test_an_audience_in_the_blob_is_known_and_then_remembered(world) -> None:
    blob = {"AUTH0_CLIENT_ID": CLIENT_ID, "AUTH0_CLIENT_SECRET": CLIENT_SECRET, "AUTH0_AUDIENCE": AUDIENCE}
    world.put("secrets", json.dumps(blob))
    broker = world.serve(**dict.fromkeys(blob))
    assert by_auth0(broker)["access_token"]
    assert refused("auth0-python", broker, audience=AUDIENCE + "/x")[1] == "invalid_target"
    world.aws.down()
    answer = post(broker, request(audience=AUDIENCE))
    assert (answer.status, answer.header("X-Latchkey-Tier")) == (200, "memory")


def test_upstream_trouble_has_the_statuses_of_the_native_route(world) -> None:
    broker = world.start(LATCHKEY_SHARED_TIER="none")
    world.auth.always(oauth_error("access_denied", 401))
    denied = post(broker, request())
    assert (denied.status, denied.json()["error"]) == (502, "server_error")
    world.auth.heal()
    busy = world.start(LATCHKEY_SHARED_TIER="none")
    world.auth.always(oauth_error("too_many_requests", 429))
    throttled = post(busy, request())
    assert (throttled.status, throttled.json()["error"]) == (503, "temporarily_unavailable")
    assert int(throttled.header("Retry-After") or 0) >= 1
    with pytest.raises(OAuth2Error) as caught:
        by_requests_oauthlib(in_body=True)(busy)
    assert caught.value.error == "temporarily_unavailable"


def test_five_hundred_cold_clients_cost_the_issuer_one_request(world, broker) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: post(broker, request(audience=AUDIENCE)), range(500)))
    assert {answer.status for answer in answers} == {200}
    digests = {hashlib.sha256(answer.json()["access_token"].encode()).hexdigest() for answer in answers}
    assert len(digests) == 1
    assert world.issuer.requests == ["POST /oauth/token 200"]
