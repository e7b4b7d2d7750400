"""Makes the picture of Monitoring.md: four minutes of three brokers, their callers, and two outages.

    cd Tests/EndToEnd && ../../.build/venv/bin/python -m peers.picture ../../Sources/latchkey/Latchkey.docc/Resources/dashboard.svg
"""

from __future__ import annotations

import http.client
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from .broker import PREFIX, Broker
from .callers import Connection, Member, bearer, write
from .credentials import NO_KEYS, credentials, secret_of, token_of
from .dashboard import DRAW
from .faults import aws_error, oauth_error, with_head
from .issuer import Issuer
from .moto import KeepAliveMoto
from .prometheus import RULES, Prometheus
from .proxy import FaultProxy
from .tls import Authority
from .world import World

#: Seconds of the scene, of the issuer's outage, of a caller with an old key, and of the outage of AWS, which lasts to the end.
LENGTH, ISSUER, OLD_KEY, AWS = 240, (55, 100), (120, 140), 190
SCRAPER = Member("prometheus", ["metrics"])
CALLERS = [
    Member("orders", ["token", "secrets"], ["db/*"]), Member("billing", ["token", "secrets"], ["db/*", "stripe"]),
    Member("reports", ["token"]),
]


def main(out: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="latchkey-picture-"))
    moto = KeepAliveMoto().wait()
    (folder / "issuer").mkdir()
    # Short tokens, so that refreshes are in the picture.
    issuer = Issuer(folder / "issuer", lifetime=75).wait()
    scene: Scene | None = None
    try:
        scene = Scene(folder, moto, issuer)
        scene.play()
        command = [sys.executable, DRAW, "--prometheus", scene.prometheus.url, "--out", out, "--minutes", LENGTH / 60, "--rate-interval", "8s"]
        subprocess.run([str(word) for word in command], check=True)
    finally:
        if scene:
            scene.end()
        issuer.stop()
        moto.stop()


class Scene:
    def __init__(self, folder: Path, moto: KeepAliveMoto, issuer: Issuer) -> None:
        self.world = World(moto, issuer, folder)
        self.authority = Authority(folder / "ca")
        self.agent = FaultProxy()
        self.agent.always(credentials("AKIAPICTURE", 3600))
        self.ended = threading.Event()
        self.old_key = False
        quota = [100]

        def with_quota(lines: list[bytes]) -> list[bytes]:
            quota[0] -= 6
            return [*lines, b"Auth0-Client-Quota-Limit: b=per_hour;q=100;r=%d;t=3000" % quota[0]]

        self.world.auth.always(with_head(with_quota))
        for name in ("db/password", "stripe"):
            self.world.put(name, "a value")
            self.world.secrets_manager.create_secret(Name=f"{PREFIX.lstrip('/')}/{name}", SecretString="a value")
        self.brokers = [self._broker(folder, number) for number in range(3)]
        self.prometheus = Prometheus(folder / "prometheus", SCRAPER.key, RULES.read_text(), self.authority.root).wait()
        self.prometheus.scrape(self.brokers, RULES.read_text())

    def _broker(self, folder: Path, number: int) -> Broker:
        """The first has TLS, the second compares the stores. All have credentials that expire, and share tokens."""
        own = folder / f"broker{number}"
        own.mkdir()
        callers = write(own / "callers.json", [member.entry(own) for member in (SCRAPER, *CALLERS)], mode="observe")
        certificate = self.authority.issue("broker", "DNS:localhost", days=60)
        extra: list[dict[str, Any]] = [
            {"LATCHKEY_TLS_CERT": str(certificate.cert), "LATCHKEY_TLS_KEY": str(certificate.key)},
            {"LATCHKEY_SECRETS_BACKEND": "shadow"}, {},
        ]
        settings = self.world.settings(
            **NO_KEYS, AWS_CONTAINER_CREDENTIALS_FULL_URI=f"http://127.0.0.1:{self.agent.port}/creds", LATCHKEY_WORKERS="1",
            LATCHKEY_CALLERS_FILE=str(callers), LATCHKEY_SECRET_TTL="6", LATCHKEY_AUDIT_LOG=str(own / "audit.log"),
            **extra[number])
        secrets = [secret_of("AKIAPICTURE"), token_of("AKIAPICTURE")]
        broker = Broker(settings, secrets, context=None if number else self.authority.client_context())
        self.world.brokers.append(broker)
        return broker.wait_live().wait_ready()

    def play(self) -> None:
        self.prometheus.wait_for_targets(len(self.brokers))
        for broker in self.brokers:
            for member in CALLERS:
                threading.Thread(target=self._call, args=(broker, member), daemon=True).start()
        start = time.monotonic()
        for at, act in sorted(self._acts().items()):
            self.ended.wait(start + at - time.monotonic())
            act()

    def _acts(self) -> dict[float, Any]:
        down = oauth_error("temporarily_unavailable", 503)
        heal = self.world.auth.heal
        return {
            ISSUER[0]: lambda: self.world.auth.always(down), ISSUER[1]: heal,
            OLD_KEY[0]: lambda: setattr(self, "old_key", True), OLD_KEY[1]: lambda: setattr(self, "old_key", False),
            AWS: lambda: self.world.aws.always(aws_error("InternalServerError", 500)), LENGTH: self.ended.set,
        }

    def _call(self, broker: Broker, member: Member) -> None:
        """Requests of one caller, until the end of the scene. Now and then it opens a new connection."""
        rng = random.Random(member.name)
        connection = Connection(broker, broker.context)
        while not self.ended.wait(rng.uniform(0.02, 0.2)):
            key = "the-key-of-last-year-0123456789" if self.old_key and member.name == "reports" else member.key
            path = rng.choice(["/token", "/token", "/secrets/db%2Fpassword", "/secrets/stripe"])
            if member.name == "reports" and not path.startswith("/token"):
                continue
            try:
                connection.ask(path, bearer(key))
                if rng.random() < 0.05:
                    connection.close()
            except (OSError, http.client.HTTPException):
                connection.close()

    def end(self) -> None:
        self.ended.set()
        self.prometheus.stop()
        self.world.end()
        self.agent.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
