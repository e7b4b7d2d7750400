"""Every example in README.md and the catalogue runs as printed, and every command has the options that it is shown with.

Examples in a language that is not installed are not collected.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from functools import cache
from pathlib import Path

import pytest

from peers.broker import BINARY, ROOT, run, settings
from peers.child import Child
from peers.examples import BIN, Example, examples
from peers.http import ask
from peers.pages import documents, spans
from peers.waiting import free_port

PREFIX = "/orders/prod"
REGION = "eu-central-1"
#: Examples that need more than a broker, by first line, and the tests that run them.
ELSEWHERE = {
    "LATCHKEY_PREFIX=/orders/prod ./deploy/try": "deploy/test_try.py::test_try_serves_and_the_lines_it_prints_return_a_token_and_a_secret",
    "pip install openapi-python-client":
        "api/test_openapi_document.py::test_a_client_generated_from_it_reads_a_token_and_a_nested_secret",
    "from latchkey_client import AuthenticatedClient":
        "api/test_openapi_document.py::test_a_client_generated_from_it_reads_a_token_and_a_nested_secret",
    "swift build -c release --static-swift-stdlib --product latchkey": "api/test_documents.py::test_a_broker_is_started",
    "./Tests/run       # builds and tests everything against real peers; ends in \"N passed, N failed\"":
        "deploy/test_runner.py::test_the_table_says_where_the_time_went",
    "deploy/lambda/layer --binary .build/release/latchkey --out latchkey-layer.zip":
        "deploy/test_lambda.py::test_a_thousand_invocations_cost_the_store_nothing_after_init",
    "deploy/grafana/draw.py --prometheus http://127.0.0.1:9090 --minutes 60 --out incident.svg":
        "deploy/test_monitoring.py::test_the_dashboard_is_drawn",
    "deploy/package --binary .build/release/latchkey --out packages":
        "deploy/test_installation.py::test_the_commands_of_the_page_work_as_they_are_printed",
    "deploy/container/build --binary .build/release/latchkey --archive latchkey.tar":
        "deploy/test_installation.py::test_the_commands_of_the_page_work_as_they_are_printed",
    "umask 077":
        "deploy/test_installation.py::test_the_commands_of_the_page_work_as_they_are_printed",
    "terraform -chdir=deploy/terraform/examples/ec2 init":
        "deploy/test_installation.py::test_the_commands_of_the_page_work_as_they_are_printed",
    "latchkey audit verify /var/log/latchkey/audit.log.1 /var/log/latchkey/audit.log \\":
        "api/test_audit_files.py::test_checkpoints_are_signed_and_the_end_is_protected",
    "latchkey migrate plan   --filter-prefix your-app/prod/     # what goes where, obstacles, cost":
        "migrate/test_migrate_printed.py::test_the_printed_commands_complete_a_migration",
}
ALL = list(examples())
#: Languages whose examples are only shown.
SHOWN = {"json", "ini", "swift", "csharp", "text"}
#: The address of AWS's extension in the example of an SDK. Only one process can use it.
FUNCTION = "http://127.0.0.1:2773"
RUNNABLE = [
    example for example in ALL if example.language not in SHOWN and example.first not in ELSEWHERE and example.is_possible()
]


def store(world, but: str) -> None:
    """Stores the secrets that examples read, except those that this example writes."""
    ssm = world.moto.client("ssm", REGION)
    blob = {"STRIPE_KEY": "sk_test_of_the_examples", "DATABASE_URL": "postgres://127.0.0.1/orders", "PORT": 8080}
    values = {
        "secrets": json.dumps(blob), "mongodb-uri": "mongodb://127.0.0.1/orders", "db": "one secret",
        "db/password": "another secret",
    }
    for name, value in values.items():
        if f"latchkey put {name} <" not in but:
            ssm.put_parameter(Name=f"{PREFIX}/{name}", Value=value, Type="SecureString")


def place(folder: Path) -> None:
    """Creates the files that examples use, and the program in `bin`."""
    (folder / "bin").mkdir()
    (folder / "bin/latchkey").symlink_to(BINARY)
    (folder / ".build/release").mkdir(parents=True)
    (folder / ".build/release/latchkey").symlink_to(BINARY)
    for name, text in {
        "password.txt": "secret\n", "key.txt": "sk_test_new\n", "certificate.pem": "a certificate\n",
        "blob.json": '{"STRIPE_KEY": "sk_test"}', "server.js": "if (!process.env.STRIPE_KEY) process.exit(3)\n",
        # An error response ends an example.
        ".curlrc": "fail\n", "worker": "#!/bin/sh\ntest -n \"$STRIPE_KEY\" && test -z \"${LATCHKEY_API_KEY:-}\"\n",
    }.items():
        (folder / name).write_text(text)
    (folder / "worker").chmod(0o755)
    (folder / "deploy").symlink_to(ROOT / "deploy")


def environment(world, folder: Path, **extra: str) -> dict[str, str]:
    given = world.settings(
        LATCHKEY_PREFIX=PREFIX, AWS_REGION=REGION, HOME=str(folder), USER="someone", **extra)
    given["PATH"] = f"{folder / 'bin'}:{BIN}:{os.environ['PATH']}"
    return given


def test_every_language_can_run_and_the_tests_of_other_examples_exist() -> None:
    assert {example.language for example in ALL} <= {"sh", "python", "js", "go", "java", *SHOWN}, ALL
    assert set(ELSEWHERE) <= {example.first for example in ALL}
    for test in ELSEWHERE.values():
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / "Tests/EndToEnd" / file).read_text(), test


@pytest.mark.parametrize("example", RUNNABLE, ids=lambda example: example.name)
def test_an_example_runs_as_it_is_printed(world, tmp_path: Path, example: Example) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    place(folder)
    store(world, but=example.text)
    broker = world.serve(LATCHKEY_PREFIX=PREFIX, AWS_REGION=REGION)
    if FUNCTION in example.text:
        example = Example(example.page, example.line, example.language, example.text.replace(FUNCTION, broker.url))
    env = environment(world, folder, LATCHKEY_URL=broker.url, LC_ALL="C.UTF-8")
    if "AWS_SESSION_TOKEN" in example.text and example.language == "python":
        # In a function the session token is the key.
        env |= {"AWS_SESSION_TOKEN": broker.env["LATCHKEY_API_KEY"], "AWS_DEFAULT_REGION": REGION}
    done = subprocess.run(
        example.command(folder), cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{example.name}\n{done.stdout}{done.stderr}"


def test_a_broker_is_started(world, tmp_path: Path) -> None:
    """Runs the block of README.md that builds and starts a broker, without the build. Tests/run uses the same build command."""
    example = next(example for example in ALL if example.first.startswith("swift build"))
    build, _, rest = example.text.partition("\n")
    assert json.dumps(build.split()) in (ROOT / "Tests/Runner/swift.py").read_text()
    folder = tmp_path / "work"
    folder.mkdir()
    place(folder)
    store(world, but="")
    port = free_port()
    child = Child(["bash", "-c", rest], environment(world, folder, LATCHKEY_LISTEN=f"127.0.0.1:{port}"), cwd=folder)
    try:
        child.ready(lambda: answers(port), "the broker is ready", within=60)
        assert "LATCHKEY_PREFIX=/orders/prod" in child.stdout
    finally:
        # The process group: the shell and the broker.
        os.killpg(child.pid, signal.SIGTERM)
        child.kill()


def answers(port: int) -> bool:
    try:
        return ask(port, "/readyz", timeout=5).status == 200
    except OSError:
        return False


@cache
def help_of(*command: str) -> str:
    return run(*command, "--help", env=settings(Path("/"))).stdout


def subcommand(words: list[str]) -> tuple[str, ...]:
    """The words of the command without its arguments."""
    found: tuple[str, ...] = ()
    for word in words:
        listed = help_of(*found).partition("SUBCOMMANDS:")[2]
        if not re.search(rf"^  {re.escape(word)}\b", listed, re.MULTILINE):
            break
        found += (word,)
    return found


def test_every_command_that_is_named_exists_and_has_the_options_that_are_named() -> None:
    written = {(page.name, text) for page in documents() for text in spans(page) if text.startswith("latchkey ")}
    for example in ALL:
        if example.language == "sh":
            lines = example.text.replace("\\\n", " ").splitlines()
            written |= {(example.name, found) for line in lines for found in re.findall(r"\blatchkey [a-z][^)|&<>#]*", line)}
    assert len(written) > 40
    for page, text in sorted(written):
        words = shlex.split(text.replace("…", ""))[1:]
        if words[0] == "--version":
            continue
        command = subcommand(words)
        assert command, f"{page}: there is no command {text}"
        own = words[: words.index("--")] if "--" in words else words
        for option in own:
            if option.startswith("--"):
                assert re.search(rf"{re.escape(option)}\b", help_of(*command)), f"{page}: {text}: {option}"


def test_the_example_of_profiles_is_the_one_in_deploy() -> None:
    blocks = [json.loads(example.text) for example in ALL if example.language == "json"]
    assert json.loads((ROOT / "deploy/profiles.json").read_text()) in blocks
