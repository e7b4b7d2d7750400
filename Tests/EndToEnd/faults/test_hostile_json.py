"""Texts that take a naive JSON reader long, or crash it (row 56 of Faults.md)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peers.broker import PREFIX, Broker, settings
from peers.cases import cases
from peers.cpu import ThreadTimes, least
from peers.hostile import paged
from peers.http import ask
from peers.proxy import Filter, mentions
from peers.raw import bearer, send_and_read, request, signature, status_of
from peers.textstore import GRANT, TextStore
from peers.waiting import until

JSON_TYPE = ("Content-Type", "application/json")
FORM_TYPE = ("Content-Type", "application/x-www-form-urlencoded")
#: The smallest stack of a broker: that of `ulimit -s 512`.
SMALL_STACK = ["prlimit", f"--stack={512 * 1024}"]


def name_of(case: dict[str, Any]) -> str:
    """The one name of a case that has one: what stands in its place in a form or a field of the head."""
    if case["make"] in ("marks", "bare"):
        return ("a" if case["make"] == "marks" else "") + "\u0301\u0327" * case["pairs"]
    assert case["make"] == "flags"
    return "a" + "\U0001f1e6" * case["count"]


def members_of(case: dict[str, Any]) -> str:
    """The members of the object that a case makes, without its braces."""
    match case["make"]:
        case "nested":
            return '"a":[' + ",".join(["[" * case["depth"] + "]" * case["depth"]] * case["copies"]) + "]"
        case "wide":
            return '"a":' + "[" * case["depth"] + ",".join(["1.5"] * case["width"]) + "]" * case["depth"]
        case "members":
            return ",".join(f'"{number}":0.5' for number in range(case["count"]))
        case "same":
            return ",".join(['"a":0.5'] * case["count"])
        case "escapes":
            return '"a":"' + "\\u0041" * case["count"] + '"'
        case "strings":
            return '"a":[' + ",".join(['""'] * case["count"]) + "]"
        case "digits":
            return '"a":' + "7" * case["count"]
        case _:
            return f'"{name_of(case)}":1'


class Place:
    """A broker over stores with the text of a case, in every place where the broker reads outside text."""

    def __init__(self, folder: Path, wrapper: list[str]) -> None:
        self.folder, self.wrapper = folder, wrapper
        self.store = TextStore()
        #: The place of the last case's text.
        self.last = ""
        self.start()

    def start(self) -> None:
        env = settings(self.folder, **self.store.settings())
        self.broker = Broker(env, wrapper=self.wrapper).wait_live().wait_ready()
        self.times = ThreadTimes(self.broker.child.pid)

    def reset(self) -> None:
        # After a failure of the issuer a broker waits. A new one calls at once.
        if "issuer" in self.last:
            self.broker.stop()
            self.start()
        self.store.remove(PREFIX)
        self.store.put(f"{PREFIX}/secrets", '{"db":"pw"}')
        self.store.put(f"{PREFIX}/plain", "plain")
        self.store.refusal = None
        self.store.renamed = None
        self.store.fields = []
        self.store.grant, self.store.grant_status = json.dumps(GRANT), 200

    def clear(self) -> None:
        cleared = self.broker.get("/cache/clear", method="POST")
        assert cleared.status == 204, cleared.text

    def prepare(self, case: dict[str, Any]) -> tuple[bytes, set[int], bool]:
        """The request, the accepted statuses, and whether each request must read the text again."""
        return getattr(self, "_" + case["where"].replace("-", "_"))(case)

    # Requests

    def _token_request(self, case):
        body = f"{{{members_of(case)}}}".encode()
        return request("POST", "/oauth/token", [JSON_TYPE], body), {400, 401, 413}, False

    def _token_form(self, case):
        return request("POST", "/oauth/token", [FORM_TYPE], f"{name_of(case)}=1".encode()), {400, 401, 413}, False

    def _rejected(self, case):
        return request("POST", "/token/rejected", [bearer()], f"{{{members_of(case)}}}".encode()), {400}, False

    def _signed(self, case):
        body = f'{{"Name":"{PREFIX}/plain",{members_of(case)}}}'.encode()
        fields = signature(self.broker.port, "AmazonSSM.GetParameter", body)
        return request("POST", "/", fields, body), {200, 400}, False

    def _page_token(self, case):
        body = json.dumps({"Path": PREFIX, "Recursive": True, "NextToken": paged("list/" + name_of(case))}).encode()
        for number in range(60):
            self.store.put(f"{PREFIX}/list/a{number}", "listed")
        fields = signature(self.broker.port, "AmazonSSM.GetParametersByPath", body)
        return request("POST", "/", fields, body), {200, 400}, False

    # Heads

    def _content_type(self, case):
        field = ("Content-Type", "application/json" + name_of(case))
        return request("POST", "/oauth/token", [field], b'{"grant_type":"client_credentials"}'), {400, 401}, False

    def _aws_target(self, case):
        fields = [*self.unsigned("host;x-amz-date;x-amz-target"), ("X-Amz-Target", "AmazonSSM.GetParameter" + name_of(case))]
        return request("POST", "/", fields, b"{}"), {400}, False

    def _junk(self, case):
        fields = self.unsigned("host;x-amz-date;x-amz-target;x-junk")
        fields += [("X-Amz-Target", "AmazonSSM.GetParameter"), ("X-Junk", name_of(case))]
        return request("POST", "/", fields, b"{}"), {400}, False

    def unsigned(self, listed: str) -> list[tuple[str, str]]:
        """The header fields of a caller with an id and no key."""
        good = dict(signature(self.broker.port, "AmazonSSM.GetParameter", b"{}"))
        given = good["Authorization"].partition("SignedHeaders=")[0]
        claim = f"{given}SignedHeaders={listed}, Signature={'0' * 64}"
        return [("X-Amz-Date", good["X-Amz-Date"]), ("Authorization", claim)]

    def _head(self, target: str, name: str, text: str):
        return request("GET", target, [bearer(), (name, text)]), {200}, False

    def _accept(self, case):
        return self._head("/secrets/plain", "Accept", "text/plain" + name_of(case))

    def _accept_encoding(self, case):
        return self._head("/metrics", "Accept-Encoding", "gzip" + name_of(case))

    def _accept_metrics(self, case):
        return self._head("/metrics", "Accept", "text/plain" + name_of(case))

    def _if_none_match(self, case):
        return self._head("/secrets/plain", "If-None-Match", "*" + name_of(case))

    # Stores and issuer

    def _jwt(self, case):
        def part(text: str) -> str:
            return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

        end = int(time.time()) + 3600
        claims = f'{{"exp":{end},{members_of(case)}}}'
        token = ".".join([part('{"alg":"RS256"}'), part(claims), part("signature")])
        self.store.put(f"{PREFIX}/auth0-cache/token", token)
        self.store.put(f"{PREFIX}/auth0-cache/expires", str((end - 300) * 1000))
        return request("GET", "/token", [bearer()]), {200}, True

    def _lease(self, case):
        self.store.put(f"{PREFIX}/auth0-cache/lease", f"{{{members_of(case)}}}")
        return request("GET", "/token", [bearer()]), {200}, True

    def _field(self, case):
        self.store.put(f"{PREFIX}/hostile", f"{{{members_of(case)}}}")
        statuses = {200, 502} if '"a":' in members_of(case) else {404, 502}
        return request("GET", "/secrets/hostile?field=a", [bearer()]), statuses, True

    def _blob(self, case):
        self.store.put(f"{PREFIX}/secrets", f"{{{members_of(case)}}}")
        return request("GET", "/secrets/plain", [bearer()]), {200, 502}, True

    def _names(self, case):
        self.store.put(f"{PREFIX}/secrets", f"{{{members_of(case)}}}")
        return request("GET", "/secrets", [bearer()]), {200, 502}, True

    def _issuer(self, case):
        self.store.grant = json.dumps(GRANT)[:-1] + "," + members_of(case) + "}"
        return request("GET", "/token", [bearer()]), {200, 502}, True

    def _issuer_type(self, case):
        self.store.grant = json.dumps(GRANT | {"token_type": name_of(case)}, ensure_ascii=False)
        return request("GET", "/token", [bearer()]), {502}, True

    def _issuer_error(self, case):
        text = {"error": "access_denied", "error_description": name_of(case)}
        self.store.grant, self.store.grant_status = json.dumps(text, ensure_ascii=False), 500
        return request("GET", "/token", [bearer()]), {502, 503}, True

    def _store_error(self, case):
        text = {"__type": "AccessDeniedException" + name_of(case), "message": name_of(case)}
        self.store.refusal = 400, json.dumps(text, ensure_ascii=False).encode()
        return request("GET", "/secrets/plain", [bearer()]), {502}, True

    def _store_head(self, case):
        # The readers of both head and body see this answer.
        self.store.refusal = 400, b'{"__type":"AccessDeniedException"}'
        self.store.fields = [(case["field"], name_of(case))]
        return request("GET", "/secrets/plain", [bearer()]), {502}, True

    def _store_type(self, case):
        parameter = {"Name": f"{PREFIX}/secrets", "Type": name_of(case), "Value": "{}", "Version": 1}
        self.store.refusal = 200, json.dumps({"Parameter": parameter}, ensure_ascii=False).encode()
        return request("GET", "/secrets/plain", [bearer()]), {502}, True

    def _issuer_head(self, case):
        self.store.fields = [(case["field"], name_of(case))]
        return request("GET", "/token", [bearer()]), {200, 502}, True

    def _store_name(self, case):
        self.store.renamed = f"{PREFIX}/secrets{name_of(case)}"
        return request("GET", "/secrets/plain", [bearer()]), {502}, True

    # Cost

    def once(self, case: dict[str, Any]) -> float:
        """CPU milliseconds of one thread for one request with an accepted status."""
        self.last = case["where"]
        data, statuses, is_cold = self.prepare(case)
        if not is_cold:
            return self.sent(data, statuses)[0]
        concerned = self.concerned(case)

        def read_anew() -> float | None:
            # During a backoff nothing is read, so the cost has no meaning.
            self.store.remove(f"{PREFIX}/auth0-cache/")
            self.prepare(case)
            self.clear()
            before = len(self.store.proxy.seen(concerned))
            spent, _ = self.sent(data, statuses)
            return spent if len(self.store.proxy.seen(concerned)) > before else None

        return until(read_anew, "the text is read anew")

    def concerned(self, case: dict[str, Any]) -> Filter:
        """The upstream reads that return the text of a case."""
        if case["where"].startswith("issuer"):
            return lambda seen: seen.target.startswith("/oauth/")
        name = {"jwt": "auth0-cache/token", "lease": "auth0-cache/lease", "field": "hostile"}
        return mentions(f"{PREFIX}/{name.get(case['where'], 'secrets')}")

    def sent(self, data: bytes, statuses: set[int]) -> tuple[float, bytes]:
        spent, answer = self.times.spent(lambda: send_and_read(self.broker.port, data, has_own_address=True))
        assert status_of(answer) in statuses, answer[:2000]
        return spent, answer


def place_with(folder: Path, wrapper: list[str]) -> Iterator[Place]:
    place = Place(folder, wrapper)
    yield place
    place.broker.stop()
    place.store.stop()


@pytest.fixture(scope="module")
def place(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from place_with(tmp_path_factory.mktemp("place"), [])


@pytest.fixture(scope="module")
def narrow(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from place_with(tmp_path_factory.mktemp("narrow"), SMALL_STACK)


TABLE = cases("json-limits")


@pytest.mark.row(56)
@pytest.mark.alone
@pytest.mark.parametrize("case", TABLE)
def test_a_text_costs_its_bytes_and_ends_nothing(case: dict[str, Any], place: Place) -> None:
    place.reset()
    spent = least(lambda: place.once(case), case["cpu_ms"])
    assert ask(place.broker.port, "/livez").status == 200
    assert spent <= case["cpu_ms"], f"{spent:.1f} ms of one thread for {case}"


@pytest.mark.row(56)
def test_no_depth_ends_a_broker_whose_stack_is_512_KiB(narrow: Place) -> None:
    limit = next(line for line in Path(f"/proc/{narrow.broker.child.pid}/limits").read_text().splitlines() if "stack" in line)
    assert limit.split()[3] == str(512 * 1024)
    deep = [case.values[0] for case in TABLE if case.values[0]["make"] in ("nested", "wide")]
    for case in deep:
        narrow.reset()
        narrow.once(case)
        assert ask(narrow.broker.port, "/livez").status == 200, case
    assert {case["where"] for case in deep} >= {"token-request", "rejected", "jwt", "lease", "field", "blob", "issuer", "signed"}
