#!/usr/bin/env python3
"""Writes tokens.json beside this file: key sets, valid tokens, and forged or odd tokens with the reason of their refusal.

Run it in the environment of the end-to-end tests: `.build/venv/bin/python Tests/Fixtures/jwt/make_tokens.py`. The keys are
new in each run, and only their public halves are kept. PyJWT signs the valid tokens and must accept them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

#: The time at which the tokens are judged.
NOW = 1_800_000_000
ISSUER, OTHER, DOMAIN, AUDIENCE = "https://issuer.example", "https://other.example", "house.example", "latchkey"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_LARGE = rsa.generate_private_key(public_exponent=65537, key_size=4096)
RSA_SMALL = rsa.generate_private_key(public_exponent=65537, key_size=1024)
RSA_STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256 = ec.generate_private_key(ec.SECP256R1())
P256_OTHER = ec.generate_private_key(ec.SECP256R1())
P256_SVID = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()
CLAIMS: dict[str, Any] = {"iss": ISSUER, "sub": "repo:house/app", "aud": AUDIENCE, "exp": NOW + 600, "iat": NOW}
SVID: dict[str, Any] = {"sub": f"spiffe://{DOMAIN}/batch", "aud": [AUDIENCE], "exp": NOW + 600}


def jwk(key: Any, kid: str | None, **more: Any) -> dict[str, Any]:
    """The public half of a key."""
    algorithm = {rsa.RSAPrivateKey: RSAAlgorithm, ec.EllipticCurvePrivateKey: ECAlgorithm}
    kind = next((found for base, found in algorithm.items() if isinstance(key, base)), OKPAlgorithm)
    members = json.loads(kind.to_jwk(key.public_key()))
    members.pop("key_ops", None)
    return members | ({"kid": kid} if kid is not None else {}) | more


def b64(data: bytes | str) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(key: Any, message: bytes) -> bytes:
    """A JWS signature of RS256, ES256 or EdDSA."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        length = (key.key_size + 7) // 8
        return r.to_bytes(length, "big") + s.to_bytes(length, "big")
    return key.sign(message)


def raw(key: Any, header: str, claims: str) -> str:
    """A token over texts that need not be JSON."""
    message = f"{b64(header)}.{b64(claims)}"
    return f"{message}.{b64(sign(key, message.encode()))}"


def token(key: Any, header: dict[str, Any], claims: dict[str, Any]) -> str:
    return raw(key, json.dumps(header), json.dumps(claims))


def resigned(signature: bytes) -> str:
    """A token of the P-256 key with this signature."""
    return f"{b64(json.dumps(EC_HEAD))}.{b64(json.dumps(CLAIMS))}.{b64(signature)}"


RS_HEAD = {"alg": "RS256", "kid": "rsa-1"}
EC_HEAD = {"alg": "ES256", "kid": "ec-1"}
ED_HEAD = {"alg": "EdDSA", "kid": "ed-1"}
SVID_HEAD = {"alg": "ES256", "kid": "svid"}


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in CLAIMS.items() if name not in names}


def with_(**members: Any) -> dict[str, Any]:
    return CLAIMS | members


def hmac_token(secret: bytes, alg: str = "HS256", **header: Any) -> str:
    message = f"{b64(json.dumps({'alg': alg, **header}))}.{b64(json.dumps(CLAIMS))}"
    digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[alg]
    return f"{message}.{b64(hmac.new(secret, message.encode(), digest).digest())}"


def valid() -> list[tuple[str, str, str]]:
    """Name, token and subject."""
    sub = CLAIMS["sub"]
    made = [
        ("RS256", jwt.encode(CLAIMS, RSA, "RS256", {"kid": "rsa-1"}), sub, RSA),
        ("RS256 with 4096 bits", jwt.encode(CLAIMS, RSA_LARGE, "RS256", {"kid": "rsa-2"}), sub, RSA_LARGE),
        ("ES256", jwt.encode(CLAIMS, P256, "ES256", {"kid": "ec-1"}), sub, P256),
        ("EdDSA", jwt.encode(CLAIMS, ED, "EdDSA", {"kid": "ed-1"}), sub, ED),
        ("an audience list", jwt.encode(with_(aud=["x", AUDIENCE]), P256, "ES256", {"kid": "ec-1"}), sub, P256),
        ("another type", jwt.encode(CLAIMS, ED, "EdDSA", {"kid": "ed-1", "typ": "at+jwt"}), sub, ED),
        ("no kid, and one key of the algorithm", jwt.encode(with_(iss=OTHER), P256_OTHER, "ES256"), sub, P256_OTHER),
        ("no kid, and one key of this algorithm among others", jwt.encode(CLAIMS, ED, "EdDSA"), sub, ED),
        ("a SPIFFE id", jwt.encode(SVID, P256_SVID, "ES256", {"kid": "svid"}), SVID["sub"], P256_SVID),
        (
            "a SPIFFE id with an issuer that is not configured",
            jwt.encode(SVID | {"iss": "https://spire.example"}, P256_SVID, "ES256", {"kid": "svid"}), SVID["sub"],
            P256_SVID,
        ),
        ("expired within the leeway", jwt.encode(with_(exp=NOW - 59), RSA, "RS256", {"kid": "rsa-1"}), sub, RSA),
        ("not yet valid within the leeway", jwt.encode(with_(nbf=NOW + 60), RSA, "RS256", {"kid": "rsa-1"}), sub, RSA),
        ("a fraction in exp", jwt.encode(with_(exp=NOW + 0.5), ED, "EdDSA", {"kid": "ed-1"}), sub, ED),
    ]
    for name, text, _, key in made:
        algorithm = jwt.get_unverified_header(text)["alg"]
        jwt.decode(
            text, key.public_key(), [algorithm], audience=AUDIENCE, options={"verify_exp": False, "verify_nbf": False,
            "verify_iat": False})
        assert text.count(".") == 2, name
    return [(name, text, subject) for name, text, subject, _ in made]


def forged() -> list[tuple[str, str, str]]:
    """Name, token and the reason of the refusal."""
    good = token(P256, EC_HEAD, CLAIMS)
    header, claims, signature = good.split(".")
    der = P256.sign(f"{header}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    rsa_good = token(RSA, RS_HEAD, CLAIMS)
    rsa_signature = base64.urlsafe_b64decode(rsa_good.split(".")[2] + "==")
    pem = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    spki = RSA.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    unsigned = f"{b64(json.dumps({'alg': 'none', 'kid': 'rsa-1'}))}.{b64(json.dumps(CLAIMS))}."
    text = json.dumps(CLAIMS)
    stranger = jwk(RSA_STRANGER, "rsa-1")
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    rs_message = rsa_good.rsplit(".", 1)[0]
    ps_message = f"{b64(json.dumps({'alg': 'PS256', 'kid': 'rsa-1'}))}.{b64(text)}"
    sha1 = RSA.sign(rs_message.encode(), padding.PKCS1v15(), hashes.SHA1())
    zero = bytes(32)
    return [
        # Algorithms.
        ("alg none without a signature", unsigned, "algorithm"),
        ("alg none with a signature", raw(RSA, '{"alg":"none","kid":"rsa-1"}', text), "algorithm"),
        ("alg NONE", raw(RSA, '{"alg":"NONE","kid":"rsa-1"}', text), "algorithm"),
        ("alg in lower case", raw(RSA, '{"alg":"rs256","kid":"rsa-1"}', text), "algorithm"),
        ("no alg", raw(RSA, '{"kid":"rsa-1"}', text), "algorithm"),
        ("alg as a number", raw(RSA, '{"alg":256,"kid":"rsa-1"}', text), "algorithm"),
        ("alg as a list", raw(RSA, '{"alg":["RS256"],"kid":"rsa-1"}', text), "algorithm"),
        ("HMAC with the public key's PEM", hmac_token(pem, kid="rsa-1"), "algorithm"),
        ("HMAC with the public key's DER", hmac_token(spki, kid="rsa-1"), "algorithm"),
        ("HMAC with the modulus", hmac_token(jwk(RSA, None)["n"].encode(), "HS512", kid="rsa-1"), "algorithm"),
        ("HMAC with the symmetric key of the set", hmac_token(b"0123456789abcdef" * 2, kid="oct"), "algorithm"),
        ("PS256", f"{ps_message}.{b64(RSA.sign(ps_message.encode(), pss, hashes.SHA256()))}", "algorithm"),
        ("ES384", token(P384, {"alg": "ES384", "kid": "p384"}, CLAIMS), "algorithm"),
        ("the algorithm of another key", token(RSA, {"alg": "RS256", "kid": "ec-1"}, CLAIMS), "algorithm"),
        ("ES256 with the kid of an Ed25519 key", token(P256, {"alg": "ES256", "kid": "ed-1"}, CLAIMS), "algorithm"),
        # Signatures.
        ("a stranger's signature", token(RSA_STRANGER, RS_HEAD, CLAIMS), "signature"),
        ("the signature of other claims", f"{header}.{b64(json.dumps(with_(sub='admin')))}.{signature}", "signature"),
        ("the signature under another header", f"{b64(json.dumps(EC_HEAD | {'x': 1}))}.{claims}.{signature}", "signature"),
        ("an empty signature", f"{header}.{claims}.", "signature"),
        ("a DER signature", resigned(der), "signature"),
        ("a wrong curve", token(P384, EC_HEAD, CLAIMS), "signature"),
        ("r and s are zero", resigned(zero + zero), "signature"),
        ("r is zero", resigned(zero + s.to_bytes(32, "big")), "signature"),
        ("s is zero", resigned(r.to_bytes(32, "big") + zero), "signature"),
        ("r is the order of the group", resigned(ORDER.to_bytes(32, "big") + s.to_bytes(32, "big")), "signature"),
        ("s is one more than the order", resigned(r.to_bytes(32, "big") + (ORDER + 1).to_bytes(32, "big")), "signature"),
        ("r and s of 33 bytes", resigned(b"\0" + r.to_bytes(32, "big") + b"\0" + s.to_bytes(32, "big")), "signature"),
        ("a byte after the signature", f"{rs_message}.{b64(rsa_signature + bytes(1))}", "signature"),
        ("a signature without its last byte", f"{rs_message}.{b64(rsa_signature[:-1])}", "signature"),
        ("RS256 over SHA-1", f"{rs_message}.{b64(sha1)}", "signature"),
        ("PSS under RS256", f"{rs_message}.{b64(RSA.sign(rs_message.encode(), pss, hashes.SHA256()))}", "signature"),
        ("an Ed25519 signature of zeros", f"{b64(json.dumps(ED_HEAD))}.{b64(text)}.{b64(bytes(64))}", "signature"),
        ("an embedded jwk", token(RSA_STRANGER, RS_HEAD | {"jwk": stranger}, CLAIMS), "signature"),
        ("jku", token(RSA_STRANGER, RS_HEAD | {"jku": "https://evil.example/keys"}, CLAIMS), "signature"),
        ("x5u", token(RSA_STRANGER, RS_HEAD | {"x5u": "https://evil.example/cert"}, CLAIMS), "signature"),
        ("x5c", token(RSA_STRANGER, RS_HEAD | {"x5c": [base64.b64encode(spki).decode()]}, CLAIMS), "signature"),
        # Keys.
        ("an unknown kid", token(RSA, {"alg": "RS256", "kid": "rsa-9"}, CLAIMS), "key_unknown"),
        ("an unknown kid with a jwk", token(RSA_STRANGER, {"alg": "RS256", "kid": "x", "jwk": stranger}, CLAIMS), "key_unknown"),
        ("the kid in another case", token(RSA, {"alg": "RS256", "kid": "RSA-1"}, CLAIMS), "key_unknown"),
        ("an empty kid", token(RSA, {"alg": "RS256", "kid": ""}, CLAIMS), "key_unknown"),
        ("a kid as a path", token(RSA, {"alg": "RS256", "kid": "../../dev/null"}, CLAIMS), "key_unknown"),
        ("no kid, and two keys of the algorithm", token(RSA, {"alg": "RS256"}, CLAIMS), "key_unknown"),
        ("the key for encryption", token(RSA, {"alg": "RS256", "kid": "enc"}, CLAIMS), "key_unknown"),
        ("the key of 1024 bits", token(RSA_SMALL, {"alg": "RS256", "kid": "weak"}, CLAIMS), "key_unknown"),
        ("the key for RS512", token(RSA, {"alg": "RS256", "kid": "rs512"}, CLAIMS), "key_unknown"),
        ("the kid of another issuer", token(P256_SVID, {"alg": "ES256", "kid": "svid"}, CLAIMS), "key_unknown"),
        ("a kid as a number", raw(RSA, '{"alg":"RS256","kid":1}', text), "malformed"),
        # Headers and forms.
        ("crit", token(RSA, RS_HEAD | {"crit": ["exp"], "exp": NOW}, CLAIMS), "critical"),
        ("an empty crit", token(RSA, RS_HEAD | {"crit": []}, CLAIMS), "critical"),
        ("an unencoded payload", token(RSA, RS_HEAD | {"b64": False, "crit": ["b64"]}, CLAIMS), "critical"),
        ("alg twice", raw(RSA, '{"alg":"none","kid":"rsa-1","alg":"RS256"}', text), "malformed"),
        ("kid twice, once escaped", raw(RSA, '{"alg":"RS256","kid":"x","k\\u0069d":"rsa-1"}', text), "malformed"),
        ("sub twice", raw(RSA, json.dumps(RS_HEAD), text[:-1] + ',"sub":"admin"}'), "malformed"),
        ("a member twice, deep inside", raw(RSA, json.dumps(RS_HEAD), text[:-1] + ',"x":{"a":1,"a":2}}'), "malformed"),
        ("a header that is a list", raw(RSA, '["RS256"]', text), "malformed"),
        ("claims that are a text", raw(RSA, json.dumps(RS_HEAD), '"claims"'), "malformed"),
        ("a header that is not JSON", raw(RSA, "alg=RS256", text), "malformed"),
        ("claims with a comma too much", raw(RSA, json.dumps(RS_HEAD), text[:-1] + ",}"), "malformed"),
        ("two parts", f"{header}.{claims}", "malformed"),
        ("four parts", f"{good}.{signature}", "malformed"),
        ("five parts, as of an encrypted token", f"{good}.{signature}.{signature}", "malformed"),
        ("empty", "", "malformed"),
        ("dots alone", "..", "malformed"),
        ("a padded header", f"{header}{'=' * (-len(header) % 4 or 4)}.{claims}.{signature}", "malformed"),
        ("a padded signature", f"{good}==", "malformed"),
        ("the other alphabet of base64", f"{header}.{claims}.{'+/' + signature[2:]}", "malformed"),
        ("a line end after it", f"{good}\n", "malformed"),
        ("bits that do not count are set", f"{header}.{claims}.{signature[:-1]}{chr(ord(signature[-1]) + 1)}", "malformed"),
        ("a nested token", raw(RSA, json.dumps(RS_HEAD | {"cty": "JWT"}), f'"{good}"'), "malformed"),
        ("nested too deeply", raw(RSA, json.dumps(RS_HEAD), text[:-1] + ',"x":' + "[" * 9 + "]" * 9 + "}"), "malformed"),
        ("more than 8 KiB", token(RSA, RS_HEAD, with_(x="x" * 8192)), "too_large"),
        # Issuers.
        ("another issuer", token(RSA, RS_HEAD, with_(iss="https://evil.example")), "issuer"),
        ("the issuer with a slash", token(RSA, RS_HEAD, with_(iss=ISSUER + "/")), "issuer"),
        ("no issuer", token(RSA, RS_HEAD, without("iss")), "issuer"),
        ("an issuer as a list", token(RSA, RS_HEAD, with_(iss=[ISSUER])), "claims"),
        ("the keys of one issuer with the name of another", token(P256, EC_HEAD, with_(iss=OTHER)), "key_unknown"),
        ("another trust domain", token(P256_SVID, SVID_HEAD, SVID | {"sub": "spiffe://evil.example/batch"}), "issuer"),
        ("a trust domain that begins alike", token(P256_SVID, SVID_HEAD, SVID | {"sub": f"spiffe://{DOMAIN}.evil/x"}), "issuer"),
        ("a trust domain without a path", token(P256_SVID, SVID_HEAD, SVID | {"sub": f"spiffe://{DOMAIN}"}), "issuer"),
        ("a trust domain as the issuer", token(P256_SVID, SVID_HEAD, CLAIMS | {"iss": f"spiffe://{DOMAIN}"}), "issuer"),
        # Claims.
        ("another audience", token(RSA, RS_HEAD, with_(aud="vault")), "audience"),
        ("no audience", token(RSA, RS_HEAD, without("aud")), "audience"),
        ("an empty list of audiences", token(RSA, RS_HEAD, with_(aud=[])), "audience"),
        ("an audience that begins alike", token(RSA, RS_HEAD, with_(aud="latchkey.example")), "audience"),
        ("an audience in another case", token(RSA, RS_HEAD, with_(aud="Latchkey")), "audience"),
        ("an audience in an object", token(RSA, RS_HEAD, with_(aud={"latchkey": True})), "audience"),
        ("a number among the audiences", token(RSA, RS_HEAD, with_(aud=[AUDIENCE, 1])), "audience"),
        ("a SPIFFE id for another audience", token(P256_SVID, SVID_HEAD, SVID | {"aud": "vault"}), "audience"),
        ("no sub", token(RSA, RS_HEAD, without("sub")), "claims"),
        ("an empty sub", token(RSA, RS_HEAD, with_(sub="")), "claims"),
        ("sub as a number", token(RSA, RS_HEAD, with_(sub=1)), "claims"),
        ("sub without a UTF-8 form", raw(RSA, json.dumps(RS_HEAD), text.replace("repo:house/app", "\\ud800")), "claims"),
        ("no exp", token(RSA, RS_HEAD, without("exp")), "claims"),
        ("exp as a text", token(RSA, RS_HEAD, with_(exp=str(NOW + 600))), "claims"),
        ("exp as null", token(RSA, RS_HEAD, with_(exp=None)), "claims"),
        ("exp without end", raw(RSA, json.dumps(RS_HEAD), text.replace(str(NOW + 600), "1e400")), "claims"),
        ("exp in the far future", raw(RSA, json.dumps(RS_HEAD), text.replace(str(NOW + 600), "1e300")), "claims"),
        ("a negative exp", token(RSA, RS_HEAD, with_(exp=-1)), "claims"),
        ("nbf as a text", token(RSA, RS_HEAD, with_(nbf="now")), "claims"),
        ("expired", token(RSA, RS_HEAD, with_(exp=NOW - 60)), "expired"),
        ("expired long ago", token(RSA, RS_HEAD, with_(exp=0)), "expired"),
        ("not yet valid", token(RSA, RS_HEAD, with_(nbf=NOW + 61)), "not_yet_valid"),
    ]


def main() -> None:
    symmetric = {"kty": "oct", "kid": "oct", "alg": "HS256", "k": b64(b"0123456789abcdef" * 2)}
    keys = [
        jwk(RSA, "rsa-1", alg="RS256", use="sig", x5t="ignored"), jwk(RSA_LARGE, "rsa-2"), jwk(P256, "ec-1", use="sig"),
        jwk(ED, "ed-1", alg="EdDSA"), jwk(RSA, "enc", use="enc"), jwk(RSA_SMALL, "weak"), jwk(P384, "p384"),
        jwk(RSA, "rs512", alg="RS512"), symmetric, {"kty": "later", "kid": "later"}, {"kty": "RSA", "kid": "cut", "n": "AQAB"},
    ]
    issuers = [
        {"issuer": ISSUER, "audience": AUDIENCE, "jwks": {"keys": keys, "later": True}},
        {"issuer": OTHER, "audience": AUDIENCE, "jwks": {"keys": [jwk(P256_OTHER, None)]}},
        {"trust_domain": DOMAIN, "audience": AUDIENCE, "jwks": {"keys": [jwk(P256_SVID, "svid", use="jwt-svid")]}},
    ]
    written = {
        "now": NOW,
        "issuers": issuers,
        "valid": [{"name": name, "token": text, "sub": sub} for name, text, sub in valid()],
        "forged": [{"name": name, "token": text, "reason": reason} for name, text, reason in forged()],
    }
    Path(__file__).with_name("tokens.json").write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
