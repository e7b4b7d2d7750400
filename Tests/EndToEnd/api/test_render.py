"""`latchkey render`: values into files."""

from __future__ import annotations

import base64
import json
import os
import re
import stat
import sys
from pathlib import Path

import pytest

from peers.broker import Broker, run
from peers.child import Child
from peers.rendering import SLOW, client, paths, serve
from peers.waiting import free_port


@pytest.fixture
def broker(world):
    return serve(world)


@pytest.fixture
def files(tmp_path: Path):
    return paths(tmp_path)


def render(broker, template: Path, out: Path, *options: str):
    return run("render", "--template", str(template), "--out", str(out), *options, env=client(broker))


class TestOnce:
    def test_every_placeholder_gets_its_value(self, broker, files) -> None:
        template, out = files
        template.write_text(
            'user={{ secret "db" "user" }}\npassword={{secret "db" "password"|json}}\n'
            'port={{ secret "db" "/ports/1" }}\nplain={{ secret "plain" | base64 }} }} { {\n'
            'token={{ token }} {{ token "default" | json }}\n')
        done = render(broker, template, out)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        token = broker.token().json()["access_token"]
        assert out.read_text() == (
            'user=orders\npassword="a\\"b\\\\c"\nport=2.5\n'
            f'plain={base64.b64encode(b"one line").decode()} }}}} {{ {{\ntoken={token} "{token}"\n')

    def test_the_file_is_the_owners_alone_and_replaced_in_one_step(self, broker, files) -> None:
        template, out = files
        template.write_text('{{ secret "plain" }}')
        out.write_text("old")
        out.chmod(0o644)
        before = out.stat().st_ino
        with out.open() as reader:
            assert render(broker, template, out).returncode == 0
            assert reader.read() == "old"
        assert (stat.S_IMODE(out.stat().st_mode), out.read_text()) == (0o600, "one line")
        assert out.stat().st_ino != before
        assert sorted(path.name for path in out.parent.iterdir()) == ["app.conf", "app.tmpl"]

    def test_a_file_that_is_right_is_not_written_and_nobody_is_told(self, broker, files, tmp_path: Path) -> None:
        template, out = files
        template.write_text('{{ secret "plain" }}')
        told = tmp_path / "told"
        for times in (1, 1):
            assert render(broker, template, out, "--exec", f"sh -c 'echo told >> \"$0\"' {told}").returncode == 0
            assert told.read_text() == "told\n" * times
        number = out.stat().st_ino
        assert render(broker, template, out).returncode == 0 and out.stat().st_ino == number

    @pytest.mark.parametrize(("text", "code", "message"), [
        ('a\nb {{ secret "absent" }}', 1, r"app\.tmpl:2:3: secret absent: no such secret"),
        ('{{ secret "db" "absent" }}', 1, r"app\.tmpl:1:1: secret db has no field absent"),
        ('{{ secret "plain" "x" }}', 1, r"app\.tmpl:1:1: secret plain has no fields, because it is not JSON"),
        ('{{ token "absent" }}', 1, r"app\.tmpl:1:1: token absent: no such token profile"),
        ("ä {{ secrt }}", 78, r"app\.tmpl:1:6: unknown word secrt"),
        ('x\n\n  {{ secret "db"', 78, r"app\.tmpl:3:17: the placeholder is not closed"),
    ], ids=["secret", "field", "not JSON", "profile", "word", "open"])
    def test_a_failure_says_where_and_leaves_the_old_file(self, broker, files, text: str, code: int, message: str) -> None:
        template, out = files
        template.write_text(text)
        out.write_text("old")
        done = render(broker, template, out)
        assert done.returncode == code and re.search(message, done.stderr), done.stderr
        assert out.read_text() == "old"

    def test_a_broker_that_is_away_and_a_wrong_key_have_their_exit_codes(self, broker, files) -> None:
        template, out = files
        template.write_text('{{ secret "plain" }}')
        words = ("render", "--template", str(template), "--out", str(out))
        assert run(*words, env=client(broker, LATCHKEY_URL=f"http://127.0.0.1:{free_port()}")).returncode == 69
        assert run(*words, env=client(broker, LATCHKEY_API_KEY="another-key-of-32-bytes-or-more!")).returncode == 77
        without = client(broker)
        del without["LATCHKEY_URL"]
        done = run(*words, env=without)
        assert done.returncode == 78 and "LATCHKEY_URL" in done.stderr
        assert not out.exists()

    def test_it_never_writes_through_a_link_or_over_the_template(self, broker, files, tmp_path: Path) -> None:
        template, out = files
        template.write_text('{{ secret "plain" }}')
        target = tmp_path / "target"
        target.write_text("mine")
        out.symlink_to(target)
        done = render(broker, template, out)
        assert done.returncode == 64 and "symbolic link" in done.stderr
        assert target.read_text() == "mine" and out.is_symlink()
        assert render(broker, template, template).returncode == 64
        assert template.read_text() == '{{ secret "plain" }}'

    def test_what_a_killed_process_left_is_removed(self, broker, files) -> None:
        template, out = files
        template.write_text('{{ secret "plain" }}')
        left, other = out.with_name("app.conf.0123abcd.part"), out.with_name("app.conf.mine.part")
        for path in (left, other):
            path.write_text("half")
        assert render(broker, template, out).returncode == 0
        assert not left.exists() and other.exists()

    @pytest.mark.parametrize("options", [
        ["--exec", ""], ["--exec", "'open"], ["--exec", "a", "--signal", "HUP", "--pid-file", "p"], ["--signal", "HUP"],
        ["--pid-file", "p"], ["--signal", "KILL", "--pid-file", "p"],
    ], ids=" ".join)
    def test_options_that_do_not_fit_are_refused(self, broker, files, options: list[str]) -> None:
        template, out = files
        template.write_text("")
        assert render(broker, template, out, *options).returncode == 64
        assert not out.exists()

    def test_a_unix_socket_and_tls_work_too(self, world, files, tmp_path: Path, authority) -> None:
        template, out = files
        template.write_text('{{ secret "plain" }}')
        world.put("plain", "one line")
        path, pair = tmp_path / "broker.sock", authority.issue("render", "DNS:localhost")
        local = world.serve(LATCHKEY_LISTEN=f"127.0.0.1:{free_port()},unix:{path}", **SLOW)
        secure = Broker(
            world.settings(LATCHKEY_TLS_CERT=str(pair.cert), LATCHKEY_TLS_KEY=str(pair.key), **SLOW),
            context=authority.client_context())
        world.brokers.append(secure.wait_live())
        for url, extra in ((f"unix:{path}", {}), (secure.url, {"SSL_CERT_FILE": str(authority.root)})):
            words = ("render", "--template", str(template), "--out", str(out))
            done = run(*words, env=client(local, LATCHKEY_URL=url, **extra))
            assert done.returncode == 0 and out.read_text() == "one line", done.stderr
            out.unlink()
        done = run(*words, env=client(local, LATCHKEY_URL=secure.url))
        assert done.returncode == 69 and not out.exists(), "a certificate of an unknown authority"


class TestNotice:
    def test_a_command_gets_its_words_without_a_shell_and_without_the_key(self, broker, files, tmp_path: Path) -> None:
        template, out = files
        template.write_text('{{ secret "plain" }}')
        script, seen = tmp_path / "script.py", tmp_path / "seen.json"
        script.write_text(
            "import json, os, sys\n"
            f"json.dump([sys.argv[1:], dict(os.environ), open({str(out)!r}).read()], open({str(seen)!r}, 'w'))\n")
        done = render(broker, template, out, "--exec", f"""{sys.executable} {script} '$HOME' "a b" c\\ d *""")
        assert done.returncode == 0, done.stderr
        words, environment, read = json.loads(seen.read_text())
        assert words == ["$HOME", "a b", "c d", "*"] and read == "one line"
        assert "PATH" in environment and "LATCHKEY_API_KEY" not in environment

    def test_a_command_that_fails_is_reported_and_the_file_stays(self, broker, files) -> None:
        template, out = files
        template.write_text('{{ secret "plain" }}')
        done = render(broker, template, out, "--exec", "sh -c 'exit 3'")
        assert done.returncode == 1 and "the command sh ended with 3" in done.stderr
        assert out.read_text() == "one line"
        out.unlink()
        done = render(broker, template, out, "--exec", "/no/such/program")
        assert done.returncode == 1 and "cannot be started" in done.stderr

    def test_a_signal_reaches_the_process_of_the_file(self, broker, files, tmp_path: Path) -> None:
        template, out = files
        template.write_text('{{ secret "plain" }}')
        sleeper = Child(["sh", "-c", "trap 'echo got; exit' USR1; echo ready; while :; do sleep 0.1; done"], os.environ)
        try:
            sleeper.ready(lambda: "ready" in sleeper.stdout, "the trap is set")
            pid = tmp_path / "pid"
            pid.write_text(f"{sleeper.pid}\n")
            assert render(broker, template, out, "--signal", "SIGUSR1", "--pid-file", str(pid)).returncode == 0
            assert sleeper.wait() == 0 and "got" in sleeper.stdout
        finally:
            if sleeper.running:
                sleeper.kill()

    @pytest.mark.parametrize("text", ["", "0", "1", "-5", "12 x\n" * 20, "99999999999"])
    def test_no_signal_goes_to_a_group_or_the_service_manager(self, broker, files, tmp_path: Path, text: str) -> None:
        template, out = files
        template.write_text('{{ secret "plain" }}')
        pid = tmp_path / "pid"
        pid.write_text(text)
        done = render(broker, template, out, "--signal", "HUP", "--pid-file", str(pid))
        assert done.returncode == 1 and "no signal was sent" in done.stderr
