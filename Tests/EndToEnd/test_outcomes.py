"""README's table of what callers get when the store does not play along: one test a row, expectations read from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from peers.broker import PREFIX, Broker
from peers.faults import aws_error, never_answer, reset_before_answer, status
from peers.http import Answer
from peers.proxy import mentions
from peers.waiting import until

README = Path(__file__).parents[2] / "README.md"
FAULTS = {
    "throttles": aws_error("ThrottlingException"),
    "is slow": never_answer,
    "is down": reset_before_answer,
    "answers garbage": status(200, b"<html>nothing of AWS's</html>"),
    "denies": aws_error("AccessDeniedException"),
    "has it no more": aws_error("ParameterNotFound"),
}


def rows() -> dict[str, list[str]]:
    """The table's rows by what the store does."""
    text = README.read_text()
    table = text[text.index("| the store | held, within its TTL |") :].split("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {first: rest for first, *rest in cells}


def said(answer: Answer) -> str:
    """An answer in the table's words."""
    if answer.status == 200:
        return "200 stale" if answer.header("X-Latchkey-Stale") == "true" else "200"
    return f"{answer.status} `{answer.code}`"


def test_every_row_has_its_fault() -> None:
    assert rows().keys() == FAULTS.keys()


@pytest.mark.parametrize("fault", FAULTS)
def test_when_the_store(world, fault: str) -> None:
    within, past, unseen = rows()[fault]
    world.put("held", "the value held")
    broker: Broker = world.serve(LATCHKEY_SECRET_TTL="4", LATCHKEY_NEGATIVE_TTL="4")
    assert broker.get("/secrets/held").status == 200
    world.aws.always(FAULTS[fault], when=mentions(f"{PREFIX}/"))
    held = broker.get("/secrets/held")
    assert said(held) == within
    never = broker.get("/secrets/never-seen")
    assert said(never) == unseen
    if never.status == 503:
        assert re.fullmatch("[0-9]+", never.header("Retry-After"))
    until(lambda: said(answer := broker.get("/secrets/held")) != within and answer, "its TTL is over", within=15)
    for _ in range(3):
        answer = broker.get("/secrets/held")
        assert said(answer) == past
        if past == "200 stale":
            assert answer.json()["value"] == "the value held"
    world.aws.heal()
    until(lambda: said(broker.get("/secrets/held")) == "200", "healed by itself", within=15)
