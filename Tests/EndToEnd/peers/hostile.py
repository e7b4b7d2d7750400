"""Requests that take as much CPU time as possible: every route, every place for text, every framing.

A `Shape` says what is sent: a `Place`, the pieces of the text in it, and how the request is framed. `Shapes` makes one from
random numbers, and others near to one. The same numbers make the same shapes.
"""

from __future__ import annotations

import base64
import dataclasses
import random
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from .broker import API_KEY, PREFIX

ZEROS = "0" * 64
CLIENT = f"grant_type=client_credentials&client_id=default&client_secret={API_KEY}"
CLIENT_JSON = f'"grant_type":"client_credentials","client_id":"default","client_secret":"{API_KEY}"'
#: Texts that parsers handle specially, by kind. A lone surrogate stands for a byte that is not UTF-8.
PIECES = {
    "structure": ["[", "{", "]", '{"a":', '{"a":[', "[[]],", "[1,", "[]", "{},", '[{"a":', "[[[[[[]]]]]],"],
    "members": ['"a":1,', '"a":"",', '"\\u0041":1,', '"":0,', '"a":[],', '"b":{"a":1},', '"Name":1,'],
    "scalars": ["1.5,", "9", "0", "1e9,", "-", "true,", "null,", '"",', '"a",', "0.1", "e", '"'],
    "escapes": ["\\", "\\\\", "\\n", "\\u0041", "\\u0301", "\\ud800", "\\ud83d\\ude00", "%41", "%", "%2F", "%CC%81", "~1", "~01"],
    "separators": [",", ";", ":", "=", "&", "+", "/", ".", " ", "\t", "a,", "a;", "a ", "a/", "a.", "a=1&", "a&", "../", "a#", "-", "@"],
    "marks": ["\u0301", "\u0327", "\u0301\u0327", "\u0327\u0301", "\u0345\u0301\u0327", "\u0f71\u0f72", "\u3099\u0301", "a\u0301\u0327,"],
    "characters": [
        "\u00e9", "\u00df", "\u0130", "\ufb03", "\u3042", "\u1100\u1161", "\u0915\u094d", "\u0e33", "\U0001f1e6", "\U0001f600",
        "\u200d", "\U0001f468\u200d", "\ufffd", "\u00e9,", "\u00e9.", "\U0001d160", "\u212b",
    ],
    "bytes": ["\udcff", "\udcc3", "\udce2\udc82", "\udcf0\udc9f", "\udcff,", "\udc80\udc80"],
    "words": ["a", "text/plain,", "a/b;q=0.1,", "q=1;", "*,", 'W/"a",', "gzip,", "host;", "x-junk;", "arn:aws:", "<Code>", "close,", "Aa"],
}
#: Different members of one list: {} is a counter.
SERIES = ["a{}=1&", '"a{}":1,', '"a{}",', "a{},", "a{};", "a{} ", '"a{}\u0301\u0327":0,', "a{}/", '{{"a":{}}},']
KINDS = [*PIECES, "series"]


@dataclass(frozen=True)
class Place:
    """A place for text in a request: the text before and after it, its encoding, and its maximum size."""

    route: str
    before: str = ""
    behind: str = ""
    max_bytes: int = 65_400
    #: The header field that contains the text; empty for the target of a GET and the body of a POST.
    field: str = ""
    written: Callable[[str], str] = str
    #: The credential: `key`, `none`, `signed`, or `listed`, a bad signature that claims to cover every field.
    credential: str = "key"
    content_type: str = ""
    #: The operation of a signed request.
    operation: str = ""

    def __str__(self) -> str:
        where = self.field or self.operation or self.content_type
        return f"{self.route} {where} {self.credential} {self.before!r} … {self.behind!r}"


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def in_base64(text: str) -> str:
    return base64.b64encode(encoded(text)).decode()


def paged(text: str) -> str:
    """A page token of the listing, as the broker makes them."""
    return base64.urlsafe_b64encode(encoded(f"1:5:{PREFIX}/{text}")).decode().rstrip("=")


def in_target(text: str) -> str:
    return quote(text, safe="!$&'()*+,-./:;=?@_~[]{}|^\"\\<>`%", errors="surrogateescape")


def bodies() -> list[Place]:
    form, json = "application/x-www-form-urlencoded", "application/json"
    frames = [
        ("/oauth/token", json, ["", "{|}", '{"a":|}', '{"|":1}', '{"a":"|"}', f'{{{CLIENT_JSON},"a":|}}', f'{{{CLIENT_JSON},"|":1}}',
                                f'{{{CLIENT_JSON},"scope":"|"}}', f'{{{CLIENT_JSON},"audience":"|"}}', f"{{{CLIENT_JSON},|}}"]),
        ("/oauth/token", form, ["", f"{CLIENT}&|", f"{CLIENT}&scope=|", f"{CLIENT}&audience=|", f"{CLIENT}&resource=|", f"{CLIENT}&|=1",
                                f"client_id=|&client_secret={API_KEY}", "client_id=default&client_secret=|", "grant_type=|"]),
        ("/token/rejected", json, ["", "{|}", '{"sha256":"|"}', '{"sha256":|}', f'{{"sha256":"{ZEROS}","profile":"|"}}', '{"|":1}',
                                   f'{{"sha256":"{ZEROS}","profile":|}}']),
    ]
    return [
        Place(route, *(frame.split("|") if frame else ("", "")), content_type=kind, credential="none" if "oauth" in route else "key")
        for route, kind, texts in frames for frame in texts
    ]


def signed() -> list[Place]:
    short = PREFIX[1:]
    frames = {
        "AmazonSSM.GetParameter": ["", '{"Name":"|"}', f'{{"Name":"{PREFIX}/|"}}', f'{{"Name":"{PREFIX}/a:|"}}', "{|}"],
        "AmazonSSM.GetParameters": ['{"Names":[|]}', '{"Names":["|"]}', f'{{"Names":["{PREFIX}/a:b\u0301","{PREFIX}/a:|"]}}'],
        "AmazonSSM.GetParametersByPath": [
            '{"Path":"|"}', f'{{"Path":"{PREFIX}/|"}}', f'{{"Path":"{PREFIX}","NextToken":"|"}}', f'{{"Path":"{PREFIX}","ParameterFilters":[|]}}',
        ],
        "secretsmanager.GetSecretValue": [
            '{"SecretId":"|"}', f'{{"SecretId":"{short}/|"}}', '{"SecretId":"arn:aws:secretsmanager:|"}',
            f'{{"SecretId":"{short}/a","VersionStage":"|"}}', f'{{"SecretId":"{short}/a","VersionId":"|"}}',
        ],
        "secretsmanager.BatchGetSecretValue": ['{"SecretIdList":[|]}', '{"SecretIdList":["|"]}', '{"Filters":[|]}'],
        "secretsmanager.DescribeSecret": ['{"SecretId":"|"}'],
    }
    places = [
        Place("POST /", *(frame.split("|") if frame else ("", "")), max_bytes=16_300, credential="signed", operation=operation)
        for operation, texts in frames.items() for frame in texts
    ]
    page = f'{{"Path":"{PREFIX}","Recursive":true,"NextToken":"'
    return [*places, Place("POST /", page, '"}', 16_300, "", paged, "signed", operation="AmazonSSM.GetParametersByPath")]


def targets() -> list[Place]:
    parameters, secrets = "/systemsmanager/parameters/get?", "/secretsmanager/get?"
    starts = [
        "/token?", "/token?min_ttl=", "/token/", "/secrets/", "/secrets/deep?field=", "/secrets/wide?field=", "/secrets/deep?field=/a/",
        "/secrets/deep?", "/secrets/deep?version=", "/secrets/deep?label=", "/secrets?keys=", "/secrets?keys=deep,wide,", "/secrets?",
        f"{parameters}name=", f"{parameters}name={PREFIX}/", f"{parameters}name={PREFIX}/a&label=", f"{secrets}secretId=",
        f"{secrets}secretId={PREFIX[1:]}/", f"{secrets}secretId={PREFIX[1:]}/a&versionStage=", "/", "/health?", "/metrics?", "/livez?",
    ]
    return [Place("GET", start, max_bytes=8_100, written=in_target, credential=who) for start in starts for who in ("key", "none")]


def fields() -> list[Place]:
    """Every header field, at the routes that read it."""
    max_bytes = 30_000
    scope = f"Credential=default/20261123/us-east-1/ssm/aws4_request, SignedHeaders=host;"
    places = [
        Place("/secrets/deep?field=a", "text/plain", field="Accept"), Place("/metrics", "text/plain", field="Accept"),
        Place("/metrics", field="Accept"), Place("/metrics", "gzip", field="Accept-Encoding"), Place("/metrics", "", field="Accept-Encoding"),
        Place("/secrets/deep?field=a", "*", field="If-None-Match"), Place("/secrets/deep", 'W/"', field="If-None-Match"),
        Place("/oauth/token", "application/json", field="Content-Type"), Place("/oauth/token", field="Content-Type"),
        Place("/oauth/token", "Basic ", field="Authorization", written=in_base64),
        Place("/oauth/token", "Basic ", field="Authorization"), Place("/oauth/token", field="Authorization"),
        Place("/token", "Bearer ", field="Authorization"), Place("/secretsmanager/get?secretId=a", field="X-Aws-Parameters-Secrets-Token"),
        Place("POST /", "AWS4-HMAC-SHA256 ", field="Authorization"), Place("POST /", f"AWS4-HMAC-SHA256 {scope}", ", Signature=0", field="Authorization"),
        Place("POST /", "AWS4-HMAC-SHA256 Credential=default/", ", SignedHeaders=host, Signature=0", field="Authorization"),
        *(Place("POST /", start, field=name, credential="listed") for start, name in [
            ("", "X-Junk"), ("", "X-Amz-Target"), ("AmazonSSM.", "X-Amz-Target"), ("AmazonSSM.GetParameter", "X-Amz-Target"),
            ("e", "X-Amz-Content-Sha256"), ("", "X-Amz-Security-Token"), ("", "X-Amz-Date"), ("", "User-Agent"),
        ]),
        *(Place(route, field=name) for route in ("/token", "/livez") for name in ("X-Request-Id", "Connection", "Forwarded", "Cookie")),
    ]
    long = [place for place in places if place.before.startswith("AWS4")]
    return [dataclasses.replace(place, max_bytes=4_070 if place in long else max_bytes, credential=credential_of(place)) for place in places]


def credential_of(place: Place) -> str:
    return place.credential if place.field not in ("Authorization", "Content-Type", "X-Aws-Parameters-Secrets-Token") else "none"


PLACES = [*bodies(), *signed(), *targets(), *fields()]


@dataclass(frozen=True)
class Shape:
    place: Place
    #: Pieces of text and their repetitions, up to the maximum size.
    pieces: tuple[tuple[str, int], ...]
    #: Bytes of a chunk; 0 for a body with a length.
    chunk: int = 0
    #: Lines of the same field, which share the maximum size.
    lines: int = 1

    def text(self) -> str:
        """The text in its place, cut between two characters at the maximum size."""
        place = self.place
        max_bytes = max(0, place.max_bytes // self.lines - len(encoded(place.before + place.behind)))
        text = "".join(repeated(piece, count, max_bytes) for piece, count in self.pieces)
        while (size := len(encoded(written := place.written(text)))) > max_bytes and text:
            text = text[: min(len(text) - 1, len(text) * max_bytes // size)]
        return place.before + written + place.behind

    def __str__(self) -> str:
        pieces = " ".join(f"{piece!r}×{count}" for piece, count in self.pieces)
        return f"{self.place} with {pieces}, chunk {self.chunk}, lines {self.lines}"


def repeated(piece: str, count: int, max_bytes: int) -> str:
    """The piece repeated up to about the maximum size."""
    count = min(count, max_bytes // (len(encoded(piece)) - 1 or 1) + 1)
    return "".join(piece.format(number) for number in range(count)) if piece in SERIES else piece * count


class Shapes:
    """Random shapes, and changes of one shape. Everything comes from one source of random numbers."""

    def __init__(self, random_numbers: random.Random) -> None:
        self.random = random_numbers

    def fresh(self, place: Place, kind: str) -> Shape:
        """A place filled with one piece of a kind, sometimes after another piece."""
        pieces = [(self.piece(kind), self.random.choice([100_000, 100_000, 100_000, 1_000]))]
        if self.random.random() < 0.3:
            pieces.insert(0, (self.piece(), self.random.choice([1, 100, 5_000])))
        return Shape(place, tuple(pieces))

    def piece(self, kind: str = "") -> str:
        kind = kind or self.random.choice(KINDS)
        return self.random.choice(SERIES if kind == "series" else PIECES[kind])

    def near(self, shape: Shape) -> Shape:
        """One change, sometimes two or three."""
        for _ in range(self.random.choice([1, 1, 2, 3])):
            shape = self.changed(shape)
        return shape

    def changed(self, shape: Shape) -> Shape:
        kind = self.random.choice(["piece", "count", "more", "less", "pieces", "frame", "credential"])
        pieces = list(shape.pieces)
        place = self.random.randrange(len(pieces))
        if kind == "piece":
            pieces[place] = (self.piece(), pieces[place][1])
        elif kind == "count":
            pieces[place] = (pieces[place][0], self.random.choice([1, 10, 100, 1_000, 100_000]))
        elif kind == "more" and len(pieces) < 5:
            pieces.insert(self.random.randint(0, len(pieces)), (self.piece(), self.random.choice([1, 10, 1_000, 100_000])))
        elif kind == "less" and len(pieces) > 1:
            del pieces[place]
        elif kind == "pieces":
            pieces = [(piece, max(1, count // 2)) for piece, count in pieces * 2][:5]
        elif kind == "frame":
            if shape.place.field:
                return dataclasses.replace(shape, lines=self.random.choice([1, 2, 10, 60]))
            return dataclasses.replace(shape, chunk=self.random.choice([0, 0, 1, 3, 64]))
        elif kind == "credential" and shape.place.credential in ("none", "key"):
            credential = self.random.choice(["none", "key"])
            return dataclasses.replace(shape, place=dataclasses.replace(shape.place, credential=credential))
        return dataclasses.replace(shape, pieces=tuple(pieces))
