"""A token endpoint that authenticates clients by signed assertions (RFC 7523), verified with PyJWT."""

from __future__ import annotations

import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import jwt

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class AssertionIssuer:
    """A token endpoint with one client. `refused` has the reason for each rejected assertion."""

    def __init__(self, client_id: str, public_key: Path, algorithm: str) -> None:
        self.client_id = client_id
        self.algorithm = algorithm
        self.public_key = public_key.read_text()
        self.accepted: list[dict] = []
        self.headers: list[dict] = []
        self.refused: list[str] = []
        self._seen: set[str] = set()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 (the base class's name)
                form = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                status, answer = issuer.answer(self.headers.get("Content-Type", ""), form)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Logs nothing: tests read the lists."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.token_url = f"http://127.0.0.1:{self._server.server_address[1]}/token"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, kind: str, form: str) -> tuple[int, dict]:
        try:
            claims = self._verify(kind, {name: values[0] for name, values in parse_qs(form).items()})
        except (jwt.PyJWTError, AssertionError, KeyError) as fault:
            self.refused.append(f"{type(fault).__name__}: {fault}")
            return 401, {"error": "invalid_client"}
        self.accepted.append(claims)
        return 200, {"access_token": f"token.{uuid.uuid4().hex}", "token_type": "Bearer", "expires_in": 3600}

    def _verify(self, kind: str, form: dict[str, str]) -> dict:
        assert kind == "application/x-www-form-urlencoded", kind
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"] == ASSERTION_TYPE
        assert form["client_id"] == self.client_id
        assert "client_secret" not in form
        claims = jwt.decode(
            form["client_assertion"],
            self.public_key,
            algorithms=[self.algorithm],
            audience=self.token_url,
            issuer=self.client_id,
            options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"]},
        )
        assert claims["sub"] == self.client_id
        assert claims["exp"] - time.time() <= 61
        assert claims["jti"] not in self._seen, "an assertion came twice"
        self._seen.add(claims["jti"])
        self.headers.append(jwt.get_unverified_header(form["client_assertion"]))
        return claims

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
