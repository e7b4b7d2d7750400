"""The broker confines itself with Landlock and seccomp (LATCHKEY_CONFINE)."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from pathlib import Path

import pytest

from peers.broker import ROOT, run, settings
from peers.confinement import filter_of_this_process, has, require_confined_threads, shown, threads  # noqa: F401
from peers.credentials import NO_KEYS
from peers.profiles import A, B, Reloaded, entry, put
from peers.waiting import until

#: Confines itself with the broker's code and tries what is refused. `swift build --build-tests` builds it.
PROBE = Path(os.environ.get("LATCHKEY_CONFINEMENT_PROBE", ROOT / ".build/debug/confinement-probe"))


def test_every_thread_is_confined_and_the_log_says_so(world, has: dict[str, bool]) -> None:
    broker = world.serve()
    require_confined_threads(broker.child, has)
    if all(has.values()):
        line = next(line for line in broker.logs if line["message"] == "the process is confined")
        assert line["files"].startswith("Landlock ABI ")
        assert line["calls"] == "seccomp only known calls allowed"


def test_the_confinement_can_be_turned_off(world) -> None:
    broker = world.serve(LATCHKEY_CONFINE="false")
    assert broker.get("/health").json()["confinement"]["state"] == "off"
    assert {thread["Seccomp"] for thread in threads(broker.child)} == {filter_of_this_process()}
    assert not [line for line in broker.logs if "confined" in line["message"]]


def test_a_word_that_is_neither_true_nor_false_is_refused(world) -> None:
    done = run("serve", env=settings(world.folder, LATCHKEY_CONFINE="yes"))
    assert (done.returncode, done.stderr.strip()) == (78, "latchkey: LATCHKEY_CONFINE: must be true or false")


def test_a_profile_with_a_file_elsewhere_is_not_loaded_and_needs_a_restart(
    world, tmp_path: Path, has: dict[str, bool]
) -> None:
    if not has["landlock"]:
        pytest.skip("the kernel has no Landlock")
    (tmp_path / "own").mkdir()
    (tmp_path / "elsewhere").mkdir()
    secret = tmp_path / "elsewhere/secret"
    secret.write_text("a-client-secret")
    reloaded = Reloaded(world, tmp_path / "own/profiles.json", entry("a", A))
    assert reloaded.get("a").status == 200
    put(reloaded.file, json.dumps([entry("a", A), entry("b", B, client_secret=f"file:{secret}")]))
    until(lambda: reloaded.health_entry()["error"] == "unfit", "the file is refused as a whole")
    assert (reloaded.get("a").status, reloaded.get("b").status) == (200, 404)
    why = next(line["why"] for line in reloaded.broker.logs if line.get("code") == "unfit")
    assert why.startswith(f"profile b names {secret}: ") and "restart the broker" in why


def test_a_key_file_that_becomes_a_link_to_another_folder_is_not_followed(
    world, tmp_path: Path, has: dict[str, bool]
) -> None:
    if not has["landlock"]:
        pytest.skip("the kernel has no Landlock")
    for name in ("keys", "elsewhere"):
        (tmp_path / name).mkdir()
    key, other = tmp_path / "keys/key", tmp_path / "elsewhere/key"
    key.write_text("first-key-0123456789abcdef-0123456789")
    other.write_text("other-key-0123456789abcdef-0123456789")
    broker = world.start([key.read_text(), other.read_text()], LATCHKEY_API_KEY=f"file:{key}")
    first = key.read_text()

    def error() -> str | None:
        # The file is listed from its first check.
        return broker.get("/health", key=first).json()["followed"].get("LATCHKEY_API_KEY", {}).get("error")

    (tmp_path / "keys/new").symlink_to(other)
    (tmp_path / "keys/new").rename(key)
    until(lambda: error() == "outside_confinement", "the link is refused")
    assert broker.get("/health", key=other.read_text()).status == 401
    (tmp_path / "keys/new").write_text(first)
    (tmp_path / "keys/new").rename(key)
    until(lambda: error() is None, "a file in the folder is read again")


def test_a_program_that_was_not_configured_at_start_is_not_run(world, has: dict[str, bool]) -> None:
    if not any(has.values()):
        pytest.skip("the kernel has neither Landlock nor seccomp")
    world.put("solo", "the value")
    folder = world.folder / ".aws"
    folder.mkdir()
    (folder / "config").write_text("[profile app]\nregion = us-east-1\n")
    broker = world.start(**NO_KEYS, AWS_PROFILE="app")
    assert broker.get("/secrets/solo").status == 503
    (world.folder / "creds").write_text("#!/bin/sh\ntouch " + str(world.folder / "has-run"))
    (world.folder / "creds").chmod(0o700)
    (folder / "config").write_text(f"[profile app]\nregion = us-east-1\ncredential_process = {world.folder}/creds\n")

    def told() -> bool:
        broker.get("/secrets/solo?refresh=true")
        return any("credential_process was not configured at start" in json.dumps(line) for line in broker.logs)

    until(told, "the log says that a restart is needed")
    assert not (world.folder / "has-run").exists()


def test_programs_are_run_for_a_configured_credential_process(world, has: dict[str, bool]) -> None:
    world.put("solo", "the value")
    (world.folder / ".aws").mkdir()
    (world.folder / ".aws/config").write_text(f"[profile app]\ncredential_process = {world.folder}/creds\n")
    keys = '{"Version":1,"AccessKeyId":"AKIAPROG","SecretAccessKey":"program"}'
    (world.folder / "creds").write_text(f"#!/bin/sh\nprintf '{keys}'\n")
    (world.folder / "creds").chmod(0o700)
    env = {**NO_KEYS, "AWS_PROFILE": "app"}
    broker = world.serve(**env)
    assert broker.get("/secrets/solo").status == 200
    assert broker.get("/health").json()["confinement"] == shown(has, programs=True)
    if has["seccomp"]:
        assert {thread["Seccomp"] for thread in threads(broker.child)} == {"2"}
        line = next(line for line in broker.logs if line["message"] == "the process is confined")
        assert line["calls"] == "seccomp dangerous calls refused"
    found = findings(world.settings(**env))
    assert any(text.endswith(", and may run programs for credential_process") for text in found)


def findings(env: dict[str, str]) -> list[str]:
    """What `doctor` says about the confinement."""
    report = json.loads(run("doctor", "--json", "--no-token", env=env).stdout)
    return [found["explanation"] for found in report["findings"] if found["subject"] == "LATCHKEY_CONFINE"]


def test_doctor_shows_the_state_and_warns_of_a_file_in_a_shared_folder(world, has: dict[str, bool]) -> None:
    env = world.settings()
    if all(has.values()):
        (state,) = findings(env)
        assert state.startswith("the broker confines itself with Landlock (ABI ") and state.endswith(") and seccomp")
    assert findings({**env, "LATCHKEY_CONFINE": "false"}) == ["off: the broker does not confine itself"]
    key = world.folder / "key"
    key.write_text("a-key-0123456789abcdef-0123456789abcd")
    assert f"{key} opens all of {world.folder} to the broker" in findings({**env, "LATCHKEY_API_KEY": f"file:{key}"})


#: What the probe tries: the errors that Landlock and seccomp make of it, and whether programs change that.
REFUSED = {
    "read another file": ("landlock", errno.EACCES),
    "write another file": ("landlock", errno.EACCES),
    "create beside a named file": ("landlock", errno.EACCES),
    "trace a process": ("seccomp", errno.EPERM),
    "read a process's memory": ("seccomp", errno.EPERM),
    "signal another process": ("seccomp", errno.EPERM),
    "open a packet socket": ("seccomp", errno.EPERM),
    "mount": ("seccomp", errno.EPERM),
    "load a BPF program": ("seccomp", errno.EPERM),
    "use the keyring": ("seccomp", errno.EPERM),
    "make a namespace": ("seccomp", errno.EPERM),
    "use io_uring": ("seccomp", errno.EPERM),
    "map memory that is written and executed": ("seccomp", errno.EPERM),
    "run a program": ("seccomp", errno.EPERM),
}
ALLOWED = ("read a named file", "create a file", "rename a file", "remove a file", "open a TCP socket", "start a thread")
#: What programs may need. Signals to other processes are Landlock's then, where it has that scope.
FOR_PROGRAMS = {
    "open a packet socket", "map memory that is written and executed", "run a program", "signal another process",
}


@pytest.mark.parametrize("programs", [False, True], ids=["without programs", "with programs"])
def test_the_kernel_refuses_what_the_broker_never_does(tmp_path: Path, has: dict[str, bool], programs: bool) -> None:
    for name in ("readable", "writable", "outside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("content")
    command = [PROBE, tmp_path / "readable", tmp_path / "writable", tmp_path / "outside/file"]
    done = subprocess.run(
        [*command, *(["programs"] if programs else [])], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    state = {name: lines.pop(name) == "1" for name in ("landlock", "seccomp")}
    assert state == has
    got = {name.removesuffix(":"): int(code) for name, code in lines.items()}
    assert set(got) == {*REFUSED, *ALLOWED}
    expected = {name: 0 for name in ALLOWED} | {
        name: code for name, (part, code) in REFUSED.items() if has[part] and not (programs and name in FOR_PROGRAMS)
    }
    assert {name: got[name] for name in expected} == expected
    if programs:
        assert got["run a program"] == 0
