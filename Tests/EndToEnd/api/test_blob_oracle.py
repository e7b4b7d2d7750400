"""Generated blobs: every route and command returns the value that Python's JSON reader finds."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dotenv
import pytest

from peers import longrun
from peers.blob_questions import Blob, Question, get, is_path
from peers.blobs import Blobs
from peers.broker import API_KEY, BINARY, PREFIX, Broker, settings
from peers.json_texts import read
from peers.keepalive import Line
from peers.raw import bearer, request
from peers.textstore import TextStore

BLOBS = 10_000
#: Programs that run for some of the blobs.
COMMANDS = {
    0: ["env", "--format", "json"], 1: ["env", "--format", "shell"], 2: ["env", "--format", "dotenv"],
    3: ["exec", "--pristine", "--", "/usr/bin/env", "-0"], 4: ["get"], 5: ["get", "--json"], 6: ["get", "--field"],
}


def judge_command(blob: Blob, env: dict[str, str], url: str) -> None:
    """Checks one command for some of the blobs, through the broker or directly."""
    kind = COMMANDS.get(blob.number // 2 % 20)
    by_broker = blob.number // 40 % 2 == 0
    if kind is None:
        return
    env = {"PATH": env["PATH"], "HOME": env["HOME"], "LATCHKEY_URL": url, "LATCHKEY_API_KEY": API_KEY} if by_broker else env
    if kind[0] == "get":
        judge_get(blob, kind[1:], env, by_broker)
        return
    status, printed = printed_by(*kind, env=env)
    wanted = blob.variables() if blob.is_object else None
    if wanted is None:
        assert (status, printed) == (78 if blob.is_object else 69, ""), f"{kind}: {status} {printed!r}"
    else:
        assert (status, variables_in(printed, kind)) == (0, wanted), f"{kind}: {status} {printed!r}"


def judge_get(blob: Blob, options: list[str], env: dict[str, str], by_broker: bool) -> None:
    names = [name for name in blob.fields if name and "\0" not in name and (is_path(name) or not by_broker)]
    if not names:
        return
    name = blob.random.choice(names)
    words = ["--", name]
    if "--field" in options:
        # A value that begins with a hyphen needs the form `--option=value`.
        words = ["secrets", f"--field={name}"] if name.startswith("-") else ["secrets", "--field", name]
    status, printed = printed_by("get", *(option for option in options if option != "--field"), *words, env=env)
    bare = blob.fields[name].bare
    if bare is None:
        assert (status, printed) == (69, ""), f"get {name!r}: {status} {printed!r}"
        return
    found = json.loads(printed)["value"] if "--json" in options else printed
    assert (status, found) == (0, bare), f"get {name!r}: {status} {printed!r}"


def printed_by(*words: str, env: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run([str(BINARY), *words], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    return done.returncode, done.stdout.decode()


def variables_in(printed: str, kind: list[str]) -> dict[str, str | None]:
    if kind[0] == "exec":
        pairs = (entry.split("=", 1) for entry in printed.split("\0") if entry)
        return {name: value for name, value in pairs if name not in ("PATH", "HOME")}
    if kind[-1] == "json":
        return json.loads(printed)
    if kind[-1] == "shell":
        return dict(word.split("=", 1) for word in shlex.split(printed) if word != "export")
    return dotenv.dotenv_values(stream=io.StringIO(printed, newline=""), interpolate=False)


class Side:
    """A broker over one of the two stores."""

    def __init__(self, store: TextStore, folder: Path, backend: str) -> None:
        self.env = settings(folder, **store.settings(), LATCHKEY_SECRETS_BACKEND=backend)
        self.broker = Broker(self.env).wait_live().wait_ready()
        self.line = Line(self.broker.port)

    def ask(self, questions: list[Question]) -> None:
        """Sends the request with an empty cache."""
        requests = [request("POST", "/cache/clear", [bearer()]), *(question.request for question in questions)]
        cleared, *answers = self.line.ask(requests)
        assert cleared.status == 204
        for question, answer in zip(questions, answers, strict=True):
            question.judge(answer)

    def judge(self, blob: Blob, store: TextStore) -> None:
        put(store, secrets=blob.text, doc=blob.text)
        self.ask(blob.questions())
        judge_command(blob, self.env, self.broker.url)
        if not blob.is_object:
            # A separate secret may be any text, JSON or not.
            put(store, secrets="{}", doc=blob.text)
            self.ask([*blob.parts("doc"), get("/secrets/doc", "any text", blob.text)])

    def stop(self) -> None:
        self.line.close()
        self.broker.stop()


@pytest.fixture
def sides(binary: Path, tmp_path: Path) -> Iterator[tuple[TextStore, list[Side]]]:
    store = TextStore()
    put(store, secrets="{}", doc="")
    sides = [Side(store, tmp_path, backend) for backend in ("parameter-store", "secrets-manager")]
    yield store, sides
    for side in sides:
        side.stop()
    store.stop()


def put(store: TextStore, **texts: str) -> None:
    for name, text in texts.items():
        store.put(f"{PREFIX}/{name}", text)


@pytest.mark.long
def test_each_member_has_the_value_of_pythons_reader(sides: tuple[TextStore, list[Side]]) -> None:
    store, brokers = sides
    wrong = []
    for number in longrun.cases(BLOBS, "blobs"):
        side = brokers[number % 2]
        text = Blobs(number).text()
        store.proxy.forget()
        try:
            side.judge(Blob(number, text, side.broker.port, read(text)), store)
        except AssertionError as error:
            wrong.append(f"case {number}: {str(error).splitlines()[0]}\n  of {text!r}")
    assert not wrong, f"{len(wrong)} blobs:\n" + "\n".join(wrong[:20])
