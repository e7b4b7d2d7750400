"""`latchkey exec` replaces its process by a program that has the secrets in its environment and nowhere else."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from peers.broker import API_KEY, BINARY, run
from peers.faults import status
from peers.waiting import until

VALUE = "exec-value-5d1f0c"
BLOB = {"FIRST": VALUE, "SECOND": "it's $5", "PORT": 8080, "NESTED": {"b": [1, None], "a": "x"}, "ON": True}
RENDERED = {"FIRST": VALUE, "SECOND": "it's $5", "PORT": "8080", "NESTED": '{"b": [1, null], "a": "x"}', "ON": "true"}

#: Prints the arguments and environment of a process as JSON.
SELF = """
import json, os, resource, signal
limits = {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")}
fields = dict(line.split(":", 1) for line in open("/proc/self/status") if line.startswith("Sig") or line.startswith("Shd"))
links = {}
for number in os.listdir("/proc/self/fd"):
    try: links[number] = os.readlink("/proc/self/fd/" + number)
    except OSError: pass
umask = os.umask(0)
for name in ("SigQ", "SigPnd", "ShdPnd"): fields.pop(name, None)
links = {number: link for number, link in links.items() if not link.startswith("/proc/")}
print(json.dumps({"fields": fields, "limits": limits, "umask": umask, "links": links, "cwd": os.getcwd()}))
"""


@pytest.fixture
def env(world) -> dict[str, str]:
    world.put("secrets", json.dumps(BLOB))
    return world.settings()


def child_env(*words: str, env: dict[str, str]) -> dict[str, str]:
    """The environment that a program finds under `latchkey exec WORDS`."""
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    done = run("exec", *words, "--", sys.executable, "-c", script, env=env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class TestEnvironment:
    def test_each_field_is_a_variable_besides_the_inherited_ones(self, env) -> None:
        found = child_env(env={**env, "OTHER": "kept"})
        assert {name: found[name] for name in RENDERED} == RENDERED
        assert found["OTHER"] == "kept" and found["LATCHKEY_API_KEY"] == API_KEY

    def test_names_that_are_set_win_even_when_empty(self, env) -> None:
        found = child_env(env={**env, "FIRST": "mine", "PORT": ""})
        assert (found["FIRST"], found["PORT"], found["ON"]) == ("mine", "", "true")

    def test_pristine_keeps_required_variables_and_no_credential(self, env) -> None:
        given = {**env, "OTHER": "x", "TZ": "UTC", "FIRST": "mine", "AUTH0_CLIENT_SECRET": "s"}
        found = child_env("--pristine", env=given)
        found.pop("LC_CTYPE", None)  # Python's own
        assert found == {**RENDERED, "PATH": env["PATH"], "HOME": env["HOME"], "TZ": "UTC"}

    def test_only_limits_and_may_be_repeated(self, env) -> None:
        found = child_env("--pristine", "--only", "FIRST,PORT", "--only", "ON", env=env)
        assert set(found) & set(RENDERED) == {"FIRST", "PORT", "ON"}

    def test_a_running_broker_is_called_once(self, world, env) -> None:
        broker = world.serve([VALUE])
        given = {"PATH": env["PATH"], "LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": API_KEY}
        assert child_env(env=given)["NESTED"] == RENDERED["NESTED"]
        assert broker.metric("latchkey_http_requests_total", route="secret", code="200") == 1

    def test_values_that_are_not_text_arrive_byte_for_byte(self, env) -> None:
        given = {**{name.encode(): value.encode() for name, value in env.items()}, b"ODD": b"\xff\xfe"}
        done = subprocess.run(
            [BINARY, "exec", "--", "/bin/sh", "-c", 'printf %s "$ODD$1"', "sh", b"\xc3\x28"],
            env=given, capture_output=True, timeout=30,
        )
        assert done.stdout == b"\xff\xfe\xc3\x28", done.stderr


class TestRefusals:
    """No program starts, the exit code shows why, and no message contains a value."""

    def refused(self, world, env, *words: str, code: int, says: str) -> None:
        mark = world.folder / "started"
        done = run("exec", *words, "--", "touch", str(mark), env=env)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert says in done.stderr and VALUE not in done.stderr
        assert not mark.exists()

    def test_a_field_that_is_not_there(self, world, env) -> None:
        self.refused(world, env, "--only", "FIRST,NO_SUCH", code=1, says="NO_SUCH")

    def test_strict_and_a_name_set_to_something_else(self, world, env) -> None:
        self.refused(world, {**env, "FIRST": "mine"}, "--strict", code=78, says="FIRST")
        assert child_env("--strict", env={**env, "FIRST": VALUE})["FIRST"] == VALUE

    def test_strict_and_a_name_that_no_shell_can_say(self, world, env) -> None:
        world.put("secrets", json.dumps({**BLOB, "db-password": VALUE}))
        self.refused(world, env, "--strict", code=78, says="db-password")
        done = run("exec", "--", "sh", "-c", "env | grep -c db-password", env=env)
        assert done.stdout == "0\n" and "db-password is left out" in done.stderr

    @pytest.mark.parametrize("field", [{"A=B": VALUE}, {"A\0B": VALUE}, {"A": f"{VALUE}\0"}], ids=["=", "NUL", "value"])
    def test_values_that_no_environment_can_hold(self, world, env, field: dict[str, str]) -> None:
        world.put("secrets", json.dumps(field))
        self.refused(world, env, code=78, says="zero byte")

    def test_no_blob(self, world, env) -> None:
        self.refused(world, {**env, "LATCHKEY_PREFIX": "/nobody/here"}, code=1, says="no secret `secrets`")

    def test_a_blob_that_is_no_object(self, world, env) -> None:
        world.put("secrets", f'["{VALUE}"]')
        self.refused(world, env, code=69, says="parameter-store")

    def test_a_store_that_is_away(self, world, env) -> None:
        world.aws.down()
        self.refused(world, env, code=69, says="cannot be reached")

    def test_a_store_that_denies(self, world, env) -> None:
        world.aws.always(status(400, b'{"__type":"AccessDeniedException"}'))
        self.refused(world, env, code=77, says="refuses")

    def test_no_program(self, env) -> None:
        for words in ([], ["--"], ["true"]):
            assert run("exec", *words, env=env).returncode == 64

    def test_settings_that_are_wrong(self, world, env) -> None:
        self.refused(world, {**env, "LATCHKEY_SECRT_TTL": "1"}, code=78, says="LATCHKEY_SECRT_TTL")


class TestProcess:
    def start(self, *command: str, env: dict[str, str], **options) -> subprocess.Popen:
        return subprocess.Popen(
            [BINARY, "exec", "--", *command], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, **options,
        )

    def test_the_program_takes_the_process_and_no_value_is_in_its_command_line(self, env) -> None:
        with self.start("sh", "-c", 'echo $$ "$FIRST"; read line', env=env) as child:
            assert child.stdout.readline().split() == [str(child.pid), VALUE]
            words = Path(f"/proc/{child.pid}/cmdline").read_bytes().split(b"\0")
            assert words[0] == b"sh" and VALUE.encode() not in b"".join(words)
            assert len(os.listdir(f"/proc/{child.pid}/task")) == 1
            child.communicate("\n", timeout=10)

    def test_no_value_is_in_the_command_line_while_it_has_the_values_and_is_not_yet_the_program(
        self, world, env
    ) -> None:
        """Standard error accepts one line only, so the second message blocks."""
        world.put("secrets", json.dumps({**BLOB, "a-b": VALUE, "c-d": VALUE}))
        read, write = os.pipe()
        size = fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        line = run("exec", "--", "true", env=env).stderr.splitlines(keepends=True)[0]
        os.write(write, b" " * (size - len(line)))
        waiting = lambda: struct.unpack("i", fcntl.ioctl(read, termios.FIONREAD, b"\0" * 4))[0]  # noqa: E731
        command = [BINARY, "exec", "--", "sh", "-c", 'echo $$ "$FIRST"']
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=write, text=True) as child:
            os.close(write)
            until(lambda: waiting() == size, "it has told of the first field")
            assert child.poll() is None
            for file in ("cmdline", "environ"):
                assert VALUE.encode() not in Path(f"/proc/{child.pid}/{file}").read_bytes()
            assert b"exec" in Path(f"/proc/{child.pid}/cmdline").read_bytes().split(b"\0")
            with os.fdopen(read) as errors:
                told = errors.read()
            assert child.communicate(timeout=20)[0].split() == [str(child.pid), VALUE]
            assert "a-b" in told and "c-d" in told and VALUE not in told

    @pytest.mark.parametrize("code", [0, 1, 7, 69, 255])
    def test_the_exit_code_is_the_program_s(self, env, code: int) -> None:
        assert run("exec", "--", "sh", "-c", f"exit {code}", env=env).returncode == code

    def test_death_by_a_signal_is_the_program_s(self, env) -> None:
        assert run("exec", "--", "sh", "-c", "kill -KILL $$", env=env).returncode == -signal.SIGKILL

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
    def test_signals_reach_the_program(self, env, number: signal.Signals) -> None:
        name = number.name.removeprefix("SIG")
        script = f"trap 'echo got {name}; exit 3' {name}; echo ready; while :; do read line || sleep 0.05; done"
        with self.start("sh", "-c", script, env=env, start_new_session=True) as child:
            assert child.stdout.readline() == "ready\n"
            child.send_signal(number)
            child.stdin.close()
            assert child.stdout.readline() == f"got {name}\n"
            assert child.wait(10) == 3

    def test_it_is_found_as_it_would_be_without_us(self, env, tmp_path) -> None:
        """Signals, limits, descriptors, mask for files, folder; a socket handed down among the descriptors."""

        def look(*wrapper: str) -> dict:
            done = subprocess.run(
                [*wrapper, sys.executable, "-c", SELF], env=env, capture_output=True, text=True, timeout=30,
                stdin=subprocess.DEVNULL, pass_fds=[write], cwd=tmp_path, umask=0o027, restore_signals=False,
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
            )
            assert done.returncode == 0, done.stderr
            found = json.loads(done.stdout)
            for number in ("1", "2"):
                assert found["links"].pop(number).startswith("pipe:")
            return found

        read, write = os.pipe()
        try:
            assert look(str(BINARY), "exec", "--") == look()
        finally:
            os.close(read)
            os.close(write)

    def test_a_program_that_is_not_found_is_127(self, env) -> None:
        done = run("exec", "--", "no-such-program", env=env)
        assert done.returncode == 127 and "no-such-program: not found" in done.stderr

    def test_a_program_that_cannot_be_run_is_126(self, world, env) -> None:
        file = world.folder / "text"
        file.write_text("no program")
        assert run("exec", "--", str(file), env=env).returncode == 126
        assert run("exec", "--", str(world.folder), env=env).returncode == 126

    def test_a_script_without_a_first_line_is_the_shell_s(self, world, env) -> None:
        script = world.folder / "script"
        script.write_text('echo "$FIRST"\n')
        script.chmod(0o755)
        assert run("exec", "--", str(script), env=env).stdout == f"{VALUE}\n"

    def test_arguments_are_the_program_s_own(self, env) -> None:
        words = ["--strict", "--only", "", "a b", "--", "--help"]
        done = run("exec", "--only", "FIRST", "--", "printf", "%s|", *words, env=env)
        assert done.stdout == "".join(f"{word}|" for word in words)
