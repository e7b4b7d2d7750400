"""Files that a broker follows and that cannot be read: row 55 of the faults to survive. The last good value stays."""

from __future__ import annotations

import json
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from peers import longrun
from peers.broker import Broker
from peers.waiting import until

CASES = json.loads((Path(__file__).parents[2] / "Fixtures/cases/keyfile.json").read_text())
KEYS: dict[str, str] = CASES["keys"]


def put(file: Path, text: str) -> None:
    """In one step, as an agent puts a key in place."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    remove(file)
    os.replace(fresh, file)


def remove(file: Path) -> None:
    if file.is_dir():
        file.rmdir()
    else:
        file.unlink(missing_ok=True)


class Followed:
    """A broker whose key is in a file, and what of it `/health` shows."""

    def __init__(self, world, file: Path, wrapper: tuple[str, ...] = ()) -> None:
        self.file = file
        put(file, KEYS["zero"] + "\n")
        world.put("solo", "v")
        self.broker: Broker = world.serve(
            secrets=list(KEYS.values()), wrapper=wrapper, LATCHKEY_API_KEY=f"file:{file}", LATCHKEY_MAX_CONNECTIONS="100"
        )
        #: One of the keys in force, to ask with.
        self.key = KEYS["zero"]

    def opens(self, key: str) -> bool:
        return self.broker.get("/secrets/solo", key=key).status == 200

    def open(self) -> set[str]:
        return {name for name, key in KEYS.items() if self.opens(key)}

    def standing(self) -> dict[str, Any]:
        return self.broker.get("/health", key=self.key).json()["followed"]["LATCHKEY_API_KEY"]

    def failures(self) -> int:
        text = self.broker.get("/metrics", key=self.key).text
        line = next(line for line in text.splitlines() if 'reload_failures_total{what="key"}' in line)
        return int(float(line.rpartition(" ")[2]))

    def changes(self) -> int:
        """How often another key came in force."""
        return sum("the API key has changed" in line["message"] for line in self.broker.logs)

    def warnings(self) -> list[str]:
        said = "a followed file cannot be used; the last good value stays in force"
        return [line["code"] for line in self.broker.logs if line["message"] == said]


@pytest.fixture
def followed(world, tmp_path: Path) -> Followed:
    return Followed(world, tmp_path / "api-key")


def a_folder(file: Path) -> None:
    remove(file)
    file.mkdir()


def a_pipe(file: Path) -> None:
    remove(file)
    os.mkfifo(file)


def mode_000(file: Path) -> None:
    if file.exists():
        file.chmod(0)


#: By what a state of the case file says: how it is made, and the code that `/health` then shows.
FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "absent": (remove, "absent"),
    "mode 000": (mode_000, "permission_denied"),
    "a folder": (a_folder, "not_a_file"),
    "a pipe": (a_pipe, "not_a_file"),
    "bytes_hex": (lambda file: (remove(file), file.write_bytes(bytes.fromhex("fffe6b00"))), "not_utf8"),
    "bytes": (lambda file: (remove(file), file.write_bytes(b"k" * 2_097_152)), "too_large"),
    "empty": (lambda file: put(file, ""), "empty"),
    "weak": (lambda file: put(file, "changemechangeme\n"), "unfit"),
}


def reach(followed: Followed, state: dict[str, Any]) -> None:
    """Makes a state, and waits until the broker has taken notice of it."""
    if state.get("text"):
        put(followed.file, KEYS[state["text"]] + "\n")
        until(lambda: followed.opens(KEYS[state["text"]]), f"the key {state['text']} is in force")
        followed.key = KEYS[state["text"]]
        until(lambda: followed.standing()["state"] == "ok", "the file can be read")
        return
    name = state.get("file") or next((n for n in ("bytes_hex", "bytes") if n in state), "empty")
    make, code = FAULTS[name]
    make(followed.file)
    if name == "mode 000" and (os.geteuid() == 0 or not followed.file.exists()):
        return  # The superuser reads it all the same.
    until(lambda: followed.standing()["error"] == code, f"/health says {code}")


@pytest.mark.row(55)
@pytest.mark.parametrize(
    "case",
    [case for case in CASES["cases"] if case["name"] not in ("no-descriptor-left", "written-in-two-pieces")],
    ids=lambda case: case["name"],
)
def test_a_state_of_the_file_leaves_these_keys_open_and_no_others(followed: Followed, case: dict[str, Any]) -> None:
    for state in case["states"]:
        reach(followed, state)
        assert followed.open() == set(state["open"]), state


@pytest.mark.row(55)
@pytest.mark.parametrize("name", [name for name in FAULTS if name != "mode 000"])
def test_a_file_that_cannot_be_used_is_told_once_counted_and_comes_back_by_itself(followed: Followed, name: str) -> None:
    reach(followed, {"text": "one"})
    assert (followed.failures(), followed.broker.get("/health", key=followed.key).json()["status"]) == (0, "ok")
    make, code = FAULTS[name]
    make(followed.file)
    until(lambda: followed.standing()["state"] == "failing", "/health tells it")
    shown = followed.standing()
    assert (shown["what"], shown["source"], shown["error"]) == ("key", str(followed.file), code)
    assert shown["failing_since"] and shown["last_change"]
    assert followed.broker.get("/health", key=followed.key).json()["status"] == "degraded"
    assert followed.broker.get("/readyz", key=None).status == 200
    until(lambda: followed.warnings() == [code], "the log tells it")
    assert followed.failures() == 1
    assert followed.open() == {"zero", "one"}
    reach(followed, {"text": "one"})
    until(lambda: followed.standing()["state"] == "ok", "it comes back by itself")
    assert followed.standing()["failing_since"] is None
    assert (followed.failures(), followed.warnings(), followed.open()) == (1, [code], {"zero", "one"})


@pytest.mark.row(55)
def test_a_key_that_is_written_in_two_pieces_never_opens_as_its_first(followed: Followed) -> None:
    first, second = next(c for c in CASES["cases"] if c["name"] == "written-in-two-pieces")["states"][1]["pieces"]
    for _ in range(5):
        with followed.file.open("w") as file:
            began = time.monotonic()
            file.write(first)
            file.flush()
            # There for one look at the most: looks are 250 ms apart.
            time.sleep(0.15)
            file.write(second)
        if time.monotonic() - began > 0.24:
            return  # The machine was busy, and two looks may have found it.
        count = followed.changes()
        until(lambda: followed.changes() > count, "the whole key is in force")
        assert not followed.opens(first) and followed.open() == {"zero", "one"}
        put(followed.file, KEYS["zero"])
        until(lambda: followed.changes() > count + 1, "the first key again")


@pytest.fixture
def crowd() -> Iterator[list[socket.socket]]:
    sockets: list[socket.socket] = []
    yield sockets
    for one in sockets:
        one.close()


@pytest.mark.row(55)
def test_with_no_descriptor_left_the_keys_stay_as_they_are(
    world, tmp_path: Path, crowd: list[socket.socket]
) -> None:
    followed = Followed(world, tmp_path / "api-key", wrapper=("prlimit", "--nofile=256:256"))
    reach(followed, {"text": "one"})
    reach(followed, {"text": "two"})
    for _ in range(300):
        one = socket.socket()
        one.settimeout(2)
        try:
            one.connect(("127.0.0.1", followed.broker.port))
        except OSError:
            one.close()
            break
        crowd.append(one)
    for one in crowd:
        one.close()
    until(lambda: followed.standing()["state"] == "ok", "it can be read again")
    assert followed.open() == {"one", "two"}


class Model:
    """The keys that are open by the rule, for a file that is left alone after each step until it has been looked at."""

    def __init__(self) -> None:
        self.accepted = ["zero"]

    def saw(self, key: str) -> None:
        if key != self.accepted[-1]:
            self.accepted.append(key)

    @property
    def open(self) -> set[str]:
        return set(self.accepted[-2:])


@pytest.mark.row(55)
@pytest.mark.long
@pytest.mark.timeout(7200)
def test_random_sequences_of_what_befalls_a_file_leave_the_right_keys_open(followed: Followed) -> None:
    model = Model()
    for number in longrun.cases(200, "key file"):
        chance = random.Random(number)
        for _ in range(6):
            step = chance.choice(["write", "rename", "partial", *FAULTS])
            if step in FAULTS:
                reach(followed, {"file": step} if step not in ("bytes", "bytes_hex", "empty") else {step: True})
            else:
                key = chance.choice(list(KEYS))
                if step == "rename":
                    put(followed.file, KEYS[key])
                else:
                    remove(followed.file)
                    with followed.file.open("w") as file:
                        if step == "partial":
                            file.write(KEYS[key][: chance.randrange(15)])
                            file.flush()
                            file.seek(0)
                        file.write(KEYS[key])
                model.saw(key)
                until(lambda: followed.changes() == len(model.accepted) - 1, f"{key} is in force")
                followed.key = KEYS[key]
                until(lambda: followed.standing()["state"] == "ok", "the file can be read")
            assert followed.open() == model.open, f"case {number}: {step}"
