"""The image: what is in it, that it is made reproducibly without an engine, and that it serves where nothing can be written."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peers.broker import BINARY, ROOT, Broker, settings, version
from peers.waiting import free_port

CONTAINER = ROOT / "deploy/container"
BIN = Path(sys.executable).parent
#: The most bytes of all unpacked layers.
LIMIT = 40_000_000


def build(*options: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [str(CONTAINER / "build"), "--binary", str(BINARY), *map(str, options)]
    return subprocess.run(command, env={**settings(Path.home()), **env}, capture_output=True, text=True, timeout=240)


class Image:
    """An image in the OCI layout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (manifest,) = json.loads((folder / "index.json").read_text())["manifests"]
        self.manifest = json.loads(self.blob(manifest))
        self.config: dict[str, Any] = json.loads(self.blob(self.manifest["config"]))
        self.layers = [gzip.decompress(self.blob(layer)) for layer in self.manifest["layers"]]

    def blob(self, descriptor: dict[str, Any]) -> bytes:
        kind, _, digest = descriptor["digest"].partition(":")
        data = (self.folder / "blobs" / kind / digest).read_bytes()
        assert len(data) == descriptor["size"] and hashlib.new(kind, data).hexdigest() == digest
        return data

    def members(self) -> dict[str, tarfile.TarInfo]:
        found: dict[str, tarfile.TarInfo] = {}
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
                found |= {member.name: member for member in archive}
        return found

    def unpack(self, folder: Path) -> None:
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
                archive.extractall(folder, filter="tar")


@pytest.fixture(scope="module")
def image(binary: Path) -> Iterator[Image]:
    # In a folder that every user can enter, as a runtime would have it.
    folder = Path(tempfile.mkdtemp(prefix="latchkey-image-"))
    folder.chmod(0o755)
    done = build("--out", folder / "image", "--archive", folder / "image.tar")
    assert done.returncode == 0, done.stderr
    yield Image(folder / "image")
    shutil.rmtree(folder)


def instructions(name: str) -> list[str]:
    text = (CONTAINER / "Dockerfile").read_text().replace("\\\n", " ")
    final = text[text.rindex("\nFROM ") :]
    return [line.split(maxsplit=1)[1] for line in final.splitlines() if line.startswith(f"{name} ")]


def test_hadolint_accepts_the_dockerfile() -> None:
    command = [BIN / "hadolint", "--failure-threshold", "style", CONTAINER / "Dockerfile"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_makes_an_image_of_the_same_files_that_runs_in_the_same_way(image: Image) -> None:
    config = image.config["config"]
    assert instructions("FROM") == ["scratch"] and instructions("COPY") == ["--from=build /out /"]
    assert instructions("USER") == [config["User"]] == ["10001:10001"]
    assert " ".join(instructions("ENV")).split() == config["Env"]
    assert json.loads(*instructions("ENTRYPOINT")) == config["Entrypoint"]
    assert json.loads(*instructions("CMD")) == config["Cmd"]
    assert [f"{port}/tcp" for port in instructions("EXPOSE")] == list(config["ExposedPorts"])
    assert instructions("STOPSIGNAL") == [config["StopSignal"]]
    if health := config.get("Healthcheck"):
        assert json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2]) == health["Test"][1:]


def test_the_image_is_small_and_has_nothing_but_what_the_program_needs(image: Image) -> None:
    members = image.members()
    assert sum(member.size for member in members.values()) < LIMIT
    programs = {name for name, member in members.items() if member.isfile() and member.mode & 0o111}
    libraries = {name for name in programs if re.search(r"/(lib[\w+-]+|ld-linux[\w-]*)\.so\.\d+$", name)}
    assert programs - libraries == {"usr/local/bin/latchkey"}, "no shell and no other program"
    assert {Path(name).name.partition(".so")[0] for name in libraries} >= {"libssl", "libcrypto", "libz", "libc"}
    for member in members.values():
        assert (member.uid, member.gid, member.mode & 0o6022) == (0, 0, 0), f"{member.name}: nobody else may write, no setuid"
    assert image.config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in image.layers]
    assert image.config["config"]["Labels"]["org.opencontainers.image.version"] == version()


@pytest.mark.slow(10)
def test_the_same_program_makes_the_same_image(image: Image, tmp_path: Path) -> None:
    done = build("--out", tmp_path / "image", "--archive", tmp_path / "image.tar")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "image.tar").read_bytes() == image.folder.with_suffix(".tar").read_bytes()
    names = {str(path.relative_to(tmp_path / "image")) for path in (tmp_path / "image").rglob("*") if path.is_file()}
    assert names == {str(path.relative_to(image.folder)) for path in image.folder.rglob("*") if path.is_file()}
    with tarfile.open(tmp_path / "image.tar") as archive:
        assert {member.name for member in archive if member.isfile()} == names


@pytest.mark.parametrize("problem", ["no program", "not a program"])
def test_what_cannot_be_an_image_is_refused(tmp_path: Path, problem: str) -> None:
    program = tmp_path / "latchkey"
    if problem == "not a program":
        program.write_text("#!/bin/sh\necho 1.0\n")
        program.chmod(0o755)
    command = [CONTAINER / "build", "--binary", program, "--out", tmp_path / "image"]
    done = subprocess.run(command, env=settings(Path.home()), capture_output=True, text=True, timeout=50)
    assert done.returncode == 1 and done.stderr.startswith("deploy/container/build: ")


def sandbox(root: Path, hosts: Path, config: dict[str, Any]) -> list[str]:
    """Runs a command in the image as a runtime does: nothing can be written, no capabilities, another user."""
    program = shutil.which("bwrap")
    if program is None:
        pytest.skip("bwrap is not installed: this check has NOT been made")
    user, _, group = config["User"].partition(":")
    command = [
        program, "--unshare-all", "--share-net", "--die-with-parent", "--uid", user, "--gid", group, "--cap-drop", "ALL",
        "--as-pid-1", "--ro-bind", root, "/", "--ro-bind", hosts, "/etc/hosts", "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev",
    ]
    return [str(word) for word in command]


def test_the_image_serves_where_nothing_can_be_written(world, image: Image, later) -> None:
    root = image.folder.parent / "root"
    image.unpack(root)
    # The mount point of a file that every runtime brings.
    (root / "etc/hosts").touch()
    hosts = image.folder.parent / "hosts"
    hosts.write_text("127.0.0.1 localhost\n127.0.0.1 store.example\n")
    config = image.config["config"]
    wrapper = sandbox(root, hosts, config)
    try:
        subprocess.run([*wrapper, config["Entrypoint"][0], "--version"], check=True, capture_output=True, timeout=60)
    except subprocess.CalledProcessError as error:
        if b"bwrap: " in error.stderr and os.environ.get("CI") != "true":
            pytest.skip(f"bwrap may not make namespaces here: this check has NOT been made: {error.stderr!r}")
        raise
    world.put("solo", "v")
    env = world.settings(
        # A name, so that the look-up works too. The store is not on loopback by name, which is a warning.
        AWS_ENDPOINT_URL=f"http://store.example:{world.aws.port}", LATCHKEY_UPSTREAM_TIMEOUT="15", HOME=None, PATH=None)
    image_env = dict(variable.split("=", 1) for variable in config["Env"])
    env = {**image_env, **env, "LATCHKEY_LISTEN": f"127.0.0.1:{free_port()}"}
    broker = Broker(env, wrapper=wrapper, program=config["Entrypoint"][0])
    later(broker.kill)
    broker.wait_live().wait_ready()
    assert broker.get("/secrets/solo").json()["value"] == "v"
    assert not [line for line in broker.logs if line["level"] == "error"]
    if health := config.get("Healthcheck"):
        # Beside the broker, in the same network.
        for url, status in ((broker.url, 0), ("http://127.0.0.1:9", 1)):
            command = [*wrapper, "--clearenv", "--setenv", "LATCHKEY_URL", url, *health["Test"][1:]]
            assert (subprocess.run(command, capture_output=True, timeout=60).returncode != 0) == bool(status)
    # What a runtime stops is the program, which is process 1 of the container.
    (inner,) = Path(f"/proc/{broker.child.pid}/task/{broker.child.pid}/children").read_text().split()
    os.kill(int(inner), signal.SIGTERM)
    assert broker.child.wait() == 0
    broker.require_clean_output()
