"""A certificate authority made with the openssl command, and TLS servers with wrong settings."""

from __future__ import annotations

import ssl
import subprocess
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key


@dataclass(frozen=True)
class Certificate:
    cert: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """A server context for TLS 1.2 or later."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context

    def old_context(self) -> ssl.SSLContext:
        """A server context for TLS 1.0 only."""
        context = self.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1
        return context


class Authority:
    """A certificate authority. Its root is in `root.pem`."""

    def __init__(self, folder: Path, name: str = "Latchkey test CA") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.root = folder / "root.pem"
        self._key = folder / "root.key"
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", self._key, "-out", self.root, "-subj", f"/CN={name}", "-days", "2"),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"),
        )

    def client_context(self, certificate: Certificate | None = None) -> ssl.SSLContext:
        """A client that trusts this authority, with a certificate of its own or none."""
        context = ssl.create_default_context(cafile=self.root)
        if certificate:
            context.load_cert_chain(certificate.cert, certificate.key)
        return context

    def issue(self, label: str, names: str, days: int = 1, subject: str | None = None) -> Certificate:
        """Issues a certificate for the subject alternative names, such as `DNS:a,IP:b`. Negative days make an expired one.
        Without a common name, the subject has the label."""
        key, request, cert = (self.folder / f"{label}.{kind}" for kind in ("key", "csr", "pem"))
        openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", key, "-out", request, "-subj", f"/CN={subject or label}"),
        )
        extensions = self.folder / f"{label}.ext"
        extensions.write_text((f"subjectAltName={names}\n" if names else "") + "basicConstraints=CA:FALSE\n")
        openssl(
            *("x509", "-req", "-in", request, "-CA", self.root, "-CAkey", self._key, "-CAcreateserial"),
            *("-out", cert, "-days", str(days), "-extfile", extensions),
        )
        return Certificate(cert, key)

    def age(self, certificate: Certificate, old: timedelta, left: timedelta) -> None:
        """Replaces a certificate by one for the same key and names that has been valid for a while."""
        found = x509.load_pem_x509_certificate(certificate.cert.read_bytes())
        authority = load_pem_private_key(self._key.read_bytes(), None)
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            found.issuer, found.subject, found.public_key(), x509.random_serial_number(), now - old, now + left)
        for extension in found.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        aged = builder.sign(authority, hashes.SHA256())  # type: ignore[arg-type]
        certificate.cert.write_bytes(aged.public_bytes(serialization.Encoding.PEM))


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
