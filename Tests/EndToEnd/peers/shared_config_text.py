"""How settings are written into a shared file: spelling, comments, indents, line ends, and accidents."""

from __future__ import annotations

import random

#: Ways to break a file that need no knowledge of its content. Neither brings in a comment or a section.
ODD = [b"\xef\xbb\xbf", b"\xe9", b"\xff\xfe", b"\x00", "\u00a0".encode(), "\u2028".encode(), b"\x0c", b"'", b'"', b"\\",
       b"=", b":", b" ", b"\t", b"\n", b"\r", b"]", b"\x85", "\ufeff".encode(), b"\x1c"]

Value = str | list[tuple[str, str]]



class Writer:
    """Writes random text, and notes in `quirks` where only the SDKs' common rule says what is meant."""

    def __init__(self, rng: random.Random, quirks: set[str]) -> None:
        self.random = rng
        self.quirks = quirks

    def with_probability(self, share: float) -> bool:
        return self.random.random() < share

    def header(self, words: list[str]) -> str:
        written = []
        for word in words:
            if not set(word) & set(" #;'") and self.with_probability(0.7):
                written.append(word)
            elif "'" not in word and self.with_probability(0.4):
                written.append(f"'{word}'")
            elif self.with_probability(0.5):
                written.append(f'"{word}"')
            else:
                written.append("".join(f"\\{letter}" if letter in " '#;" else letter for letter in word))
        # The first word is the section's kind, and nobody quotes it.
        text = " ".join([words[0], *written[1:]])
        return text if self.with_probability(0.9) else text.replace(" ", self.random.choice(["  ", "\t"]), 1)

    @staticmethod
    def clean_header(words: list[str]) -> str:
        quoted = ['"' + word + '"' if set(word) & set(" #;'") else word for word in words[1:]]
        return " ".join([words[0], *quoted])

    def section(
        self, header: str, clean_header: str, settings: list[tuple[str, Value]], written: list[str], clean: list[str]
    ) -> None:
        clean += [f"[{clean_header}]"]
        for key, value in settings:
            clean += [f"{key} = {value}"] if isinstance(value, str) else [f"{key} =", *(f"  {k} = {v}" for k, v in value)]
        indent = self.random.choice(["", "", " ", "  ", "\t", "      "])
        opening = f"[{header}]"
        if self.with_probability(0.01):
            self.quirks.add("brackets")
            opening = self.random.choice([f"[ {header}]", f"[ {header} ]", f"[\t{header}]"])
        written.append(self.random.choice([""] * 15 + [" "]) + opening + self.random.choice(["", "", "", " # note", "; x"]))
        split = self.random.randrange(len(settings)) if settings and self.with_probability(0.006) else None
        for number, (key, value) in enumerate(settings):
            if number == split:
                self.quirks.add("duplicate")
                written.append(opening)
            if isinstance(value, str) and self.with_probability(0.003):
                self.quirks.add("duplicate")
                written.append(f"{indent}{key} = another")
            self.setting(key, value, indent, written)

    def setting(self, key: str, value: Value, indent: str, written: list[str]) -> None:
        if self.with_probability(0.1):
            written.append(self.random.choice(["# note", "   ; note", "\t# [profile x]", "", "   ", "#a = b"]))
        name = key if self.with_probability(0.93) else key.upper()
        equals = self.random.choice([" = ", "=", " =", "= ", "\t=\t"])
        if isinstance(value, str):
            text = value
            if self.with_probability(0.01) and key != "credential_process":
                self.quirks.add("comment")
                text += self.random.choice([" # note", " ;note", "\t#"])
            written.append(f"{indent}{name}{equals}{text}{self.random.choice(['', '', ' '])}")
            return
        written.append(f"{indent}{name}{equals.rstrip() if self.with_probability(0.8) else equals}")
        deeper = indent + self.random.choice([" ", "    ", "\t"])
        for nested, text in value:
            if self.with_probability(0.1):
                written.append(self.random.choice(["# within", "", f"{deeper}; within"]))
            written.append(f"{deeper}{nested}{self.random.choice([' = ', '='])}{text}")

    def lines(self, lines: list[str]) -> bytes:
        end = self.random.choice(["\n"] * 8 + ["\r\n", "\r"])
        return (end.join(lines) + self.random.choice(["", end])).encode()

    # Accidents

    def mutated(self, config: bytes | None, credentials: bytes | None) -> tuple[bytes | None, bytes | None]:
        self.quirks.add("accident")
        if config is not None and (credentials is None or self.with_probability(0.6)):
            return self.accident(config), credentials
        return config, credentials and self.accident(credentials)

    def accident(self, text: bytes) -> bytes:
        match self.random.randrange(8):
            case 0:
                return self.random.choice([b"\xef\xbb\xbf" + text, text.decode().encode("utf-16"), b"a = b\n" + text])
            case 1:
                return text + self.random.choice([b"\n[DEFAULT]\n", b"\n[DEFAULT]\nregion = eu-west-3\n"]) + (
                    b"" if self.with_probability(0.5) else b"role_arn = arn:aws:iam::111122223333:role/all\n")
            case 2:
                line = self.random.choice([
                    b"[profiles work]", b"[profile 'open]", b"[sso-sessions orders]", b"[half", b"[a] b", b"[a] # b]", b"[]",
                    b"role_arn", b"role_arn: x", b" role_arn = x", b"   deeper", b"= x", b"region =", b"role_arn =",
                    b"source_profile =", b"aws_access_key_id =", b"web_identity_token_file =", b"sso_session =",
                    b"credential_process =", b"login_session = x", b"services =", b"  s3 =", b"aws_security_token =",
                ])
                rows = text.split(b"\n")
                rows.insert(self.random.randint(0, len(rows)), line)
                return b"\n".join(rows)
            case 3:
                rows = text.split(b"\n")
                rows.pop(self.random.randrange(len(rows)))
                return b"\n".join(rows)
            case 4:
                rows = text.split(b"\n")
                number = self.random.randrange(len(rows))
                rows[number] = self.random.choice([b" ", b"\t", b"      "]) + rows[number]
                return b"\n".join(rows)
            case 5:
                rows = text.split(b"\n")
                number = self.random.randrange(len(rows))
                rows[number] = rows[number].lstrip()
                return b"\n".join(rows)
            case _:
                place = self.random.randint(0, len(text))
                removed = self.random.choice([0, 0, 1])
                return text[:place] + self.random.choice([b"", *ODD]) + text[place + removed :]
