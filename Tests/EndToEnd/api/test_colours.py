"""Commands show states and errors in colour on a terminal, and nowhere else."""

from __future__ import annotations

import pytest

from peers.broker import BINARY, run
from peers.terminal import Terminal
from peers.waiting import until

GREEN, RED, STRONG = b"\x1b[32m", b"\x1b[31m", b"\x1b[1m"
COMMANDS = {
    "doctor": (["doctor", "--no-token"], GREEN + b"fine"),
    "tiers": (["tiers"], GREEN + b"hit"),
    "a plan": (["migrate", "plan", "--secret", "to-move"], STRONG + b"SECRET"),
    "an action of a plan": (["migrate", "plan", "--secret", "to-move"], GREEN + b"create"),
    "a comparison": (["migrate", "verify", "--secret", "to-move"], RED + b"missing"),
    "an error": (["get", "nothing-has-this-name"], RED + b"latchkey:"),
    "a mistyped command": (["toekn"], RED + b"latchkey:"),
}


def on_a_terminal(words: list[str], env: dict[str, str]) -> bytes:
    terminal = Terminal([BINARY, *words], env, 80, 24)
    try:
        terminal.process.wait(60)
        # The end of the output is read a moment later.
        until(lambda: terminal.written.endswith(b"\n"), "the output is complete")
        return terminal.written
    finally:
        terminal.close()


@pytest.fixture
def env(world) -> dict[str, str]:
    world.put("solo", "value-of-solo")
    world.secrets_manager.create_secret(Name="to-move", SecretString="value-to-move")
    return {**world.settings(AWS_ENDPOINT_URL=world.moto.url), "TERM": "xterm"}


@pytest.mark.parametrize(("words", "coloured"), COMMANDS.values(), ids=COMMANDS)
def test_a_terminal_gets_colours_unless_the_user_wants_none(env, words: list[str], coloured: bytes) -> None:
    assert coloured in on_a_terminal(words, env)
    for off in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        written = on_a_terminal(words, {**env, **off})
        assert written.strip() and b"\x1b[" not in written.replace(b"\x1b[K", b"")


@pytest.mark.parametrize("words", [words for words, _ in COMMANDS.values()], ids=COMMANDS)
def test_a_file_and_a_pipe_get_no_colours(env, words: list[str]) -> None:
    done = run(*words, env=env)
    assert "\x1b" not in done.stdout + done.stderr
