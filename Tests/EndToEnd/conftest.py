"""Fixtures of the end-to-end tests: peers for the session, and a world for each test.

Several processes may run the tests (peers/processes.py). Each has its own peers, which start at first use, and its own ports.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from peers import longrun, processes, results, rotation, schedule
from peers.broker import API_KEY, BINARY
from peers.glewlwyd import Glewlwyd
from peers.issuer import Issuer
from peers.moto import TABLE, KeepAliveMoto, load_clients
from peers.nursery import Nursery
from peers.proxy import FaultProxy
from peers.tls import Authority
from peers.tls_servers import TLSServers, serve_tls
from peers.world import World


def pytest_addoption(parser: pytest.Parser) -> None:
    processes.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Adds the plugins, and restores signals that `nohup` or a background job ignores, because children inherit that."""
    config.pluginmanager.register(schedule, "latchkey-schedule")
    config.pluginmanager.register(processes, "latchkey-processes")
    results.register(config)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Loads once what all processes need that run tests, if they are several."""
    if not processes.are_several(session):
        return (yield)
    load_clients()
    nursery = Nursery()
    try:
        return (yield)
    finally:
        nursery.close()


def pytest_report_header() -> str:
    return f"long runs: LATCHKEY_TEST_SCALE={longrun.SCALE} LATCHKEY_TEST_SEED={longrun.SEED}"


@pytest.fixture(scope="session")
def moto_server() -> Iterator[KeepAliveMoto]:
    server = KeepAliveMoto().wait()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def clouds() -> Iterator[list[KeepAliveMoto]]:
    """Servers that modules use one after the other, because a start takes seconds."""
    idle: list[KeepAliveMoto] = []
    yield idle
    for server in idle:
        server.stop()


@pytest.fixture(scope="module")
def cloud(binary: Path, clouds: list[KeepAliveMoto]) -> Iterator[KeepAliveMoto]:
    """An empty AWS for one module, which is not emptied between its tests."""
    server = clouds.pop() if clouds else KeepAliveMoto().wait()
    server.reset()
    yield server
    clouds.append(server)


@pytest.fixture
def gate(cloud: KeepAliveMoto, later: Callable[[Callable[[], object]], None]) -> FaultProxy:
    """A proxy in front of `cloud`, which rejects requests or withholds answers when told to."""
    proxy = FaultProxy(cloud.port)
    later(proxy.stop)
    return proxy


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


@pytest.fixture(scope="module")
def tls_servers(binary: Path, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TLSServers]:
    """Brokers that serve TLS, and the certificates of their callers."""
    with serve_tls(authority, tmp_path_factory.mktemp("tls")) as servers:
        yield servers


@pytest.fixture(scope="session")
def binary() -> Path:
    if not BINARY.exists():
        pytest.fail(f"{BINARY} is missing: swift build -c release")
    return BINARY


@pytest.fixture
def world(binary: Path, moto_server: KeepAliveMoto, issuer_server: Issuer, tmp_path: Path) -> Iterator[World]:
    """An empty AWS, an issuer with an empty log, proxies in front of both, and brokers on demand."""
    moto_server.reset()
    issuer_server.forget()
    world = World(moto_server, issuer_server, tmp_path)
    yield world
    world.end()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file with the first key of a broker."""
    rotation.write(tmp_path / "api-key", API_KEY)
    return tmp_path / "api-key"


@pytest.fixture
def later() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Registers functions to call after the test, last first."""
    calls: list[Callable[[], object]] = []
    yield calls.append
    for call in reversed(calls):
        call()


@pytest.fixture
def table(world):
    """The DynamoDB table of deploy/terraform, created with boto3."""
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
