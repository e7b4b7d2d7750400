"""Secrets.md's table of what callers get when the store does not play along: one test a row, expectations read from it."""

from __future__ import annotations

import re
import time

import pytest

from peers.broker import PREFIX, ROOT, Broker
from peers.faults import aws_error, never_answer, reset_before_answer, status
from peers.http import Answer
from peers.proxy import mentions
from peers.waiting import until

PAGE = ROOT / "Sources/latchkey/Latchkey.docc/Secrets.md"
STORES = ("parameter-store", "secrets-manager")
#: Below the prefix, in either store: one begins its names with a slash.
OURS = mentions(f"{PREFIX.lstrip('/')}/")
#: What each row's store does: one fault for both, or one each.
FAULTS = {
    "throttles": [aws_error("ThrottlingException")] * 2,
    "is slow": [never_answer] * 2,
    "is down": [reset_before_answer] * 2,
    "answers garbage": [status(200, b"<html>nothing of AWS's</html>")] * 2,
    "denies": [aws_error("AccessDeniedException")] * 2,
    "takes the request for invalid": [aws_error("ValidationException"), aws_error("InvalidParameterException")],
    "has it no more, or is to delete it": [aws_error("ParameterNotFound"), aws_error("InvalidRequestException")],
}
#: Less than `LATCHKEY_UPSTREAM_TIMEOUT` of these tests, which is what a caller who waits for a slow store would take.
AT_ONCE = 1.9


def rows() -> dict[str, list[str]]:
    """The table's rows by what the store does."""
    text = PAGE.read_text()
    table = text[text.index("| the store | cached, within its TTL |") :].split("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {first: rest for first, *rest in cells}


def said(answer: Answer) -> str:
    """An answer in the table's words."""
    if answer.status == 200:
        return "200 stale" if answer.header("X-Latchkey-Stale") == "true" else "200"
    return f"{answer.status} `{answer.code}`"


def of(store: str):
    """Requests to one of the two stores."""
    service = "secretsmanager." if store == "secrets-manager" else "AmazonSSM."
    return lambda request: OURS(request) and request.headers["x-amz-target"].startswith(service)


def hold(world) -> list[Broker]:
    """A broker over each store, which has read the value that both have."""
    world.put("held", "the value held")
    world.secrets_manager.create_secret(Name=f"{PREFIX.lstrip('/')}/held", SecretString="the value held")
    ttl = {"LATCHKEY_SECRET_TTL": "4", "LATCHKEY_NEGATIVE_TTL": "4"}
    brokers = [world.start(LATCHKEY_SECRETS_BACKEND=store, **ttl) for store in STORES]
    for broker, store in zip(brokers, STORES, strict=True):
        broker.wait_ready()
        assert broker.get("/secrets/held").json()["source"] == store
    return brokers


def test_every_row_has_its_fault() -> None:
    assert rows().keys() == FAULTS.keys()


@pytest.mark.parametrize("fault", FAULTS)
def test_when_the_store(world, fault: str) -> None:
    within, past, unseen = rows()[fault]
    brokers = hold(world)
    for store, does in zip(STORES, FAULTS[fault], strict=True):
        world.aws.always(does, when=of(store))
    for broker in brokers:
        assert said(broker.get("/secrets/held")) == within
    for broker in brokers:
        never = broker.get("/secrets/never-seen")
        assert said(never) == unseen
        if never.status == 503:
            assert re.fullmatch("[0-9]+", never.header("Retry-After"))
    for broker, store in zip(brokers, STORES, strict=True):
        until(lambda: said(broker.get("/secrets/held")) != within, "its TTL is over", within=15)
        asked = len(world.aws.seen(of(store)))
        for _ in range(3):
            answer = broker.get("/secrets/held")
            assert said(answer) == past
            if past == "200 stale":
                assert answer.json()["value"] == "the value held"
        while fault == "is slow" and len(world.aws.seen(of(store))) < asked + 2:
            started = time.monotonic()
            assert said(broker.get("/secrets/held")) == past
            assert time.monotonic() - started < AT_ONCE, "nobody waits for the store once it has failed"
    world.aws.heal()
    for broker in brokers:
        until(lambda: said(broker.get("/secrets/held")) == "200", "healed by itself", within=15)


def test_one_secret_that_is_denied_is_no_outage(world) -> None:
    world.put("held", "the value held")
    broker: Broker = world.serve()
    assert broker.get("/secrets/held").status == 200
    world.aws.always(aws_error("AccessDeniedException"), when=mentions(f"{PREFIX}/kept-from-us"))
    assert said(broker.get("/secrets/kept-from-us")) == "502 `upstream_denied`"
    assert broker.metric("latchkey_tier_requests_total", resource="secret", outcome="error") == 1
    assert broker.get("/readyz", key=None).status == 200
    health = broker.get("/health").json()
    assert (health["status"], health["tiers"]["parameter-store"]["state"]) == ("ok", "ok")
