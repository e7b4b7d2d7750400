"""Five brokers that Prometheus watches, a fault for every alert, and the end of every fault."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from .broker import API_KEY, PREFIX, Broker
from .callers import Member, change, write
from .credentials import NO_KEYS, credentials, secret_of, token_of
from .faults import aws_error, document, oauth_error, with_head
from .issuer import Issuer
from .moto import Moto
from .prometheus import RULES, Prometheus, shortened
from .proxy import FaultProxy
from .tls import Authority, Certificate
from .waiting import until
from .world import World

#: The longest wait for all alerts to fire, and for all to end.
PATIENCE = 120
#: What the rules allow a process, and the descriptors of the broker that runs short of them.
MEMORY, DESCRIPTORS = "536870912", 700
MIB = 1024 * 1024
#: The broker whose fault makes an alert fire, the fault, and what ends it.
FAULTS = {
    "LatchkeyAbsent": ("", "Prometheus has no target", "the brokers are its targets"),
    "LatchkeyDown": ("budget", "it is stopped", "it is started"),
    "LatchkeyUnavailable": ("tls", "AWS refuses connections from its start", "AWS accepts them"),
    "LatchkeyServerErrors": ("upstreams", "AWS answers 500, and a caller wants what is not cached", "AWS answers"),
    "LatchkeyReloadFailing": ("access", "its callers file is cut off", "the file is whole"),
    "LatchkeyTierErrors": ("upstreams", "AWS answers 500", "AWS answers"),
    "LatchkeyStaleServed": ("upstreams", "AWS answers 500, and a secret is past its TTL", "AWS answers"),
    "LatchkeyCredentialsExpireSoon": ("tls", "the agent gives credentials near their end", "it gives new ones"),
    "LatchkeyTokenExpiresSoon": ("upstreams", "the issuer answers 503, and the token has 250 s left", "the issuer answers"),
    "LatchkeyIssuerQuotaLow": ("access", "the issuer says that 4 of 100 are left", "the time comes that it named"),
    "LatchkeyIssueBudgetSpent": ("budget", "its budget of one token is spent", "it is started again"),
    "LatchkeyAuthenticationFailures": ("access", "a caller has an old key", "it stops"),
    "LatchkeyPolicyWouldDeny": ("access", "a caller reads what the file does not give it", "the file gives it"),
    "LatchkeyAuditLinesLost": ("access", "the file of the audit log may not grow", "the file is renamed"),
    "LatchkeyCertificateExpiresSoon": ("tls", "a sixth of its certificate's lifetime is left", "the file is replaced"),
    "LatchkeyShadowMismatch": ("access", "the stores have different values", "they have the same"),
    "LatchkeyDescriptorsLow": ("process", "connections use 84 % of its descriptors", "they are closed"),
    "LatchkeyMemoryHigh": ("process", "each connection has an unfinished body", "it is started again"),
}
SCRAPER = Member("prometheus", ["metrics"])
ORDERS = Member("orders", ["token", "secrets"], ["STRIPE_KEY"])


def knock(port: int, key: str) -> None:
    """A request whose answer nobody waits for: those to wrong keys are delayed."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        sock.sendall(f"GET /token HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode())


@dataclass
class Watched:
    """The brokers by what they show, and what Prometheus saw."""

    prometheus: Prometheus
    brokers: dict[str, Broker]
    #: Unix times of the first and the last scrape.
    start: float = 0.0
    end: float = 0.0
    #: The alerts that FAULTS has, as they fired, and the names of all that fire at the end.
    fired: dict[str, dict[str, Any]] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)

    def instance(self, name: str) -> str | None:
        """The instance that the alert is about."""
        broker = self.brokers.get(FAULTS[name][0])
        return broker and f"{'localhost' if broker.context else '127.0.0.1'}:{broker.port}"


class Scene:
    """Each broker has a world of its own, so that a fault of one is none of another. No two share tokens."""

    def __init__(self, moto: Moto, issuer: Issuer, authority: Authority, folder: Path) -> None:
        self.folder = folder
        self.authority = authority
        self.worlds = {
            name: World(moto, issuer, self._folder(name)) for name in ("upstreams", "budget", "access", "tls", "process")}
        self.agent = FaultProxy()
        self.sockets: list[socket.socket] = []
        self.brokers: dict[str, Broker] = {}
        self.prometheus = Prometheus(folder / "prometheus", SCRAPER.key, shortened(RULES.read_text()), authority.root)

    def _folder(self, name: str) -> Path:
        (self.folder / name).mkdir()
        return self.folder / name

    def _start(self, name: str, callers: list[Member] | None = None, wrapper: tuple[str, ...] = (), **extra: Any) -> Broker:
        world = self.worlds[name]
        members = [SCRAPER, *(callers or [])]
        file = write(
            world.folder / "callers.json", [member.entry(world.folder) for member in members],
            mode="observe" if callers else "enforce")
        settings = {
            "LATCHKEY_CALLERS_FILE": str(file), "LATCHKEY_SHARED_TIER": "none", "LATCHKEY_SECRET_TTL": "1",
            "LATCHKEY_UPSTREAM_TIMEOUT": "15", "LATCHKEY_WORKERS": "1", "LATCHKEY_ISSUE_BUDGET_PER_HOUR": "1000",
        }
        if name in self.brokers:
            # In place of the one that was stopped.
            settings["LATCHKEY_LISTEN"] = f"127.0.0.1:{self.brokers[name].port}"
        broker = world.start([member.key for member in members], wrapper, **{**settings, **extra})
        self.brokers[name] = broker
        return broker

    # The brokers

    def start(self) -> None:
        self.worlds["access"].put("solo", "the value of the new store")
        name = f"{PREFIX.lstrip('/')}/solo"
        self.worlds["access"].secrets_manager.create_secret(Name=name, SecretString="the value of the old store")
        self._start_budget().wait_ready()
        self._start("upstreams").wait_ready()
        self.audit = self._folder("audit") / "audit.log"
        self._start(
            "access", [ORDERS], ("prlimit", "--fsize=20000", "--"), LATCHKEY_SECRETS_BACKEND="shadow",
            LATCHKEY_AUDIT_LOG=str(self.audit), LATCHKEY_AUDIT_ON_FAILURE="count")
        # The quota is full again after 20 seconds.
        quota = b"Auth0-Client-Quota-Limit: b=per_hour;q=100;r=4;t=20"
        self.worlds["access"].auth.always(with_head(lambda lines: [*lines, quota]))
        self._start_tls()
        self._start_process().wait_ready()

    def _start_budget(self) -> Broker:
        return self._start("budget", LATCHKEY_ISSUE_BUDGET_PER_HOUR="1")

    def _start_process(self) -> Broker:
        return self._start("process", wrapper=("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"))

    def _start_tls(self) -> None:
        """Its store is down, its credentials are near their end, and so is its certificate."""
        world = self.worlds["tls"]
        self.agent.always(credentials("AKIASHORT", 20))
        self.certificate: Certificate = self.authority.issue("watched", "DNS:localhost", days=30)
        self.authority.age(self.certificate, timedelta(hours=40), timedelta(hours=8))
        world.aws.down()
        # A broker with TLS is asked over TLS from its first moment.
        settings = world.settings(
            **NO_KEYS, AWS_CONTAINER_CREDENTIALS_FULL_URI=f"http://127.0.0.1:{self.agent.port}/creds",
            LATCHKEY_TLS_CERT=str(self.certificate.cert), LATCHKEY_TLS_KEY=str(self.certificate.key),
            LATCHKEY_CALLERS_FILE=str(write(world.folder / "callers.json", [SCRAPER.entry(world.folder)])),
            LATCHKEY_SHARED_TIER="none", LATCHKEY_SECRET_TTL="1", LATCHKEY_UPSTREAM_TIMEOUT="15")
        secrets = [SCRAPER.key, *(kind(name) for name in ("AKIASHORT", "AKIALONG") for kind in (secret_of, token_of))]
        broker = Broker(settings, secrets, context=self.authority.client_context())
        world.brokers.append(broker)
        self.brokers["tls"] = broker.wait_live()

    # The faults

    def watch(self) -> Watched:
        """Runs the whole scene."""
        self.prometheus.wait()
        self.watched = Watched(self.prometheus, self.brokers)
        # Without a target there is one alert.
        self._collect({"LatchkeyAbsent"}, lambda: None)
        self.start()
        # The rule is for all brokers, and none but the one with the fault may reach the limit. Its fault takes 35 MiB.
        limit = max(int(broker.metric("process_resident_memory_bytes")) for broker in self.brokers.values()) + 16 * MIB
        self.watched.start = time.time()
        self.prometheus.scrape(
            list(self.brokers.values()), shortened(RULES.read_text()).replace(MEMORY, str(limit)))
        self.prometheus.wait_for_targets(len(self.brokers))
        self._break()
        self._collect(set(FAULTS), self._drive)
        self._repair()
        self._collect(set(), self._drive)
        self.watched.end = time.time()
        return self.watched

    def _break(self) -> None:
        short = {"access_token": "a-token-of-250-seconds", "token_type": "Bearer", "expires_in": 250}
        up = self.worlds["upstreams"]
        up.auth.next(document(short))
        self.brokers["upstreams"].token()
        self.brokers["upstreams"].get("/secrets/solo")
        self.brokers["budget"].token()
        self.brokers["access"].token()
        up.aws.always(aws_error("InternalServerError", 500))
        up.auth.always(oauth_error("temporarily_unavailable", 503))
        self._hold_connections()
        self.is_broken = True

    def _hold_connections(self) -> None:
        """Connections that use 84 % of the descriptors, each with an unfinished body of 60 KiB."""
        broker = self.brokers["process"]
        head = (
            f"POST /token/rejected HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n"
            "Content-Type: application/json\r\nContent-Length: 65536\r\n\r\n")
        for _ in range(DESCRIPTORS * 84 // 100 - broker.descriptors()):
            sock = socket.create_connection(("127.0.0.1", broker.port), timeout=30)
            sock.sendall(head.encode() + b" " * 60 * 1024)
            self.sockets.append(sock)

    def _drive(self) -> None:
        """One round of callers' requests, good and bad ones."""
        up, access = self.brokers["upstreams"], self.brokers["access"]
        up.get("/secrets/solo")
        up.token("?refresh=true")
        if not self.is_broken:
            return
        up.get("/secrets/of-nobody")
        access.get("/secrets/solo", key=ORDERS.key)
        for _ in range(10):
            knock(access.port, "the-key-of-last-year-0123456789")
        if "LatchkeyReloadFailing" not in self.watched.fired:
            self._callers_path().write_text("{")
        # The broker that spent its budget goes last, because it stops.
        if "LatchkeyIssueBudgetSpent" in self.watched.fired:
            self.brokers["budget"].stop()

    def _callers_path(self) -> Path:
        return self.worlds["access"].folder / "callers.json"

    def _repair(self) -> None:
        self.is_broken = False
        for world in self.worlds.values():
            world.aws.heal()
            world.auth.heal()
        self.agent.heal()
        self.agent.always(credentials("AKIALONG", 7200))
        self.worlds["tls"].aws.up()
        self.authority.issue("watched", "DNS:localhost", days=30)
        for sock in self.sockets:
            sock.close()
        # Memory that was used once stays with the process, and a budget comes back only after an hour.
        for name, start in (("budget", self._start_budget), ("process", self._start_process)):
            self.brokers[name].stop()
            start()
        self._repair_access()

    def _repair_access(self) -> None:
        world, broker = self.worlds["access"], self.brokers["access"]
        world.put("solo", "the value of the old store")
        allowed = Member("orders", ["token", "secrets"], ["STRIPE_KEY", "solo"])
        entries = [member.entry(world.folder) for member in (SCRAPER, allowed)]
        change(broker, self._callers_path(), entries, mode="observe")
        self.audit.rename(self.audit.with_suffix(".1"))
        until(self.audit.exists, "a new audit log")
        denied = broker.metric("latchkey_policy_would_deny_total")
        compared = lambda: broker.metric("latchkey_shadow_comparisons_total", result="match")  # noqa: E731
        until(lambda: broker.get("/secrets/solo?refresh=true", key=ORDERS.key) and compared() > 0, "the stores agree")
        assert broker.metric("latchkey_policy_would_deny_total") == denied

    # What Prometheus says

    def _collect(self, wanted: set[str], act: Any) -> None:
        """Acts and asks, until every wanted alert has fired, or until none fires if none is wanted."""
        deadline = time.monotonic() + PATIENCE

        def is_done() -> bool:
            act()
            firing = self.prometheus.alerts()
            for alert in firing:
                name = alert["labels"]["alertname"]
                if alert["labels"].get("instance") == self.watched.instance(name):
                    self.watched.fired.setdefault(name, alert)
            self.watched.left = {alert["labels"]["alertname"] for alert in firing}
            done = wanted <= set(self.watched.fired) if wanted else not firing
            return done or time.monotonic() > deadline

        until(is_done, "the alerts", PATIENCE + 60)

    def end(self) -> None:
        for sock in self.sockets:
            sock.close()
        self.prometheus.stop()
        for world in self.worlds.values():
            world.end()
        self.agent.stop()
