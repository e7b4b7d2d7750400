"""`latchkey top`: on a terminal, as text and as JSON."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from peers.broker import API_KEY, BINARY, Broker, run, settings
from peers.callers import Member, write
from peers.faults import aws_error
from peers.terminal import Terminal
from peers.waiting import free_port, until

Start = Callable[..., Terminal]


@pytest.fixture
def broker(world) -> Broker:
    world.put("solo", "v")
    return world.serve(LATCHKEY_UPSTREAM_TIMEOUT="15")


def environment(world, **extra: str) -> dict[str, str]:
    return {**settings(world.folder), "TERM": "xterm", **extra}


@pytest.fixture
def start(world) -> Iterator[Start]:
    """Starts `top` on a terminal."""
    terminals: list[Terminal] = []

    def start(*arguments: str, columns: int = 80, rows: int = 24, **extra: str) -> Terminal:
        terminals.append(Terminal([BINARY, "top", *arguments], environment(world, **extra), columns, rows))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def shows(terminal: Terminal, *texts: str) -> None:
    def is_shown() -> bool:
        assert terminal.process.poll() is None, terminal.written[-2000:]
        screen = terminal.screen.text
        return all(text in screen for text in texts)

    until(is_shown, f"{texts} on the screen")


def ended(terminal: Terminal) -> int:
    return terminal.process.wait(20)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 60), (40, 12)])
def test_it_shows_the_traffic_on_any_size(broker: Broker, start: Start, columns: int, rows: int) -> None:
    terminal = start("--url", broker.url, columns=columns, rows=rows)
    shows(terminal, "latchkey", "ok", "ROUTE" if columns > 40 else "TOKEN", "q quit")
    for _ in range(20):
        broker.token()
    if columns > 40:
        shows(terminal, "token memory", "default", "fresh", "CALLER")
    terminal.press("q")
    assert ended(terminal) == 0
    until(terminal.is_restored, "the terminal is restored")


def test_a_fault_shows_and_goes_away(world, start: Start) -> None:
    world.put("solo", "v")
    broker = world.serve()
    terminal = start("--url", broker.url)
    assert broker.get("/secrets/solo").status == 200
    shows(terminal, "ok  ")
    world.aws.always(aws_error("ThrottlingException"))
    until(lambda: broker.get("/secrets/solo?refresh=true").header("X-Latchkey-Refresh-Error"), "a failed refresh")
    shows(terminal, "degraded", "! parameter-store fails: ThrottlingException")
    world.aws.heal()
    # It ends the pauses after failures.
    assert broker.get("/cache/clear", method="POST").status == 204
    until(lambda: broker.get("/secrets/solo").status == 200, "a good read")
    shows(terminal, "ok  ")
    assert "fails" not in terminal.screen.text


def test_a_new_size_is_drawn_as_a_whole(broker: Broker, start: Start) -> None:
    terminal = start("--url", broker.url)
    shows(terminal, "ROUTE", "q quit")
    terminal.resize(200, 60)
    until(lambda: "q quit" in terminal.screen.text.splitlines()[-1], "the last line at the bottom")
    heads = next(line for line in terminal.screen.text.splitlines() if "ROUTE" in line)
    assert "TIER" in heads and "UPSTREAM" in heads
    terminal.resize(60, 20)
    shows(terminal, "q quit")


def test_keys_sort_pause_and_help(broker: Broker, start: Start) -> None:
    terminal = start("--url", broker.url)
    shows(terminal, "s sort (rate)")
    terminal.press("s")
    shows(terminal, "s sort (latency)")
    terminal.press("nr")
    shows(terminal, "s sort (name, reversed)")
    terminal.press("p")
    shows(terminal, "paused")
    terminal.press("p?")
    shows(terminal, "Ctrl-Z      suspend")
    terminal.press("\x1b[A?")
    shows(terminal, "ROUTE")


def test_an_update_writes_changed_lines_alone(broker: Broker, start: Start) -> None:
    terminal = start("--url", broker.url)
    shows(terminal, "ROUTE", "metrics")
    clears = terminal.written.count(b"\x1b[2J")
    frames = terminal.written.count(b"\x1b[?2026h")
    until(lambda: terminal.written.count(b"\x1b[?2026l") >= frames + 4, "four updates")
    assert terminal.written.count(b"\x1b[2J") == clears
    last = terminal.written.split(b"\x1b[?2026h")[-2]
    assert b"q quit" not in last and b"ROUTE" not in last


def test_several_brokers_are_shown_together_and_one_by_one(world, broker: Broker, start: Start) -> None:
    other, nobody = world.serve(LATCHKEY_UPSTREAM_TIMEOUT="15"), f"http://127.0.0.1:{free_port()}"
    terminal = start("--url", broker.url, "--url", other.url, "--url", nobody, columns=120, rows=40)
    shows(terminal, "3 brokers", f"1 {broker.url}", f"2 {other.url}", f"3 {nobody}", "unreachable")
    terminal.press("2")
    shows(terminal, f"> {other.url}", "up ")
    terminal.press("\t")
    shows(terminal, f"> {nobody}", "cannot be reached [")
    terminal.press("\t")
    shows(terminal, "3 brokers")


def test_colours_are_off_with_no_color(broker: Broker, start: Start) -> None:
    coloured, plain = start("--url", broker.url), start("--url", broker.url, NO_COLOR="1")
    for terminal in (coloured, plain):
        shows(terminal, "ok  ", "ROUTE")
    assert "32" in coloured.screen.styles
    assert plain.screen.styles <= {"0"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV, signal.SIGABRT])
def test_a_signal_restores_the_terminal_and_ends_it(broker: Broker, start: Start, number: signal.Signals) -> None:
    terminal = start("--url", broker.url)
    shows(terminal, "ROUTE")
    assert not terminal.is_restored()
    terminal.process.send_signal(number)
    assert ended(terminal) == -number
    until(terminal.is_restored, "the terminal is restored")
    if number in (signal.SIGSEGV, signal.SIGABRT):
        until(lambda: b"the process crashed" in terminal.written.split(b"\x1b[?1049l")[-1], "the line of the crash")


def test_ctrl_c_leaves(broker: Broker, start: Start) -> None:
    terminal = start("--url", broker.url)
    shows(terminal, "ROUTE")
    terminal.press("\x03")
    assert ended(terminal) == 0
    until(terminal.is_restored, "the terminal is restored")


def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(broker: Broker, start: Start) -> None:
    terminal = start("--url", broker.url)
    shows(terminal, "ROUTE")
    terminal.press("\x1a")
    # No shell controls this terminal, so the kernel does not stop an orphaned group (POSIX, SIGTSTP); it is restored though.
    until(terminal.is_restored, "the terminal is restored")
    terminal.process.send_signal(signal.SIGCONT)
    until(lambda: not terminal.is_restored(), "the screen is entered again")
    shows(terminal, "ROUTE", "q quit")


def test_a_terminal_that_goes_away_ends_it(broker: Broker, start: Start) -> None:
    terminal = start("--url", broker.url)
    shows(terminal, "ROUTE")
    terminal.hang_up()
    assert ended(terminal) == -signal.SIGHUP


def test_once_prints_one_screen_without_escapes(world, broker: Broker) -> None:
    broker.token()
    done = run("top", "--once", env=environment(world, LATCHKEY_URL=broker.url))
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"latchkey top  {broker.url}") and all(len(line) <= 80 for line in lines)
    assert lines[1].startswith("ok  ")
    assert "\x1b" not in done.stdout and "token memory" in done.stdout and "q quit" not in done.stdout
    wide = run("top", "--once", env=environment(world, LATCHKEY_URL=broker.url, COLUMNS="200")).stdout.splitlines()
    assert len(wide[0]) == 200


def test_json_is_a_line_for_each_broker_and_reading(world, broker: Broker) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    broker.token()
    done = run("top", "--json", "--once", "--url", broker.url, "--url", nobody, env=environment(world))
    assert done.returncode == 69
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["url"], first["status"], first["failure"]) == (broker.url, "ok", None)
    assert {row["route"] for row in first["routes"]} >= {"metrics", "health"}
    assert first["tokens"][0]["profile"] == "default" and first["tokens"][0]["expires_in"] > 0
    assert first["connections"] >= 1 and first["memory_bytes"] > 0 and first["window_seconds"] > 0
    assert (second["url"], second["status"]) == (nobody, "unreachable") and second["failure"]
    live = subprocess.Popen([BINARY, "top", "--json", "--url", broker.url], env=environment(world), stdout=subprocess.PIPE)
    assert live.stdout is not None
    times = [json.loads(live.stdout.readline())["time"] for _ in range(3)]
    assert len(set(times)) == 3
    live.stdout.close()
    # The reader has gone, so the next line ends it.
    assert live.wait(20) == 1


def test_a_key_for_one_route_shows_that_one(world, tmp_path) -> None:
    members = [Member("scraper", ["metrics"]), Member("app", ["token"])]
    path = write(tmp_path / "callers.json", [member.entry(tmp_path) for member in members])
    broker = world.serve(LATCHKEY_CALLERS_FILE=str(path), LATCHKEY_UPSTREAM_TIMEOUT="15")
    scraper, app = (
        run("top", "--once", env=environment(world, LATCHKEY_URL=broker.url, LATCHKEY_API_KEY=member.key)) for member in members)
    assert scraper.returncode == 0 and "! /health cannot be read: this key may not do that" in scraper.stdout
    assert "ROUTE" in scraper.stdout and "metrics" in scraper.stdout
    assert app.returncode == 0 and "! /metrics cannot be read: this key may not do that" in app.stdout
    assert app.stdout.splitlines()[1].startswith("ok  ")
    stranger = run("top", "--once", env=environment(world, LATCHKEY_URL=broker.url, LATCHKEY_API_KEY="another-key-0123456789"))
    assert stranger.returncode == 77 and "a valid key is needed" in stranger.stdout


def test_without_a_terminal_it_says_what_to_use(world, broker: Broker) -> None:
    done = run("top", env=environment(world, LATCHKEY_URL=broker.url))
    assert done.returncode == 64 and "--once or --json" in done.stderr
    for wrong in (["--interval", "0"], ["--sort", "colour"], ["--url", "nonsense"]):
        assert run("top", *wrong, env=environment(world)).returncode == 64, wrong
    assert API_KEY not in done.stderr
