"""The log calls of the sources. A rule and the tests of the documentation read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tree import ROOT, code, shown, text, tracked

LEVELS = ("trace", "debug", "info", "notice", "warning", "error", "critical")
#: Declares the events: `case tierFailed = "tier_failed"` below a comment that says when the event occurs.
EVENTS = ROOT / "Sources/LatchkeyLog/LoggedEvent.swift"
#: The only files that call swift-log itself, and write what the calls of the others say.
FORWARDING = "Sources/LatchkeyLog/"

_DECLARATION = re.compile(r'^    /// (.+(?:\n    /// .+)*)\n    case (\w+) = "(\w+)"$', re.MULTILINE)
#: A parameter, property or variable that is a Logger.
_LOGGER = re.compile(r"\b(\w+): Logger\b(?!\.)|\b(?:let|var) (\w+) = (?:\w+\.)*(?:Logger|logger|quietLogger)\(")


@dataclass(frozen=True)
class LogCall:
    """A call of swift-log, or of an extension of it."""

    place: str
    #: The levels that the call may have.
    levels: frozenset[str]
    #: The arguments without a label, without the contents of strings.
    arguments: tuple[str, ...]

    @property
    def names_event(self) -> bool:
        """Whether there is an argument before the message. The compiler checks that it is an event."""
        return len(self.arguments) == 2


@cache
def events() -> dict[str, tuple[str, str]]:
    """The name of each event, and when it occurs, by its case."""
    return {case: (name, " ".join(when.split("\n    /// "))) for when, case, name in _DECLARATION.findall(text(EVENTS))}


def log_calls() -> Iterator[LogCall]:
    sources = [path for path in tracked("Sources/*.swift") if not shown(path).startswith(FORWARDING)]
    loggers = {name for path in sources for found in _LOGGER.findall("\n".join(code(path))) for name in found if name}
    call = re.compile(rf"\b(?:{'|'.join(sorted(loggers))})\??\s*\.({'|'.join(LEVELS)}|log)\(")
    for path in sources:
        bare = "\n".join(code(path))
        for found in call.finditer(bare):
            arguments = [" ".join(argument.split()) for argument in split(bare[found.end() :])]
            labelled = dict(argument.split(": ", 1) for argument in arguments if re.match(r"\w+: ", argument))
            level = labelled.get("level", f".{found[1]}")
            yield LogCall(
                f"{shown(path)}:{bare.count(chr(10), 0, found.start()) + 1}",
                frozenset(re.findall(rf"\.({'|'.join(LEVELS)})\b", level)),
                tuple(argument for argument in arguments if not re.match(r"\w+: ", argument)))


def split(source: str) -> Iterator[str]:
    """The arguments of a call whose opening parenthesis is before the text."""
    depth, start = 0, 0
    for at, character in enumerate(source):
        depth += (character in "([{") - (character in ")]}")
        if depth < 0 or (depth == 0 and character == ","):
            if argument := source[start:at].strip():
                yield argument
            start = at + 1
        if depth < 0:
            return
