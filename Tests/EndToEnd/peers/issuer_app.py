"""An OAuth 2.0 issuer out of django-oauth-toolkit, shaped like Auth0: JSON bodies, RS256 tokens, `POST /oauth/token`.

Run by gunicorn; its settings come from the environment variables ISSUER_*.
"""

from __future__ import annotations

import functools
import os
import time
import uuid
from pathlib import Path

import django
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

DATABASE = os.environ["ISSUER_DATABASE"]
KEY = os.environ["ISSUER_KEY"]

settings.configure(
    SECRET_KEY=uuid.uuid4().hex,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    # The database need not survive the machine; to wait for the disk would take most of the time of a token.
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE,
            "OPTIONS": {"init_command": "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY"},
        }
    },
    # The client's secret is stored as a hash; a slow hash would delay every test.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    OAUTH2_PROVIDER={
        # Auth0 gets JSON bodies, which the toolkit reads only with this backend.
        "OAUTH2_BACKEND_CLASS": "oauth2_provider.oauth2_backends.JSONOAuthLibCore",
        "ACCESS_TOKEN_EXPIRE_SECONDS": int(os.environ.get("ISSUER_LIFETIME", "86400")),
        "ACCESS_TOKEN_GENERATOR": f"{__name__}.signed_token",
        "SCOPES": {"read:orders": "read orders"},
    },
)


def signed_token(request, refresh_token: bool = False) -> str:
    """An RS256 token with the claims of an Auth0 machine-to-machine token."""
    now = int(time.time())
    claims = {
        "iss": "http://issuer.test/",
        "sub": f"{request.client_id}@clients",
        "aud": getattr(request, "audience", None),
        "iat": now,
        "exp": now + request.expires_in,
        "azp": request.client_id,
        "gty": "client-credentials",
        "jti": uuid.uuid4().hex,
    }
    return jwt.encode(claims, private_key(), algorithm="RS256", headers={"kid": "test"})


@functools.cache
def private_key() -> RSAPrivateKey:
    """The key, which is checked when it is read. That takes longer than all else of a token."""
    return load_pem_private_key(Path(KEY).read_bytes(), password=None)


django.setup()

from django.core.management import call_command  # noqa: E402  (Django wants its settings first)
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402
from oauth2_provider.views import TokenView  # noqa: E402

urlpatterns = [path("oauth/token", csrf_exempt(TokenView.as_view()))]


def prepare() -> None:
    """Creates the database and registers the client."""
    call_command("migrate", verbosity=0)
    Application.objects.create(
        name="orders",
        client_id=os.environ["ISSUER_CLIENT_ID"],
        client_secret=os.environ["ISSUER_CLIENT_SECRET"],
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )


application = get_wsgi_application()
