"""A service that reads one blob from Secrets Manager and caches it for five minutes, as services do before a migration."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

#: Seconds for which the blob is cached.
CACHE_TTL = 5 * 60


class CachedBlob:
    """Reads the blob with GetSecretValue, unless it is cached, and parses it as JSON."""

    def __init__(self, client: Any, secret_id: str, now: Callable[[], float]) -> None:
        self.client = client
        self.secret_id = secret_id
        self.now = now
        self.cached: dict[str, Any] | None = None
        self.cached_at = 0.0
        #: The versions that were read.
        self.versions: set[str] = set()

    def get_secrets(self) -> dict[str, Any]:
        if self.cached is not None and self.now() - self.cached_at < CACHE_TTL:
            return self.cached
        answer = self.client.get_secret_value(SecretId=self.secret_id)
        self.cached = json.loads(answer["SecretString"])
        self.cached_at = self.now()
        self.versions.add(answer["VersionId"])
        return self.cached


class LegacyService(threading.Thread):
    """A service that reads fields of the blob continuously."""

    def __init__(self, secrets: CachedBlob, wanted: dict[str, Any], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.secrets = secrets
        self.wanted = wanted
        self.stop = stop
        self.uses = 0
        self.failures: list[str] = []

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                found = self.secrets.get_secrets()
                wrong = [name for name, value in self.wanted.items() if found[name] != value]
                self.failures += [f"{name} is another" for name in wrong]
            except Exception as error:  # noqa: BLE001  whatever a service would have seen
                self.failures.append(repr(error))
            self.uses += 1
            self.stop.wait(0.005)
