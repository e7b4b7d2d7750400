"""AWS SDKs get the same answers of Parameter Store from the broker as from the store."""

from __future__ import annotations

import pytest

from peers.broker import PREFIX
from peers.faults import aws_error
from peers.proxy import mentions, operation
from peers.sdk import aws, aws_of_both, client, failure, comparable

#: Twelve parameters: more than one page, and one more level.
NAMES = [*(f"tree/p{number:02}" for number in range(11)), "tree/deep/er"]


@pytest.fixture
def ssm(world):
    for number, name in enumerate(NAMES):
        world.put(name, f"wert {number} ü\n", "SecureString" if number % 2 else "String")
    world.put("list", "a,b,c", "StringList")
    return client(world.serve(), "ssm")


def full(*names: str) -> list[str]:
    return [f"{PREFIX}/{name}" for name in names]


@pytest.mark.parametrize("name", ["tree/p00", "tree/p01", "tree/deep/er", "list"])
@pytest.mark.parametrize("decrypted", [True, False])
def test_one_parameter_is_as_the_store_has_it(world, ssm, name: str, decrypted: bool) -> None:
    ask = {"Name": f"{PREFIX}/{name}", "WithDecryption": decrypted}
    assert comparable(ssm.get_parameter(**ask)) == comparable(world.ssm.get_parameter(**ask))


def test_a_parameter_may_be_named_by_its_arn(world, ssm) -> None:
    arn = world.parameter("list")["ARN"]
    assert ssm.get_parameter(Name=arn)["Parameter"]["Value"] == "a,b,c"


def test_a_version_and_a_label_are_found(world, ssm) -> None:
    world.put("list", "newer", "StringList")
    world.ssm.label_parameter_version(Name=f"{PREFIX}/list", ParameterVersion=1, Labels=["old"])
    for selector in (":1", ":2", ":old"):
        name = f"{PREFIX}/list{selector}"
        answer = ssm.get_parameter(Name=name)["Parameter"]
        # moto omits a member that AWS repeats (Systems Manager API, Parameter).
        assert answer.pop("Selector") == selector
        assert answer == world.ssm.get_parameter(Name=name)["Parameter"]


def test_several_parameters_are_as_the_store_has_them(world, ssm) -> None:
    ask = {"Names": full("tree/p01", "nothing", "list", "tree/p00"), "WithDecryption": True}
    answer, wanted = ssm.get_parameters(**ask), world.ssm.get_parameters(**ask)
    # In the requested order; the order of moto is that of a set.
    expected = {found["Name"]: found for found in wanted.pop("Parameters")}
    wanted["Parameters"] = [expected[name] for name in full("tree/p01", "list", "tree/p00")]
    assert comparable(answer) == comparable(wanted)
    assert answer["InvalidParameters"] == full("nothing")


@pytest.mark.parametrize("ask", [
    {"Recursive": True, "WithDecryption": True},
    {"Recursive": True, "WithDecryption": False, "PaginationConfig": {"PageSize": 3}},
    {"Recursive": False, "WithDecryption": True, "PaginationConfig": {"PageSize": 5}},
], ids=["recursive", "encrypted, in threes", "one level, in fives"])
def test_a_path_is_paged_through_as_at_the_store(world, ssm, ask) -> None:
    def pages(at):
        found = at.get_paginator("get_parameters_by_path").paginate(Path=f"{PREFIX}/tree", **ask)
        return [page["Parameters"] for page in found]

    actual, expected = pages(ssm), [page for page in pages(world.ssm) if page]
    assert len(actual) == len(expected) > (1 if "PaginationConfig" in ask or ask["Recursive"] else 0)
    assert actual == expected


def test_the_token_cache_is_not_readable(world, ssm) -> None:
    world.put("auth0-cache/token", "a.b.c")
    world.put("latchkey/backend", "parameter-store", "String")
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=PREFIX, Recursive=True, WithDecryption=True)
    names = {found["Name"] for page in pages for found in page["Parameters"]}
    assert names == set(full(*NAMES, "list"))
    for name in ("auth0-cache/token", "latchkey/backend"):
        assert failure(lambda: ssm.get_parameter(Name=f"{PREFIX}/{name}"))[1] == "AccessDeniedException"
        assert failure(lambda: ssm.get_parameters_by_path(Path=f"{PREFIX}/{name}"))[1] == "AccessDeniedException"


def test_a_thousand_reads_are_one_at_the_store(world, ssm) -> None:
    ask = {"Name": f"{PREFIX}/tree/p01", "WithDecryption": True}
    world.aws.forget()
    values = {ssm.get_parameter(**ask)["Parameter"]["Value"] for _ in range(1000)}
    assert values == {"wert 1 ü\n"}
    assert len(world.aws.seen(mentions(ask["Name"]))) <= 1


def test_a_hundred_listings_are_one_at_the_store(world, ssm) -> None:
    world.aws.forget()
    for _ in range(100):
        ssm.get_parameters_by_path(Path=f"{PREFIX}/tree", Recursive=True, WithDecryption=True)
    assert len(world.aws.seen(operation("GetParametersByPath"))) == 2, "two pages, read once"


@pytest.mark.parametrize(("call", "ask"), [
    ("get_parameter", {"Name": f"{PREFIX}/nothing"}),
    ("get_parameter", {"Name": f"{PREFIX}/list:99"}),
    ("get_parameter", {"Name": f"{PREFIX}/list:nolabel"}),
    ("get_parameters", {"Names": [f"{PREFIX}/{number}" for number in range(11)]}),
    ("get_parameters_by_path", {"Path": f"{PREFIX}/tree", "MaxResults": 11}),
], ids=["no parameter", "no version", "no label", "eleven names", "eleven on a page"])
def test_an_error_is_the_exception_it_is_at_the_store(world, ssm, call: str, ask) -> None:
    actual = failure(lambda: getattr(ssm, call)(**ask))
    assert actual == failure(lambda: getattr(world.ssm, call)(**ask))


def test_names_beyond_the_prefix_are_denied(world, ssm) -> None:
    denied = "AccessDeniedException"
    world.aws.forget()
    for name in ("/other/app/secret", "plain", f"{PREFIX}x/y", f"{PREFIX}", f"{PREFIX}/../other"):
        assert failure(lambda: ssm.get_parameter(Name=name))[1] == denied, name
    assert failure(lambda: ssm.get_parameters(Names=[f"{PREFIX}/list", "/other"]))[1] == denied
    for path in ("/", "/other", f"{PREFIX}x"):
        assert failure(lambda: ssm.get_parameters_by_path(Path=path))[1] == denied, path
    assert world.aws.seen(operation("GetParameter", "GetParameters", "GetParametersByPath")) == []


def test_writes_are_denied_and_unheard_of_operations_unknown(world, ssm) -> None:
    write = lambda: ssm.put_parameter(Name=f"{PREFIX}/list", Value="x", Type="String", Overwrite=True)  # noqa: E731
    assert failure(write)[1] == "AccessDeniedException"
    assert failure(lambda: ssm.delete_parameter(Name=f"{PREFIX}/list"))[1] == "AccessDeniedException"
    assert failure(lambda: ssm.describe_instance_information())[1] == "UnknownOperationException"
    assert world.parameter("list")["Version"] == 1


def test_a_forged_page_token_is_rejected(ssm) -> None:
    code = failure(lambda: ssm.get_parameters_by_path(Path=f"{PREFIX}/tree", NextToken="xx"))
    assert code == ("InvalidNextToken", "InvalidNextToken")


def test_sdks_retry_throttling_and_outages(world, ssm) -> None:
    name = f"{PREFIX}/tree/p03"
    world.aws.always(aws_error("ThrottlingException"))
    assert failure(lambda: ssm.get_parameter(Name=name))[1] == "ThrottlingException"
    world.aws.heal()
    world.aws.down()
    assert failure(lambda: ssm.get_parameter(Name=f"{PREFIX}/tree/p05")) == ("InternalServerError",) * 2


@pytest.mark.parametrize(("at_store", "here"), [
    ("ValidationException", "ValidationException"), ("InvalidKeyId", "InvalidKeyId"),
    ("AccessDeniedException", "AccessDeniedException"), ("UnrecognizedClientException", "AccessDeniedException"),
])
def test_sdks_do_not_retry_rejections_of_the_store(world, ssm, at_store: str, here: str) -> None:
    world.aws.always(aws_error(at_store), when=mentions(f"{PREFIX}/tree/p07"))
    world.aws.forget()
    patient = client(world.brokers[0], "ssm", attempts=3)
    assert failure(lambda: patient.get_parameter(Name=f"{PREFIX}/tree/p07"))[1] == here
    assert world.brokers[0].metric("latchkey_http_requests_total", route="aws", code="400") == 1


def test_cached_values_are_served_while_the_store_is_down(world) -> None:
    world.put("solo", "v")
    ssm = client(world.serve(LATCHKEY_SECRET_TTL="0"), "ssm")
    ask = {"Name": f"{PREFIX}/solo", "WithDecryption": True}
    first = comparable(ssm.get_parameter(**ask))
    world.aws.down()
    assert comparable(ssm.get_parameter(**ask)) == first


@pytest.mark.parametrize("words", [
    ["get-parameter", "--name", f"{PREFIX}/tree/p01", "--with-decryption"],
    ["get-parameters", "--names", *full("tree/p01", "nothing", "neither"), "--with-decryption"],
    ["get-parameters-by-path", "--path", f"{PREFIX}/tree", "--recursive", "--with-decryption"],
], ids=["one", "several", "a path"])
def test_the_aws_cli_prints_the_same_bytes_as_for_the_store(world, ssm, words: list[str]) -> None:
    actual, expected = aws_of_both(world.brokers[0], world.moto, "ssm", *words)
    assert actual == expected
    assert "tree/p01" in actual


def test_the_aws_cli_prints_errors(world, ssm) -> None:
    broker = world.brokers[0]
    missing = aws(broker, "ssm", "get-parameter", "--name", f"{PREFIX}/nothing")
    assert missing.returncode != 0 and "ParameterNotFound" in missing.stderr
    wrong = aws(broker, "ssm", "get-parameter", "--name", f"{PREFIX}/list", secret="wrong-key-0123456789")
    assert wrong.returncode != 0 and "InvalidSignatureException" in wrong.stderr
