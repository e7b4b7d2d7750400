"""Two stores behind one broker: shadow comparisons, and a fleet that follows the backend parameter."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from peers.broker import PREFIX, Broker, run
from peers.faults import aws_error, status, when_released
from peers.proxy import mentions, operation
from peers.readers import Readers
from peers.waiting import until

SWITCH = "latchkey/backend"
AUTO = {"LATCHKEY_SECRETS_BACKEND": "auto"}
SHADOW = {"LATCHKEY_SECRETS_BACKEND": "shadow"}


def create(world, name: str, value: str) -> None:
    world.secrets_manager.create_secret(Name=f"{PREFIX.lstrip('/')}/{name}", SecretString=value)


def source(broker: Broker, key: str = "solo") -> str:
    answer = broker.get(f"/secrets/{key}")
    assert answer.status == 200, answer.text
    return answer.json()["source"]


def unread(broker: Broker) -> list[tuple[str, str]]:
    """The log lines about failed checks."""
    told = [line for line in broker.logs if "names the backend cannot be followed" in line["message"]]
    return [(line["level"], line["code"]) for line in told]


def compared(broker: Broker, result: str) -> float:
    return broker.metric("latchkey_shadow_comparisons_total", result=result)


def test_shadow_counts_and_names_differences_without_values(world) -> None:
    create(world, "same", "equal-in-both-7d1c")
    world.put("same", "equal-in-both-7d1c")
    create(world, "changed", "old-value-19aa")
    world.put("changed", "new-value-82bb")
    create(world, "missing", "nowhere-else-33cc")
    values = ["equal-in-both-7d1c", "old-value-19aa", "new-value-82bb", "nowhere-else-33cc"]
    broker = world.serve(secrets=values, **SHADOW)
    for key in ("same", "changed", "missing"):
        assert source(broker, key) == "secrets-manager"
    until(lambda: (compared(broker, "match"), compared(broker, "mismatch")) == (1, 2), "three comparisons")
    told = lambda: {  # noqa: E731
        line["secret"]: line["why"] for line in broker.logs if line["message"] == "the stores differ"
    }
    # A difference is counted before it is logged.
    until(lambda: len(told()) == 2, "both differences in the log")
    root = PREFIX.lstrip("/")
    assert told() == {
        f"{root}/changed": "the values differ",
        f"{root}/missing": "Parameter Store has no such parameter",
    }
    assert broker.get("/health").json()["secrets_backend"] == "shadow"


def test_a_shadow_store_that_fails_takes_nothing_from_callers(world) -> None:
    create(world, "solo", "served all the same")
    world.aws.always(aws_error("AccessDeniedException"), when=mentions(f"{PREFIX}/solo"))
    broker = world.serve(**SHADOW)
    assert broker.get("/secrets/solo").json()["value"] == "served all the same"
    until(lambda: compared(broker, "error") == 1, "the failure is counted")


def test_without_the_parameter_auto_reads_the_old_store(world) -> None:
    create(world, "solo", "old")
    world.put("solo", "new")
    assert source(world.serve(**AUTO)) == "secrets-manager"


def test_auto_waits_until_it_knows_and_then_serves(world) -> None:
    world.put("solo", "new")
    world.put(SWITCH, "parameter-store", "String")
    world.aws.always(status(500), when=mentions(f"{PREFIX}/{SWITCH}"))
    broker = world.start(**AUTO).wait_live()
    refused = broker.get("/secrets/solo")
    assert (refused.status, refused.code, bool(refused.header("Retry-After"))) == (503, "not_ready", True)
    assert f"the secrets backend is unknown: {PREFIX}/{SWITCH} " in refused.json()["detail"]
    assert broker.get("/health").json()["secrets_backend"] == "unknown"
    looks = mentions(f"{PREFIX}/{SWITCH}")
    until(lambda: len({seen.at // 1 for seen in world.aws.seen(looks)}) >= 4, "several looks")
    assert [level for level, _ in unread(broker)] == ["warning"], "one line a change, and not one a look"
    world.aws.heal()
    until(lambda: broker.get("/secrets/solo").status == 200, "it knows")
    assert source(broker) == "parameter-store"


def test_callers_that_come_before_the_first_read_wait_for_it(world) -> None:
    world.put("solo", "new")
    world.put(SWITCH, "parameter-store", "String")
    released = threading.Event()
    world.aws.always(when_released(released), when=mentions(f"{PREFIX}/{SWITCH}"))
    broker = world.start(LATCHKEY_UPSTREAM_TIMEOUT="10", **AUTO)
    until(lambda: world.aws.seen(mentions(f"{PREFIX}/{SWITCH}")), "the first read is under way")
    with ThreadPoolExecutor(4) as pool:
        paths = ["/secrets/solo", "/secrets?keys=solo", f"/secretsmanager/get?secretId={PREFIX.lstrip('/')}/solo", "/secrets/solo"]
        answers = [pool.submit(broker.get, path) for path in paths]
        until(lambda: broker.metric("latchkey_http_connections") > len(paths), "all of them wait")
        assert not world.aws.seen(mentions(f"{PREFIX}/solo"))
        released.set()
        for path, answer in zip(paths, answers, strict=True):
            assert answer.result().status == 200, path


@pytest.mark.row(64)
def test_a_forbidden_backend_parameter_fails_at_once_and_recovers(world) -> None:
    world.put("solo", "new")
    world.put(SWITCH, "parameter-store", "String")
    world.aws.always(aws_error("AccessDeniedException"), when=mentions(f"{PREFIX}/{SWITCH}"))
    broker = world.start(LATCHKEY_UPSTREAM_TIMEOUT="60", **AUTO)
    refused = broker.get("/secrets/solo")
    assert (refused.status, refused.code) == (503, "not_ready")
    assert f"{PREFIX}/{SWITCH} could not be read [AccessDeniedException]" in refused.json()["detail"]
    world.aws.heal()
    until(lambda: broker.get("/secrets/solo").status == 200, "it knows", within=15)


@pytest.mark.row(64)
@pytest.mark.slow(20)
def test_once_followed_only_another_valid_value_changes_the_backend(world) -> None:
    create(world, "solo", "old")
    world.put("solo", "new")
    world.put(SWITCH, "parameter-store", "String")
    broker = world.serve(**AUTO)
    assert source(broker) == "parameter-store"
    world.ssm.delete_parameter(Name=f"{PREFIX}/{SWITCH}")
    until(lambda: unread(broker), "a warning", within=20)
    shown = broker.get("/health").json()
    assert (shown["status"], shown["secrets_backend"]) == ("degraded", "parameter-store")
    followed = shown["followed"]["LATCHKEY_SECRETS_BACKEND"]
    assert (followed["what"], followed["source"], followed["error"]) == ("backend", f"{PREFIX}/{SWITCH}", "absent")
    assert broker.metric("latchkey_reload_failures_total", what="backend") == 1
    assert unread(broker) == [("warning", "absent")] and source(broker) == "parameter-store"
    world.put(SWITCH, "secrets-manager", "String")
    until(lambda: source(broker) == "secrets-manager", "another word is followed", within=30)
    assert broker.get("/health").json()["followed"]["LATCHKEY_SECRETS_BACKEND"]["state"] == "ok"


@pytest.mark.row(64)
def test_a_word_that_names_no_backend_changes_nothing(world) -> None:
    create(world, "solo", "old")
    world.put(SWITCH, "secrets-manager", "String")
    broker = world.serve(**AUTO)
    assert source(broker) == "secrets-manager"
    world.put(SWITCH, "parameterstore", "String")
    until(lambda: unread(broker), "a warning")
    assert unread(broker) == [("warning", "unknown_backend")]
    assert source(broker) == "secrets-manager"


def test_a_fleet_that_can_no_longer_follow_says_so(world) -> None:
    create(world, "solo", "old")
    world.put(SWITCH, "secrets-manager", "String")
    broker = world.serve(**AUTO)
    assert source(broker) == "secrets-manager"
    world.aws.always(aws_error("AccessDeniedException"), when=mentions(f"{PREFIX}/{SWITCH}"))

    until(lambda: unread(broker), "a warning")
    assert unread(broker) == [("warning", "AccessDeniedException")]
    assert source(broker) == "secrets-manager"


@pytest.mark.slow
@pytest.mark.alone
def test_no_request_fails_during_a_cutover_and_rollback_at_2000_reads_per_second(world) -> None:
    values = {f"key-{number}": f"value of key {number}" for number in range(20)}
    for key, value in values.items():
        create(world, key, value)
        world.put(key, value)
    world.put(SWITCH, "secrets-manager", "String")
    brokers = [world.serve(**AUTO) for _ in range(2)]
    with Readers([broker.port for broker in brokers], values, rate=2500) as readers:
        until(lambda: readers.sources == {"secrets-manager"}, "all read the old store")
        for arguments, backend_name in (
            (["cutover", "--force"], "parameter-store"),
            (["rollback"], "secrets-manager"),
        ):
            journal = str(world.folder / "journal")
            done = run("migrate", *arguments, "--journal", journal, "--yes", env=world.settings())
            assert done.returncode == 0, done.stderr
            started = time.monotonic()
            until(lambda: readers.sources == {backend_name}, f"all read {backend_name}", within=35)
            assert time.monotonic() - started < 30
    assert readers.failures == []
    assert readers.rate >= 2000


def test_the_broker_s_own_parameters_are_no_secrets(world) -> None:
    world.put(SWITCH, "parameter-store", "String")
    broker = world.serve(**AUTO)
    assert broker.get(f"/secrets/{SWITCH}").status == 404
    assert world.aws.seen(operation("GetParameter", "GetParameters"))
