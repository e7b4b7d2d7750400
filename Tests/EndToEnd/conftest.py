"""What every end-to-end test stands on: peers that live for the session, and a world of its own for each test."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peers import longrun
from peers.broker import BINARY
from peers.glewlwyd import Glewlwyd
from peers.issuer import Issuer
from peers.moto import TABLE, KeepAliveMoto
from peers.tls import Authority
from peers.world import World


def pytest_configure() -> None:
    """Takes back what `nohup` or a background job of a shell leaves ignored: every child would ignore it, too."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def pytest_report_header() -> str:
    return f"long runs: LATCHKEY_TEST_SCALE={longrun.SCALE} LATCHKEY_TEST_SEED={longrun.SEED}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives a long run an hour where more of it is made than in other runs."""
    for item in items:
        if longrun.SCALE > 0.01 and item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(3600))


@pytest.fixture(scope="session")
def moto_server() -> Iterator[KeepAliveMoto]:
    server = KeepAliveMoto().wait()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def cloud(binary: Path) -> Iterator[KeepAliveMoto]:
    """An AWS of the module's own, for what must not be emptied between tests."""
    server = KeepAliveMoto().wait()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def issuer_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    server = Issuer(tmp_path_factory.mktemp("issuer")).wait()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def glewlwyd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Glewlwyd]:
    if not Glewlwyd.installed():
        pytest.skip("glewlwyd is not installed")
    server = Glewlwyd(tmp_path_factory.mktemp("glewlwyd")).wait()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def binary() -> Path:
    if not BINARY.exists():
        pytest.fail(f"{BINARY} is missing: swift build -c release")
    return BINARY


@pytest.fixture
def world(binary: Path, moto_server: KeepAliveMoto, issuer_server: Issuer, tmp_path: Path) -> Iterator[World]:
    """An empty AWS, an issuer with nothing in its log, proxies in front of both, and brokers on demand."""
    moto_server.reset()
    issuer_server.forget()
    world = World(moto_server, issuer_server, tmp_path)
    yield world
    world.end()


@pytest.fixture
def later() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Takes functions to be called when the test has ended, last first."""
    calls: list[Callable[[], object]] = []
    yield calls.append
    for call in reversed(calls):
        call()


@pytest.fixture
def table(world):
    """The table as deploy/terraform makes it, through boto3."""
    client = world.moto.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "profile", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "profile", "KeyType": "HASH"}],
    )
    client.update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"}
    )
    return client
