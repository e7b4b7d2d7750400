"""Writes token_requests.json: what issuers of several makers are sent, the assertions made by PyJWT.

Run with the end-to-end tests' Python; the shapes are those of the makers' own documents, named beside each.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import jwt

HERE = Path(__file__).resolve().parent
KEY = (HERE.parent / "keys/rsa-pkcs8.pem").read_text()
#: The test's clock, in seconds since the epoch, and the assertion's name.
NOW = 1_700_000_000
ID = "9b2d5f0a-6c1e-4b7f-8a3d-2e4c6a8b0d1f"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def form(*pairs: tuple[str, str]) -> str:
    return "&".join(f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}" for name, value in pairs)


def basic(name: str, secret: str) -> str:
    pair = f"{quote(name, safe='-._~')}:{quote(secret, safe='-._~')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def assertion(client: str, audience: str, key_id: str | None) -> str:
    """Members sorted by name, as the product writes them: their order has no meaning and the signature covers it."""
    claims = {"aud": audience, "exp": NOW + 60, "iat": NOW, "iss": client, "jti": ID, "sub": client}
    headers = {"kid": key_id} if key_id else {}
    return jwt.encode(claims, KEY, algorithm="RS256", headers=headers, sort_headers=True)


GRANT = ("grant_type", "client_credentials")


def signed(client: str, audience: str, key_id: str | None = None) -> list[tuple[str, str]]:
    return [
        ("client_id", client),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion(client, audience, key_id)),
    ]


def cases() -> list[dict]:
    auth0 = {"audience": "https://api.example/", "client_id": "abc", "grant_type": GRANT[1], "organization": "org_1"}
    signed_auth0 = {"audience": "https://api.example/", "grant_type": GRANT[1]}
    signed_auth0 |= dict(signed("abc", "https://tenant.eu.auth0.com/"))
    okta = "https://dev-1.okta.com/oauth2/default/v1/token"
    entra = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token"
    keycloak = "https://id.example/realms/shop/protocol/openid-connect/token"
    cognito = "https://shop.auth.eu-central-1.amazoncognito.com/oauth2/token"
    return [
        {
            "name": "Auth0, JSON", "source": "auth0.com/docs/api/authentication, Client Credentials Flow",
            "profile": {"kind": "auth0", "token_url": "https://tenant.eu.auth0.com/oauth/token", "client_id": "abc",
                        "client_secret": "s&cret", "audience": "https://api.example/", "organization": "org_1"},
            "target": "/oauth/token", "type": "application/json",
            "body": dump(auth0 | {"client_secret": "s&cret"}),
        },
        {
            "name": "Auth0, private key", "source": "auth0.com/docs, Authenticate with Private Key JWT",
            "profile": {"kind": "auth0", "token_url": "https://tenant.eu.auth0.com/oauth/token", "client_id": "abc",
                        "client_auth": "private_key_jwt", "audience": "https://api.example/"},
            "target": "/oauth/token", "type": "application/json", "body": dump(signed_auth0),
        },
        {
            "name": "Okta, Basic", "source": "developer.okta.com, Implement authorization by grant type",
            "profile": {"kind": "oauth2", "token_url": okta, "client_id": "0oa1", "client_secret": "s:cret",
                        "client_auth": "basic", "scope": "orders.read"},
            "target": "/oauth2/default/v1/token", "type": "application/x-www-form-urlencoded",
            "authorization": basic("0oa1", "s:cret"), "body": form(GRANT, ("scope", "orders.read")),
        },
        {
            "name": "Okta, private key", "source": "developer.okta.com, Build a JWT for client authentication",
            "profile": {"kind": "oauth2", "token_url": okta, "client_id": "0oa1", "client_auth": "private_key_jwt",
                        "key_id": "k-1", "scope": "okta.users.read"},
            "target": "/oauth2/default/v1/token", "type": "application/x-www-form-urlencoded",
            "body": form(GRANT, *signed("0oa1", okta, "k-1"), ("scope", "okta.users.read")),
        },
        {
            "name": "Entra", "source": "learn.microsoft.com, OAuth 2.0 client credentials flow",
            "profile": {"kind": "oauth2", "token_url": entra, "client_id": "6731de76-14a6-49ae-97bc-6eba6914391e",
                        "client_secret": "qWgdYA~D8", "scope": "https://graph.microsoft.com/.default"},
            "target": entra.removeprefix("https://login.microsoftonline.com"),
            "type": "application/x-www-form-urlencoded",
            "body": form(GRANT, ("client_id", "6731de76-14a6-49ae-97bc-6eba6914391e"), ("client_secret", "qWgdYA~D8"),
                         ("scope", "https://graph.microsoft.com/.default")),
        },
        {
            "name": "Keycloak", "source": "keycloak.org, Server Administration, Service accounts",
            "profile": {"kind": "oauth2", "token_url": keycloak, "client_id": "shop", "client_secret": "s3cret",
                        "extra": {"resource": "urn:shop"}},
            "target": "/realms/shop/protocol/openid-connect/token", "type": "application/x-www-form-urlencoded",
            "body": form(GRANT, ("client_id", "shop"), ("client_secret", "s3cret"), ("resource", "urn:shop")),
        },
        {
            "name": "Cognito", "source": "docs.aws.amazon.com/cognito, The token issuer endpoint",
            "profile": {"kind": "oauth2", "token_url": cognito, "client_id": "1example23456789", "client_secret": "9e",
                        "client_auth": "basic", "scope": "shop/read shop/write"},
            "target": "/oauth2/token", "type": "application/x-www-form-urlencoded",
            "authorization": basic("1example23456789", "9e"), "body": form(GRANT, ("scope", "shop/read shop/write")),
        },
    ]


def dump(value: dict) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


about = [
    "The literal token requests that issuers of several makers are sent; made by make_token_requests.py.",
    "A private_key_jwt profile signs with keys/rsa-pkcs8.pem, at the clock and with the assertion id given here.",
]
vectors = {"about": about, "now": NOW, "id": ID, "cases": cases()}
(HERE / "token_requests.json").write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n")
