"""SIGTERM under load over kept-alive TLS connections: every request that was sent is answered."""

from __future__ import annotations

import signal

import pytest

from peers import longrun
from peers.broker import Broker
from peers.steady import SteadyCallers
from peers.waiting import until

#: Requests per second of all callers.
RATE = 5000
CONNECTIONS = 50


@pytest.fixture
def pair(authority) -> dict[str, str]:
    certificate = authority.issue("stopping", "DNS:localhost", subject="stopping")
    return {"LATCHKEY_TLS_CERT": str(certificate.cert), "LATCHKEY_TLS_KEY": str(certificate.key)}


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(600)
def test_a_stop_leaves_no_request_over_tls_without_its_answer(world, authority, pair) -> None:
    for _ in range(longrun.count(10)):
        broker = Broker(world.settings(LATCHKEY_DRAIN_TIMEOUT="20", **pair), context=authority.client_context())
        world.brokers.append(broker)
        broker.wait_live().wait_ready()
        assert broker.token().status == 200
        callers = SteadyCallers(broker.port, "/token", RATE, CONNECTIONS, context=authority.client_context())
        try:
            until(lambda callers=callers: callers.served > 2 * RATE or callers.failures, "two seconds of load", 120)
            callers.server_stops.set()
            broker.child.send(signal.SIGTERM)
            assert broker.child.wait(20) == 0
        finally:
            callers.stop()
        assert not callers.failures, f"{callers.failures} of {callers.served}"
        answered = [line for line in broker.logs if line.get("message") == "stopped"]
        assert answered, "it stopped in good order"
