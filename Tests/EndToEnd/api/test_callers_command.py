"""`latchkey callers`: what it writes is what a broker accepts."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest

from peers.broker import API_KEY, BINARY
from peers.waiting import free_port, until


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "callers.json"


def run(file: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(file.parent), "LATCHKEY_CALLERS_FILE": str(file), **more}
    return subprocess.run(
        [BINARY, "callers", *words], env=env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )


def key(file: Path, *words: str) -> str:
    done = run(file, *words)
    assert done.returncode == 0, done.stderr
    printed = done.stdout.strip()
    assert printed.startswith("lk_") and len(printed) == 52 and printed not in file.read_text()
    return printed


def test_a_caller_is_added_rotated_and_revoked_under_a_running_broker(world, file: Path) -> None:
    world.put("db/a", "v")
    first = key(file, "add", "orders", "--scopes", "secrets,token", "--secrets", "db/*,!db/root")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    broker = world.serve([first], LATCHKEY_CALLERS_FILE=str(file))
    get = lambda secret: broker.get("/secrets/db/a", key=secret).status  # noqa: E731
    assert get(first) == 200
    second = key(file, "rotate", "orders")
    broker.remember_secret(second)
    until(lambda: get(second) == 200, "the new key opens")
    assert get(first) == 200
    assert run(file, "revoke", "orders", "--old-keys").returncode == 0
    until(lambda: get(first) == 401, "the old key is withdrawn")
    assert get(second) == 200
    assert run(file, "revoke", "orders").returncode == 0
    until(lambda: get(second) == 401, "the caller is removed")


def test_the_rest_of_the_file_stays(file: Path) -> None:
    file.write_text('{ "mode":"observe", "callers" : [ {"id":"a","unix":{"uid":7},"scopes":["token"]} ] , "issuers":[]}')
    file.chmod(0o640)
    key(file, "add", "b", "--scopes", "token", "--profiles", "mail", "--not-after", "2037-01-01T00:00:00Z")
    text = file.read_text()
    assert text.startswith('{ "mode":"observe", "callers" : [ {"id":"a","unix":{"uid":7},"scopes":["token"]},')
    assert text.endswith('] , "issuers":[]}') and stat.S_IMODE(file.stat().st_mode) == 0o640
    assert json.loads(text)["callers"][1]["not_after"] == "2037-01-01T00:00:00Z"
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("words", [
    ("add", "a", "--scopes", "token"), ("add", "bad id", "--scopes", "token"), ("add", "b", "--scopes", "root"),
    ("add", "b", "--scopes", "token", "--not-after", "tomorrow"), ("rotate", "none"), ("revoke", "none"),
])
def test_what_would_make_a_bad_file_changes_nothing(file: Path, words: tuple[str, ...]) -> None:
    key(file, "add", "a", "--scopes", "token")
    before = file.read_bytes()
    done = run(file, *words)
    assert done.returncode in (1, 78) and done.stdout == "" and file.read_bytes() == before, done.stderr


def test_list_and_check_explain_the_file(file: Path) -> None:
    key(file, "add", "orders", "--scopes", "secrets", "--secrets", "db/*,!db/root")
    done = run(file, "list")
    assert done.returncode == 0 and "orders" in done.stdout and "secrets" in done.stdout
    callers = json.loads(run(file, "list", "--json").stdout)["callers"]
    assert callers == [{"id": "orders", "scopes": ["secrets"], "credentials": ["key"], "not_after": None}]
    for words, status, says in (
        (("orders", "db/a"), 0, "the pattern db/* gives it"), (("orders", "db/root"), 1, "!db/root takes the secret away"),
        (("orders", "api"), 1, "none of its patterns"), (("orders", "secrets"), 1, "none of its patterns"),
        (("orders", "default", "--profile"), 1, "lacks the scope token"), (("none", "a"), 1, "no caller"),
    ):
        done = run(file, "check", *words)
        assert done.returncode == status and says in done.stdout + done.stderr, (words, done)


def test_without_a_file_the_commands_say_what_to_do(file: Path) -> None:
    done = run(file, "list")
    assert done.returncode == 78 and str(file) in done.stderr
    env = {"PATH": os.environ["PATH"], "HOME": str(file.parent)}
    done = subprocess.run([BINARY, "callers", "list"], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 64 and "LATCHKEY_CALLERS_FILE" in done.stderr


def test_list_shows_the_last_use_that_a_running_broker_knows(world, file: Path) -> None:
    world.put("db/a", "v")
    orders = key(file, "add", "orders", "--scopes", "secrets", "--secrets", "db/*")
    idle = key(file, "add", "idle", "--scopes", "token")
    broker = world.serve([orders, idle], LATCHKEY_CALLERS_FILE=str(file))
    at = {"LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": API_KEY}

    def uses() -> dict[str, str | None]:
        done = run(file, "list", "--json", **at)
        assert done.returncode == 0, done.stderr
        return {caller["id"]: caller["last_used"] for caller in json.loads(done.stdout)["callers"]}

    assert uses() == {"orders": None, "idle": None}
    before = int(time.time()) - 1
    assert broker.get("/secrets/db/a", key=orders).status == 200
    used = uses()
    assert used["idle"] is None and used["orders"] is not None
    assert before <= datetime.fromisoformat(used["orders"]).timestamp() <= time.time() + 1
    # A change of the file keeps it.
    key(file, "rotate", "idle")
    until(lambda: any("the callers have changed" in line["message"] for line in broker.logs), "the file is in force")
    assert uses() == used
    table = run(file, "list", **at).stdout.splitlines()
    assert table[0].endswith("last used") and used["orders"] in table[1] and table[2].endswith("-")


def test_the_last_use_of_callers_needs_the_scope_admin(world, file: Path) -> None:
    orders = key(file, "add", "orders", "--scopes", "secrets")
    broker = world.serve([orders], LATCHKEY_CALLERS_FILE=str(file))
    assert "callers" not in broker.get("/health", key=orders).json()
    assert set(broker.get("/health").json()["callers"]) == {"default", "orders"}
    done = run(file, "list", LATCHKEY_URL=broker.url, LATCHKEY_API_KEY=orders)
    assert done.returncode == 77 and "scope admin" in done.stderr and done.stdout == ""
    done = run(file, "list", LATCHKEY_URL=f"http://127.0.0.1:{free_port()}", LATCHKEY_API_KEY=orders)
    assert done.returncode == 69 and done.stdout == ""
