"""Several profiles in one broker: issuers, client authentication, rotated secrets, quotas and budgets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from peers.assertions import AssertionIssuer
from peers.broker import ROOT, Broker, run
from peers.glewlwyd import SCOPE
from peers.http import ask
from peers.issuer import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from peers.proxy import ProxiedRequest, Fault
from peers.waiting import until

KEYS = ROOT / "Tests/Fixtures/keys"


def profiles(world, *entries: dict, mode: int = 0o600) -> str:
    path = world.folder / "profiles.json"
    path.write_text(json.dumps(entries))
    path.chmod(mode)
    return str(path)


def token(broker: Broker, profile: str) -> str:
    answer = broker.get(f"/token/{profile}")
    assert answer.status == 200, answer.text
    value = answer.json()["access_token"]
    broker.remember_secret(value)
    return value


def at_glewlwyd(name: str, url: str, auth: str) -> dict:
    return {
        **{"name": name, "kind": "oauth2", "token_url": url, "scope": SCOPE, "client_auth": auth},
        **{"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    }


class TestSeveralIssuers:
    @pytest.fixture
    def broker(self, world, glewlwyd) -> Broker:
        path = profiles(
            world,
            at_glewlwyd("by-post", glewlwyd.token_url, "post"),
            at_glewlwyd("by.basic", glewlwyd.token_url, "basic"),
            {"name": "auth0_two", "kind": "auth0", "audience": "https://second.test/api"},
        )
        return world.serve(LATCHKEY_PROFILES_FILE=path)

    def test_each_profile_has_a_token_a_pair_and_metrics_of_its_own(self, broker, world) -> None:
        names = ["default", "by-post", "by.basic", "auth0_two"]
        tokens = {name: token(broker, name) for name in names}
        assert len(set(tokens.values())) == 4
        assert {name: token(broker, name) for name in names} == tokens
        assert len(world.issuer.requests) == 2
        for name, value in tokens.items():
            path = "auth0-cache/token" if name == "default" else f"auth0-cache/{name}/token"
            until(lambda: (world.parameter(path) or {}).get("Value") == value, f"{path} is written")
            assert broker.metric("latchkey_token_refreshes_total", profile=name, outcome="success") == 1
            assert broker.metric("latchkey_token_expiry_timestamp_seconds", profile=name) > time.time()
            assert broker.metric("latchkey_issuer_quota_remaining", profile=name, bucket="budget") == 59
        assert set(broker.get("/health").json()["tokens"]) == set(names)

    def test_the_tier_is_the_issuers_kind(self, broker) -> None:
        assert broker.get("/token/by-post").header("X-Latchkey-Tier") == "oauth2"
        assert broker.get("/token/auth0_two").header("X-Latchkey-Tier") == "auth0"
        assert broker.metric("latchkey_upstream_requests_total", upstream="oauth2", outcome="success") == 1
        tiers = broker.get("/health").json()["tiers"]
        assert tiers["oauth2"]["state"] == tiers["auth0"]["state"] == "ok"

    def test_an_unknown_profile_is_404(self, broker) -> None:
        answer = broker.get("/token/nobody")
        assert (answer.status, answer.code) == (404, "not_found")

    def test_an_oauth_client_gets_the_profile_of_its_audience(self, broker) -> None:
        wanted = {"https://second.test/api": token(broker, "auth0_two"), AUDIENCE: token(broker, "default")}
        for audience, value in wanted.items():
            body = {"grant_type": "client_credentials", "client_id": "default", "audience": audience}
            body["client_secret"] = broker.env["LATCHKEY_API_KEY"]
            headers = {"Content-Type": "application/json"}
            answer = ask(broker.port, "/oauth/token", method="POST", body=json.dumps(body), headers=headers)
            assert answer.status == 200 and answer.json()["access_token"] == value

    def test_the_command_gets_them_without_a_broker(self, broker, world) -> None:
        value = token(broker, "by-post")
        until(lambda: world.parameter("auth0-cache/by-post/token"), "the pair is written")
        until(lambda: world.parameter("auth0-cache/by-post/expires"), "the pair is written")
        assert run("token", "by-post", env=broker.env).stdout == value


@pytest.mark.parametrize(
    ("algorithm", "private", "public"),
    [
        ("RS256", "rsa-pkcs8.pem", "rsa-public.pem"),
        ("RS256", "rsa-pkcs1.pem", "rsa-public.pem"),
        ("ES256", "p256-sec1.pem", "p256-public.pem"),
        ("ES256", "p256-pkcs8.pem", "p256-public.pem"),
    ],
)
def test_a_client_proves_itself_by_its_key(world, later, algorithm: str, private: str, public: str) -> None:
    issuer = AssertionIssuer("svc:1", KEYS / public, algorithm)
    later(issuer.stop)
    path = profiles(
        world,
        {
            **{"name": "signed", "kind": "oauth2", "token_url": issuer.token_url, "client_id": "svc:1"},
            **{"client_secret": f"file:{KEYS / private}", "client_auth": "private_key_jwt", "key_id": "k1"},
        },
    )
    broker = world.serve(LATCHKEY_PROFILES_FILE=path, LATCHKEY_SHARED_TIER="none")
    first = token(broker, "signed")
    broker.get("/cache/clear", method="POST")
    assert token(broker, "signed") != first
    assert issuer.refused == []
    assert len(issuer.accepted) == 2
    assert issuer.headers[0] == {"alg": algorithm, "typ": "JWT", "kid": "k1"}


@pytest.mark.parametrize(
    ("client", "private", "other"),
    [
        ("signs-rs256", "rsa-pkcs8.pem", "p256-pkcs8.pem"),
        ("signs-es256", "p256-sec1.pem", "rsa-pkcs8.pem"),
    ],
)
def test_glewlwyd_takes_the_assertion_of_the_right_key_alone(
    world, glewlwyd, client: str, private: str, other: str
) -> None:
    entry = {
        **{"kind": "oauth2", "token_url": glewlwyd.own_token_url, "scope": SCOPE, "client_id": client},
        **{"client_auth": "private_key_jwt"},
    }
    path = profiles(
        world,
        entry | {"name": "right", "client_secret": f"file:{KEYS / private}"},
        entry | {"name": "wrong", "client_secret": f"file:{KEYS / other}"},
    )
    broker = world.serve(LATCHKEY_PROFILES_FILE=path)
    assert token(broker, "right").count(".") == 2
    answer = broker.get("/token/wrong")
    assert (answer.status, answer.code) == (502, "upstream_denied")


def test_a_wrong_key_is_rejected_without_repeating_it(world, later) -> None:
    issuer = AssertionIssuer("svc", KEYS / "rsa-public.pem", "RS256")
    later(issuer.stop)
    secret = (KEYS / "p256-sec1.pem").read_text()
    entry = {"name": "signed", "kind": "oauth2", "token_url": issuer.token_url, "client_id": "svc"}
    path = profiles(world, entry | {"client_secret": secret, "client_auth": "private_key_jwt"})
    broker = world.serve([secret.splitlines()[1]], LATCHKEY_PROFILES_FILE=path)
    answer = broker.get("/token/signed")
    assert (answer.status, answer.code, answer.json()["upstream_code"]) == (502, "upstream_denied", "invalid_client")
    assert len(issuer.refused) == 1


class TestARotatedSecret:
    @pytest.fixture(autouse=True)
    def restored(self, world, later: Callable) -> None:
        later(lambda: world.issuer.set_secret(CLIENT_SECRET))

    @staticmethod
    def blob(world, secret: str) -> None:
        world.put("secrets", json.dumps({"AUTH0_CLIENT_SECRET": secret}))

    @staticmethod
    def statuses(world) -> list[str]:
        return [line.rpartition(" ")[2] for line in world.issuer.requests]

    def test_a_rotated_secret_in_the_blob_costs_one_more_request(self, world) -> None:
        self.blob(world, CLIENT_SECRET)
        broker = world.serve(["rotated-once-5d1c"], AUTH0_CLIENT_SECRET=None, LATCHKEY_SHARED_TIER="none")
        first = token(broker, "default")
        world.issuer.set_secret("rotated-once-5d1c")
        self.blob(world, "rotated-once-5d1c")
        answer = broker.token("?refresh=true")
        assert answer.status == 200 and answer.header("X-Latchkey-Refresh-Error") is None
        assert answer.json()["access_token"] != first
        assert self.statuses(world) == ["200", "401", "200"]

    def test_a_rotated_secret_in_a_parameter_costs_one_more_request(self, world) -> None:
        world.put("billing/client", CLIENT_SECRET)
        entry = {"name": "own", "kind": "auth0", "audience": "x", "client_secret": "secret:billing/client"}
        broker = world.serve(
            ["rotated-own-c0de"], LATCHKEY_PROFILES_FILE=profiles(world, entry), LATCHKEY_SHARED_TIER="none"
        )
        first = token(broker, "own")
        world.issuer.set_secret("rotated-own-c0de")
        world.put("billing/client", "rotated-own-c0de")
        answer = broker.get("/token/own?refresh=true")
        assert answer.status == 200 and answer.header("X-Latchkey-Refresh-Error") is None
        assert answer.json()["access_token"] != first
        assert self.statuses(world) == ["200", "401", "200"]

    def test_a_rotated_secret_in_a_file_is_used_for_the_next_token(self, world, tmp_path: Path) -> None:
        file = tmp_path / "secret"
        file.write_text(CLIENT_SECRET + "\n")
        path = profiles(world, {"name": "filed", "kind": "auth0", "audience": "x", "client_secret": f"file:{file}"})
        broker = world.serve(["rotated-twice-77aa"], LATCHKEY_PROFILES_FILE=path, LATCHKEY_SHARED_TIER="none")
        token(broker, "filed")
        world.issuer.set_secret("rotated-twice-77aa")
        file.write_text("rotated-twice-77aa\n")
        name = "profile filed: client_secret"
        until(lambda: broker.get("/health").json()["followed"][name]["last_change"], "the new secret is in force")
        assert broker.get("/token/filed?refresh=true").header("X-Latchkey-Refresh-Error") is None
        assert self.statuses(world) == ["200", "200"]

    @pytest.mark.row(34)
    def test_at_the_issuer_alone_is_a_refusal_after_one_request(self, world) -> None:
        self.blob(world, CLIENT_SECRET)
        broker = world.serve(AUTH0_CLIENT_SECRET=None, LATCHKEY_SHARED_TIER="none")
        first = token(broker, "default")
        world.issuer.set_secret("rotated-thrice-0b")
        answer = broker.token("?refresh=true")
        assert answer.json()["access_token"] == first
        assert "invalid_client" in answer.header("X-Latchkey-Refresh-Error")
        assert self.statuses(world) == ["200", "401"]


class TestQuotas:
    @staticmethod
    def short_with(header: str | None) -> Fault:
        """A token for ten seconds with a header for the remaining quota."""

        def fault(proxied: ProxiedRequest) -> bool:
            head, _, body = proxied.forward().partition(b"\r\n\r\n")
            body = json.dumps(json.loads(body) | {"expires_in": 10}).encode()
            lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
            lines += [f"Content-Length: {len(body)}".encode()] + ([header.encode()] if header else [])
            proxied.send(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            return True

        return fault

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("header", "ahead"),
        [(None, True), ("Auth0-Client-Quota-Limit: b=per_hour;q=100;r=50;t=1800", True),
         ("Auth0-Client-Quota-Limit: b=per_hour;q=100;r=10;t=1800,b=per_day;q=1000;r=900;t=43200", False)],
    )  # fmt: skip
    def test_nothing_is_fetched_ahead_of_need_while_the_quota_is_low(self, world, header, ahead: bool) -> None:
        world.auth.always(self.short_with(header))
        broker = world.serve(LATCHKEY_SHARED_TIER="none")
        began = time.monotonic()
        token(broker, "default")
        while time.monotonic() < began + 9.5 and not (ahead and len(world.auth.requests) == 2):
            assert broker.token().status == 200
            time.sleep(0.05)
        if ahead:
            until(lambda: broker.token().status == 200 and len(world.auth.requests) == 2, "the next one is fetched")
        else:
            assert len([request for request in world.auth.requests if request.at < began + 9.5]) == 1
        if not ahead:
            assert broker.metric("latchkey_issuer_quota_remaining", bucket="client_per_hour", profile="default") == 10
            assert broker.metric("latchkey_issuer_quota_remaining", bucket="client_per_day", profile="default") == 900
            until(lambda: broker.token().header("X-Latchkey-Tier") == "auth0", "an expired token is replaced")

    def test_the_budget_is_a_profiles_own_and_says_whose_it_is(self, world) -> None:
        path = profiles(world, {"name": "other", "kind": "auth0", "audience": "https://second.test/api"})
        broker = world.serve(
            LATCHKEY_PROFILES_FILE=path, LATCHKEY_ISSUE_BUDGET_PER_HOUR="2", LATCHKEY_SHARED_TIER="none"
        )
        for left in (1, 0):
            token(broker, "default")
            assert broker.metric("latchkey_issuer_quota_remaining", bucket="budget", profile="default") == left
            broker.get("/cache/clear", method="POST")
        answer = broker.token()
        problem = answer.json()
        assert (answer.status, answer.code, problem["upstream_code"]) == (503, "upstream_throttled", "issue_budget")
        assert "LATCHKEY_ISSUE_BUDGET_PER_HOUR" in problem["detail"] and "auth0 asks" not in problem["detail"]
        assert 3500 < int(answer.header("Retry-After")) <= 3600
        token(broker, "other")
        assert len(world.issuer.requests) == 3


class TestTheFile:
    def test_all_errors_are_reported_at_once(self, world) -> None:
        bad = {"name": "a", "kind": "oauth2", "client_secret": "hush-hush", "token_url": "http://id.example/t"}
        path = profiles(world, bad, {"name": "rejected", "kind": "auth0", "client_auth": "x"})
        done = run("serve", env=world.settings(LATCHKEY_PROFILES_FILE=path))
        assert done.returncode == 78
        for told in ("a: token_url", "a: client_id", "rejected: the name", "rejected: client_auth"):
            assert f"LATCHKEY_PROFILES_FILE: {told}" in done.stderr, done.stderr
        assert "hush" not in done.stderr + done.stdout

    @pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True)])
    def test_one_that_others_may_read_is_warned_of(self, world, mode: int, warned: bool) -> None:
        broker = world.serve(LATCHKEY_PROFILES_FILE=profiles(world, mode=mode))
        assert any("chmod 600" in line["message"] and "profiles.json" in line["message"] for line in broker.logs) == warned

    def test_the_example_is_taken(self, world) -> None:
        example = str(ROOT / "deploy/profiles.json")
        done = run("config", env=world.settings(LATCHKEY_PROFILES_FILE=example))
        assert done.returncode == 0, done.stderr
