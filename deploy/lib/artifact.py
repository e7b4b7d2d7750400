"""What the scripts of deploy/ that make files have in common. The same input makes the same bytes: no owner, one time for
everything (SOURCE_DATE_EPOCH, or that of the commit), sorted names."""

from __future__ import annotations

import gzip
import io
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".build/release/latchkey"


@dataclass(frozen=True)
class Member:
    """A file of an archive: a link if `link` is set, a folder if `content` is None."""

    content: bytes | None = None
    mode: int = 0o644
    link: str | None = None


def fail(message: str) -> NoReturn:
    sys.exit(f"deploy/{Path(sys.argv[0]).resolve().relative_to(ROOT / 'deploy')}: {message}")


def run(*command: str | Path) -> str:
    """A program's output; its failure ends the script."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{command[0]}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout


def build(folder: Path = ROOT) -> Path:
    """Builds the package in the folder, so that the name of the folder changes nothing in the program."""
    swift = [
        "-file-prefix-map", f"{folder}=.",
        # The debug information would name the cache of Clang's modules, whose name depends on the folder.
        "-Xfrontend", "-no-clang-module-breadcrumbs",
        # Each object would have a digest of what the compiler was given, the folder included.
        "-Xfrontend", "-disable-incremental-llvm-codegen",
    ]
    command = [
        # SwiftPM remembers what Package.swift said, the commit included.
        "swift", "build", "--manifest-cache", "none",
        "-c", "release", "--static-swift-stdlib", "--product", "latchkey",
        *(word for option in swift for word in ("-Xswiftc", option)), "-Xcc", f"-ffile-prefix-map={folder}=.",
    ]
    if subprocess.run(command, cwd=folder, stdout=sys.stderr).returncode != 0:
        fail("the build failed: see above")
    return folder / ".build/release/latchkey"


def moment() -> int:
    """Seconds since the epoch for every time in the files."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given) if given else int(run("git", "log", "-1", "--format=%ct"))


def version_of(program: Path) -> str:
    """The version that the program prints; what it was built from and with may be beside it."""
    found = re.search(r"\b\d+\.\d+\.\d+\S*", run(program, "--version"))
    return found[0] if found else fail(f"{program} --version prints no version")


def stripped(program: Path, to: Path) -> Path:
    """The program without debug information and symbols."""
    run("strip", "--strip-unneeded", "-o", to, program)
    to.chmod(0o755)
    return to


def libraries(program: Path) -> dict[str, Path]:
    """The shared libraries that the program loads, with the loader: where it expects each, and the file."""
    found = re.findall(r"(?:=> )?(/\S+) \(0x", run("ldd", program))
    if not found:
        fail(f"ldd finds no libraries of {program}")
    return {path: Path(path).resolve() for path in found}


def glibc_of(*files: Path) -> int:
    """The minor version of the newest glibc 2 that one of the files needs."""
    versions = [int(number) for file in files for number in re.findall(rb"GLIBC_2\.(\d+)", file.read_bytes())]
    return max(versions, default=0)


def tar(members: Mapping[str, Member], when: int) -> bytes:
    """A tar archive. Folders of its files are not added."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(members):
            member = members[name]
            entry = tarfile.TarInfo(name)
            entry.mtime, entry.mode = when, member.mode
            if member.link is not None:
                entry.type, entry.linkname = tarfile.SYMTYPE, member.link
            elif member.content is None:
                entry.type = tarfile.DIRTYPE
            else:
                entry.size = len(member.content)
            archive.addfile(entry, io.BytesIO(member.content or b""))
    return buffer.getvalue()


def gzipped(data: bytes, when: int = 0) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", mtime=when, compresslevel=6) as packed:
        packed.write(data)
    return buffer.getvalue()


def write_tree(members: Mapping[str, Member], folder: Path, when: int) -> None:
    """Writes the members as files below a folder."""
    for name, member in sorted(members.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if member.link is not None:
            path.symlink_to(member.link)
            continue
        if member.content is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(member.content)
        path.chmod(member.mode)
        os.utime(path, (when, when))
