"""A crash writes one log line, and the process ends with the signal."""

from __future__ import annotations

import json
import re
import signal

import pytest


SIGNALS = [signal.SIGSEGV, signal.SIGILL, signal.SIGTRAP, signal.SIGBUS, signal.SIGFPE, signal.SIGABRT]


def crash(world, number: signal.Signals, **settings: str) -> str:
    """Crashes the broker. Returns its output."""
    broker = world.serve(**settings)
    broker.stopped = True
    before = len(broker.child.stderr)
    broker.child.send(number)
    assert broker.child.wait() == -number
    broker.require_clean_output()
    return broker.child.stderr[before:]


@pytest.mark.parametrize("number", SIGNALS, ids=[number.name for number in SIGNALS])
def test_a_crash_leaves_one_json_line_and_ends_by_the_signal(world, number: signal.Signals) -> None:
    lines = [json.loads(line) for line in crash(world, number).splitlines()]
    told = [line for line in lines if line["level"] == "critical"]
    assert len(told) == 1
    line = told[0]
    assert line["signal"] == number.name and line["logger"] == "latchkey" and line["event"] == "crashed"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["ts"])
    assert re.fullmatch(r"([\w.+-]+\+)?0x[0-9a-f]+", line["location"])
    assert re.fullmatch(r"[0-9a-f]{8,40}|none", line["build"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", line["version"])


def test_a_crash_is_logged_as_text_in_a_text_log(world) -> None:
    lines = [line for line in crash(world, signal.SIGSEGV, LATCHKEY_LOG_FORMAT="text").splitlines() if "critical" in line]
    assert len(lines) == 1
    assert re.match(r"\S+Z critical the process crashed: .* event=crashed location=\S+ signal=SIGSEGV version=\S+$", lines[0])
