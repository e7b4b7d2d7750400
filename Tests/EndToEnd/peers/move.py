"""Secrets of every shape in Secrets Manager, to be migrated, and their parameters."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .broker import AWS_SECRET_ACCESS_KEY, BINARY, settings
from .moto import Moto

#: The prefix of all names of secrets.
PREFIX = "shop/prod/"
#: Of backups.
PASSWORD = "correct horse battery staple"


@dataclass
class Shape:
    """One secret of a test, and the obstacles that a plan must name for it."""

    name: str
    value: str | bytes
    obstacles: set[str] = field(default_factory=set)
    #: Whether the migration copies the secret.
    moves: bool = True
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> str:
        return f"/{self.name}"

    @property
    def content(self) -> dict[str, str | bytes]:
        return {"SecretBinary": self.value} if isinstance(self.value, bytes) else {"SecretString": self.value}


def shapes(count: int, seed: int, prefix: str = PREFIX) -> list[Shape]:
    """Secrets of all unusual shapes in turn, with plain ones between. Every value is unique."""
    rng = random.Random(seed)

    def mark() -> str:
        return f"{rng.getrandbits(128):032x}"

    def filled(length: int) -> str:
        return (mark() + "x" * length)[:length]

    makers = [
        lambda name: Shape(name, mark()),
        lambda name: Shape(name, json.dumps({"user": "u", "password": mark(), "nested": {"a": {"b": 1}}})),
        lambda name: Shape(name, f"línea {mark()}\n zwei \t🔑 \u2028 ende "),
        lambda name: Shape(name, f" {mark()}\n"),
        lambda name: Shape(name, filled(4096)),
        lambda name: Shape(name, filled(4097), {"needs_advanced"}),
        lambda name: Shape(name, filled(8192), {"needs_advanced"}),
        lambda name: Shape(name, filled(8193), {"over_advanced"}, moves=False),
        lambda name: Shape(name, filled(65536), {"over_advanced"}, moves=False),
        lambda name: Shape(name, bytes.fromhex(mark()) + b"\xff\x00", {"binary"}, moves=False),
        lambda name: Shape(name, f"{mark()} {{{{ssm:other}}}}", {"reference"}, moves=False),
        lambda name: Shape(f"{name}+@=", mark(), {"name_characters"}, moves=False),
        lambda name: Shape(name + "/d" * 14, mark(), {"name_depth"}, moves=False),
        lambda name: Shape(name, mark(), {"pending_deletion"}, moves=False),
        lambda name: Shape(name, mark(), {"rotation"}),
        lambda name: Shape(name, mark(), {"resource_policy"}),
        lambda name: Shape(name, mark(), {"replicas"}, extra={"AddReplicaRegions": [{"Region": "eu-west-1"}]}),
        lambda name: Shape(name, mark(), {"kms_key"}, extra={"KmsKeyId": "alias/shop"}),
        lambda name: Shape(
            name, mark(), extra={"Description": "für alle", "Tags": [{"Key": "team", "Value": "zahlung"}]}
        ),
        lambda name: Shape(name, mark(), {"description_cut"}, extra={"Description": "d" * 1025}),
    ]
    return [makers[number % len(makers)](f"{prefix}s{number:04}") for number in range(count)]


class Move:
    """Both stores, the commands, and all of their output."""

    def __init__(self, moto: Moto, folder: Path, made: Sequence[Shape], prefix: str = PREFIX) -> None:
        self.moto = moto
        self.prefix = prefix
        self.folder = folder
        self.shapes = list(made)
        self.ssm = moto.client("ssm")
        self.secrets = moto.client("secretsmanager")
        self.journal = folder / "move.journal"
        self.output = ""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._make, self.shapes))

    def _make(self, shape: Shape) -> None:
        self.secrets.create_secret(Name=shape.name, **shape.content, **shape.extra)
        if "pending_deletion" in shape.obstacles:
            self.secrets.delete_secret(SecretId=shape.name)
        if "rotation" in shape.obstacles:
            self.secrets.rotate_secret(
                SecretId=shape.name, RotateImmediately=False, RotationRules={"AutomaticallyAfterDays": 30}
            )
        if "resource_policy" in shape.obstacles:
            policy = {"Version": "2012-10-17", "Statement": []}
            self.secrets.put_resource_policy(SecretId=shape.name, ResourcePolicy=json.dumps(policy))

    @property
    def env(self) -> dict[str, str]:
        return settings(
            self.folder, AWS_ENDPOINT_URL=self.moto.url, LATCHKEY_SSM_MAX_TPS="1000", LATCHKEY_API_KEY=None,
            # Only a busy machine makes moto slow; a longer timeout avoids failures.
            LATCHKEY_UPSTREAM_TIMEOUT="10",
        )

    def run(self, command: str, *arguments: str, status: int = 0, **env: str) -> str:
        """Runs one command to its end. Returns its standard output."""
        done = subprocess.run(
            [str(BINARY), "migrate", command, *arguments], env=self.env | env, cwd=self.folder, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120,
        )
        self.output += done.stdout + done.stderr
        assert done.returncode == status, f"{done.returncode}: {done.stderr[-2000:]}{done.stdout[-2000:]}"
        return done.stdout

    def json(self, command: str, *arguments: str, status: int = 0, **env: str) -> Any:
        return json.loads(self.run(command, *arguments, "--json", status=status, **env))

    def copy(self, *arguments: str, status: int = 0) -> Any:
        return self.json("copy", *self.selection, *self.pace, *arguments, status=status)

    @property
    def selection(self) -> list[str]:
        return ["--filter-prefix", self.prefix]

    @property
    def pace(self) -> list[str]:
        return ["--journal", str(self.journal), *self.rate]

    @property
    def rate(self) -> list[str]:
        return ["--writes-per-second", "1000"]

    @property
    def password(self) -> list[str]:
        """The options that name a file with the password."""
        file = self.folder / "password"
        if not file.exists():
            file.write_text(PASSWORD + "\n")
            file.chmod(0o600)
        return ["--password-file", str(file)]

    def start(self, command: str, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """Starts a command that the test kills."""
        return subprocess.Popen(
            [str(BINARY), "migrate", command, *arguments], env=self.env | env, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def lines(self) -> int:
        """The complete lines of the journal."""
        return self.journal.read_bytes().count(b"\n") if self.journal.exists() else 0

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Every parameter with its value, by name."""
        found: dict[str, dict[str, Any]] = {}
        for page in self.ssm.get_paginator("get_parameters_by_path").paginate(
            Path="/", Recursive=True, WithDecryption=True
        ):
            found |= {parameter["Name"]: parameter for parameter in page["Parameters"]}
        return found

    def require_moved(self, version: int = 1) -> None:
        """Checks that every movable value is copied, equal and written once, and that nothing else exists."""
        found = self.parameters()
        wanted = {shape.target: shape.value for shape in self.shapes if shape.moves}
        assert {name: parameter["Value"] for name, parameter in found.items()} == wanted
        assert {parameter["Version"] for parameter in found.values()} == {version}
        assert {parameter["Type"] for parameter in found.values()} == {"SecureString"}

    def require_silence(self, *files: Path) -> None:
        """Checks that no output or file contains a value or half of one."""
        texts = {"the output": self.output.encode()} | {str(file): file.read_bytes() for file in files}
        for shape in self.shapes:
            value = shape.value if isinstance(shape.value, bytes) else shape.value.encode()
            mark = value[:18] if isinstance(shape.value, bytes) else max(value.split(), key=len)[:32]
            for where, text in texts.items():
                assert mark not in text and value not in text, f"{shape.name} shows in {where}"
                assert mark.hex().encode() not in text, f"{shape.name} shows in {where} as hex"
        assert AWS_SECRET_ACCESS_KEY not in self.output


def latchkey_home(folder: Path) -> dict[str, str]:
    """The environment of a `latchkey dev`."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder)}
