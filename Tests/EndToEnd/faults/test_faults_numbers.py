"""No number from the shared tier, a response or a text ends the process."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from peers.broker import API_KEY, PREFIX, Broker, run
from peers.cases import CASES, cases
from peers.moto import TABLE
from peers.proxy import ProxiedRequest, answer, operation
from peers.waiting import until

KEY = f"{PREFIX}/auth0-cache"


def raw(value: object) -> str:
    """The number as written in the case, which Python's floats would change."""
    return "1e300" if value == 1e300 else json.dumps(value)


def version_is(name: str, value: object):
    """The answer of the store with another `Version` for one parameter."""

    def fault(proxied: ProxiedRequest) -> bool:
        head, _, body = proxied.forward().partition(b"\r\n\r\n")
        page = json.loads(body)
        for found in [*page.get("Parameters", []), *([page["Parameter"]] if "Parameter" in page else [])]:
            if found["Name"] == name:
                found["Version"] = "the version"
        body = json.dumps(page).replace('"the version"', raw(value)).encode()
        kind = [("Content-Type", "application/x-amz-json-1.1")]
        proxied.send(answer(int(head.split(b" ")[1]), body, kind))
        return True

    return fault


def attribute_is(value: dict):
    """The answer of the table with another `lease_version`."""

    def fault(proxied: ProxiedRequest) -> bool:
        head, _, body = proxied.forward().partition(b"\r\n\r\n")
        page = json.loads(body)
        page.setdefault("Item", {"profile": {"S": KEY}})["lease_version"] = value
        proxied.send(answer(int(head.split(b" ")[1]), json.dumps(page).encode(), [("Content-Type", "application/x-amz-json-1.0")]))
        return True

    return fault


def require_alive(broker: Broker) -> None:
    assert broker.child.running
    assert broker.get("/livez", key=None).status == 200


@pytest.mark.row(61)
@pytest.mark.parametrize("case", cases("lease-versions"))
def test_a_number_in_a_store_ends_no_broker(world, request, case: dict) -> None:
    tier = case["tier"]
    if tier.startswith("dynamodb"):
        table = request.getfixturevalue("table")
        value = case["lease_version"]
        try:
            table.put_item(TableName=TABLE, Item={"profile": {"S": KEY}, "lease": {"S": "{}"}, "lease_version": value})
        except Exception:  # noqa: BLE001  (what no table takes is put into its answers)
            world.aws.always(attribute_is(value), when=operation("GetItem"))
        broker = world.serve(LATCHKEY_SHARED_TIER=f"dynamodb:{TABLE}", LATCHKEY_UPSTREAM_TIMEOUT="5")
        wanted = case["GET /token"]
        assert broker.token().status == wanted
        until(lambda: broker.token().status == wanted, "and again")
    elif "Value" in case:
        world.put("auth0-cache/token", "left-by-another-program-x7", "SecureString")
        world.ssm.put_parameter(
            Name=f"{PREFIX}/{case['parameter']}", Value=case["Value"] or " ", Type="String", Overwrite=True)
        broker = world.serve(["left-by-another-program-x7"])
        assert broker.token().status == case["GET /token"]
    else:
        name = case["parameter"]
        world.put("secrets", '{"db":"v"}')
        path = f"auth0-cache/{name}" if name == "lease" else name
        if name == "lease":
            world.put(path, "{}", "String")
        elif name != "secrets":
            world.put(path, "left-by-another-program-x7")
            world.put("auth0-cache/expires", "1", "String")
        world.aws.always(version_is(f"{PREFIX}/{path}", case["Version"]), when=operation("GetParameter", "GetParameters"))
        broker = world.start(["left-by-another-program-x7"])
        for route, wanted in case.items():
            if route.startswith("GET "):
                status = broker.get(route[4:]).status
                assert status in (wanted if isinstance(wanted, list) else [wanted]), route
    require_alive(broker)


def test_a_lease_that_cannot_be_read_is_written_over(world, table) -> None:
    table.put_item(TableName=TABLE, Item={"profile": {"S": KEY}, "lease": {"S": "{}"}, "lease_version": {"N": str(2**63 - 1)}})
    broker = world.serve(LATCHKEY_SHARED_TIER=f"dynamodb:{TABLE}")
    assert broker.token().status == 200
    item = lambda: table.get_item(TableName=TABLE, Key={"profile": {"S": KEY}})["Item"]  # noqa: E731
    until(lambda: "token" in item(), "the token is shared")
    assert Decimal(item()["lease_version"]["N"]) < 10
    assert world.serve(LATCHKEY_SHARED_TIER=f"dynamodb:{TABLE}").token().header("X-Latchkey-Tier") == "dynamodb"


@contextmanager
def text_server(text: str) -> Iterator[str]:
    """A server that answers `/metrics` with this text, and `/token` with a token."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = text.encode() if self.path.startswith("/metrics") else b'{"access_token":"t","token_type":"Bearer"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


GOOD = """# TYPE latchkey_shadow_comparisons_total counter
latchkey_shadow_comparisons_total{result="match"} 5
process_start_time_seconds 1700000000.25
some_other_program_seconds{quantile="0.5"} NaN
"""
COMMANDS = json.loads((CASES / "metrics-text.json").read_text())["commands"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", cases("metrics-text"))
def test_a_number_in_a_metrics_text_ends_no_command(world, command: str, case: dict) -> None:
    with text_server(GOOD + case["line"] + "\n") as url:
        env = world.settings(LATCHKEY_URL=url, LATCHKEY_API_KEY=API_KEY, LATCHKEY_UPSTREAM_TIMEOUT="15")
        done = run(*arguments(world, command), env=env)
    if command == "tiers":
        # The command reads the tiers, not the metrics.
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode in case["exit"], done.stderr
    if done.returncode == 69:
        assert "line 5" in done.stderr, done.stderr


@pytest.mark.parametrize("command", ["migrate gate", "migrate status", "loadtest"])
def test_a_text_with_other_programs_nan_is_read(world, command: str) -> None:
    with text_server(GOOD) as url:
        done = run(*arguments(world, command), env=world.settings(LATCHKEY_URL=url, LATCHKEY_API_KEY=API_KEY))
    assert done.returncode in (0, 1), done.stderr
    assert "cannot be read" not in done.stderr


def arguments(world, command: str) -> list[str]:
    words = command.split()
    if words[0] == "migrate":
        return [*words, "--journal", str(world.folder / "journal")] + (
            ["--filter-prefix", PREFIX.strip("/") + "/"] if words[1] == "status" else [])
    return words
