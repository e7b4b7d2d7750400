"""Secrets that stay in Secrets Manager while the backend is Parameter Store: the list that brokers follow."""

from __future__ import annotations

import pytest

from peers.broker import PREFIX, Broker
from peers.faults import aws_error, status
from peers.proxy import mentions, operation
from peers.sdk import client
from peers.waiting import until

OURS = PREFIX.lstrip("/")
LIST = "latchkey/kept"
BACKEND = "latchkey/backend"
AUTO = {"LATCHKEY_SECRETS_BACKEND": "auto"}


def create(world, *names: str) -> None:
    for name in names:
        world.secrets_manager.create_secret(Name=f"{OURS}/{name}", SecretString=f"old {name}")


def told(broker: Broker) -> list[tuple[str, str]]:
    """The warnings about the list."""
    lines = [line for line in broker.logs if "lists the kept secrets" in line["message"]]
    return [(line["level"], line["code"]) for line in lines if line["level"] == "warning"]


def source(broker: Broker, key: str) -> str:
    answer = broker.get(f"/secrets/{key}")
    return answer.json()["source"] if answer.status == 200 else answer.code


@pytest.fixture(params=["auto", "parameter-store"])
def backend(request, world) -> dict[str, str]:
    """Both backends that read the list, with Parameter Store in force."""
    if request.param == "auto":
        world.put(BACKEND, "parameter-store", "String")
    return {"LATCHKEY_SECRETS_BACKEND": request.param}


def test_both_are_read_in_one_call_and_applied_together(world) -> None:
    create(world, "db")
    world.put(BACKEND, "parameter-store", "String")
    world.put(LIST, f"{OURS}/db", "String")
    broker = world.serve(**AUTO)
    assert source(broker, "db") == "secrets-manager"
    both = [f"{PREFIX}/{BACKEND}", f"{PREFIX}/{LIST}"]
    looks = [request for request in world.aws.seen(mentions(f"{PREFIX}/{LIST}"))]
    assert looks and all(set(both) <= set(request.json()["Names"]) for request in looks)
    assert broker.get("/health").json()["kept_secrets"] == 1


def test_every_front_reads_a_kept_secret_where_it_is(world, backend) -> None:
    create(world, "db", "moved", "gone")
    world.put("moved", "new moved")
    world.put("secrets", '{"FIELD": "of the blob"}')
    world.put(LIST, f"{OURS}/db, {OURS}/gone,elsewhere/x\n", "String")
    world.secrets_manager.delete_secret(SecretId=f"{OURS}/gone")
    broker = world.serve(**backend)
    stored = world.secrets_manager.get_secret_value(SecretId=f"{OURS}/db")
    answer = broker.get("/secrets/db").json()
    assert (answer["value"], answer["source"], answer["version"]) == ("old db", "secrets-manager", stored["VersionId"])
    assert (source(broker, "moved"), source(broker, "FIELD"), source(broker, "gone")) == (
        "parameter-store", "parameter-store", "not_found",
    )
    for path in (f"/secretsmanager/get?secretId={OURS}/db", f"/secretsmanager/get?secretId={stored['ARN']}"):
        assert broker.get(path).json()["VersionId"] == stored["VersionId"], path
    secrets_manager = client(broker, "secretsmanager")
    for name in (f"{OURS}/db", stored["ARN"]):
        assert secrets_manager.get_secret_value(SecretId=name)["ARN"] == stored["ARN"]
        assert secrets_manager.describe_secret(SecretId=name)["ARN"] == stored["ARN"]
    batch = secrets_manager.batch_get_secret_value(SecretIdList=[f"{OURS}/db", f"{OURS}/moved", f"{OURS}/gone"])
    assert {found["Name"]: found["SecretString"] for found in batch["SecretValues"]} == {
        f"{OURS}/db": "old db", f"{OURS}/moved": "new moved",
    }
    assert [error["SecretId"] for error in batch["Errors"]] == [f"{OURS}/gone"]
    assert broker.get("/secrets").json()["names"] == ["FIELD", "db", "moved"]
    assert set(broker.get("/secrets?keys=db,moved,FIELD").json()["secrets"]) == {"db", "moved", "FIELD"}
    # Calls for Parameter Store show only its own secrets.
    assert broker.get(f"/systemsmanager/parameters/get?name={PREFIX}/db").status == 400


def test_a_kept_blob_is_looked_into(world, backend) -> None:
    world.secrets_manager.create_secret(Name=f"{OURS}/secrets", SecretString='{"FIELD": "of the old blob"}')
    world.put("secrets", '{"FIELD": "of the new one"}')
    world.put("moved", "new moved")
    world.put(LIST, f"{OURS}/secrets", "String")
    broker = world.serve(**backend)
    assert broker.get("/secrets/FIELD").json()["value"] == "of the old blob"
    assert source(broker, "moved") == "parameter-store"
    assert broker.get("/secrets").json()["names"] == ["FIELD", "moved"]


@pytest.mark.slow(20)
def test_a_list_is_followed_and_a_deleted_list_stays_in_force(world) -> None:
    create(world, "db", "other")
    world.put(BACKEND, "parameter-store", "String")
    broker = world.serve(LATCHKEY_NEGATIVE_TTL="0", **AUTO)
    assert source(broker, "db") == "not_found"
    world.put(LIST, f"{OURS}/db", "String")
    until(lambda: source(broker, "db") == "secrets-manager", "the list is followed", within=40)
    world.ssm.delete_parameter(Name=f"{PREFIX}/{LIST}")
    until(lambda: told(broker), "a warning", within=40)
    assert told(broker) == [("warning", "absent")] and source(broker, "db") == "secrets-manager"
    shown = broker.get("/health").json()
    assert (shown["status"], shown["kept_secrets"], shown["followed"]["kept"]["error"]) == ("degraded", 1, "absent")
    assert broker.metric("latchkey_reload_failures_total", what="kept") == 1
    world.put(LIST, "placeholder", "String")
    until(lambda: source(broker, "db") == "not_found", "none is kept", within=40)
    assert broker.get("/health").json()["followed"]["kept"]["state"] == "ok"


def test_a_forbidden_list_counts_as_empty_with_one_warning(world, backend) -> None:
    world.put("moved", "new moved")
    world.put(LIST, f"{OURS}/db", "String")
    world.aws.always(aws_error("AccessDeniedException"), when=mentions(f"{PREFIX}/{LIST}"))
    broker = world.serve(**backend)
    assert source(broker, "moved") == "parameter-store"
    assert source(broker, "db") == "not_found"
    shown = broker.get("/health").json()
    assert (shown["status"], shown["kept_secrets"]) == ("ok", 0)
    assert shown["followed"]["kept"]["error"] == "AccessDeniedException"
    assert told(broker) == [("warning", "AccessDeniedException")]
    assert broker.metric("latchkey_reload_failures_total", what="kept") == 1


def test_while_the_list_is_unreadable_a_missing_secret_is_an_error(world) -> None:
    create(world, "db")
    world.put("moved", "new moved")
    world.put(LIST, f"{OURS}/db", "String")
    world.aws.always(status(500), when=mentions(f"{PREFIX}/{LIST}"))
    broker = world.serve()
    until(lambda: broker.get("/secrets/moved").status == 200, "the store is read")
    for _ in range(2):
        refused = broker.get("/secrets/db")
        assert (refused.status, refused.code, refused.header("Retry-After")) == (503, "not_ready", "1")
    asked = broker.get(f"/secretsmanager/get?secretId={OURS}/db")
    assert asked.status == 500 and "ResourceNotFound" not in asked.text
    world.aws.heal()
    until(lambda: broker.get("/secrets/db").status == 200, "the list is read")
    assert source(broker, "db") == "secrets-manager"


def test_without_a_list_a_broker_asks_parameter_store_alone(world) -> None:
    world.put("moved", "new moved")
    broker = world.serve()
    assert source(broker, "moved") == "parameter-store"
    assert not world.aws.seen(operation("GetSecretValue", "ListSecrets"))
    assert broker.get("/secrets").json()["names"] == ["moved"]
    assert "secrets-manager" not in broker.get("/health").json()["tiers"]


def test_when_secrets_manager_fails_kept_secrets_alone_are_stale(world) -> None:
    create(world, "db")
    world.put("moved", "new moved")
    world.put(LIST, f"{OURS}/db", "String")
    broker = world.serve(LATCHKEY_SECRET_TTL="0")
    assert source(broker, "db") == "secrets-manager"
    assert source(broker, "moved") == "parameter-store"
    world.aws.always(status(500), when=operation("GetSecretValue"))
    kept = broker.get("/secrets/db")
    assert (kept.status, kept.header("X-Latchkey-Stale")) == (200, "true")
    moved = broker.get("/secrets/moved")
    assert (moved.status, moved.header("X-Latchkey-Stale")) == (200, None)
    shown = broker.get("/health").json()
    assert (shown["status"], shown["tiers"]["secrets-manager"]["state"]) == ("degraded", "failing")
    world.aws.heal()
    until(lambda: broker.get("/health").json()["status"] == "ok", "it is asked again without a caller")
