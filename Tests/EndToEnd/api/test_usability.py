"""What a new user meets: messages, help, completions, the first commands."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from functools import cache
from pathlib import Path

import pytest

from peers.broker import BINARY, run
from peers.child import Child
from peers.examples import BIN, Example, examples
from peers.http import ask
from peers.rendering import client
from peers.waiting import free_port

NOTHING = {"PATH": os.environ["PATH"]}


@cache
def help_of(*command: str) -> str:
    return run(*command, "--help", env=NOTHING).stdout


@cache
def commands(*path: str) -> list[tuple[str, ...]]:
    """All commands below a command, and itself."""
    listed = help_of(*path).partition("SUBCOMMANDS:")[2]
    names = re.findall(r"^  ([a-z][a-z-]*)(?: |$)", listed, re.MULTILINE)
    return [path, *(found for name in names if name != "help" for found in commands(*path, name))]


def test_the_help_of_every_command_has_80_columns_at_most() -> None:
    assert len(commands()) > 35
    for command in commands():
        long = [line for line in help_of(*command).splitlines() if len(line) > 80]
        assert not long, (command, long)


@pytest.mark.parametrize(("words", "message"), [
    (["toekn"], "there is no command `latchkey toekn`: did you mean `latchkey token`?"),
    (["callers", "lst"], "there is no command `latchkey callers lst`: did you mean `latchkey callers list`?"),
    (["nonsense"], "`latchkey --help` lists all"),
])
def test_a_mistyped_command_is_answered_with_the_right_one(words: list[str], message: str) -> None:
    done = run(*words, env=NOTHING)
    assert done.returncode == 64 and message in done.stderr


def test_a_mistyped_setting_is_answered_with_the_right_one() -> None:
    done = run("config", env={**NOTHING, "LATCHKEY_PREFX": "/a"})
    assert done.returncode == 78 and "LATCHKEY_PREFX: unknown setting: did you mean LATCHKEY_PREFIX?" in done.stderr


@pytest.mark.parametrize("words", [["token"], ["get", "x"], ["env"], ["exec", "--", "true"]], ids=" ".join)
def test_a_client_command_without_settings_mentions_the_address_of_a_broker_first(words: list[str], tmp_path) -> None:
    done = run(*words, env={**NOTHING, "HOME": str(tmp_path)})
    assert done.returncode == 78
    assert done.stderr.startswith("latchkey: LATCHKEY_URL is not set"), done.stderr


def test_the_version_is_the_first_word_and_the_commit_and_libssl_follow() -> None:
    text = run("--version", env=NOTHING).stdout.strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+ \((commit [0-9a-f]{12}(\+changes)?, )?OpenSSL 3\.[^)]+\)", text), text


class TestHealth:
    def test_it_is_0_when_the_broker_is_ready_and_needs_no_key(self, world) -> None:
        broker = world.serve()
        done = run("health", env={**NOTHING, "LATCHKEY_URL": broker.url})
        assert (done.returncode, done.stdout) == (0, "ready\n")
        assert run("health", "--quiet", env={**NOTHING, "LATCHKEY_URL": broker.url}).stdout == ""

    def test_it_asks_where_the_settings_say_that_a_broker_listens(self, world, tmp_path: Path) -> None:
        probe, path = free_port(), tmp_path / "broker.sock"
        broker = world.serve(
            LATCHKEY_LISTEN=f"127.0.0.1:{free_port()},unix:{path}", LATCHKEY_PROBE_LISTEN=f"127.0.0.1:{probe}")
        for settings in (
            {"LATCHKEY_LISTEN": f"0.0.0.0:{broker.port}"}, {"LATCHKEY_LISTEN": f"unix:{path}"},
            {"LATCHKEY_PROBE_LISTEN": f"127.0.0.1:{probe}"},
        ):
            assert run("health", env={**NOTHING, **settings}).returncode == 0, settings

    def test_it_is_1_before_the_broker_is_ready_and_69_without_one(self, world) -> None:
        world.aws.down()
        world.auth.down()
        broker = world.start()
        env = {**NOTHING, "LATCHKEY_URL": broker.url}
        done = run("health", env=env)
        assert done.returncode == 1 and "is not ready" in done.stderr
        assert run("health", "--live", env=env).returncode == 0
        assert run("health", env={**NOTHING, "LATCHKEY_URL": f"http://127.0.0.1:{free_port()}"}).returncode == 69


class TestCompletions:
    #: A command that loads a script and fails on a syntax error.
    LOAD = {
        "bash": "source {file} && complete -p latchkey >/dev/null",
        "zsh": "autoload -U compinit && compinit -u -D && source {file}",
        "fish": "source {file}",
    }

    @pytest.mark.parametrize("shell", sorted(LOAD))
    def test_the_shell_loads_them(self, shell: str, tmp_path: Path) -> None:
        script = run("completions", shell, env=NOTHING).stdout
        assert "render" in script and "migrate" in script
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not installed")
        file = tmp_path / "script"
        file.write_text(script)
        done = subprocess.run(
            [shell, "-c", self.LOAD[shell].format(file=file)], env={**NOTHING, "HOME": str(tmp_path)},
            capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, done.stderr

    def test_bash_completes_a_command_and_an_option(self, tmp_path: Path) -> None:
        file = tmp_path / "script"
        file.write_text(run("completions", "bash", env=NOTHING).stdout)
        for words, expected in ((["latchkey", "rend"], "render"), (["latchkey", "render", "--temp"], "--template")):
            script = (
                f"source {file}; COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; COMP_POINT=99; "
                f"COMP_LINE='{' '.join(words)}'; _latchkey latchkey {words[-1]} {words[-2]}; echo \"${{COMPREPLY[@]}}\"")
            done = subprocess.run(["bash", "-c", script], env=NOTHING, capture_output=True, text=True)
            assert done.stdout.split() == [expected], done.stdout + done.stderr

    def test_another_shell_is_refused(self) -> None:
        assert run("completions", "tcsh", env=NOTHING).returncode == 64


def test_the_load_test_shows_its_progress_on_a_terminal_alone(world) -> None:
    broker = world.serve()
    words = [str(BINARY), "loadtest", "--requests", "200", "--concurrency", "10"]
    parent, own = os.openpty()
    done = subprocess.run(words, env=client(broker), stdout=subprocess.PIPE, stderr=own, text=True)
    os.close(own)
    shown = os.read(parent, 65536).decode()
    os.close(parent)
    assert done.returncode == 0 and re.search(r"requests \d+/200", shown) and "good" in done.stdout, shown
    assert run(*words[1:], env=client(broker)).stderr == ""


class TestDev:
    KEY = "a-fixed-key-of-32-bytes-or-more-1"

    @pytest.fixture
    def dev(self, binary, tmp_path: Path):
        env = {**NOTHING, "HOME": str(tmp_path), "LATCHKEY_API_KEY": self.KEY, "LATCHKEY_PREFIX": "/orders/prod"}
        child = Child([BINARY, "dev", "--port", "0"], env, cwd=tmp_path)
        child.ready(lambda: "ctrl-c stops it" in child.stdout, "the banner")
        port = int(re.findall(r"LATCHKEY_URL=http://127\.0\.0\.1:(\d+)", child.stdout)[0])
        child.ready(lambda: ask(port, "/readyz").status == 200, "ready")
        yield child.stdout
        assert child.stop() == 0

    def test_the_exports_for_a_second_terminal_work_as_printed(self, dev: str, tmp_path: Path) -> None:
        exports = "\n".join(re.findall(r"^ +(export .*)$", dev, re.MULTILINE))
        script = f"{exports}\n{BINARY} token && echo && {BINARY} get db/password && echo && " \
            "aws ssm get-parameter --with-decryption --name /orders/prod/mongodb-uri --query Parameter.Value --output text"
        done = subprocess.run(
            ["bash", "-euc", script], env={"PATH": f"{BIN}:{NOTHING['PATH']}", "HOME": str(tmp_path)}, capture_output=True,
            text=True)
        assert done.returncode == 0, done.stderr
        token, password, uri = done.stdout.split()
        assert (token.count("."), password, uri.partition(":")[0]) == (2, "dev-password", "mongodb")
        assert f"LATCHKEY_API_KEY={self.KEY}" in exports

    def test_the_printed_aws_commands_work_as_printed(self, dev: str, tmp_path: Path) -> None:
        commands = re.findall(r"^ +AWS_ACCESS_KEY_ID=.*\\\n.*$", dev, re.MULTILINE)
        assert len(commands) == 2
        for command in commands:
            done = subprocess.run(
                ["bash", "-euc", f"{command} --output json"],
                env={"PATH": f"{BIN}:{NOTHING['PATH']}", "HOME": str(tmp_path)}, capture_output=True, text=True)
            assert done.returncode == 0, command + done.stderr
            assert json.loads(done.stdout)["Parameter"]["Value"].startswith("mongodb://")


    #: The examples that a new user tries on it.
    TRIED = [
        example for example in examples() if example.language not in ("swift", "csharp") and example.is_possible() and (
            example.page in ("Clients.md", "AWSClients.md") and "LATCHKEY_URL" in example.text
            or example.page == "README.md" and "LATCHKEY_API_KEY" in example.text and "swift build" not in example.text)
    ]

    @pytest.mark.parametrize("example", TRIED, ids=lambda example: example.name)
    def test_the_examples_for_clients_run_against_it(self, dev: str, tmp_path: Path, example: Example) -> None:
        settings = dict(re.findall(r"(LATCHKEY_\w+)=(\S+)", dev))
        env = {"PATH": f"{BIN}:{NOTHING['PATH']}", "HOME": str(tmp_path), **settings}
        done = subprocess.run(example.command(tmp_path), cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


class TestInit:
    WORDS = ("init", "--prefix", "/your-app/dev", "--region", "us-east-1", "--listen")

    def init(self, folder: Path, *more: str, listen: str = "127.0.0.1:8700", **env: str):
        return run(*self.WORDS, listen, "--folder", str(folder), *more, env={**NOTHING, "HOME": str(folder), **env})

    def test_the_files_start_a_broker_whose_caller_has_the_printed_key(self, binary, tmp_path: Path) -> None:
        folder = tmp_path / "a folder"
        folder.mkdir()
        port = free_port()
        done = self.init(folder, "--account", "111122223333", listen=f"127.0.0.1:{port}")
        assert done.returncode == 0, done.stderr
        key = done.stdout.strip()
        assert re.fullmatch(r"lk_\w+", key) and key not in done.stderr
        for name in ("latchkey.env", "callers.json", "policy.json"):
            path = folder / name
            assert stat.S_IMODE(path.stat().st_mode) == 0o600 and key not in path.read_text()
        assert "arn:aws:ssm:us-east-1:111122223333:parameter/your-app/dev/" in (folder / "policy.json").read_text()
        dev = Child([BINARY, "dev", "--port", "0", "--json"], {**NOTHING, "HOME": str(tmp_path)}, cwd=tmp_path)
        try:
            dev.ready(lambda: "\n" in dev.stdout, "the first line")
            peers = json.loads(dev.stdout.splitlines()[0])
            env = {
                **NOTHING, "HOME": str(tmp_path), "LATCHKEY_CONFIG": str(folder / "latchkey.env"),
                "AWS_ENDPOINT_URL": peers["aws_endpoint_url"], "LATCHKEY_AUTH0_TOKEN_URL": peers["token_url"],
                "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
            }
            assert run("config", env=env).returncode == 0
            broker = Child([BINARY, "serve"], env, cwd=tmp_path)
            broker.ready(lambda: answers(port), "the broker is ready")
            mine = {**NOTHING, "LATCHKEY_URL": f"http://127.0.0.1:{port}", "LATCHKEY_API_KEY": key}
            assert run("get", "db/password", env=mine).stdout == "dev-password"
            assert run("token", env=mine).stdout.count(".") == 2
            assert run("env", "--format", "json", env=mine).returncode == 0
            assert broker.stop() == 0
        finally:
            dev.stop()

    def test_existing_files_are_kept_without_force(self, tmp_path: Path) -> None:
        (tmp_path / "policy.json").write_text("mine")
        done = self.init(tmp_path)
        assert done.returncode == 1 and "--force" in done.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == ["policy.json"]
        assert (tmp_path / "policy.json").read_text() == "mine"
        assert self.init(tmp_path, "--force").returncode == 0
        assert stat.S_IMODE((tmp_path / "policy.json").stat().st_mode) == 0o600

    @pytest.mark.parametrize(("more", "code", "message"), [
        (["--prefix", "orders"], 78, "LATCHKEY_PREFIX"), (["--region", "no region"], 78, "AWS_REGION"),
        (["--listen", "everywhere"], 78, "LATCHKEY_LISTEN"), (["--caller", "a b"], 64, "id"),
        (["--secrets", "!"], 64, "secrets"), (["--account", "1"], 64, "twelve digits"),
    ], ids=lambda value: value[0] if isinstance(value, list) else None)
    def test_a_wrong_answer_writes_nothing(self, tmp_path: Path, more: list[str], code: int, message: str) -> None:
        done = self.init(tmp_path, *more)
        assert (done.returncode, done.stdout) == (code, "") and message in done.stderr, done.stderr
        assert not list(tmp_path.iterdir())

    def test_without_a_terminal_what_has_no_default_is_required(self, tmp_path: Path) -> None:
        done = run("init", "--folder", str(tmp_path), env={**NOTHING, "HOME": str(tmp_path)})
        assert done.returncode == 64 and "--prefix is missing" in done.stderr
        assert not list(tmp_path.iterdir())

    def test_a_terminal_is_asked(self, tmp_path: Path) -> None:
        parent, own = os.openpty()
        child = subprocess.Popen(
            [str(BINARY), "init", "--folder", str(tmp_path)], env={**NOTHING, "HOME": str(tmp_path)}, stdin=own,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.write(parent, b"/orders/prod\neu-central-1\n\norders\ndb/*\n")
        output, errors = child.communicate(timeout=60)
        os.close(own)
        os.close(parent)
        assert child.returncode == 0, errors
        assert output.startswith("lk_") and "AWS region: " in errors
        text = (tmp_path / "latchkey.env").read_text()
        assert "LATCHKEY_PREFIX=/orders/prod\n" in text and "LATCHKEY_LISTEN=127.0.0.1:8700\n" in text
        callers = json.loads((tmp_path / "callers.json").read_text())["callers"]
        assert (callers[0]["id"], callers[0]["secrets"]) == ("orders", ["db/*"])


def answers(port: int) -> bool:
    try:
        return ask(port, "/readyz", timeout=5).status == 200
    except OSError:
        return False
