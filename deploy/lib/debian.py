"""The Debian package: files, scripts and dependencies."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import tempfile
from pathlib import Path

import manual
from artifact import ROOT, Member, fail, glibc_of, gzipped, run, write_tree

#: deploy/debian has the scripts of the package and the files that only the package has.
SOURCE = ROOT / "deploy/debian"
CHANGES = ROOT / "Sources/latchkey/Latchkey.docc/Changes.md"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
UNITS = "usr/lib/systemd/system"
DOCUMENTS = "usr/share/doc/latchkey"
COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/latchkey",
    "zsh": "usr/share/zsh/vendor-completions/_latchkey",
    "fish": "usr/share/fish/vendor_completions.d/latchkey.fish",
}
#: Files that the administrator changes. A new version of the package asks before it replaces them.
CONFIGURATION = ("etc/latchkey/latchkey.env", "etc/logrotate.d/latchkey")
SCRIPTS = ("postinst", "prerm", "postrm")


def unit() -> bytes:
    """The unit for the place of the program in the package. Its first lines say how to install it by hand."""
    text = (ROOT / "deploy/systemd/latchkey.service").read_text()
    head, blank, rest = text.partition("\n\n")
    if not head.startswith("#") or not blank:
        fail("deploy/systemd/latchkey.service has no comment at its top")
    return rest.replace("/usr/local/bin/latchkey", "/usr/bin/latchkey").encode()


def socket() -> bytes:
    """The socket, which members of the package's group may use."""
    text = (ROOT / "deploy/systemd/latchkey.socket").read_text().partition("\n\n")[2]
    return text.replace("SocketMode=0660\n", "SocketMode=0660\nSocketGroup=latchkey\n").encode()


def completion(program: Path, shell: str) -> bytes:
    return run(program, "--generate-completion-script", shell).encode()


def members(program: Path, stripped: Path, version: str, when: int) -> dict[str, Member]:
    """The files of the package. `program` has the same commands as `stripped`, which is what is installed."""
    def text(path: str) -> Member:
        return Member((ROOT / path).read_bytes())

    files = {
        "usr/bin/latchkey": Member(stripped.read_bytes(), 0o755),
        f"{UNITS}/latchkey.service": Member(unit()), f"{UNITS}/latchkey.socket": Member(socket()),
        "usr/lib/sysusers.d/latchkey.conf": text("deploy/debian/latchkey.sysusers"),
        # It may have a client secret.
        "etc/latchkey/latchkey.env": Member((ROOT / "deploy/systemd/latchkey.env").read_bytes(), 0o600),
        "etc/logrotate.d/latchkey": text("deploy/debian/latchkey.logrotate"),
        f"{DOCUMENTS}/copyright": text("LICENSE"), f"{DOCUMENTS}/README.md": text("README.md"),
        f"{DOCUMENTS}/openapi.yaml": text("openapi.yaml"),
        f"{DOCUMENTS}/changelog.gz": Member(gzipped(CHANGES.read_bytes())),
        f"{DOCUMENTS}/examples/profiles.json": text("deploy/profiles.json"),
    }
    for path in sorted((ROOT / "deploy/iam").glob("*.json")):
        files[f"{DOCUMENTS}/examples/{path.name}"] = Member(path.read_bytes())
    files |= {path: Member(completion(program, shell)) for shell, path in COMPLETIONS.items()}
    tree = json.loads(run(program, "--experimental-dump-help"))["command"]
    environment = (ROOT / "deploy/systemd/latchkey.env").read_text()
    for name, content in manual.pages(tree, environment, version, when).items():
        files[f"usr/share/man/man1/{name}.gz"] = Member(gzipped(content.encode()))
    return files


def control(files: dict[str, Member], version: str, architecture: str, glibc: int) -> str:
    size = sum(len(member.content or b"") for member in files.values())
    libraries = ["libgcc-s1", "libssl3 (>= 3.0.0) | libssl3t64", "libstdc++6", "zlib1g (>= 1:1.2.11)"]
    sysusers = "systemd | systemd-standalone-sysusers"
    return "".join(f"{line}\n" for line in (
        "Package: latchkey", f"Version: {version}", f"Architecture: {architecture}", "Section: admin", "Priority: optional",
        "Maintainer: The Latchkey authors <latchkey@example.com>", f"Installed-Size: {(size + 1023) // 1024}",
        f"Depends: {', '.join([f'libc6 (>= 2.{glibc})', *libraries, 'ca-certificates', sysusers])}",
        "Recommends: logrotate",
        "Description: broker for secrets and access tokens",
        " Gives services their secrets and machine-to-machine tokens over HTTP, from",
        " memory where possible, and from AWS Parameter Store, AWS Secrets Manager and an",
        " OAuth issuer where necessary.",
    ))


def package(program: Path, stripped: Path, version: str, revision: int, out: Path, when: int) -> Path:
    """Writes the package to the folder `out`, and returns its path."""
    architecture = ARCHITECTURES.get(platform.machine()) or fail(f"no name of the architecture {platform.machine()}")
    number = f"{version.replace('-', '~')}-{revision}"
    files = members(program, stripped, version, when)
    sums = "".join(
        f"{hashlib.md5(member.content or b'', usedforsecurity=False).hexdigest()}  {name}\n"
        for name, member in sorted(files.items()) if name not in CONFIGURATION)
    info = {
        "DEBIAN/control": Member(control(files, number, architecture, glibc_of(stripped)).encode()),
        "DEBIAN/conffiles": Member("".join(f"/{name}\n" for name in CONFIGURATION).encode()),
        "DEBIAN/md5sums": Member(sums.encode()),
        **{f"DEBIAN/{name}": Member((SOURCE / name).read_bytes(), 0o755) for name in SCRIPTS},
    }
    made = out / f"latchkey_{number}_{architecture}.deb"
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        write_tree({**files, **info}, tree, when)
        for path in [tree, *tree.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
        # One thread, because the number of threads changes the bytes.
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(when), "DPKG_DEB_THREADS_MAX": "1"}
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(tree), str(made)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"dpkg-deb: {done.stderr.strip()}")
    return made
