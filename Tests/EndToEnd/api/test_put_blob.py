"""`latchkey put` for the blob and for one of its fields."""

from __future__ import annotations

import json
import re

import pytest

from peers.broker import PREFIX, run
from peers.faults import aws_error
from peers.proxy import Fault, ProxiedRequest, operation

PUT = operation("PutParameter")


def overtaken(world, blob: str) -> Fault:
    """Another writer writes this blob just before the request."""

    def fault(proxied: ProxiedRequest) -> bool:
        world.put("secrets", blob)
        proxied.send(proxied.forward())
        return True

    return fault


class TestTheBlob:
    """`put secrets`, and the effect of the blob on other keys."""

    @pytest.mark.parametrize(("value", "says"), [
        ('{"a": 1,}', "byte 8"), ("not json", "byte 1"), ("[1]", "not a JSON object"), ('"text"', "not a JSON object"),
        ('{"a": 1} x', "byte 9"), ('{"a": 1', "byte 7"),
    ])
    def test_it_must_be_an_object_unless_forced(self, world, value: str, says: str) -> None:
        done = run("put", "secrets", env=world.settings(), stdin=value)
        assert (done.returncode, world.aws.seen()) == (64, [])
        assert says in done.stderr and "--force" in done.stderr
        assert run("put", "secrets", "--force", env=world.settings(), stdin=value).returncode == 0
        assert world.parameter("secrets")["Value"] == value

    def test_an_object_is_written_as_it_is(self, world) -> None:
        value = '{ "a": 1.10,\n  "a": 1e400, "b": "\\ud800" }'
        assert run("put", "secrets", env=world.settings(), stdin=value).returncode == 0
        assert world.parameter("secrets")["Value"] == value

    def test_a_parameter_hidden_by_a_field_is_reported(self, world) -> None:
        world.put("secrets", '{"db":"blob"}')
        done = run("put", "db", env=world.settings(), stdin="parameter")
        assert done.returncode == 0 and f"{PREFIX}/secrets" in done.stderr and "hidden" in done.stderr
        (command,) = re.findall(r"latchkey (put secrets --field \S+)", done.stderr)
        assert run("get", "db", env=world.settings()).stdout.strip() == "blob"
        assert run(*command.split(), env=world.settings(), stdin="now").returncode == 0
        assert run("get", "db", env=world.settings()).stdout.strip() == "now"

    @pytest.mark.parametrize("blob", [None, '{"other":"x"}', "not json"])
    def test_a_parameter_that_nothing_hides_is_not(self, world, blob: str | None) -> None:
        if blob:
            world.put("secrets", blob)
        done = run("put", "db", env=world.settings(), stdin="parameter")
        assert (done.returncode, done.stderr) == (0, "")

    def test_an_unknown_blob_is_reported(self, world) -> None:
        world.aws.always(aws_error("AccessDeniedException"), when=operation("GetParameter"))
        done = run("put", "db", env=world.settings(), stdin="parameter")
        assert done.returncode == 0 and "cannot be read" in done.stderr


class TestOneField:
    """`put KEY --field NAME`."""

    @pytest.mark.parametrize(("before", "field", "value", "after"), [
        ('{"a": "1", "b": 1.10}', "a", "2", '{"a": "2", "b": 1.10}'),
        ('{"n": 12345678901234567890, "e": 1e400,\n "a":"x"}', "a", "y", '{"n": 12345678901234567890, "e": 1e400,\n "a":"y"}'),
        ('{"a": {"deep": [1]}, "a": 7}', "a", "last", '{"a": {"deep": [1]}, "a": "last"}'),
        ('{"\\u0061": "1"}', "a", "2", '{"\\u0061": "2"}'),
        ('{"a": "1"}', "a.b", "2", '{"a": "1","a.b": "2"}'),
        ('{\n  "a": "1"\n}', "b", 'q"\n\\', '{\n  "a": "1",\n  "b": "q\\"\\n\\\\"\n}'),
        ("{}", "a", "1", '{"a":"1"}'),
        (" { } ", "two words", "é", ' {"two words":"é" } '),
    ])
    def test_every_other_byte_stays_as_it_is(self, world, before: str, field: str, value: str, after: str) -> None:
        world.put("secrets", before)
        done = run("put", "secrets", "--field", field, env=world.settings(), stdin=value)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{PREFIX}/secrets version 2\n"
        assert world.parameter("secrets")["Value"] == after

    def test_a_blob_that_is_not_there_is_made(self, world) -> None:
        assert run("put", "secrets", "--field", "a", env=world.settings(), stdin="1").returncode == 0
        assert world.parameter("secrets")["Value"] == '{"a":"1"}'

    def test_the_parameter_keeps_its_type_and_its_key(self, world) -> None:
        world.put("config", '{"a":"1"}', "String")
        assert run("put", "config", "--field", "a", env=world.settings(), stdin="2").returncode == 0
        assert world.parameter("config")["Type"] == "String"
        assert run("put", "secrets", "--kms-key", "alias/orders", env=world.settings(), stdin="{}").returncode == 0
        assert run("put", "secrets", "--field", "a", env=world.settings(), stdin="2").returncode == 0
        assert world.aws.seen(PUT)[-1].json()["KeyId"] == "alias/orders"

    @pytest.mark.parametrize(("blob", "says"), [("[]", "not a JSON object"), ('{"a":1,}', "byte 7")])
    def test_a_blob_without_fields_is_not_changed(self, world, blob: str, says: str) -> None:
        world.put("secrets", blob)
        done = run("put", "secrets", "--field", "a", env=world.settings(), stdin="1")
        assert done.returncode == 1 and says in done.stderr
        assert world.parameter("secrets")["Value"] == blob

    def test_a_blob_that_would_be_too_long_is_left_alone(self, world) -> None:
        world.put("secrets", json.dumps({"a": "x" * 4_000}))
        done = run("put", "secrets", "--field", "b", env=world.settings(), stdin="y" * 200)
        assert done.returncode == 64 and "4096" in done.stderr and "--tier" in done.stderr
        assert world.aws.seen(PUT) == []
        done = run("put", "secrets", "--field", "b", "--tier", "advanced", env=world.settings(), stdin="y" * 200)
        assert done.returncode == 0, done.stderr
        # The parameter keeps its tier.
        done = run("put", "secrets", "--field", "c", env=world.settings(), stdin="z")
        assert done.returncode == 0, done.stderr
        assert "Tier" not in world.aws.seen(PUT)[-1].json()

    def test_a_concurrent_write_is_reported(self, world) -> None:
        world.put("secrets", '{"a":"1","b":"1"}')
        world.aws.next(overtaken(world, '{"a":"1","b":"2"}'), when=PUT)
        done = run("put", "secrets", "--field", "a", env=world.settings(), stdin="2")
        assert done.returncode == 1, done.stderr
        assert "version 1" in done.stderr and "version 3" in done.stderr and f"{PREFIX}/secrets:2" in done.stderr

    def test_a_concurrent_creation_is_not_overwritten(self, world) -> None:
        world.aws.next(overtaken(world, '{"b":"2"}'), when=PUT)
        done = run("put", "secrets", "--field", "a", env=world.settings(), stdin="2")
        assert done.returncode == 1 and "was created concurrently" in done.stderr
        assert world.parameter("secrets")["Value"] == '{"b":"2"}'
