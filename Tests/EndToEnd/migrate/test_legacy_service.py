"""Services that know only Secrets Manager read through the broker while their secrets are migrated."""

from __future__ import annotations

import json
import threading
import time

from peers.broker import PREFIX
from peers.legacy_service import CachedBlob, LegacyService
from peers.proxy import operation
from peers.sdk import client
from peers.waiting import until

BLOB = {
    "MONGODB_URI": "mongodb://orders:p%40ss@db.internal/orders?retryWrites=true",
    "AUTH0_CLIENT_ID": "client-id-of-the-guide",
    "AUTH0_CLIENT_SECRET": 'with "quotes", a \\ and ü\n',
    "PORT": 8080,
    "FLAGS": {"beta": True, "hosts": ["a", "b"]},
}
SWITCH = "latchkey/backend"
#: Speed of the services' clock: their five minutes are half a second of the test.
HASTE = 600


def test_the_guide_s_module_reads_on_while_the_fleet_is_moved_and_moved_back(world) -> None:
    text = json.dumps(BLOB)
    world.secrets_manager.create_secret(Name=f"{PREFIX.lstrip('/')}/secrets", SecretString=text)
    world.put("secrets", text)
    world.put(SWITCH, "secrets-manager", "String")
    broker = world.serve(LATCHKEY_SECRETS_BACKEND="auto")
    stop = threading.Event()
    services = [
        LegacyService(
            CachedBlob(
                client(broker, "secretsmanager"), f"{PREFIX.lstrip('/')}/secrets", lambda: time.monotonic() * HASTE
            ),
            BLOB,
            stop,
        )
        for _ in range(6)
    ]
    for service in services:
        service.start()

    def versions(least: int) -> bool:
        return all(len(service.secrets.versions) >= least for service in services)

    until(lambda: versions(1), "all have read")
    for backend_name in ("parameter-store", "secrets-manager"):
        world.put(SWITCH, backend_name, "String")
        until(lambda: broker.get("/health").json()["secrets_backend"] == backend_name, f"{backend_name} is in force", within=30)
        uses = [service.uses for service in services]
        # The version id shows the store: each service has read from the new one.
        until(lambda: versions(2), "all have read the new store")
        until(lambda: all(service.uses > was + 20 for service, was in zip(services, uses, strict=True)), "all go on")
    stop.set()
    for service in services:
        service.join(10)
    assert [service.failures for service in services] == [[]] * len(services)
    assert len(world.aws.seen(operation("GetSecretValue"))) <= 4, "the services' reads end at the broker"
