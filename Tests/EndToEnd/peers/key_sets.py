"""An issuer of JSON Web Tokens, made with PyJWT, and an https server for its key set."""

from __future__ import annotations

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from .tls import Certificate

AUDIENCE = "latchkey"
ISSUER = "https://issuer.example"


class SigningKey:
    """A private key of one algorithm, and its public key as a member of a key set."""

    def __init__(self, algorithm: str, kid: str) -> None:
        self.algorithm, self.kid = algorithm, kid
        make = {
            "RS256": (lambda: rsa.generate_private_key(65537, 2048), RSAAlgorithm),
            "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
            "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm),
        }
        generate, encoder = make[algorithm]
        self.private: PrivateKeyTypes = generate()  # type: ignore[operator]
        self.public: dict[str, Any] = {
            **json.loads(encoder.to_jwk(self.private.public_key())), "kid": kid, "alg": algorithm, "use": "sig",  # type: ignore[attr-defined]
        }

    def token(self, sub: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token that is valid for five minutes. A claim that is None is left out."""
        all_claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": sub, "exp": int(time.time()) + 300, **claims}
        return jwt.encode(
            {name: value for name, value in all_claims.items() if value is not None}, self.private,  # type: ignore[arg-type]
            algorithm=self.algorithm, headers={"kid": self.kid, **(header or {})})


def key_set(*keys: SigningKey) -> str:
    return json.dumps({"keys": [key.public for key in keys]})


class KeySetServer:
    """Serves a key set over https, and counts its reads."""

    def __init__(self, certificate: Certificate, *keys: SigningKey) -> None:
        self.document = key_set(*keys)
        self.is_down = False
        self.reads: list[str | None] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.reads.append(self.headers.get("Authorization"))
                body = b"" if server.is_down else server.document.encode()
                self.send_response(503 if server.is_down else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context: ssl.SSLContext = certificate.context()
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.url = f"https://localhost:{self.http.server_address[1]}/keys"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def publish(self, *keys: SigningKey) -> None:
        self.document = key_set(*keys)

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
