"""The manifests of deploy/kubernetes as kustomize builds them, and what of them a broker on this machine gets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from .broker import ROOT

Document = dict[str, Any]

MANIFESTS = ROOT / "deploy/kubernetes"
#: The folders that `kubectl apply -k` takes, as paths below MANIFESTS.
FOLDERS = sorted(str(path.parent.relative_to(MANIFESTS)) for path in MANIFESTS.rglob("kustomization.yaml"))
#: Kinds with pods.
WORKLOADS = ("Deployment", "DaemonSet")


@cache
def text(folder: str) -> str:
    """What `kubectl kustomize` prints."""
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed: this check has NOT been made")
    done = subprocess.run([program, "kustomize", MANIFESTS / folder], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Manifests:
    """The documents of one folder."""

    documents: list[Document]

    @staticmethod
    @cache
    def of(folder: str) -> Manifests:
        return Manifests(list(yaml.load_all(text(folder), yaml.CSafeLoader)))

    def kind(self, *kinds: str) -> list[Document]:
        return [document for document in self.documents if document["kind"] in kinds]

    def one(self, kind: str, name: str = "latchkey") -> Document:
        (found,) = [document for document in self.kind(kind) if document["metadata"]["name"] == name]
        return found

    @property
    def workload(self) -> Document:
        """What runs the broker."""
        (found,) = [document for document in self.kind(*WORKLOADS) if any(is_broker(c) for c in containers(document))]
        return found

    @property
    def pod(self) -> Document:
        return self.workload["spec"]["template"]["spec"]

    @property
    def container(self) -> Document:
        (found,) = [container for container in containers(self.workload) if is_broker(container)]
        return found

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the broker's container gets from the manifests."""
        found: dict[str, str] = {}
        for source in self.container.get("envFrom", []):
            found |= self.one("ConfigMap", source["configMapRef"]["name"])["data"]
        return found | {variable["name"]: variable["value"] for variable in self.container.get("env", [])}

    def ports(self) -> dict[str, int]:
        """The container's ports by name."""
        return {port["name"]: port["containerPort"] for port in self.container["ports"]}

    def file(self, path: str) -> str:
        """The text of a file that a ConfigMap puts into the broker's container."""
        mount = next(m for m in self.container["volumeMounts"] if path.startswith(f"{m['mountPath']}/"))
        volume = next(v for v in self.pod["volumes"] if v["name"] == mount["name"])
        data = self.one("ConfigMap", volume["configMap"]["name"])["data"]
        return data[path.removeprefix(f"{mount['mountPath']}/")]

    def placed(self, folder: Path, ports: dict[int, int]) -> dict[str, str]:
        """The environment with the mounts below a folder of this machine and other ports."""
        return {name: placed(value, self.mounts(), folder, ports) for name, value in self.environment.items()}

    def mounts(self) -> list[str]:
        return [mount["mountPath"] for mount in self.container["volumeMounts"]]


def placed(value: str, mounts: list[str], folder: Path, ports: dict[int, int]) -> str:
    for mount in mounts:
        value = value.replace(mount, f"{folder}{mount}")
    return re.sub(r":(\d+)\b", lambda found: f":{ports.get(int(found[1]), found[1])}", value)


def containers(workload: Document) -> list[Document]:
    pod = workload["spec"]["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]


def is_broker(container: Document) -> bool:
    return bool(re.search(r"/latchkey(:|$)", container["image"]))


class Volume:
    """A mounted Secret or ConfigMap: kubelet writes all files to a new folder and replaces the link `..data`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        folder.mkdir(parents=True)

    def write(self, **files: str) -> None:
        """Writes the volume. The dot of a file's name is written as two underscores."""
        self.count += 1
        fresh = self.folder / f"..{self.count}"
        fresh.mkdir()
        for key, content in files.items():
            name = key.replace("__", ".")
            (fresh / name).write_text(content)
            (fresh / name).chmod(0o600)
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")
        link = self.folder / "..data_tmp"
        link.symlink_to(fresh.name)
        os.replace(link, self.folder / "..data")


def rendered(template: str, data: dict[str, dict[str, str]]) -> str:
    """A Go template of fields, with `if` without `else`."""
    field = r"\.(\w+)\.(\w+)"

    def condition(found: re.Match[str]) -> str:
        return found[3] if data[found[1]][found[2]] else ""

    text = re.sub(rf"{{{{ if {field} }}}}(.*?){{{{ end }}}}", condition, template)
    text = re.sub(rf"{{{{ {field} }}}}", lambda found: data[found[1]][found[2]], text)
    assert "{{" not in text, text
    return text
