"""The token as plain text, for callers that do not read JSON."""

from __future__ import annotations

import pytest

from peers.broker import Broker

TEXT, JSON = "text/plain; charset=utf-8", "application/json"


@pytest.fixture
def broker(world) -> Broker:
    return world.serve()


def ask(broker: Broker, path: str, accept: str | None, method: str = "GET"):
    return broker.get(path, method=method, headers={} if accept is None else {"Accept": accept})


@pytest.mark.parametrize("path", ["/token", "/token/default"])
def test_the_bare_token_has_no_line_end(broker: Broker, path: str) -> None:
    # The first answer comes from the issuer, the second from memory.
    answers = [ask(broker, path, "text/plain") for _ in range(2)]
    token = ask(broker, path, None).json()["access_token"]
    for answer in answers:
        assert (answer.status, answer.header("Content-Type"), answer.text) == (200, TEXT, token)
        assert answer.header("X-Latchkey-Expires-At") and answer.header("Age") is not None
        assert (answer.header("Vary"), answer.header("Cache-Control")) == ("Accept", "no-store")
    head = ask(broker, path, "text/plain", "HEAD")
    assert (head.status, head.body, head.header("Content-Length")) == (200, b"", str(len(token)))


@pytest.mark.parametrize(("accept", "kind"), [
    (None, JSON), ("*/*", JSON), ("application/json", JSON), ("image/png", JSON), ("text/html", JSON),
    ("application/json, text/plain, */*", JSON), ("text/plain;q=0.5, application/json", JSON), ("text/plain;q=0, */*", JSON),
    ("text/*", TEXT), ("text/plain, application/json;q=0.9", TEXT), ("application/json;q=0, */*", TEXT),
])
def test_weights_count_for_tokens_as_for_secrets(world, broker: Broker, accept: str | None, kind: str) -> None:
    world.put("solo", "v")
    for path in ("/token", "/token/default", "/secrets/solo"):
        answer = ask(broker, path, accept)
        assert (answer.status, answer.header("Content-Type")) == (200, kind), path


def test_an_error_stays_a_problem(world) -> None:
    world.auth.down()
    answer = ask(world.start(), "/token", "text/plain")
    assert (answer.code or "").startswith("upstream_")
    assert ask(world.brokers[0], "/token/nobody", "text/plain").code == "not_found"
