"""The manifests of deploy/kubernetes: valid, confined, and in agreement with each other and with the product."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from peers.broker import run, settings, version
from peers.kubernetes import FOLDERS, MANIFESTS, WORKLOADS, Manifests, containers, is_broker, text
from peers.pages import CATALOGUE, table

BIN = Path(sys.executable).parent
#: Kinds of operators, whose schemas are not those of Kubernetes.
CUSTOM = {"ServiceMonitor", "ClusterSecretStore", "ExternalSecret"}
#: Folders whose broker is reached over the network.
SERVED = [folder for folder in FOLDERS if folder != "overlays/sidecar"]

folders = pytest.mark.parametrize("folder", FOLDERS)


def test_there_is_a_base_and_an_overlay_for_each_way_to_run_the_broker() -> None:
    assert FOLDERS == [
        "base", *(f"overlays/{name}" for name in (
            "daemonset", "external-secrets", "irsa", "pod-identity", "service-account-tokens", "sidecar")),
    ]


def test_kubernetes_accepts_the_manifests(tmp_path: Path) -> None:
    files = []
    for folder in FOLDERS:
        files.append(tmp_path / f"{Path(folder).name}.yaml")
        files[-1].write_text(text(folder))
    command = [BIN / "kubernetes-validate", "--strict", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    documents = [document for folder in FOLDERS for document in Manifests.of(folder).documents]
    unknown = [line.partition("for kind ")[2].split()[0] for line in output.splitlines() if "Couldn't find schema" in line]
    assert sorted(unknown) == sorted(document["kind"] for document in documents if document["kind"] in CUSTOM)
    assert output.count("passed for resource") == len(documents) - len(unknown)


@folders
def test_every_variable_is_a_setting(folder: str) -> None:
    environment = Manifests.of(folder).environment
    known = {row[0].strip("`") for row in table(CATALOGUE / "Settings.md", "Settings")}
    assert {name for name in environment if not name.startswith("AWS_")} <= known
    del environment["LATCHKEY_CALLERS_FILE"]
    done = run("config", env=settings(Path("/"), **environment))
    assert done.returncode == 0, done.stderr
    printed = dict(line.partition("=")[::2] for line in shlex.split(done.stdout, comments=True))
    assert environment.items() <= printed.items()


@folders
def test_the_ports_agree(folder: str) -> None:
    manifests = Manifests.of(folder)
    named = manifests.ports()
    environment = manifests.environment
    assert environment["LATCHKEY_PROBE_LISTEN"] == f"*:{named['probes']}"
    if folder in SERVED:
        assert environment["LATCHKEY_LISTEN"] == f"*:{named['http']}"
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        assert manifests.container.get(probe, {}).get("httpGet", {}).get("port", "probes") == "probes"
    services = {port["name"]: port for service in manifests.kind("Service") for port in service["spec"]["ports"]}
    for name, port in services.items():
        assert (port["targetPort"], port["port"]) == (name, named[name])
    for monitor in manifests.kind("ServiceMonitor"):
        assert {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]} == {"probes"} <= services.keys()
    for policy in manifests.kind("NetworkPolicy"):
        opened = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
        assert opened == named.keys()


@folders
def test_the_broker_passes_the_restricted_pod_security_standard_and_cannot_write(folder: str) -> None:
    manifests = Manifests.of(folder)
    pod, container = manifests.pod["securityContext"], manifests.container["securityContext"]
    assert pod["runAsNonRoot"] and pod["seccompProfile"] == {"type": "RuntimeDefault"}
    both = {**pod, **container}
    assert (both["runAsUser"], both["runAsGroup"]) == (10001, 10001), "the user of the image"
    assert container["allowPrivilegeEscalation"] is False and container["readOnlyRootFilesystem"] is True
    assert container["capabilities"] == {"drop": ["ALL"]}
    assert manifests.pod["automountServiceAccountToken"] is False
    # The other containers too, which are in a namespace that enforces it.
    for each in containers(manifests.workload):
        assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert each["securityContext"]["allowPrivilegeEscalation"] is False
    enforced = manifests.one("Namespace", manifests.workload["metadata"]["namespace"])["metadata"]["labels"]
    assert enforced == {"pod-security.kubernetes.io/enforce": "restricted"}
    resources = manifests.container["resources"]
    assert resources["requests"].keys() == {"cpu", "memory"} and resources["limits"].keys() == {"memory"}


@pytest.mark.parametrize("folder", SERVED)
def test_a_pod_outlives_its_drain_and_is_taken_out_of_service_within_the_delay(folder: str) -> None:
    manifests = Manifests.of(folder)
    grace = manifests.pod["terminationGracePeriodSeconds"]
    delay, drain = (int(manifests.environment[f"LATCHKEY_DRAIN_{name}"]) for name in ("DELAY", "TIMEOUT"))
    ready = manifests.container["readinessProbe"]
    noticed = ready["periodSeconds"] * ready["failureThreshold"] + ready["timeoutSeconds"]
    assert noticed < delay < drain < grace


def test_the_drain_of_a_sidecar_fits_the_default_grace_period() -> None:
    assert int(Manifests.of("overlays/sidecar").environment["LATCHKEY_DRAIN_TIMEOUT"]) < 30


@folders
def test_the_image_is_the_one_of_this_version(folder: str) -> None:
    assert Manifests.of(folder).container["image"] == f"registry.example/latchkey:{version()}"


@folders
def test_selectors_and_references_lead_to_something(folder: str) -> None:
    manifests = Manifests.of(folder)
    labels = manifests.workload["spec"]["template"]["metadata"]["labels"]
    chosen: list[Any] = [manifests.workload["spec"]["selector"]["matchLabels"]]
    chosen += [service["spec"]["selector"] for service in manifests.kind("Service")]
    chosen += [policy["spec"]["podSelector"]["matchLabels"] for policy in manifests.kind("NetworkPolicy")]
    chosen += [budget["spec"]["selector"]["matchLabels"] for budget in manifests.kind("PodDisruptionBudget")]
    chosen += [spread["labelSelector"]["matchLabels"] for spread in manifests.pod.get("topologySpreadConstraints", [])]
    for selector in chosen:
        assert selector.items() <= labels.items()
    for service in manifests.kind("Service"):
        for monitor in manifests.kind("ServiceMonitor"):
            assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    volumes = {volume["name"] for volume in manifests.pod["volumes"]}
    assert {mount["name"] for mount in manifests.container["volumeMounts"]} <= volumes
    callers = manifests.environment["LATCHKEY_CALLERS_FILE"]
    assert any(callers.startswith(f"{mount}/") for mount in manifests.mounts())
    namespaces = {document["metadata"]["name"] for document in manifests.kind("Namespace")}
    for document in manifests.documents:
        assert document["metadata"].get("namespace", "orders") in namespaces | {"orders"}


@pytest.mark.parametrize("folder", SERVED)
def test_two_brokers_are_spread_and_a_daemonset_has_one_on_each_node(folder: str) -> None:
    manifests = Manifests.of(folder)
    if folder == "overlays/daemonset":
        assert manifests.workload["kind"] == "DaemonSet"
        assert manifests.one("Service")["spec"]["internalTrafficPolicy"] == "Local"
        assert manifests.workload["spec"]["updateStrategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        assert not manifests.kind("PodDisruptionBudget")
        return
    spread = {constraint["topologyKey"] for constraint in manifests.pod["topologySpreadConstraints"]}
    assert spread == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    assert manifests.workload["spec"]["replicas"] == 2
    assert manifests.one("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_roles_reach_the_pod_as_eks_hands_them_over() -> None:
    account = Manifests.of("overlays/irsa").one("ServiceAccount")
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].endswith(":role/latchkey-runtime")
    rules = Manifests.of("overlays/pod-identity").one("NetworkPolicy")["spec"]["egress"]
    agent = {block["ipBlock"]["cidr"] for rule in rules for block in rule["to"] if rule["ports"] == [{"port": 80}]}
    assert agent == {"169.254.170.23/32", "fd00:ec2::23/128"}


def test_no_manifest_has_a_secret() -> None:
    for folder in FOLDERS:
        assert not Manifests.of(folder).kind("Secret")
        assert any(is_broker(c) for w in Manifests.of(folder).kind(*WORKLOADS) for c in containers(w))
    assert MANIFESTS.is_dir()
