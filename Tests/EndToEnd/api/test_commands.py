"""The commands and their exit codes."""

from __future__ import annotations

import json
import subprocess

import pytest

from peers.broker import API_KEY, AWS_SECRET_ACCESS_KEY, BINARY, PREFIX, run
from peers.faults import aws_error, reset_before_answer
from peers.issuer import CLIENT_SECRET


class TestConfig:
    def test_it_prints_every_setting_and_where_it_came_from(self, world) -> None:
        file = world.folder / "latchkey.env"
        file.write_text("LATCHKEY_NEGATIVE_TTL=17\n")
        done = run("config", env=world.settings(LATCHKEY_SECRET_TTL="42", LATCHKEY_CONFIG=str(file)))
        assert done.returncode == 0, done.stderr
        origin, origins = "", {}
        for line in done.stdout.splitlines():
            if line.startswith("# ") and "=" not in line:
                origin = line.removeprefix("# ")
            else:
                origins[line] = origin
        assert origins["LATCHKEY_SECRET_TTL=42"] == "environment"
        assert origins["LATCHKEY_NEGATIVE_TTL=17"] == f"file {file}"
        assert origins["LATCHKEY_STALE_TTL=3600"] == "default"

    def test_it_shows_no_secret(self, world) -> None:
        done = run("config", env=world.settings())
        output = done.stdout + done.stderr
        assert "<secret>" in output
        assert not [secret for secret in (API_KEY, CLIENT_SECRET, AWS_SECRET_ACCESS_KEY) if secret in output]

    def test_it_leaves_with_78_and_names_all_that_is_wrong(self, world) -> None:
        done = run("config", env=world.settings(LATCHKEY_SECRET_TTL="x", LATCHKEY_SECRT_TTL="1"))
        assert done.returncode == 78
        assert "LATCHKEY_SECRET_TTL" in done.stderr and "LATCHKEY_SECRT_TTL" in done.stderr


class TestPutAndGet:
    def test_get_returns_the_value_of_put(self, world) -> None:
        put = run("put", "db/password", env=world.settings(), stdin="línea 1\nline 2")
        assert put.returncode == 0, put.stderr
        got = run("get", "db/password", env=world.settings())
        assert (got.returncode, got.stdout.rstrip("\n")) == (0, "línea 1\nline 2")

    def test_put_overwrites_only_with_its_option(self, world) -> None:
        assert run("put", "k", env=world.settings(), stdin="one").returncode == 0
        refused = run("put", "k", env=world.settings(), stdin="two")
        assert refused.returncode == 1
        assert "--yes" in refused.stderr and "no sense" not in refused.stderr
        assert run("put", "k", "--yes", env=world.settings(), stdin="two").returncode == 0
        assert run("get", "k", env=world.settings()).stdout.rstrip("\n") == "two"

    def test_a_running_broker_is_used_if_its_address_is_given(self, world) -> None:
        world.put("solo", "through the broker")
        broker = world.serve()
        env = {"PATH": "/usr/bin:/bin", "LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": API_KEY}
        got = run("get", "solo", env=env)
        assert (got.returncode, got.stdout.rstrip("\n")) == (0, "through the broker"), got.stderr
        assert broker.metric("latchkey_http_requests_total", route="secret", code="200") == 1

    def test_a_missing_secret_exits_with_1(self, world) -> None:
        got = run("get", "nothing", env=world.settings())
        assert (got.returncode, got.stdout) == (1, "")
        assert "no such secret" in got.stderr

    def test_an_upstream_that_is_away_leaves_with_69(self, world) -> None:
        world.aws.down()
        assert run("get", "solo", env=world.settings()).returncode == 69

    def test_a_denial_leaves_with_77(self, world) -> None:
        broker = world.serve()
        env = {"PATH": "/usr/bin:/bin", "LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": "another-key-of-32-bytes-or-more!"}
        assert run("get", "solo", env=env).returncode == 77

    @pytest.mark.parametrize(("fault", "code", "says"), [
        (aws_error("AccessDeniedException"), 77, "refuses"), (reset_before_answer, 69, "cannot be reached"),
        (aws_error("ThrottlingException"), 69, "is throttling requests"),
    ], ids=["denied", "down", "throttled"])
    def test_the_cause_of_an_unknown_backend_is_reported(self, world, fault, code: int, says: str) -> None:
        world.aws.always(fault)
        got = run("get", "solo", env=world.settings(LATCHKEY_SECRETS_BACKEND="auto"))
        assert (got.returncode, got.stdout) == (code, ""), got.stderr
        assert says in got.stderr

    def test_a_word_that_is_no_backend_leaves_with_78_and_names_the_parameter(self, world) -> None:
        world.put("latchkey/backend", "somewhere", "String")
        got = run("get", "solo", env=world.settings(LATCHKEY_SECRETS_BACKEND="auto"))
        assert got.returncode == 78
        assert f"{PREFIX}/latchkey/backend" in got.stderr

    def test_a_value_never_comes_from_the_command_line(self, world) -> None:
        refused = run("put", "k", "value-on-the-line", env=world.settings())
        assert refused.returncode == 64
        assert world.parameter("k") is None


class TestToken:
    def test_a_token_is_printed_alone(self, world) -> None:
        done = run("token", env=world.settings())
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip().count(".") == 2 and len(done.stdout.split()) == 1

    def test_a_running_broker_gives_the_token_it_has(self, world) -> None:
        broker = world.serve()
        held = broker.token().json()["access_token"]
        env = {"PATH": "/usr/bin:/bin", "LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": API_KEY}
        assert run("token", env=env).stdout.strip() == held

    def test_an_unknown_profile_leaves_with_an_error(self, world) -> None:
        assert run("token", "nobody", env=world.settings()).returncode in (1, 78)


class TestLoadtest:
    def test_fifty_callers_get_one_token(self, world) -> None:
        broker = world.serve()
        env = {"PATH": "/usr/bin:/bin", "LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": API_KEY}
        done = run("loadtest", "--requests", "50", "--concurrency", "50", env=env)
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(world.issuer.requests) == 1
        assert "unique tokens   1" in done.stdout and "issuer calls    1" in done.stdout

    def test_json_is_for_programs(self, world) -> None:
        broker = world.serve()
        env = {"PATH": "/usr/bin:/bin", "LATCHKEY_URL": broker.url, "LATCHKEY_API_KEY": API_KEY}
        done = run("loadtest", "--json", env=env)
        assert done.returncode == 0, done.stderr
        assert isinstance(json.loads(done.stdout), dict)

    def test_a_broker_that_is_not_there_leaves_with_1_and_says_why(self, world) -> None:
        env = {"PATH": "/usr/bin:/bin", "LATCHKEY_URL": "http://127.0.0.1:9", "LATCHKEY_API_KEY": API_KEY}
        done = run("loadtest", env=env)
        assert done.returncode == 1 and "connect_failed" in done.stdout


def test_tiers_times_each_tier(world) -> None:
    done = run("tiers", env=world.settings())
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(tier in done.stdout for tier in ("memory", "parameter-store", "auth0"))


@pytest.mark.parametrize("words", [["nonsense"], ["serve", "--nonsense"], ["get"], ["loadtest", "--requests", "many"]])
def test_a_usage_error_exits_with_64(world, words: list[str]) -> None:
    assert run(*words, env=world.settings()).returncode == 64


@pytest.mark.parametrize("command", ["serve", "dev", "token", "get", "put", "exec", "env", "config", "loadtest", "tiers"])
def test_every_command_explains_itself(command: str) -> None:
    done = run(command, "--help", env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0
    assert "OVERVIEW" in done.stdout and "USAGE" in done.stdout


def test_the_version_is_printed() -> None:
    done = subprocess.run([BINARY, "--version"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.strip()
