"""`latchkey env` and `latchkey get`: shells, dotenv readers and JSON parsers read the output correctly."""

from __future__ import annotations

import io
import json
import os
import pty
import shutil
import subprocess
import sys

import dotenv
import pytest

from peers.broker import API_KEY, BINARY, run

#: Values that break if one layer of quoting is missing.
VALUES = {
    "PLAIN": "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "EMPTY": "",
    "SPACES": "  a  b ",
    "LINES": "-----BEGIN KEY-----\nMIIB\n\n-----END KEY-----\n",
    "RETURNS": "a\r\nb\r",
    "TABS": "a\tb",
    "SINGLE": "it's",
    "DOUBLE": 'say "no"',
    "BOTH": """'"'"'""",
    "DOLLAR": "pa$$w0rd$HOME",
    "BRACES": "a$(id)b`id`c",
    "BACKSLASH": "C:\\new\\table",
    "BACKSLASHES": "a\\\\b\\",
    "ALL": "'\\\"$`\n!#=;&|<>*?~{}[]",
    "HASH": "a #b",
    "EQUALS": "a=b==",
    "URL": "postgres://u:p%40ss@db:5432/x?sslmode=require&a=b",
    "UNICODE": "pässwörd \U0001f511 '\u0301 \u2028",
    "JSON": '{"a":{"b":"c\\n\\"d\\""}}',
    "EXPORT": "export A=b",
    "CONTROL": "a\x01\x1b[31mb\x7f",
}
#: Values that every reader of .env files reads alike.
AGREED = set(VALUES) - {"BOTH", "BACKSLASHES", "ALL"}


@pytest.fixture
def env(world) -> dict[str, str]:
    world.put("secrets", json.dumps(VALUES))
    return world.settings()


def require(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed: this check has NOT been made")
    return path


def printed(*words: str, env: dict[str, str]) -> str:
    done = subprocess.run([BINARY, "env", *words], env=env, capture_output=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def found_by(*command: str, text: str) -> dict[str, str]:
    """The variables of VALUES in a child process whose standard input is the text."""
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    done = subprocess.run(
        [*command, f"{sys.executable} -c '{script}'"], input=text.encode(), env={"PATH": os.environ["PATH"]},
        capture_output=True, timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return {name: value for name, value in json.loads(done.stdout).items() if name in VALUES}


class TestFormats:
    @pytest.mark.parametrize("shell", ["sh", "bash", "dash"])
    def test_a_shell_evaluates_the_shell_format(self, env, shell: str) -> None:
        text = printed("--format", "shell", env=env)
        assert found_by(shell, "-euc", 'eval "$(cat)"; eval "$0"', text=text) == VALUES

    def test_python_dotenv_reads_every_value(self, env) -> None:
        text = printed("--format", "dotenv", env=env)
        assert dict(dotenv.dotenv_values(stream=io.StringIO(text, newline=""), interpolate=False)) == VALUES
        # No value has a ${…}, which python-dotenv would expand.
        assert dict(dotenv.dotenv_values(stream=io.StringIO(text, newline=""))) == VALUES

    def test_node_reads_values_that_readers_agree_on(self, env) -> None:
        # The reader of node removes carriage returns.
        agreed = AGREED - {"RETURNS"}
        text = printed("--format", "dotenv", "--only", ",".join(agreed), env=env)
        script = "console.log(JSON.stringify(require('util').parseEnv(require('fs').readFileSync(0, 'utf8'))))"
        done = subprocess.run([require("node"), "-e", script], input=text.encode(), capture_output=True, timeout=30)
        if b"parseEnv" in done.stderr:
            pytest.skip("this node cannot read .env files: this check has NOT been made")
        assert json.loads(done.stdout) == {name: VALUES[name] for name in agreed}

    @pytest.mark.parametrize("shell", ["sh", "bash"])
    def test_a_shell_sources_values_that_readers_agree_on(self, env, tmp_path, shell: str) -> None:
        file = tmp_path / "test.env"
        file.write_bytes(printed("--only", ",".join(AGREED), env=env).encode())
        found = found_by(shell, "-euc", f'set -a; . {file}; eval "$0"', text="")
        assert found == {name: VALUES[name] for name in AGREED}

    def test_json_is_read_by_python_and_by_jq(self, env) -> None:
        text = printed("--format", "json", env=env)
        assert json.loads(text) == VALUES and text.count("\n") == 1 and text.endswith("\n")
        done = subprocess.run([require("jq"), "-j", ".ALL"], input=text.encode(), capture_output=True, timeout=30)
        assert done.stdout.decode() == VALUES["ALL"]

    def test_the_order_is_that_of_the_names(self, env) -> None:
        names = [line.split("=")[0] for line in printed("--only", "URL,EMPTY,PLAIN", env=env).splitlines()]
        assert names == ["EMPTY", "PLAIN", "URL"]
        assert list(json.loads(printed("--format", "json", env=env))) == sorted(VALUES)

    def test_the_environment_s_own_values_are_not_looked_at(self, env) -> None:
        assert printed("--only", "PLAIN", env={**env, "PLAIN": "mine"}) == f"PLAIN={VALUES['PLAIN']}\n"

    def test_a_running_broker_is_used_if_its_address_is_given(self, world, env) -> None:
        broker = world.serve()
        given = {"PATH": "/usr/bin:/bin", "LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": API_KEY}
        assert json.loads(printed("--format", "json", env=given)) == VALUES

    def test_names_that_cannot_be_variables_are_reported(self, world, env) -> None:
        world.put("secrets", json.dumps({"a.b": "hidden-value", "OK": "1"}))
        done = run("env", env=env)
        assert (done.returncode, done.stdout) == (0, "OK=1\n")
        assert "a.b is left out" in done.stderr and "hidden-value" not in done.stderr
        strict = run("env", "--strict", env=env)
        assert (strict.returncode, strict.stdout) == (78, "") and "a.b" in strict.stderr

    def test_an_unknown_format_is_64(self, env) -> None:
        assert run("env", "--format", "yaml", env=env).returncode == 64


class TestPipes:
    """`get` prints only the value, and the exit code shows whether it was written."""

    def get(self, env, *words: str, **options) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [BINARY, "get", *words], env=env, stderr=subprocess.PIPE, timeout=30, **{"stdout": subprocess.PIPE, **options}
        )

    @pytest.mark.parametrize("name", ["LINES", "EMPTY", "UNICODE", "CONTROL"])
    def test_a_pipe_gets_the_value_byte_for_byte(self, env, name: str) -> None:
        done = self.get(env, name)
        assert (done.returncode, done.stdout, done.stderr) == (0, VALUES[name].encode(), b"")

    def test_a_terminal_gets_a_line_end(self, env) -> None:
        parent_end, child_end = pty.openpty()
        try:
            done = self.get(env, "PLAIN", stdout=child_end)
            assert done.returncode == 0
            assert os.read(parent_end, 4096) == f"{VALUES['PLAIN']}\r\n".encode()
        finally:
            os.close(parent_end)
            os.close(child_end)

    def test_json_has_the_answer_of_the_broker(self, world, env) -> None:
        direct = self.get(env, "LINES", "--json")
        assert direct.stdout.endswith(b"}\n")
        document = json.loads(direct.stdout)
        assert document == {
            "key": "LINES", "value": VALUES["LINES"], "version": "1", "source": "parameter-store", "encoding": "utf8"
        }
        broker = world.serve()
        given = {"PATH": "/usr/bin:/bin", "LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": API_KEY}
        assert json.loads(self.get(given, "LINES", "--json").stdout) == document
        field = self.get(env, "JSON", "--field", "a.b", "--json")
        assert json.loads(field.stdout)["value"] == 'c\n"d"'

    def test_a_field_that_is_not_there_is_1(self, env) -> None:
        done = self.get(env, "JSON", "--field", "a.x")
        assert (done.returncode, done.stdout) == (1, b"") and b"no such field" in done.stderr

    @pytest.mark.parametrize("words", [["get", "PLAIN"], ["get", "PLAIN", "--json"], ["env"], ["token"]])
    def test_a_full_disk_is_reported(self, env, words: list[str]) -> None:
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BINARY, *words], env=env, stdout=full, stderr=subprocess.PIPE, timeout=30)
        assert done.returncode == 1 and b"No space left" in done.stderr
        assert VALUES["PLAIN"].encode() not in done.stderr

    def test_a_reader_that_has_gone_is_no_complaint(self, env) -> None:
        read, write = os.pipe()
        os.close(read)
        done = self.get(env, "PLAIN", stdout=write)
        os.close(write)
        assert (done.returncode, done.stderr) == (1, b"")

    @pytest.mark.parametrize("closed", ["1", "1 0", "0 1 2"])
    def test_output_goes_nowhere_else_if_standard_output_is_closed(self, world, env, closed: str) -> None:
        world.put("secrets", json.dumps({"EIGHT": "8-octets"}))
        marks = " ".join(f"{number}>&-" for number in closed.split())
        done = subprocess.run(["sh", "-c", f'"$0" get EIGHT {marks}', BINARY], env=env, capture_output=True, timeout=30)
        assert (done.returncode, done.stdout) == (1, b"")
        assert not [request for request in world.aws.seen() if b"8-octets" in request.head + request.body]
