"""Manual pages, from what `--help` prints: the description of all commands that the program gives as JSON, and from the
settings of the environment file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

Command = dict[str, Any]


def pages(tree: Command, environment: str, version: str, when: int) -> dict[str, str]:
    """The pages by file name: one of the program, and one of each command.

    `tree` is the member `command` of `latchkey --experimental-dump-help`, `environment` deploy/systemd/latchkey.env.
    """
    day = datetime.fromtimestamp(when, timezone.utc).strftime("%Y-%m-%d")
    commands = list(walk(tree, ()))
    made = {}
    for path, command in commands:
        name = "-".join(path)
        head = f'.TH {name.upper()} 1 {day} "latchkey {version}" "Latchkey"\n'
        made[f"{name}.1"] = head + page(path, command, settings(environment) if len(path) == 1 else "")
    return made


def walk(command: Command, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Command]]:
    path = (*above, command["commandName"])
    if command.get("shouldDisplay", True) and path[-1] != "help":
        yield path, command
        for below in command.get("subcommands", []):
            yield from walk(below, path)


def page(path: tuple[str, ...], command: Command, environment: str) -> str:
    arguments = [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]
    below = [c for c in command.get("subcommands", []) if c["commandName"] != "help" and c.get("shouldDisplay", True)]
    text = f".SH NAME\n{'-'.join(path)} \\- {escaped(command.get('abstract', '').rstrip('.'))}\n"
    text += f".SH SYNOPSIS\n.B {' '.join(path)}\n{synopsis(arguments)}"
    text += ".I command\n" if below else ""
    if command.get("discussion"):
        text += f".SH DESCRIPTION\n{escaped(command['discussion'])}\n"
    if arguments:
        text += ".SH OPTIONS\n" + "".join(f".TP\n{usage(a)}\n{meaning(a)}\n" for a in arguments)
    if below:
        text += ".SH COMMANDS\n"
        for other in below:
            text += f".TP\n.BR {'-'.join((*path, other['commandName']))} (1)\n{escaped(other.get('abstract', ''))}\n"
    text += environment
    if len(path) > 1:
        text += f".SH SEE ALSO\n.BR {'-'.join(path[:-1])} (1)\n"
    return text


def synopsis(arguments: list[dict[str, Any]]) -> str:
    text = ""
    for argument in arguments:
        if argument.get("names") and {n["name"] for n in argument["names"]} & {"help", "version"}:
            continue
        word = usage(argument).removeprefix(".BR ").removeprefix(".B ").removeprefix(".I ")
        bare = re.sub(r'[" ]+', " ", word).strip() + (" ..." if argument.get("isRepeating") else "")
        text += f"[{bare}]\n" if argument.get("isOptional", True) else f"{bare}\n"
    return text


def usage(argument: dict[str, Any]) -> str:
    """The names of an option with its value, or the name of a positional argument, as a line of roff."""
    value = escaped(argument.get("valueName", ""))
    if argument["kind"] == "positional":
        return f".I {value}"
    dashes = {"short": "\\-", "long": "\\-\\-", "longWithSingleDash": "\\-"}
    names = ", ".join(dashes[name["kind"]] + escaped(name["name"]) for name in argument.get("names", []))
    return f".B {names}" + (f" <{value}>" if argument["kind"] == "option" else "")


def meaning(argument: dict[str, Any]) -> str:
    text = escaped(argument.get("abstract") or argument.get("valueName") or "")
    if values := argument.get("allValues"):
        text += f"\nOne of {', '.join(escaped(value) for value in values)}."
    if default := argument.get("defaultValue"):
        text += f"\nThe default is {escaped(default)}."
    return text


def settings(environment: str) -> str:
    """The section of the settings. In the file a comment says what the line below it sets, which is a comment too."""
    text = ".SH ENVIRONMENT\nEach setting is a variable.\n.BR latchkey-config (1)\nprints all with their values.\n"
    meaning: list[str] = []
    for line in environment.splitlines():
        if found := re.fullmatch(r"#([A-Z][A-Z0-9_]+)=(.*)", line):
            # Of AWS's variables the file has an example.
            is_default = found[2] and not found[1].startswith("AWS_")
            default = f"\nThe default is {escaped(found[2])}." if is_default else ""
            text += f".TP\n.B {escaped(found[1])}\n{escaped(' '.join(meaning))}{default}\n"
            meaning = []
        elif line.startswith("# "):
            meaning.append(line.removeprefix("# "))
        else:
            meaning = []
    return text


def escaped(text: str) -> str:
    """Text for roff. A line that begins with a control character would be a request."""
    text = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return f"\\&{text}" if text[:1] in (".", "'") else text
