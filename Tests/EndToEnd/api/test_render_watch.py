"""`latchkey render --watch`: files that follow their values."""

from __future__ import annotations

import signal
import stat
import subprocess
from pathlib import Path

import pytest

from peers.broker import API_KEY
from peers.child import Child
from peers.faults import never_answer
from peers.proxy import mentions
from peers.rendering import SLOW, client, content, end, paths, serve, watch
from peers.waiting import until


@pytest.fixture
def broker(world):
    return serve(world)


@pytest.fixture
def files(tmp_path: Path):
    return paths(tmp_path)


def watching(env: dict[str, str], template: Path, out: Path) -> Child:
    """A command that has written the line of text into the file."""
    template.write_text('{{ secret "plain" }}')
    child = watch(env, template, out)
    child.ready(lambda: content(out) == "one line", "the file")
    return child


def test_a_changed_secret_is_written_and_the_command_run(world, broker, files, tmp_path: Path) -> None:
    template, out = files
    told = tmp_path / "told"
    template.write_text('{{ secret "db" "user" }} {{ secret "plain" }}')
    child = watch(client(broker), template, out, "--exec", f"cp {out} {told}")
    child.ready(lambda: content(told) == "orders one line", "the command has run")
    world.put("plain", "another line")
    child.ready(lambda: content(told) == "orders another line", "the change")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    end(child, "another line")


def test_a_new_token_is_written(broker, files) -> None:
    template, out = files
    template.write_text("{{ token }}")
    child = watch(client(broker), template, out)
    child.ready(lambda: content(out) == broker.token().json()["access_token"], "the token")
    new = broker.token("?refresh=true").json()["access_token"]
    child.send(signal.SIGHUP)
    child.ready(lambda: content(out) == new, "the new token")
    end(child, new)


def test_a_hang_up_reads_a_changed_template_and_a_bad_one_changes_nothing(broker, files) -> None:
    template, out = files
    child = watching(client(broker), template, out)
    template.write_text('{{ secret "plain" ')
    child.send(signal.SIGHUP)
    child.ready(lambda: "app.tmpl:1:19: the placeholder is not closed" in child.stderr, "the message")
    assert out.read_text() == "one line"
    template.write_text('user {{ secret "db" "user" }}')
    child.send(signal.SIGHUP)
    child.ready(lambda: content(out) == "user orders", "the new template")
    end(child)


def test_a_broker_that_comes_back_brings_the_file_up_to_date(world, broker, files) -> None:
    template, out = files
    child = watching(client(broker), template, out)
    broker.stop()
    child.ready(lambda: "cannot be reached" in child.stderr and "left as it is" in child.stderr, "the message")
    assert out.read_text() == "one line"
    world.put("plain", "later")
    world.serve(LATCHKEY_LISTEN=f"127.0.0.1:{broker.port}", **SLOW)
    child.ready(lambda: content(out) == "later", "the new value")
    # Once, or twice if the first failure was another one than those that followed.
    assert child.stderr.count("cannot be reached") <= 2
    end(child)


def test_it_waits_for_a_secret_that_does_not_exist_yet(world, broker, files) -> None:
    template, out = files
    template.write_text('{{ secret "soon" }}')
    child = watch(client(broker), template, out)
    child.ready(lambda: "no such secret" in child.stderr, "the message")
    world.put("soon", "here")
    assert broker.get("/secrets/soon?refresh=true").status == 200
    child.ready(lambda: content(out) == "here", "the file")
    end(child, "here")


def test_it_ends_while_the_broker_does_not_answer(world, broker, files) -> None:
    template, out = files
    template.write_text('{{ secret "slow" }}')
    world.aws.always(never_answer)
    child = watch(client(broker), template, out)
    until(lambda: world.aws.seen(mentions("slow")), "the request is under way")
    end(child)
    assert not out.exists()


def test_a_key_from_a_file_can_be_rotated(world, files, tmp_path: Path) -> None:
    template, out = files
    world.put("plain", "one line")
    key = tmp_path / "key"
    key.write_text(API_KEY + "\n")
    broker = world.serve(LATCHKEY_API_KEY=f"file:{key}", **SLOW)
    env = client(broker, LATCHKEY_API_KEY=f"file:{key}")
    child = watching(env, template, out)
    # The key before the newest one stays valid, so that only the second rotation takes the first key away.
    for new in ("another-key-of-32-bytes-or-more!", "a-third-key-of-32-bytes-or-more!!"):
        key.write_text(new + "\n")
        until(lambda key=new: broker.get("/secrets/plain", key=key).status == 200, "the new key is in force")
    assert broker.get("/secrets/plain").status == 401
    world.put("plain", "later")
    child.ready(lambda: content(out) == "later", "the new value")
    end(child, new)


def test_the_values_are_on_no_command_line(broker, files) -> None:
    template, out = files
    child = watching(client(broker), template, out)
    words = subprocess.run(["ps", "-o", "args=", "-p", str(child.pid)], capture_output=True, text=True).stdout
    assert "one line" not in words and API_KEY not in words
    end(child)
