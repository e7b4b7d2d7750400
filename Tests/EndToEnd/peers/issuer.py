"""django-oauth-toolkit as the issuer."""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from .child import Child
from .http import ask
from .waiting import accepts, free_port, until

CLIENT_ID = "orders-service"
#: Values that must not appear in any output of the broker.
CLIENT_SECRET = "client-secret-71e0c4d9b2"
AUDIENCE = "https://orders.test/api"
END_TO_END = Path(__file__).resolve().parents[1]
#: Prepared databases and keys.
PREPARED = END_TO_END.parents[1] / ".build" / "issuers"


def environment(database: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ISSUER_DATABASE": str(database),
        "ISSUER_CLIENT_ID": CLIENT_ID,
        "ISSUER_CLIENT_SECRET": CLIENT_SECRET,
    }


def prepared() -> tuple[Path, Path]:
    """A prepared database and a key, made once for all issuers of the same application, because they take seconds."""
    parts = [END_TO_END / "peers" / "issuer_app.py", END_TO_END / "requirements.txt", END_TO_END / "constraints.txt"]
    name = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:16]
    database, key = PREPARED / f"{name}.sqlite3", PREPARED / f"{name}.pem"
    PREPARED.mkdir(parents=True, exist_ok=True)
    with open(PREPARED / "lock", "w") as lock:
        # Other processes wait for the one that creates them.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (database.exists() and key.exists()):
            unfinished = PREPARED / f"{name}.unfinished"
            unfinished.unlink(missing_ok=True)
            subprocess.run(
                [sys.executable, "-c", "from peers.issuer_app import prepare; prepare()"], check=True, cwd=END_TO_END,
                env=environment(unfinished) | {"ISSUER_KEY": ""}, capture_output=True,
            )
            subprocess.run(
                ["openssl", "genrsa", "-traditional", "-out", str(key), "2048"], check=True, capture_output=True
            )
            # Last, because its presence shows that both are complete.
            unfinished.rename(database)
    return database, key


class Issuer:
    """django-oauth-toolkit under gunicorn. Its access log shows the requests."""

    def __init__(self, folder: Path, lifetime: int = 86400) -> None:
        self.port = free_port()
        self.log = folder / "access.log"
        self.database = folder / "issuer.sqlite3"
        database, self.key = prepared()
        shutil.copy(database, self.database)
        self.child = Child(
            [
                Path(sys.executable).parent / "gunicorn",
                # One thread: the log line of a request is written before the next request is read.
                *("-b", f"127.0.0.1:{self.port}", "-w", "1", "-k", "gthread", "--threads", "1"),
                *("--keep-alive", "30", "--log-level", "warning", "--access-logfile", str(self.log)),
                *("--access-logformat", "%(m)s %(U)s %(s)s"),
                "peers.issuer_app:application",
            ],
            environment(self.database) | {"ISSUER_KEY": str(self.key), "ISSUER_LIFETIME": str(lifetime)},
            cwd=END_TO_END,
        )
        self._forgotten = 0
        self._markers = itertools.count()

    def wait(self) -> Issuer:
        self.child.ready(lambda: accepts(self.port), "the issuer answers")
        # The application is loaded before the port opens; the first answer shows that it works.
        assert ask(self.port, "/oauth/token", method="POST").status in (400, 401)
        self.forget()
        return self

    @property
    def token_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/oauth/token"

    @property
    def public_key(self) -> str:
        command = ["openssl", "rsa", "-in", str(self.key), "-pubout"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def set_secret(self, secret: str) -> None:
        """Changes the client's secret in the database (in the format of Django's MD5 hasher)."""
        salt = "orders"
        hashed = f"md5${salt}${hashlib.md5((salt + secret).encode()).hexdigest()}"
        with sqlite3.connect(self.database) as connection:
            connection.execute("UPDATE oauth2_provider_application SET client_secret = ?", (hashed,))
        connection.close()

    def _lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def forget(self) -> None:
        """Forgets earlier requests. Waits until their log lines are written."""
        self._wait_for_log()
        self._forgotten = len(self._lines())

    @property
    def requests(self) -> list[str]:
        """`METHOD PATH STATUS` of each token request since `forget`."""
        self._wait_for_log()
        return [line for line in self._lines()[self._forgotten :] if "/oauth/token" in line]

    def _wait_for_log(self) -> None:
        """The server writes a line after the answer. A marker request shows when the lines of earlier requests
        are written.
        """
        marker = f"/marker/{next(self._markers)}"
        ask(self.port, marker)
        until(lambda: any(marker in line for line in self._lines()), "the issuer's log is up to date")

    def stop(self) -> None:
        self.child.kill()
