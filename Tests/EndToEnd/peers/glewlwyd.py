"""glewlwyd, an OAuth 2.0 server from Debian. Its unusual responses are tests of a client:

a JSON body is answered with an empty 400, a wrong secret with an empty 403, and `token_type` is in lower case.
"""

from __future__ import annotations

import http.cookies
import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from .child import Child
from .http import Answer, ask
from .issuer import CLIENT_ID, CLIENT_SECRET
from .waiting import accepts, free_port

SCHEMA = Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
ADMINISTRATOR = {"username": "admin", "password": "password"}
SCOPE = "orders"
_KEYS = Path(__file__).resolve().parents[2] / "Fixtures/keys"
#: Clients that authenticate with a key, and their public keys.
SIGNING_CLIENTS = {"signs-rs256": _KEYS / "rsa-public.pem", "signs-es256": _KEYS / "p256-public.pem"}

CONFIGURATION = """
port={port}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:{port}"
api_prefix=""
log_mode="console"
log_level="INFO"
cookie_secure=0
session_expiration=3600
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database = {{ type = "sqlite3" path = "{database}" }}
"""


class Glewlwyd:
    """A server with the client `orders-service` and two clients with keys; each may request the scope `orders`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        database = folder / "glewlwyd.sqlite3"
        with sqlite3.connect(database) as connection:
            connection.executescript(SCHEMA.read_text())
        connection.close()
        configuration = folder / "glewlwyd.conf"
        configuration.write_text(CONFIGURATION.format(port=self.port, database=database))
        self._key = folder / "key.pem"
        openssl("genrsa", "-traditional", "-out", str(self._key), "2048")
        self.child = Child(["glewlwyd", f"--config-file={configuration}"], {"PATH": os.environ["PATH"]}, cwd=folder)
        self._cookie = ""

    @staticmethod
    def installed() -> bool:
        return shutil.which("glewlwyd") is not None and SCHEMA.exists()

    def wait(self) -> Glewlwyd:
        self.child.ready(lambda: accepts(self.port), "glewlwyd answers")
        self._log_in()
        scope = {"name": SCOPE, "display_name": SCOPE, "password_required": False, "scheme": {}}
        self._administer("/scope/", scope)
        self._administer("/client/?source=database", self._client())
        for client, key in SIGNING_CLIENTS.items():
            self._administer("/client/?source=database", self._signing_client(client, key))
        self._administer("/mod/plugin/", self._plugin())
        return self

    @property
    def token_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/oauth/token"

    @property
    def own_token_url(self) -> str:
        """The URL as the server writes it and requires it in an assertion, with two slashes."""
        return f"http://127.0.0.1:{self.port}//oauth/token"

    def token_request(self, fields: dict[str, str]) -> Answer:
        """A token request as a form with the id and secret of the client."""
        from urllib.parse import urlencode

        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return ask(self.port, "/oauth/token", method="POST", headers=headers, body=urlencode(fields))

    def stop(self) -> None:
        self.child.kill()

    def _log_in(self) -> None:
        answer = self._post("/auth/", ADMINISTRATOR)
        assert answer.status == 200, (answer.status, answer.text, self.child.stdout)
        cookies = http.cookies.SimpleCookie(answer.header("Set-Cookie"))
        self._cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())

    def _administer(self, path: str, value: dict) -> None:
        answer = self._post(path, value)
        assert answer.status == 200, (path, answer.status, answer.text, self.child.stdout[-2000:])

    def _post(self, path: str, value: dict) -> Answer:
        headers = {"Content-Type": "application/json", "Cookie": self._cookie}
        return ask(self.port, path, method="POST", headers=headers, body=json.dumps(value))

    @staticmethod
    def _client() -> dict:
        return {
            "client_id": CLIENT_ID,
            "name": "orders",
            "enabled": True,
            "confidential": True,
            "password": CLIENT_SECRET,
            "client_secret": CLIENT_SECRET,
            "authorization_type": ["client_credentials"],
            "token_endpoint_auth_method": ["client_secret_post", "client_secret_basic"],
            "redirect_uri": [],
            "scope": [SCOPE],
        }

    @staticmethod
    def _signing_client(client: str, key: Path) -> dict:
        return {
            "client_id": client,
            "name": client,
            "enabled": True,
            "confidential": True,
            "authorization_type": ["client_credentials"],
            "token_endpoint_auth_method": ["private_key_jwt"],
            "pubkey": key.read_text(),
            "redirect_uri": [],
            "scope": [SCOPE],
        }

    def _plugin(self) -> dict:
        parameters = {
            "iss": f"http://127.0.0.1:{self.port}",
            "jwt-type": "rsa",
            "jwt-key-size": "256",
            "key": self._key.read_text(),
            "cert": openssl("rsa", "-in", str(self._key), "-pubout"),
            "access-token-duration": 3600,
            "refresh-token-duration": 7200,
            "code-duration": 600,
            "refresh-token-rolling": False,
            "allow-non-oidc": True,
            "subject-type": "public",
            "auth-type-client-enabled": True,
            "auth-type-code-enabled": False,
            "auth-type-token-enabled": False,
            "auth-type-id-token-enabled": False,
            "auth-type-password-enabled": False,
            "auth-type-refresh-enabled": False,
            "scope": [],
            "request-parameter-allow": True,
            "request-maximum-exp": 3600,
            "client-pubkey-parameter": "pubkey",
        }
        return {"module": "oidc", "name": "oauth", "display_name": "OAuth", "parameters": parameters, "enabled": True}


def openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout
