"""Generated blobs, valid and malformed. The same number makes the same text."""

from __future__ import annotations

import random

#: Names of variables and keys, names that need escapes, and names that differ only in bytes.
NAMES = [
    "DB_URL", "STRIPE_KEY", "port", "a", "b", "A", "_x", "x1", "AUTH0_SCOPE", "db", "user", "retries", "0", "1", "10", "01",
    "two words", "Store:Main", "tls.crt", "a.b", "a.b.c", ".a", "b.", "..", ".", "", "a/b", "/a", "a/", "//", "/a/b", "a//b", "../x",
    "~", "~0", "~1", "m~n", "%41", "%2F", "a%b", "+", "a+b", "&", "a&b", "=", "a=b", "?", "#", ",", "a,b", ";", "'", '"', "\\", "$HOME",
    "\u0000", "a\u0000b", "\n", "\t", "\u007f", "caf\u00e9", "cafe\u0301", "gr\u00f6\u00dfe", "\u212b", "\u00c5", "A\u030a", "\u3042",
    "\U0001f511", "\u200d", "\ufeff", "\u2028", "\ufffd", "-", "*", "[0]", "{x}", "true", "null", "BASH_ENV", "LD_PRELOAD", "Ab" * 40,
]
NUMBERS = [
    "0", "-0", "1", "-1", "5432", "1.0", "1.50", "3.10", "-0.0", "0.1", "1e2", "1E2", "1e+2", "1E-7", "2.50e3", "1e400", "-1e400", "1e-400",
    "98765432109876543210", "9007199254740993", "2.71828182845904523536028747135266249", "7" * 400, "0." + "3" * 300, "1e99999999999",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "0e0", "0.000", "123456789.987654321e-11",
]
#: Parts of strings, with escapes as written.
LETTERS = [
    "a", "Z", "0", " ", "pw", "secret", "it's", "$x", "`id`", "#", "/", "=", "\u00e9", "e\u0301", "\u00df", "\u3042", "\U0001f511", "\u2028",
    "\ufeff", "\u007f", "\\n", "\\t", "\\r", "\\b", "\\f", '\\"', "\\\\", "\\/", "\\u0041", "\\u00e9", "\\u0000", "\\ud83d\\udd11",
    "\\uD834\\uDD1E", "\\u2029", "-----BEGIN KEY-----\\nMIIB\\n", "\\\\u0041", "\\u005c", "\\u0022",
]
HALVES = ["\\ud800", "\\udc00", "\\uDBFF", "\\udfff\\ud800", "\\ud83d\\u0041", "\\ud83d", "a\\ude00"]


class Blobs:
    """Generates one blob."""

    def __init__(self, number: int) -> None:
        self.random = random.Random(number)

    def with_probability(self, share: float) -> bool:
        return self.random.random() < share

    def text(self) -> str:
        if self.with_probability(0.01):
            return self.space() + self.value(0) + self.space()
        depth = self.random.choice([2, 62, 63, 64, 70]) if self.with_probability(0.03) else 0
        members = [self.member() for _ in range(self.random.choice([0, 1, 2, 3, 4, 5, 6, 8, 12]))]
        if depth:
            members.insert(self.random.randint(0, len(members)), f'"deep":{"[" * depth}1.0{"]" * depth}')
        if members and self.with_probability(0.25):
            members.append(self.again(self.random.choice(members)))
        text = f"{self.space()}{{{','.join(members)}}}{self.space()}"
        return self.broken(text) if self.with_probability(0.05) else text

    def member(self) -> str:
        return f"{self.space()}{self.name()}{self.space()}:{self.space()}{self.value(0)}{self.space()}"

    def again(self, member: str) -> str:
        """Another member with the same name, perhaps with other escapes."""
        name = member.strip()
        end = 1
        while name[end] != '"':
            end += 2 if name[end] == "\\" else 1
        return f"{name[: end + 1]}:{self.value(0)}"

    def name(self) -> str:
        if self.with_probability(0.04):
            return f'"{self.random.choice(NAMES[:8])}{self.random.choice(HALVES)}"'
        name = self.random.choice(NAMES[:12] if self.with_probability(0.4) else NAMES)
        return '"' + "".join(self.letter(letter) for letter in name) + '"'

    def letter(self, letter: str) -> str:
        """A character, plain or escaped."""
        if letter >= " " and letter not in '"\\' and not self.with_probability(0.1):
            return letter
        if letter in '"\\/' and self.with_probability(0.5):
            return "\\" + letter
        units = letter.encode("utf-16-be")
        digits = [units[place : place + 2].hex() for place in range(0, len(units), 2)]
        return "".join(f"\\u{unit.upper() if self.with_probability(0.5) else unit}" for unit in digits)

    def value(self, depth: int) -> str:
        kinds = ["string"] * 5 + ["number"] * 3 + ["word"] + (["array", "object"] if depth < 4 else [])
        match self.random.choice(kinds):
            case "string":
                return self.string()
            case "number":
                return self.random.choice(NUMBERS)
            case "word":
                return self.random.choice(["true", "false", "null"])
            case "array":
                inner = [f"{self.space()}{self.value(depth + 1)}{self.space()}" for _ in range(self.random.randint(0, 4))]
                return f"[{','.join(inner)}]" if inner else f"[{self.space()}]"
            case _:
                inner = [f"{self.space()}{self.name()}{self.space()}:{self.value(depth + 1)}" for _ in range(self.random.randint(0, 4))]
                return f"{{{','.join(inner)}{self.space()}}}"

    def string(self) -> str:
        parts = [self.random.choice(LETTERS) for _ in range(self.random.choice([0, 1, 2, 3, 5, 8, 20]))]
        if self.with_probability(0.06):
            parts.insert(self.random.randint(0, len(parts)), self.random.choice(HALVES))
        return '"' + "".join(parts) + '"'

    def space(self) -> str:
        return self.random.choice(["", "", "", " ", "\n", "\t", "\r\n ", "  "])

    def broken(self, text: str) -> str:
        """The text with one character removed, added or changed. It may still be JSON."""
        place = self.random.randrange(len(text))
        odd = self.random.choice(['"', "\\", ",", ":", "{", "}", "[", "]", "0", "x", "\u0001", "\u00a0", "-", "NaN", "'", "//"])
        match self.random.choice(["out", "in", "other", "cut"]):
            case "out":
                return text[:place] + text[place + 1 :]
            case "in":
                return text[:place] + odd + text[place:]
            case "other":
                return text[:place] + odd + text[place + 1 :]
            case _:
                return text[:place]
