"""`latchkey audit verify` names any line of a large log that was changed, removed, repeated or moved."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from peers import longrun
from peers.audit_log import MEMBERS, NO_LINE, audit

CHAINS = 100
EACH = 1_000
#: Each case changes every chain once, so that all together change as many lines as the log has.
CASES = CHAINS * EACH // CHAINS


@dataclass(frozen=True)
class Written:
    """A line, and the chain and number that it was written with. Two lines are the same only if they are one object."""

    chain: str
    text: bytes


def log() -> list[Written]:
    """The lines of one start with many workers, made without the product's code."""
    rng = random.Random(15)
    last: dict[str, tuple[int, str]] = {}
    lines = []

    def add(chain: str, **values: object) -> None:
        seq, previous = last.get(chain, (0, NO_LINE))
        record = dict.fromkeys(MEMBERS) | {
            "time": "2026-11-30T12:00:00.000Z", "chain": chain, "seq": seq + 1, "prev": previous, **values}
        text = json.dumps(record, separators=(",", ":")).encode()
        last[chain] = (seq + 1, hashlib.sha256(text).hexdigest())
        lines.append(Written(chain, text))

    chains = [f"abc.{number}" for number in range(CHAINS)]
    add("abc.p", action="start", name=",".join([*chains, "abc.p"]))
    order = [chain for chain in chains for _ in range(EACH)]
    rng.shuffle(order)
    for number, chain in enumerate(order):
        add(chain, request_id=f"r{number}", caller="orders", credential="key", peer="127.0.0.1:4711", front="native",
            action="secret.read", name=f"db/{number}", version="1", source="parameter-store", tier="memory",
            decision="allowed", status=200)
    add("abc.p", action="stop", name=",".join(f"{chain}:{seq}:{digest}" for chain, (seq, digest) in last.items()))
    return lines


def tamper(lines: list[Written], rng: random.Random, how: str) -> dict[str, Written]:
    """Changes each chain once, and returns the line that must be named for each."""
    places: dict[str, list[int]] = {}
    for index, line in enumerate(lines):
        places.setdefault(line.chain, []).append(index)
    stop = lines[-1]
    bad: dict[str, Written] = {}
    result: list[Written | None] = list(lines)
    inserted: dict[int, list[Written]] = {}
    for chain, own in places.items():
        if chain == "abc.p":
            continue
        at = rng.randrange(len(own))
        line = lines[own[at]]
        match how:
            case "change":
                # Of chain and number another chain may have a line, so these are changed in the Swift tests.
                start = line.text.index(b'"request_id"')
                position = rng.randrange(start, len(line.text) - 1)
                byte = rng.choice([one for one in range(0x20, 0x7F) if one != line.text[position]])
                text = line.text[:position] + bytes([byte]) + line.text[position + 1 :]
                result[own[at]] = bad[chain] = Written(chain, text)
            case "remove":
                result[own[at]] = None
                bad[chain] = lines[own[at + 1]] if at + 1 < len(own) else stop
            case "repeat":
                after = rng.randrange(at, len(own))
                bad[chain] = Written(chain, line.text)
                inserted.setdefault(own[after], []).append(bad[chain])
            case "move":
                other = rng.choice([place for place in range(len(own)) if place != at])
                texts = [lines[place] for place in own]
                texts.insert(other, texts.pop(at))
                for place, moved in zip(own, texts, strict=True):
                    result[place] = moved
                bad[chain] = texts[min(at, other)]
    final = [one for index, line in enumerate(result) for one in ([line] if line else []) + inserted.get(index, [])]
    lines[:] = final
    return bad


@pytest.mark.long
@pytest.mark.slow(60)
@pytest.mark.timeout(7200)
def test_any_line_of_a_hundred_thousand_is_named(tmp_path: Path) -> None:
    original = log()
    path = tmp_path / "audit.log"
    path.write_bytes(b"".join(line.text + b"\n" for line in original))
    status, output, _ = audit("verify", str(path), "--json", timeout=600)
    report = json.loads(output)
    assert (status, report["findings"], report["lines"]) == (0, [], CHAINS * EACH + 2)
    for number in longrun.cases(CASES, "lines of an audit log"):
        rng = random.Random(number)
        how = ("change", "remove", "repeat", "move")[number % 4]
        lines = list(original)
        bad = tamper(lines, rng, how)
        path.write_bytes(b"".join(line.text + b"\n" for line in lines))
        status, output, _ = audit("verify", str(path), "--json", timeout=600)
        assert status == 1
        named = {finding["line"] for finding in json.loads(output)["findings"]}
        missed = [
            (chain, line.text[:60]) for chain, line in bad.items()
            if not any(lines[place - 1] is line for place in named)
        ]
        assert not missed, f"case {number}, {how}: {missed[:3]}"
