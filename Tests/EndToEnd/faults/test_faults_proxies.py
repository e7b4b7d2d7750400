"""HTTP proxies to the upstreams (row 67 of Faults.md), and requests that never use one."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from collections.abc import Callable

import pytest

from peers.broker import API_KEY, AWS_ACCESS_KEY_ID, BINARY, ROOT, run
from peers.faults import status
from peers.forward import ForwardProxy
from peers.issuer import CLIENT_SECRET
from peers.names import with_files
from peers.proxy import ProxiedRequest, FaultProxy
from peers.waiting import until

TABLE = json.loads((ROOT / "Tests/Fixtures/cases/proxies.json").read_text())["cases"]
STORE, LOGIN, PLAIN = "ssm.orders.example", "login.orders.example", "ssm.orders.example:8080"
USER, PASSWORD = "orders", "made-up"


class Net:
    """AWS and the issuer, reachable only through a proxy, with and without TLS."""

    def __init__(self, world, authority, later: Callable) -> None:
        leaf = authority.issue("behind-proxy", f"DNS:{STORE},DNS:{LOGIN}").context()
        self.store = FaultProxy(world.moto.port, tls=leaf)
        self.login = FaultProxy(world.issuer.port, tls=leaf)
        self.root = str(authority.root)
        self.world = world
        self.later = later
        for peer in (self.store, self.login):
            later(peer.stop)

    @property
    def routes(self) -> dict[str, int]:
        return {f"{STORE}:443": self.store.port, f"{LOGIN}:443": self.login.port, PLAIN: self.world.moto.port}

    def proxy(self, **options) -> ForwardProxy:
        proxy = ForwardProxy(self.routes, **options)
        self.later(proxy.stop)
        return proxy

    def end_connections(self, proxy: ForwardProxy) -> None:
        """Closes open connections, so that the next request needs the proxy."""
        for peer in (self.store, self.login, proxy):
            for sock in list(peer._open.values()):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def environment(self, proxy: str, store: str = f"https://{STORE}") -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": store,
            "LATCHKEY_AUTH0_TOKEN_URL": f"https://{LOGIN}/oauth/token",
            "SSL_CERT_FILE": self.root,
            "HTTPS_PROXY": proxy,
            "HTTP_PROXY": proxy,
        }


@pytest.fixture
def net(world, authority, later) -> Net:
    world.put("secrets", "{}")
    world.put("solo", "through the proxy")
    return Net(world, authority, later)


def hang(proxied: ProxiedRequest) -> bool:
    proxied.wait_for_close()
    return False


class TestWays:
    def test_https_goes_through_a_tunnel_with_the_proxy_s_credentials(self, net) -> None:
        proxy = net.proxy(user=f"{USER}:{PASSWORD}")
        broker = net.world.serve([PASSWORD], **net.environment(f"http://{USER}:{PASSWORD}@{proxy.authority}"))
        assert broker.get("/secrets/solo").json()["value"] == "through the proxy"
        assert broker.token().status == 200
        assert {*proxy.targets} == {f"CONNECT {STORE}:443", f"CONNECT {LOGIN}:443"}
        heard = bytes(proxy.received)
        for secret in (CLIENT_SECRET, AWS_ACCESS_KEY_ID, "oauth", "X-Amz"):
            assert secret.encode() not in heard
        assert len(proxy.requests) < 10, "connections are used again"

    def test_http_goes_with_an_absolute_target(self, net) -> None:
        proxy = net.proxy(user=f"{USER}:{PASSWORD}")
        broker = net.world.serve(
            [PASSWORD], **net.environment(f"http://{USER}:{PASSWORD}@{proxy.authority}", store=f"http://{PLAIN}")
        )
        assert broker.get("/secrets/solo").status == 200
        plain = [request for request in proxy.requests if request.method == "POST"]
        assert plain and all(request.target == f"http://{PLAIN}/" for request in plain)
        assert all(request.headers["host"] == PLAIN for request in plain)
        warnings = [line for line in broker.logs if line.get("upstream") == f"http://{PLAIN}"]
        assert len(warnings) == 1 and "without TLS" in json.dumps(warnings)

    def test_a_proxy_may_itself_be_spoken_to_over_tls(self, net, authority) -> None:
        proxy = net.proxy(tls=authority.issue("proxy", "IP:127.0.0.1").context())
        broker = net.world.serve(**net.environment(f"https://{proxy.authority}"))
        assert broker.get("/secrets/solo").status == 200 and broker.token().status == 200
        assert {*proxy.targets} == {f"CONNECT {STORE}:443", f"CONNECT {LOGIN}:443"}

    def test_an_upstream_behind_a_proxy_proves_itself(self, net) -> None:
        """The tunnel leads to a peer with a certificate for another name."""
        proxy = net.proxy()
        proxy.routes["other.orders.example:443"] = net.store.port
        broker = net.world.start(**net.environment(f"http://{proxy.authority}", store="https://other.orders.example"))
        refused = broker.get("/secrets/solo")
        assert refused.json()["upstream_code"] == "tls_failed" and not net.store.received

    def test_an_instance_of_no_proxy_goes_past_it(self, net) -> None:
        dead = net.proxy()
        dead.down()
        broker = net.world.serve(
            **net.environment(f"http://{dead.authority}", store=net.world.aws_url), NO_PROXY="orders.example"
        )
        assert broker.get("/secrets/solo").status == 200
        refused = broker.token()
        assert refused.json()["upstream_code"] == "name_not_resolved", "the proxy is not asked"

    def test_loopback_requests_never_use_a_proxy(self, net) -> None:
        proxy = net.proxy()
        address = f"http://{proxy.authority}"
        broker = net.world.serve(HTTP_PROXY=address, HTTPS_PROXY=address, http_proxy=address, ALL_PROXY=address)
        assert broker.get("/secrets/solo").status == 200 and broker.token().status == 200
        assert proxy.connections == 0

    @pytest.mark.parametrize("command", [["get", "solo"], ["token"], ["exec", "--", "true"], ["doctor", "--no-token"]])
    def test_requests_to_a_broker_never_use_a_proxy(self, net, tmp_path, command: list[str]) -> None:
        proxy = net.proxy()
        broker = net.world.serve()
        hosts = with_files(tmp_path, {"/etc/hosts": "127.0.0.1 broker.orders.example\n"})
        env = net.world.settings(HTTP_PROXY=f"http://{proxy.authority}", http_proxy=f"http://{proxy.authority}")
        env |= {"LATCHKEY_URL": f"http://broker.orders.example:{broker.port}", "LATCHKEY_API_KEY": API_KEY}
        done = subprocess.run([*hosts, BINARY, *command], env=env, capture_output=True, text=True, timeout=30)
        assert done.returncode in ([0] if command[0] != "doctor" else [0, 69, 77, 78]), done.stderr
        if command[0] == "doctor":
            assert "its /health says ok" in done.stdout
        assert proxy.connections == 0


class TestSettings:
    def test_config_and_doctor_show_proxies_without_their_credentials(self, net) -> None:
        proxy = net.proxy(user=f"{USER}:{PASSWORD}")
        env = net.world.settings(**net.environment(f"http://{USER}:{PASSWORD}@{proxy.authority}"))
        shown = run("config", env=env)
        assert f"HTTPS_PROXY=http://{proxy.authority} " in shown.stdout and PASSWORD not in shown.stdout
        found = run("doctor", env=env)
        assert f"https://{STORE}"[8:] + f" answers, through the proxy {proxy.authority}" in found.stdout
        assert f"https upstreams are called through http://{proxy.authority}" in found.stdout
        assert PASSWORD not in found.stdout + found.stderr

    def test_doctor_warns_of_an_upstream_in_the_clear(self, net) -> None:
        proxy = net.proxy()
        env = net.world.settings(**net.environment(f"http://{proxy.authority}", store=f"http://{PLAIN}"))
        found = run("doctor", "--no-token", env=env)
        assert f"http://{PLAIN} is called without TLS" in found.stdout

    @pytest.mark.parametrize("case", [case for case in TABLE if case.get("exit") == 78], ids=lambda case: str(case["environment"]))
    @pytest.mark.parametrize("command", [["serve"], ["get", "solo"], ["config"], ["doctor"]], ids=lambda words: words[0])
    def test_a_proxy_that_cannot_be_used_is_refused_by_name(self, net, case, command) -> None:
        done = run(*command, env=net.world.settings(**case["environment"]), timeout=10)
        assert done.returncode == 78
        assert all(name in done.stdout + done.stderr for name in case["message_names"])


FAULTS = {
    "down": (lambda proxy, when: proxy.down(), "proxy_connect_failed"),
    "wants credentials": (lambda proxy, when: proxy.always(status(407, b"made-up body"), when), "proxy_http_407"),
    "denies": (lambda proxy, when: proxy.always(status(403, b"made-up body"), when), "proxy_http_403"),
    "cannot reach": (lambda proxy, when: proxy.always(status(502, b"made-up body"), when), "proxy_http_502"),
    "hangs": (lambda proxy, when: proxy.always(hang, when), "proxy_timed_out"),
}
#: The target of the request, and whether the answer must come from the proxy.
WAYS = {"store by tunnel": (f"{STORE}:443", True), "store in the clear": (PLAIN, False), "issuer": (LOGIN, True)}


@pytest.mark.row(67)
@pytest.mark.parametrize(
    ("way", "fault"),
    # Without a tunnel the status may come from the upstream.
    [(way, fault) for way in WAYS for fault in FAULTS if WAYS[way][1] or fault not in ("denies", "cannot reach")],
)
def test_a_proxy_that_fails_is_named_and_survived(net, fault: str, way: str) -> None:
    make, code = FAULTS[fault]
    target = WAYS[way][0]
    proxy = net.proxy()
    store = f"http://{PLAIN}" if way == "store in the clear" else f"https://{STORE}"
    broker = net.world.serve(
        ["made-up body"], **net.environment(f"http://{proxy.authority}", store=store), LATCHKEY_SHARED_TIER="none"
    )
    make(proxy, lambda request: target in request.target)
    net.end_connections(proxy)
    ask = broker.token if way == "issuer" else lambda: broker.get("/secrets/solo")
    refused = ask()
    assert refused.status in ((504,) if fault == "hangs" else (502, 503)), refused
    problem = refused.json()
    assert problem.get("upstream_code") == code, problem
    assert f"the proxy {proxy.authority} " in problem["detail"]
    until(lambda: any(code in json.dumps(line) for line in broker.logs), "the log has it by name")
    if way == "issuer":
        assert code in {tier.get("last_error") for tier in broker.get("/health").json()["tiers"].values()}
    proxy.heal()
    if fault == "down":
        proxy.up()
    broker.child.ready(lambda: ask().status == 200, "it is found again by itself")


@pytest.mark.row(67)
@pytest.mark.parametrize("fault", ["down", "wants credentials"])
def test_commands_name_the_proxy_and_end_as_for_an_upstream_that_is_down(net, fault: str) -> None:
    proxy = net.proxy()
    FAULTS[fault][0](proxy, lambda request: True)
    env = net.world.settings(**net.environment(f"http://{proxy.authority}"))
    wanted = [proxy.authority, *(["407"] if fault == "wants credentials" else [])]
    for command in (["get", "solo"], ["token"], ["exec", "--", "true"], ["put", "new", "--yes"], ["migrate", "plan", "--secret", "a"]):
        done = run(*command, env=env, stdin="value")
        assert done.returncode == 69, (command, done.stderr)
        assert all(text in done.stderr for text in wanted), (command, done.stderr)
    found = run("doctor", env=env)
    assert found.returncode == 69
    assert f"the proxy {proxy.authority}" in found.stdout and "HTTPS_PROXY" in found.stdout
