"""SIGHUP, and a settings file that changes: keys, profiles, certificates and the log level are replaced, each by itself."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from peers.broker import API_KEY, Broker
from peers.profiles import A, B, entry
from peers.reloading import DONE, NEXT_KEY, THIRD_KEY, Reloaded, replace
from peers.tls import Authority
from peers.waiting import until


def status(broker: Broker, key: str) -> int:
    return broker.get("/health", key=key).status


def test_sighup_without_a_change_replaces_nothing_and_says_so(world, tmp_path: Path) -> None:
    reloaded = Reloaded(world, tmp_path)
    line = reloaded.hang_up()
    assert (line["changed"], line["failed"], line["needs_restart"]) == ("none", "none", "none")
    shown = reloaded.health()["reload"]
    assert shown["last"] and (shown["changed"], shown["failed"], shown["needs_restart"]) == ([], [], [])


@pytest.mark.parametrize("asks", [True, False], ids=["SIGHUP", "the file alone"])
def test_the_key_of_the_settings_file_is_replaced_and_the_one_before_stays_valid(world, tmp_path: Path, asks: bool) -> None:
    reloaded = Reloaded(world, tmp_path)
    for key in (NEXT_KEY, THIRD_KEY):
        reloaded.change(LATCHKEY_API_KEY=key)
        if asks:
            reloaded.hang_up()
        until(lambda key=key: status(reloaded.broker, key) == 200, "the new key opens")
    assert [status(reloaded.broker, key) for key in (API_KEY, NEXT_KEY, THIRD_KEY)] == [401, 200, 200]
    assert len(reloaded.messages("the API key has changed")) == 2
    assert reloaded.changed() == {"LATCHKEY_API_KEY"}


def test_a_key_moves_into_a_file_and_is_followed_there(world, tmp_path: Path) -> None:
    reloaded = Reloaded(world, tmp_path)
    place = tmp_path / "key"
    replace(place, NEXT_KEY)
    reloaded.change(LATCHKEY_API_KEY=f"file:{place}")
    reloaded.hang_up()
    until(lambda: status(reloaded.broker, NEXT_KEY) == 200, "the key of the file opens")
    replace(place, THIRD_KEY)
    reloaded.hang_up()
    assert [status(reloaded.broker, key) for key in (API_KEY, NEXT_KEY, THIRD_KEY)] == [401, 200, 200]
    assert reloaded.health(THIRD_KEY)["followed"]["LATCHKEY_API_KEY"]["source"] == str(place)


@pytest.mark.parametrize("key", ["tiny-7f3a", "aaaaaaaaaaaaaaaaaaaa"])
def test_a_weak_key_changes_nothing_and_the_log_level_is_replaced_beside_it(world, tmp_path: Path, key: str) -> None:
    reloaded = Reloaded(world, tmp_path)
    reloaded.change(LATCHKEY_API_KEY=key, LATCHKEY_LOG_LEVEL="debug")
    reloaded.hang_up()
    until(lambda: "LATCHKEY_LOG_LEVEL" in reloaded.changed(), "the log level is replaced")
    health = reloaded.health()
    assert (health["status"], health["reload"]["failed"]) == ("degraded", ["LATCHKEY_API_KEY"])
    assert health["reload"]["log_level"] == "debug"
    assert status(reloaded.broker, key) == 401
    assert reloaded.broker.metric("latchkey_reload_failures_total", what="key") >= 1
    assert key not in reloaded.broker.child.stderr
    reloaded.change(LATCHKEY_API_KEY=API_KEY)
    until(lambda: reloaded.health()["status"] == "ok", "corrected")


def test_the_log_level_changes_for_the_log_and_the_request_log(world, tmp_path: Path) -> None:
    reloaded = Reloaded(world, tmp_path)

    def ask(name: str) -> None:
        assert reloaded.broker.get("/health", headers={"X-Request-Id": name}).status == 200

    def logged() -> set[str]:
        return {line.get("request_id", "") for line in reloaded.broker.logs}

    for level in ("info", "debug", "error", "debug"):
        reloaded.change(LATCHKEY_LOG_LEVEL=level)
        until(lambda level=level: reloaded.health()["reload"]["log_level"] == level, "the new level")
        ask(f"at-{level}-{len(logged())}")
    ask("the-last-one")
    until(lambda: "the-last-one" in logged(), "a line for a request")
    assert {name.split("-")[1] for name in logged() if name.startswith("at-")} == {"debug"}
    lines = [line["log_level"] for line in reloaded.messages("the log level has changed")]
    assert lines == ["debug", "error", "debug"]
    reloaded.change(LATCHKEY_LOG_LEVEL="error")
    until(lambda: reloaded.health()["reload"]["log_level"] == "error", "the new level")
    reloaded.change(LATCHKEY_LOG_LEVEL="loud")
    until(lambda: reloaded.health()["reload"]["failed"] == ["LATCHKEY_LOG_LEVEL"], "the level is refused")
    reloaded.change(LATCHKEY_LOG_LEVEL=None)
    until(lambda: reloaded.health()["reload"]["log_level"] == "info", "the default")
    assert reloaded.health()["status"] == "ok"


def test_other_settings_need_a_restart_and_are_named_without_their_values(world, tmp_path: Path) -> None:
    reloaded = Reloaded(world, tmp_path, {"LATCHKEY_SECRET_TTL": "300"})
    reloaded.change(
        LATCHKEY_SECRET_TTL="17", LATCHKEY_WORKERS="3", AWS_PROFILE="someone-else", LATCHKEY_TLS_CERT="/a", LATCHKEY_TLS_KEY="/b"
    )
    line = reloaded.hang_up()
    names = ["AWS_PROFILE", "LATCHKEY_SECRET_TTL", "LATCHKEY_TLS_CERT", "LATCHKEY_TLS_KEY", "LATCHKEY_WORKERS"]
    assert line["needs_restart"] == ", ".join(names)
    assert reloaded.health()["reload"]["needs_restart"] == names
    assert reloaded.messages("read at start: restart")[-1]["names"] == ", ".join(names)
    assert "someone-else" not in reloaded.broker.child.stderr
    reloaded.change(
        LATCHKEY_SECRET_TTL="300", LATCHKEY_WORKERS=None, AWS_PROFILE=None, LATCHKEY_TLS_CERT=None, LATCHKEY_TLS_KEY=None
    )
    until(lambda: reloaded.health()["reload"]["needs_restart"] == [], "all as at the start")


def test_what_the_environment_says_still_wins(world, tmp_path: Path) -> None:
    reloaded = Reloaded(world, tmp_path, LATCHKEY_LOG_LEVEL="notice")
    reloaded.change(LATCHKEY_LOG_LEVEL="debug")
    line = reloaded.hang_up()
    assert (line["changed"], line["needs_restart"]) == ("none", "none")


BROKEN = {
    "half a quote": "{text}LATCHKEY_LOG_LEVEL='debug\n",
    "an unknown name": "{text}LATCHKEY_LOG_LEVEL=debug\nLATCHKEY_NONSENSE=1\n",
    "no assignment": "{text}LATCHKEY_LOG_LEVEL=debug\nLATCHKEY_\n",
    "gone": None,
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_of_a_settings_file_with_a_bad_line_nothing_is_used(world, tmp_path: Path, case: str) -> None:
    reloaded = Reloaded(world, tmp_path)
    text = BROKEN[case]
    if text is None:
        reloaded.file.unlink()
    else:
        reloaded.write(text.format(text=reloaded.text(LATCHKEY_API_KEY=NEXT_KEY)))
    line = reloaded.hang_up()
    assert (line["changed"], line["failed"]) == ("none", "LATCHKEY_CONFIG")
    health = reloaded.health()
    assert (health["status"], health["reload"]["log_level"]) == ("degraded", "info")
    assert status(reloaded.broker, NEXT_KEY) == 401
    reloaded.write(reloaded.text())
    until(lambda: reloaded.health()["status"] == "ok", "the file can be used again")
    assert status(reloaded.broker, API_KEY) == 200


def test_profiles_and_certificates_from_other_files_are_used_after_sighup(world, tmp_path: Path, authority: Authority) -> None:
    first, second = (authority.issue(f"reload-{number}", f"DNS:localhost,IP:127.0.0.1,DNS:r{number}.example") for number in (1, 2))
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(json.dumps([entry("a", A)]))
    two.write_text(json.dumps([entry("b", B)]))
    lines = {
        "LATCHKEY_PROFILES_FILE": str(one), "LATCHKEY_TLS_CERT": str(first.cert), "LATCHKEY_TLS_KEY": str(first.key),
    }
    reloaded = Reloaded(world, tmp_path, lines, context=authority.client_context())
    broker = reloaded.broker
    assert [broker.get(f"/token/{name}").status for name in "ab"] == [200, 404]
    # Neither of the two can be used alone: the certificate does not belong to the key.
    reloaded.change(LATCHKEY_PROFILES_FILE=str(two), LATCHKEY_TLS_CERT=str(second.cert))
    reloaded.hang_up()
    until(lambda: broker.get("/token/b").status == 200, "the profiles of the other file")
    assert reloaded.health()["reload"]["failed"] == ["LATCHKEY_TLS_CERT"]
    assert "r1.example" in reloaded.health()["certificates"]["default"]["names"]
    reloaded.change(LATCHKEY_TLS_KEY=str(second.key))
    reloaded.hang_up()
    until(lambda: "r2.example" in reloaded.health()["certificates"]["default"]["names"], "the other certificate")
    assert reloaded.health()["status"] == "ok"
    assert [broker.get(f"/token/{name}").status for name in "ab"] == [404, 200]
    assert {"LATCHKEY_PROFILES_FILE", "LATCHKEY_TLS_CERT"} <= reloaded.changed()
    # The file that is named now is followed.
    two.write_text(json.dumps([entry("a", A), entry("b", B)]))
    until(lambda: broker.get("/token/a").status == 200, "the other file is followed")


def test_a_settings_file_from_a_pipe_is_not_read_again(world, tmp_path: Path) -> None:
    inner = tmp_path / "settings.env"
    inner.write_text(f"LATCHKEY_API_KEY={API_KEY}\n")
    wrapper = ["bash", "-c", 'exec 9< <(cat "$0"); LATCHKEY_CONFIG=/dev/fd/9 exec "$@"', str(inner)]
    broker = world.serve(LATCHKEY_API_KEY=None, wrapper=wrapper)
    os.kill(broker.child.pid, signal.SIGHUP)
    line = until(lambda: [line for line in broker.logs if line["message"] == DONE], "the line of a reload")[0]
    assert (line["changed"], line["failed"], line["needs_restart"]) == ("none", "none", "none")
    assert status(broker, API_KEY) == 200
