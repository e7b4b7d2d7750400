"""The broker with the settings, files, probes and callers of deploy/kubernetes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peers.broker import Broker
from peers.callers import Member, bearer
from peers.http import ask
from peers.key_sets import KeySetServer, SigningKey
from peers.kubernetes import Manifests, Volume, rendered
from peers.waiting import free_port, until

REGION, PREFIX = "eu-central-1", "/your-app/dev"
#: What the examples of the overlays may read, and one more.
STORED = {"db/password": "the password", "db/settings": '{"host": "db.example"}', "other": "not theirs"}


class Pod:
    """A broker with the environment of a folder's manifests. Ports and places of mounts are this machine's."""

    def __init__(self, world, folder: str, place: Path) -> None:
        self.world = world
        self.manifests = Manifests.of(folder)
        self.place = place
        self.ports = {port: free_port() for port in (8700, 8701)}
        #: Settings besides those of the manifests. A drain without a delay, because nobody sends requests any more.
        self.extra = {"LATCHKEY_DRAIN_DELAY": "0"}
        ssm = world.moto.client("ssm", REGION)
        for name, value in STORED.items():
            ssm.put_parameter(Name=f"{PREFIX}/{name}", Value=value, Type="SecureString")

    def volume(self, mount: str) -> Volume:
        return Volume(Path(f"{self.place}{mount}"))

    def start(self) -> Broker:
        given = self.manifests.placed(self.place, self.ports)
        env = self.world.settings(LATCHKEY_API_KEY=None, LATCHKEY_UPSTREAM_TIMEOUT="15", **{**given, **self.extra})
        broker = Broker(env)
        broker.port = self.ports[8700]
        self.world.brokers.append(broker)
        broker.child.ready(lambda: self.probe("readinessProbe" if self.is_served else "startupProbe") == 200, "it is ready")
        return broker

    @property
    def is_served(self) -> bool:
        return "readinessProbe" in self.manifests.container

    def probe(self, name: str) -> int:
        """What kubelet gets from a probe; 0 without an answer."""
        probe = self.manifests.container[name]["httpGet"]
        port = self.ports[self.manifests.ports()[probe["port"]]]
        try:
            return ask(port, probe["path"], timeout=5).status
        except OSError:
            return 0


@pytest.fixture
def orders() -> Member:
    return Member("orders", ["token", "secrets"], ["db/*"])


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other users can enter."""
    folder = Path(tempfile.mkdtemp(prefix="latchkey-pod-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_the_broker_of_the_base_serves_callers_probes_and_prometheus(world, place: Path, orders: Member) -> None:
    pod = Pod(world, "base", place)
    del pod.extra["LATCHKEY_DRAIN_DELAY"]
    monitor = Member("prometheus", ["metrics"])
    callers = pod.volume("/etc/latchkey/callers")
    callers.write(callers__json=json.dumps({"callers": [m.entry(place) for m in (orders, monitor)]}))
    broker = pod.start()
    assert [pod.probe(name) for name in ("readinessProbe", "livenessProbe")] == [200, 200]
    assert broker.get("/secrets/db/password", key=orders.key).json()["value"] == STORED["db/password"]
    assert broker.get("/secrets/other", key=orders.key).status == 403
    (endpoint,) = pod.manifests.one("ServiceMonitor")["spec"]["endpoints"]
    port = pod.ports[pod.manifests.ports()[endpoint["port"]]]
    assert "latchkey_build_info" in ask(port, endpoint["path"], headers=bearer(monitor.key)).text
    # The Secret is changed: kubelet replaces the folder behind the link.
    callers.write(callers__json=json.dumps({"callers": [monitor.entry(place)]}))
    until(lambda: broker.get("/secrets/db/password", key=orders.key).status == 401, "the caller is gone")
    assert not [line for line in broker.logs if line["level"] == "error"]
    # Kubernetes stops the pod, and sends requests until every node knows. The end of the test ends the delay.
    broker.child.send(signal.SIGTERM)
    until(lambda: pod.probe("readinessProbe") == 503, "it is not ready")
    assert pod.probe("livenessProbe") == 200
    assert ask(port, endpoint["path"], headers=bearer(monitor.key)).status == 200


def curl(socket: Path, path: str, user: int, group: int) -> str:
    """The status that this user gets, who is in the group of the pod."""
    done = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", socket, f"http://localhost{path}"],
        user=user, group=user, extra_groups=[group], capture_output=True, text=True, timeout=60)
    return done.stdout


def test_the_sidecar_serves_the_user_of_the_application_alone(world, place: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root may become another user: this check has NOT been made")
    pod = Pod(world, "overlays/sidecar", place)
    group = pod.manifests.pod["securityContext"]["fsGroup"]
    # The process of a pod has this group. Here it is root's.
    pod.extra["LATCHKEY_UNIX_OWNER"] = f":{group}"
    file = pod.manifests.environment["LATCHKEY_CALLERS_FILE"]
    pod.volume("/etc/latchkey/callers").write(callers__json=pod.manifests.file(file))
    shared = Path(f"{place}/run/latchkey")
    shared.mkdir(parents=True)
    pod.start()
    (application,) = pod.manifests.pod["containers"]
    (url,) = [variable["value"] for variable in application["env"] if variable["name"] == "LATCHKEY_URL"]
    socket = Path(url.removeprefix("unix:").replace("/run/latchkey", str(shared)))
    assert socket.is_socket() and url.removeprefix("unix:").startswith(tuple(m["mountPath"] for m in application["volumeMounts"]))
    user = application["securityContext"]["runAsUser"]
    asked = [curl(socket, path, user, group) for path in ("/secrets/db/password", "/secrets/other")]
    assert asked == ["200", "403"]
    assert curl(socket, "/secrets/db/password", user + 1, group) == "401"
    # Without the group of the pod the socket is closed.
    assert curl(socket, "/secrets/db/password", user, user) == "000"


def test_a_service_account_is_a_caller(world, place: Path, authority) -> None:
    key = SigningKey("RS256", "cluster")
    server = KeySetServer(authority.issue("kubernetes", "DNS:localhost"), key)
    try:
        pod = Pod(world, "overlays/service-account-tokens", place)
        cluster = pod.volume("/etc/latchkey/cluster")
        cluster.write(token="token-of-the-broker", ca__crt=authority.root.read_text())
        file = pod.manifests.file(pod.manifests.environment["LATCHKEY_CALLERS_FILE"])
        (issuer,) = json.loads(file)["issuers"]
        assert issuer["jwks"].startswith("https://kubernetes.default.svc/")
        placed = file.replace("/etc/latchkey/cluster", f"{cluster.folder}").replace(issuer["jwks"], server.url)
        pod.volume("/etc/latchkey/callers").write(callers__json=placed)
        broker = pod.start()
        until(lambda: server.reads, "the key set is read")
        assert set(server.reads) == {"Bearer token-of-the-broker"}
        example = pod.manifests.one("Deployment", "orders")
        account = example["spec"]["template"]["spec"]["serviceAccountName"]
        subject = f"system:serviceaccount:{example['metadata']['namespace']}:{account}"
        (volume,) = example["spec"]["template"]["spec"]["volumes"]
        (source,) = [source["serviceAccountToken"] for source in volume["projected"]["sources"]]
        claims: dict[str, Any] = {"iss": issuer["issuer"], "aud": [source["audience"]]}
        token = key.token(subject, **claims)
        until(lambda: broker.get("/secrets/db/password", key=token).status == 200, "the key set is in force")
        assert broker.get("/secrets/other", key=token).status == 403
        assert broker.get("/secrets/db/password", key=key.token(f"{subject}s", **claims)).status == 401
        # A token for the API server is of no use here.
        assert broker.get("/secrets/db/password", key=key.token(subject, **{**claims, "aud": [issuer["issuer"]]})).status == 401
        broker.remember_secret(token)
    finally:
        server.stop()


def test_the_request_of_the_external_secrets_operator_gets_the_secret(world, place: Path) -> None:
    pod = Pod(world, "overlays/external-secrets", place)
    operator = Member("external-secrets", ["secrets"], ["db/*"])
    pod.volume("/etc/latchkey/callers").write(callers__json=json.dumps({"callers": [operator.entry(place)]}))
    pod.start()
    webhook = pod.manifests.one("ClusterSecretStore")["spec"]["provider"]["webhook"]
    (secret,) = webhook["secrets"]
    assert secret["secretRef"] == {"name": "latchkey-external-secrets-key", "namespace": "latchkey"}

    def read(reference: dict[str, str]) -> tuple[int, str]:
        # The operator escapes what it puts into the URL, and nothing else.
        there = {name: urllib.parse.quote_plus(reference.get(name, "")) for name in ("key", "property", "version")}
        url = urllib.parse.urlsplit(rendered(webhook["url"], {"remoteRef": there}))
        assert (url.hostname, pod.ports[url.port or 0]) == ("latchkey.latchkey.svc", pod.ports[8700])
        headers = {name: rendered(value, {secret["name"]: {"key": operator.key}}) for name, value in webhook["headers"].items()}
        path = f"{url.path}?{url.query}" if url.query else url.path
        answer = ask(pod.ports[8700], path, webhook["method"], headers)
        if answer.status != 200:
            return answer.status, answer.text
        assert webhook["result"]["jsonPath"] == "$.value"
        return 200, answer.json()["value"]

    entries = pod.manifests.one("ExternalSecret", "database")["spec"]["data"]
    found = {entry["secretKey"]: read(entry["remoteRef"]) for entry in entries}
    assert found == {"password": (200, "the password"), "host": (200, "db.example")}
    assert read({"key": "db/none"})[0] == 404, "the operator takes this for a deleted secret"
    assert read({"key": "other"})[0] == 403
