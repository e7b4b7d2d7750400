"""The archive of `deploy/release`: a program that runs, its symbols, a list of components, signed checksums."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from peers.broker import BINARY, ROOT, settings


def release(out: Path, *options: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "deploy/release"), "--out", str(out), *map(str, options)]
    home = {**settings(out.parent), "HOME": str(Path.home()), **env}
    return subprocess.run(command, env=home, cwd=out.parent, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def files(binary: Path, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("release") / "files"
    done = release(out, "--binary", binary)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == sorted(str(path) for path in out.iterdir())
    return out


def the(files: Path, pattern: str) -> Path:
    (found,) = files.glob(pattern)
    return found


@pytest.fixture(scope="module")
def program(files: Path, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(the(files, "*.tar.gz")) as archive:
        archive.extractall(folder, filter="data")
    return the(folder, "*/latchkey")


#: A package with what the folder of a build could get into: Swift, a module of C, and a name of a source.
PACKAGE = {
    "Package.swift": """// swift-tools-version: 6.2
import PackageDescription
let package = Package(name: "latchkey", targets: [
    .target(name: "CPart"), .target(name: "Part"), .executableTarget(name: "latchkey", dependencies: ["CPart", "Part"]),
])
""",
    "Sources/CPart/include/part.h": "const char *part(void);\n",
    "Sources/CPart/part.c": "#include <part.h>\nconst char *part(void) { return __FILE__; }\n",
    "Sources/Part/part.swift": "public func word(_ number: Int) -> String { precondition(number > 0); return #fileID }\n",
    "Sources/latchkey/main.swift": "import CPart\nimport Part\nprint(word(CommandLine.arguments.count), part().map { String(cString: $0) } ?? \"\")\n",
}


@pytest.mark.slow(60)
@pytest.mark.together("swiftpm")
def test_the_folder_of_a_build_changes_nothing_in_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small package, built as a release is. `deploy/release --reproduce` does the same with the product."""
    monkeypatch.setenv("HOME", str(Path.home()))
    path = str(ROOT / "deploy/release")
    loader = importlib.machinery.SourceFileLoader("release", path)
    script = importlib.util.module_from_spec(importlib.util.spec_from_loader("release", loader) or pytest.fail(path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setitem(sys.modules, "release", script)
    loader.exec_module(script)
    digests = set()
    for name in ("one", "a-second-folder"):
        folder = tmp_path / name
        for file, text in PACKAGE.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
        binary = script.build(folder)
        digests.add(script.digest_of_release(binary, folder))
        run = subprocess.run([binary], capture_output=True, text=True, check=True)
        assert run.stdout == "Part/part.swift Sources/CPart/part.c\n"
    assert len(digests) == 1


def build_id(path: Path) -> str:
    notes = subprocess.run(["readelf", "--notes", path], capture_output=True, text=True, check=True).stdout
    return re.findall(r"Build ID: ([0-9a-f]+)", notes)[0]


def test_the_checksums_are_right(files: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=files, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count(": OK\n") == 3, done.stdout + done.stderr


def test_the_program_runs_and_has_no_debug_information(program: Path) -> None:
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[0]
    assert program.parent.name.startswith(f"latchkey-{version}-linux-")
    sections = subprocess.run(["readelf", "--sections", "--wide", program], capture_output=True, text=True, check=True).stdout
    assert ".debug_info" not in sections
    assert program.stat().st_size < BINARY.stat().st_size


def test_the_symbols_are_those_of_the_program(files: Path, program: Path) -> None:
    symbols = the(files, "*.debug")
    assert build_id(symbols) == build_id(program) == build_id(BINARY)
    names = subprocess.run(["nm", "--defined-only", symbols], capture_output=True, text=True, check=True).stdout
    assert " main\n" in names


def test_the_list_of_components_is_valid_and_has_what_the_program_is_made_of(files: Path, program: Path) -> None:
    text = the(files, "*.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bom = Bom.from_json(json.loads(text))
    assert bom.metadata.component and bom.metadata.component.name == "latchkey"
    hashes = {item.content for item in bom.metadata.component.hashes}
    assert hashes == {hashlib.sha256(program.read_bytes()).hexdigest()}
    named = {part.name: part.version for part in bom.components}
    pinned = re.findall(r'/([\w-]+)", exact: "([\d.]+)"', (ROOT / "Package.swift").read_text())
    assert pinned and dict(pinned).items() <= named.items()
    assert {"swift", "libssl.so.3", "libcrypto.so.3", "libz.so.1"} <= named.keys()


@pytest.mark.slow(20)
def test_the_same_program_makes_the_same_files(files: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert release(again, "--binary", BINARY).returncode == 0
    assert (again / "SHA256SUMS").read_text() == (files / "SHA256SUMS").read_text()
    later = tmp_path / "later"
    assert release(later, "--binary", BINARY, SOURCE_DATE_EPOCH="1000000000").returncode == 0
    assert json.loads(the(later, "*.cdx.json").read_text())["metadata"]["timestamp"] == "2001-09-09T01:46:40Z"


@pytest.fixture(scope="module")
def key(tmp_path_factory) -> Path:
    path: Path = tmp_path_factory.mktemp("key") / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True)
    path.chmod(0o600)
    return path


@pytest.mark.slow(20)
def test_the_signature_is_that_of_the_checksums(files: Path, key: Path, tmp_path: Path) -> None:
    out = tmp_path / "signed"
    done = release(out, "--binary", BINARY, "--sign", key)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == sorted(str(path) for path in out.iterdir())
    public = load_pem_public_key((out / "release-key.pem").read_bytes())
    assert isinstance(public, Ed25519PublicKey)
    sums = (out / "SHA256SUMS").read_bytes()
    assert sums == (files / "SHA256SUMS").read_bytes()
    public.verify((out / "SHA256SUMS.sig").read_bytes(), sums)
    # The command that the script's help prints.
    text = (ROOT / "deploy/release").read_text()
    (command,) = re.findall(r"^ +(openssl pkeyutl -verify .*)$", text, re.M)
    verify = subprocess.run(shlex.split(command), cwd=out, capture_output=True, text=True)
    assert verify.returncode == 0, verify.stderr
    (out / "SHA256SUMS").write_bytes(sums.replace(b"a", b"b", 1))
    assert subprocess.run(shlex.split(command), cwd=out, capture_output=True).returncode != 0


def test_a_key_that_others_can_read_or_that_is_of_another_kind_signs_nothing(key: Path, tmp_path: Path) -> None:
    copy, other = tmp_path / "copy.pem", tmp_path / "other.pem"
    copy.write_bytes(key.read_bytes())
    copy.chmod(0o644)
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out", other], check=True, capture_output=True)
    other.chmod(0o600)
    for path, problem in ((copy, "others can read"), (other, "is no Ed25519 key"), (tmp_path / "none", "is not a file")):
        done = release(tmp_path / "files", "--binary", BINARY, "--sign", path)
        assert done.returncode == 1 and problem in done.stderr
    assert not (tmp_path / "files").exists()


def test_a_version_without_an_entry_in_the_changes_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "latchkey"
    program.write_text("#!/bin/sh\necho 99.0.0\n")
    program.chmod(0o755)
    done = release(tmp_path / "files", "--binary", program)
    assert done.returncode == 1 and "Changes.md has no heading for version 99.0.0" in done.stderr
    assert not (tmp_path / "files").exists()
