"""Every request for a part of a blob, with the expected answer according to Python's JSON reader."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from .broker import API_KEY, PREFIX
from .http import Answer
from .json_texts import DEEPEST, Node, is_text
from .raw import bearer, request, signature

#: Names in blobs.py that make a loader, shell or interpreter run code.
RUN_CODE = {"BASH_ENV", "LD_PRELOAD"}
EXTENSION = [("X-Aws-Parameters-Secrets-Token", API_KEY)]
PLAIN = [bearer(), ("Accept", "text/plain")]
#: The place of a text in an answer: the whole body, or these members of a JSON answer.
At = tuple[str | int, ...]
BODY: At = ()
VALUE: At = ("value",)


@dataclass
class Question:
    """One request and its expected result."""

    request: bytes
    what: str
    statuses: tuple[int, ...]
    #: The expected text at each place of the answer.
    texts: list[tuple[At, Any]]

    def judge(self, answer: Answer) -> None:
        assert answer.status in self.statuses, f"{self.what}: {answer.status} {answer.body[:300]!r}"
        for at, text in self.texts:
            found: Any = answer.body.decode() if at == BODY else answer.json()
            for name in at:
                found = found[name]
            assert found == text, f"{self.what}, {at}: {found!r} and not {text!r}"


def is_path(name: str) -> bool:
    """Whether the key can be in a path: no segment is empty, `.` or `..`."""
    return all(segment not in ("", ".", "..") for segment in name.split("/"))


def get(target: str, what: str, text: str | None = None, statuses: tuple[int, ...] = (), at: At = VALUE) -> Question:
    """A GET whose answer is a text, or an error with one of the statuses."""
    fields = PLAIN if at == BODY else [bearer()]
    texts = [] if text is None else [(at, text)]
    return Question(request("GET", target, fields), f"{what}, GET {target}", statuses or (200,), texts)


def handed_out(value: Node | None, target: str, what: str, at: At) -> Question:
    """A value as it is served, or the error if it does not exist or has no UTF-8 form."""
    if value is None:
        return get(target, what, None, (404,), at)
    return get(target, what, value.bare, (200,) if value.bare is not None else (502,), at)


def pointer(*names: str) -> str:
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


@dataclass
class Blob:
    """A text, its value according to Python's reader, and every request for its parts."""

    number: int
    text: str
    port: int
    root: Node | None
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(f"questions {self.number}")

    @property
    def is_object(self) -> bool:
        return self.root is not None and self.root.members is not None and self.root.depth <= DEEPEST

    @property
    def fields(self) -> dict[str, Node]:
        """The members that a request can name; of several with one name, the last."""
        members = (self.root.members or []) if self.is_object and self.root else []
        return {name: value for name, value in members if is_text(name)}

    def questions(self) -> list[Question]:
        if not self.is_object:
            return self.refusals()
        found = [question for name, value in self.fields.items() for question in self.member(name, value)]
        return [*found, *self.batch(), *self.whole(), *self.fronts(), *self.parts("doc"), *self.parts("secrets")]

    def refusals(self) -> list[Question]:
        """A blob that is not a JSON object within the limits: every request fails."""
        targets = ["/secrets/db", "/secrets/a%2Fb", "/secrets/secrets", "/secrets/doc", "/secrets/doc?field=a", "/secrets?keys=db,port", "/secrets"]
        return [get(target, "no blob", None, (502,)) for target in targets]

    def member(self, name: str, value: Node) -> list[Question]:
        escaped = quote(name, safe="")
        targets = {f"/secrets/secrets?field={escaped}"} if name else set()
        if is_path(name):
            # An escaped slash is a slash, and so is a plain one.
            targets |= {f"/secrets/{escaped}", f"/secrets/{quote(name, safe='/')}"}
        if pointer(name) not in self.fields:
            targets.add(f"/secrets/secrets?field={quote(pointer(name), safe='')}")
        return [handed_out(value, target, f"member {name!r}", at) for target in sorted(targets) for at in (VALUE, BODY)]

    def batch(self) -> list[Question]:
        names = [name for name in self.fields if name and "," not in name]
        texts: list[tuple[At, Any]] = []
        for name in names:
            bare = self.fields[name].bare
            texts.append((("errors", name, "code"), "upstream_invalid") if bare is None else (("secrets", name, "value"), bare))
        target = "/secrets?keys=" + ",".join(quote(name, safe="") for name in names)
        status = 200 if any(at[0] == "secrets" for at, _ in texts) else 502
        return [Question(request("GET", target, [bearer()]), f"several, GET {target}", (status,), texts)] if names else []

    def whole(self) -> list[Question]:
        names = sorted([*(name for name in self.fields if name), "doc"], key=str.encode)
        missing = "no-such-member"
        return [
            get("/secrets/secrets", "the blob", self.text), get("/secrets/secrets", "the blob", self.text, at=BODY),
            Question(request("GET", "/secrets", [bearer()]), "the names", (200,), [(("names",), names)]),
            get(f"/secrets/{missing}", missing, None, (404,)), get(f"/secrets/secrets?field={missing}", missing, None, (404,)),
        ]

    def parts(self, key: str) -> list[Question]:
        """Paths into the text, and paths to parts that do not exist."""
        if self.root is None or self.root.depth > DEEPEST:
            # Past the limits the status is 502. Otherwise the text is not JSON and has no parts.
            return [get(f"/secrets/{key}?field=a", "part of no JSON", None, (404, 502))]
        ways = [way for way in self.root.paths() if all(is_text(name) for name in way)]
        paths = []
        for way in self.random.sample(ways, min(len(ways), 6)):
            astray = [pointer(*way) + "/0", pointer(*way) + "0", ".".join(way) + ".a", pointer(*way).replace("~", "~2")]
            paths += [".".join(way), pointer(*way), self.random.choice(astray)]
        return [
            handed_out(self.root.find(path), f"/secrets/{key}?field={quote(path, safe='')}", f"part {path!r}", self.random.choice([VALUE, BODY]))
            for path in paths if path
        ]

    def fronts(self) -> list[Question]:
        full, short = f"{PREFIX}/secrets", f"{PREFIX[1:]}/secrets"
        calls: list[tuple[str, dict[str, Any], At]] = [
            ("AmazonSSM.GetParameter", {"Name": full, "WithDecryption": True}, ("Parameter", "Value")),
            ("AmazonSSM.GetParameters", {"Names": [full], "WithDecryption": True}, ("Parameters", 0, "Value")),
            ("AmazonSSM.GetParametersByPath", {"Path": PREFIX, "WithDecryption": True}, ("Parameters", 1, "Value")),
            ("secretsmanager.GetSecretValue", {"SecretId": short}, ("SecretString",)),
            ("secretsmanager.BatchGetSecretValue", {"SecretIdList": [short]}, ("SecretValues", 0, "SecretString")),
        ]
        # A signature takes a millisecond, so each blob gets one call of the five.
        operation, members, at = calls[self.number // 2 % 5]
        body = json.dumps(members).encode()
        signed = request("POST", "/", signature(self.port, operation, body), body)
        paths: list[tuple[str, At]] = [
            (f"/systemsmanager/parameters/get?name={quote(full)}&withDecryption=true", ("Parameter", "Value")),
            (f"/secretsmanager/get?secretId={quote(short)}", ("SecretString",)),
        ]
        found = [Question(request("GET", path, EXTENSION), path, (200,), [(at, self.text)]) for path, at in paths]
        return [Question(signed, operation, (200,), [(at, self.text)]), *found]

    def variables(self) -> dict[str, str] | None:
        """The variables of `env` and `exec`; None if they refuse the blob."""
        found = {}
        for name, value in self.fields.items():
            if not name or "=" in name or "\0" in name:
                return None
            if name in RUN_CODE or not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
                continue
            if value.bare is None or "\0" in value.bare:
                return None
            found[name] = value.bare
        return found
