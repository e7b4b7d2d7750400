"""The values that Python's reader finds in a JSON text, with the bytes of each value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring
from json.scanner import NUMBER_RE
from typing import Any

#: Maximum nesting of a document (JSONLimits.document).
DEEPEST = 64


@dataclass
class Node:
    """One value with its text and its parts."""

    source: str
    #: Only for a string.
    text: str | None = None
    members: list[tuple[str, Node]] | None = None
    elements: list[Node] | None = None
    #: Nesting, this value included.
    depth: int = 0

    @property
    def bare(self) -> str | None:
        """The value as it is served: a string without quotes, another value as written. None if that is not UTF-8."""
        return self.source if self.text is None else self.text if is_text(self.text) else None

    def member(self, name: str) -> Node | None:
        """The last member with this name."""
        return next((value for other, value in reversed(self.members or []) if other == name), None)

    def child(self, name: str) -> Node | None:
        if self.elements is None:
            return self.member(name)
        is_index = name.isascii() and name.isdigit() and (name == "0" or name[0] != "0")
        return self.elements[int(name)] if is_index and int(name) < len(self.elements) else None

    def find(self, path: str) -> Node | None:
        """The part that `field=` selects: a literal name first, then a JSON Pointer or a dotted path."""
        if not path or (found := self.member(path)):
            return found if path else None
        if path.startswith("/"):
            return self._pointed(path[1:].split("/"))
        node, rest = self, path
        while True:
            if found := node.member(rest):
                return found
            name, dot, rest = rest.partition(".")
            if (child := node.child(name)) is None or not dot:
                return child
            node = child

    def _pointed(self, tokens: list[str]) -> Node | None:
        node: Node | None = self
        for token in tokens:
            plain = token.replace("~0", "").replace("~1", "")
            node = None if "~" in plain else node.child(token.replace("~1", "/").replace("~0", "~"))
            if node is None:
                return None
        return node

    def paths(self, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        """The path to each part, duplicates included."""
        inner = [(str(place), value) for place, value in enumerate(self.elements or [])] + (self.members or [])
        for name, value in inner:
            yield (*before, name)
            yield from value.paths((*before, name))


def is_text(text: str) -> bool:
    """Whether the text can be encoded as UTF-8: it has no lone surrogate."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def python_reads(text: str) -> Any:
    """The text as Python's `json` reads it, numbers as text and objects as lists of pairs. ValueError if it is not JSON."""
    return json.loads(
        text, object_pairs_hook=lambda pairs: ("object", pairs), parse_int=lambda digits: ("number", digits),
        parse_float=lambda digits: ("number", digits), parse_constant=refuse,
    )


def read(text: str) -> Node | None:
    """The text with the positions of its values; None if Python's reader rejects it."""
    try:
        value = python_reads(text)
    except ValueError:
        return None
    node, end = _value(text, _space(text, 0))
    assert _space(text, end) == len(text) and plain(node) == value, "the places are not those of Python's reader"
    return node


def plain(node: Node) -> Any:
    """A node in the form of `python_reads`."""
    if node.members is not None:
        return "object", [(name, plain(value)) for name, value in node.members]
    if node.elements is not None:
        return [plain(value) for value in node.elements]
    if node.text is not None:
        return node.text
    return {"true": True, "false": False, "null": None}.get(node.source, ("number", node.source))


def _space(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\n\r":
        place += 1
    return place


def _value(text: str, start: int) -> tuple[Node, int]:
    if text[start] == '"':
        content, end = scanstring(text, start + 1)
        return Node(text[start:end], text=content), end
    if text[start] in "[{":
        return _container(text, start)
    if match := NUMBER_RE.match(text, start):
        return Node(match.group()), match.end()
    word = next(word for word in ("true", "false", "null") if text.startswith(word, start))
    return Node(word), start + len(word)


def _container(text: str, start: int) -> tuple[Node, int]:
    members: list[tuple[str, Node]] = []
    elements: list[Node] = []
    end = "}" if text[start] == "{" else "]"
    place = _space(text, start + 1)
    while text[place] != end:
        if end == "}":
            name, place = scanstring(text, place + 1)
            place = _space(text, _space(text, place) + 1)
        value, place = _value(text, place)
        members.append((name, value)) if end == "}" else elements.append(value)
        place = _space(text, place)
        if text[place] == ",":
            place = _space(text, place + 1)
    node = Node(text[start : place + 1], depth=1 + max((value.depth for value in [*elements, *(v for _, v in members)]), default=0))
    node.members, node.elements = (members, None) if end == "}" else (None, elements)
    return node, place + 1
