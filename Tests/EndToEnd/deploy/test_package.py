"""The Debian package of deploy/package: it installs into an empty root, serves, is upgraded and leaves nothing behind."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from peers.broker import API_KEY, BINARY, ROOT, Broker, settings, version
from peers.packages import Root, Supervisor
from peers.pages import CATALOGUE, table
from peers.steady import SteadyCallers
from peers.waiting import free_port, until


def make(out: Path, *options: str) -> Path:
    """Runs the script, and returns the package."""
    command = [str(ROOT / "deploy/package"), "--binary", str(BINARY), "--out", str(out), *options]
    done = subprocess.run(command, env=settings(Path.home()), capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    (package,) = out.glob("*.deb")
    assert str(package) in done.stdout.split()
    return package


@pytest.fixture(scope="module")
def package(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed: this check has NOT been made")
    return make(tmp_path_factory.mktemp("package") / "files")


@pytest.fixture(scope="module")
def installed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Root:
    root = Root(tmp_path_factory.mktemp("root"))
    root.dpkg("--install", package)
    return root


def field(package: Path, name: str) -> str:
    return subprocess.run(["dpkg-deb", "--field", package, name], capture_output=True, text=True, check=True).stdout.strip()


def test_the_release_has_the_package_a_tarball_checksums_and_a_list_of_components(package: Path) -> None:
    names = {path.name.rpartition(".")[2] for path in package.parent.iterdir()}
    assert names == {"deb", "gz", "json", "debug", "SHA256SUMS"}
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=package.parent, capture_output=True, text=True)
    assert done.returncode == 0 and f"{package.name}: OK" in done.stdout
    assert (field(package, "Package"), field(package, "Version")) == ("latchkey", f"{version()}-1")


def test_the_package_depends_on_the_libraries_of_the_program(package: Path) -> None:
    needed = subprocess.run(["readelf", "--dynamic", "--wide", BINARY], capture_output=True, text=True, check=True).stdout
    packages = {"libssl": "libssl3", "libcrypto": "libssl3", "libz": "zlib1g", "libstdc++": "libstdc++6",
                "libgcc_s": "libgcc-s1", "libc": "libc6", "libm": "libc6", "ld-linux-x86-64": "libc6", "ld-linux-aarch64": "libc6"}
    libraries = {packages[name] for name in re.findall(r"\(NEEDED\).*\[([\w+-]+)\.so", needed)}
    depends = {part.split()[0] for part in field(package, "Depends").split(", ")}
    assert libraries <= depends and {"ca-certificates", "systemd"} <= depends


@pytest.mark.slow(10)
def test_the_same_program_makes_the_same_package(package: Path, tmp_path: Path) -> None:
    assert make(tmp_path / "again").read_bytes() == package.read_bytes()


def test_what_is_secret_is_readable_by_root_alone_and_the_user_exists(installed: Root) -> None:
    for name in ("latchkey.env", "api-key"):
        assert installed.path(f"/etc/latchkey/{name}").stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"[0-9a-f]{64}", installed.path("/etc/latchkey/api-key").read_text())
    assert re.search(r"^latchkey:", installed.path("/etc/passwd").read_text(), re.M)
    assert "SocketGroup=latchkey" in installed.path("/usr/lib/systemd/system/latchkey.socket").read_text().splitlines()


def test_systemd_accepts_the_installed_units(installed: Root, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed: this check has NOT been made")
    for kind in ("service", "socket"):
        # systemd-analyze requires the program to exist. Everything else is unchanged.
        text = installed.path(f"/usr/lib/systemd/system/latchkey.{kind}").read_text()
        assert "/usr/local" not in text
        (tmp_path / f"latchkey.{kind}").write_text(text.replace("/usr/bin/latchkey", str(installed.program)))
    for command in (
        ["verify", "--recursive-errors=yes", "--man=no", tmp_path / "latchkey.service"],
        ["verify", "--recursive-errors=yes", "--man=no", tmp_path / "latchkey.socket"],
        ["security", "--offline=true", "--threshold=12", tmp_path / "latchkey.service"],
    ):
        done = subprocess.run(["systemd-analyze", *map(str, command)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def manual(root: Root, name: str) -> str:
    return gzip.decompress(root.path(f"/usr/share/man/man1/{name}.1.gz").read_bytes()).decode()


def commands() -> dict[str, list[str]]:
    """The options of every command, as the program lists them."""
    done = subprocess.run([BINARY, "--experimental-dump-help"], capture_output=True, text=True, check=True, timeout=60)

    def walk(command, above: str) -> Iterator[tuple[str, list[str]]]:
        name = f"{above}{command['commandName']}"
        yield name, [n["name"] for a in command.get("arguments", []) for n in a.get("names", []) if n["kind"] == "long"]
        for below in command.get("subcommands", []):
            if below["commandName"] != "help":
                yield from walk(below, f"{name}-")

    return dict(walk(json.loads(done.stdout)["command"], ""))


def test_each_command_has_a_manual_page_with_its_options_and_the_settings_have_one(installed: Root) -> None:
    pages = {path.name.removesuffix(".1.gz") for path in installed.path("/usr/share/man/man1").iterdir()}
    assert pages == commands().keys()
    for name, options in commands().items():
        text = manual(installed, name).replace("\\-", "-")
        assert text.startswith(f".TH {name.upper()} 1 ")
        assert [option for option in options if f"--{option}" not in text] == [], name
    named = [row[0].strip("`") for row in table(CATALOGUE / "Settings.md", "Settings")]
    own = {"LATCHKEY_API_KEY", "LATCHKEY_CONFIG", "LATCHKEY_URL"}
    assert [name for name in named if name not in own and f".B {name}\n" not in manual(installed, "latchkey")] == []


def test_man_shows_the_pages_without_a_warning(installed: Root) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed: this check has NOT been made")
    files = sorted(installed.path("/usr/share/man/man1").iterdir())
    text = "".join(gzip.decompress(file.read_bytes()).decode() for file in files)
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z"], input=text, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("shell", "path", "check"), [
    ("bash", "bash-completion/completions/latchkey", ["bash", "-n"]),
    ("zsh", "zsh/vendor-completions/_latchkey", ["zsh", "-n"]),
    ("fish", "fish/vendor_completions.d/latchkey.fish", ["fish", "--no-execute"]),
])
def test_a_shell_accepts_its_completions(installed: Root, shell: str, path: str, check: list[str]) -> None:
    file = installed.path(f"/usr/share/{path}")
    assert "lambda-extension" in file.read_text()
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed: the syntax has NOT been checked")
    done = subprocess.run([*check, file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_bash_completes_commands_and_options(installed: Root) -> None:
    """Calls the function as bash-completion does."""
    file = installed.path("/usr/share/bash-completion/completions/latchkey")
    script = """
        source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        function compopt { :; }
        "$(complete -p latchkey | sed 's/.*-F \\([^ ]*\\).*/\\1/')" latchkey "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    for words, expected in ((["latchkey", "mig"], "migrate"), (["latchkey", "callers", "rot"], "rotate")):
        done = subprocess.run(["bash", "-c", script, "bash", file, *words], capture_output=True, text=True, timeout=60)
        assert expected in done.stdout.split(), done.stdout + done.stderr


def served(root: Root, world, **env: str) -> dict[str, str]:
    """The environment of the service, with the peers of the test."""
    own = {name: None for name in ("LATCHKEY_API_KEY",)}
    return world.settings(**{**own, "LATCHKEY_UPSTREAM_TIMEOUT": "15", **env, **root.environment()})


def test_the_installed_service_serves_with_the_key_of_the_installation(world, installed: Root) -> None:
    world.put("solo", "v")
    broker = Broker(served(installed, world, LATCHKEY_LISTEN=f"127.0.0.1:{free_port()}"), program=installed.program)
    world.brokers.append(broker)
    key = installed.path("/etc/latchkey/api-key").read_text()
    broker.remember_secret(key)
    broker.wait_live().wait_ready()
    assert broker.get("/secrets/solo", key=key).json()["value"] == "v"
    assert broker.get("/secrets/solo", key=API_KEY).status == 401


def test_nothing_is_left_after_a_purge(package: Path, tmp_path: Path) -> None:
    root = Root(tmp_path / "root")
    before = root.files()
    root.dpkg("--install", package)
    (root.path("/var/log/latchkey")).mkdir(parents=True)
    root.path("/var/log/latchkey/audit.log").write_text("{}\n")
    root.dpkg("--remove", "latchkey")
    assert root.path("/etc/latchkey/api-key").exists() and not root.path("/usr/bin/latchkey").exists()
    root.dpkg("--purge", "latchkey")
    left = set(root.files()) - set(before)
    # Folders of the system that the package found missing.
    assert {name for name in left if not root.path(name).is_dir()} == set()
    assert left <= {"etc", "var/log", "var/cache", "usr"}


def next_revision(package: Path, folder: Path) -> Path:
    """The same package with the next number. Not compressed, because that takes seconds."""
    made = folder / package.name.replace("-1_", "-2_")
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder / "tree"], check=True, timeout=60)
    control = folder / "tree/DEBIAN/control"
    control.write_text(control.read_text().replace("-1\n", "-2\n", 1))
    subprocess.run(
        ["dpkg-deb", "-Znone", "--build", folder / "tree", made], check=True, capture_output=True, timeout=60)
    return made


#: In a copy of this system that no other process sees: installs without force, runs the program, and purges.
ON_THIS_SYSTEM = """
    set -e
    mount -t tmpfs tmpfs "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root" || exit 77
    cp "$2" "$1/root/latchkey.deb"
    mount --bind /dev "$1/root/dev"
    dpkg --root="$1/root" --no-triggers --install "$1/root/latchkey.deb" >&2
    mount -t proc proc "$1/root/proc"
    chroot "$1/root" sh -c 'latchkey --version; grep -c ^latchkey: /etc/passwd; wc -c </etc/latchkey/api-key'
    dpkg --root="$1/root" --no-triggers --purge latchkey >&2
    ls "$1/root/etc/latchkey" "$1/root/usr/bin/latchkey" 2>/dev/null || true
"""


@pytest.mark.slow(10)
def test_the_package_installs_on_this_system_without_force(package: Path, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can install a package: this check has NOT been made")
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", ON_THIS_SYSTEM, "sh", tmp_path, package]
    done = subprocess.run(list(map(str, command)), env=Root.ENVIRONMENT, capture_output=True, text=True, timeout=200)
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip(f"this system cannot be laid under another: this check has NOT been made: {done.stderr}")
    assert done.returncode == 0, done.stderr
    printed = done.stdout.split()
    assert version() in printed[: -2] and printed[-2:] == ["1", "64"], "nothing is left of program and settings"


@pytest.mark.slow(10)
@pytest.mark.heavy
def test_an_upgrade_in_place_loses_no_answer_and_keeps_settings_and_key(world, package: Path, tmp_path: Path, later) -> None:
    world.put("solo", "v")
    root = Root(tmp_path / "root")
    root.dpkg("--install", package)
    # The administrator's settings and key.
    file = root.path("/etc/latchkey/latchkey.env")
    file.write_text(file.read_text() + "LATCHKEY_LISTEN=systemd\n")
    root.path("/etc/latchkey/api-key").write_text(API_KEY)
    port = free_port()
    with socket.create_server(("127.0.0.1", port), backlog=1024) as listener:
        supervisor = Supervisor(root, listener, served(root, world))
        later(supervisor.end)
        callers = [SteadyCallers(port, "/secrets/solo", 100, connections=20, short=short) for short in (False, True)]
        for caller in callers:
            later(caller.stop)
        go_on(callers)
        output = root.dpkg("--install", next_revision(package, tmp_path))
        assert f"({version()}-2) over ({version()}-1)" in output
        # The running program was replaced by another file, and runs on until it is restarted.
        assert str(supervisor.runs).endswith(" (deleted)")
        go_on(callers)
        supervisor.restart()
        assert supervisor.runs == root.program
        go_on(callers)
        assert [caller.failures for caller in callers] == [{}, {}]
    assert file.read_text().endswith("LATCHKEY_LISTEN=systemd\n") and file.stat().st_mode & 0o777 == 0o600
    assert root.path("/etc/latchkey/api-key").read_text() == API_KEY
    assert os.path.exists(root.program)


def go_on(callers: list[SteadyCallers]) -> None:
    """Waits until each of the callers was served as often as in a second."""
    before = [caller.served for caller in callers]
    until(
        lambda: any(caller.failures for caller in callers)
        or all(caller.served >= count + 100 for caller, count in zip(callers, before, strict=True)), "callers are served")


def test_logrotate_accepts_the_rotation_of_the_audit_log(installed: Root, tmp_path: Path) -> None:
    text = installed.path("/etc/logrotate.d/latchkey").read_text()
    assert "nocreate" in text and "nocompress" in text, "the broker makes the file, and audit verify reads the old ones"
    if shutil.which("logrotate") is None:
        pytest.skip("logrotate is not installed: the syntax has NOT been checked")
    file, log = tmp_path / "rotation", tmp_path / "audit.log"
    file.write_text(text.replace("/var/log/latchkey", str(tmp_path)))
    log.write_text("{}\n")
    command = ["logrotate", "--force", "--state", tmp_path / "state", file]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "audit.log.1").read_text() == "{}\n" and not log.exists()
