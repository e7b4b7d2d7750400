"""`Tests/run`: failures, the one retry, and the summary."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from peers.broker import ROOT
from peers.child import Child

FOLDER = ROOT / "Tests/Runner"

CONFTEST = f"""
import sys
sys.path.insert(0, {str(ROOT / "Tests/EndToEnd")!r})
from peers import processes, results
processes.FEW = 0
pytest_addoption = processes.add_options
def pytest_configure(config):
    config.pluginmanager.register(processes)
    results.register(config)
"""

MARKS = "markers =\n    alone\n    heavy\n    together(resource)\n"

#: Fails the first time and passes the second, because it then finds its file.
FLAKY = """
from pathlib import Path
def test_flaky():
    mark = Path(__file__).with_name("been here")
    seen = mark.exists()
    mark.touch()
    assert seen
"""


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The modules of Tests/Runner with a folder of sample tests."""
    monkeypatch.syspath_prepend(str(FOLDER))
    names = ("outcome", "program", "end_to_end", "fuzz", "sanitize", "swift", "retry")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    modules = {name: importlib.import_module(name) for name in names}
    modules["main"] = module("runner_main", FOLDER / "__main__.py")
    monkeypatch.setattr(modules["end_to_end"], "FOLDER", tmp_path)
    monkeypatch.setattr(modules["end_to_end"], "PYTHON", sys.executable)
    for name in ("end_to_end", "swift", "main"):
        monkeypatch.setattr(modules[name], "LOGS", tmp_path)
    # As in the real configuration: unused plugins would cost each run seconds.
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:schemathesis -p no:hypothesispytest -p no:anyio\n" + MARKS)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    yield SimpleNamespace(**modules, folder=tmp_path)
    for name in names:
        sys.modules.pop(name, None)


def module(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def run_tests(runner: SimpleNamespace, source: str, *options: str):
    (runner.folder / "test_it.py").write_text(source)
    current = runner.main.Run()
    for stage in runner.end_to_end.run_tests([str(runner.folder), *options]):
        current.add(stage, runner.end_to_end.again)
    return current


def test_a_test_that_passes_the_second_time_passes_and_is_named(runner, capfd) -> None:
    current = run_tests(runner, FLAKY + "def test_good(): pass\n")
    assert current.stages[0].failed == ["test_it.py::test_flaky"]
    assert current.finish() == 0
    output = capfd.readouterr().out.splitlines()
    assert output[-1] == "2 passed, 0 failed"
    assert "flaky: test_it.py::test_flaky" in output and "1 flaky" in output


def test_a_test_that_fails_twice_fails(runner, capfd) -> None:
    current = run_tests(runner, FLAKY + "def test_bad(): assert False\n")
    assert current.finish() == 1
    output = capfd.readouterr().out.splitlines()
    assert output[-1] == "1 passed, 1 failed"
    assert "failed twice: test_it.py::test_bad" in output and "1 flaky" in output


def test_only_failed_tests_run_again_and_only_once(runner) -> None:
    source = "from pathlib import Path\n" \
        "def count(name):\n    with Path(__file__).with_name(name).open('a') as file: file.write('x')\n" \
        "def test_good(): count('good')\n" \
        "def test_bad(): count('bad'); assert False\n"
    run_tests(runner, source).finish()
    assert (runner.folder / "good").read_text() == "x"
    assert (runner.folder / "bad").read_text() == "xx"


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_fixture_that_fails_is_a_failure_of_its_test(runner, capfd, phase: str) -> None:
    parts = ["    assert False", "    yield"] if phase == "before" else ["    yield", "    assert False"]
    source = "\n".join(["import pytest", "@pytest.fixture", "def broken():", *parts, "def test_it(broken): pass", ""])
    assert run_tests(runner, source).finish() == 1
    assert capfd.readouterr().out.splitlines()[-1] == "0 passed, 1 failed"


@pytest.mark.parametrize("options", [[], ["--processes", "2"]])
def test_a_run_that_is_cut_off_is_no_pass(runner, capfd, options: list[str]) -> None:
    source = "import os, pathlib\ndef test_good(): pass\n" \
        "def test_crash():\n    mark = pathlib.Path(__file__).with_name('m')\n" \
        "    first = not mark.exists()\n    mark.touch()\n    if first: os._exit(3)\n"
    current = run_tests(runner, source, *options)
    assert current.stages[0].failed == ["test_it.py::test_crash"]
    assert not options or "test_it.py::test_good" in current.stages[0].outcomes
    # If one of several processes ends, its current test has failed. If the only one ends, the run also ends,
    # which is a failure even if the retry passes.
    assert current.finish() == (0 if options else 1)
    assert options or capfd.readouterr().out.splitlines()[-1] == "2 passed, 1 failed"


def test_a_file_that_cannot_be_read_is_a_failure(runner) -> None:
    assert run_tests(runner, "import nothing_of_this_name\n").finish() == 1


def test_a_run_without_a_test_is_no_pass(runner) -> None:
    assert run_tests(runner, "").finish() == 1


def test_a_skipped_test_is_counted_as_that(runner, capfd) -> None:
    source = "import pytest\ndef test_good(): pass\ndef test_other(): pytest.skip('not here')\n"
    assert run_tests(runner, source).finish() == 0
    assert capfd.readouterr().out.splitlines()[-1] == "1 passed, 0 failed, 1 skipped"


#: Writes when each test starts and ends, and in which process.
TRACE = """
import os, time, pytest
from pathlib import Path
def run(name):
    for what in ("starts", "ends"):
        with Path(__file__).with_name("trace").open("a") as file:
            file.write(f"{name} {what} {os.getpid()}\\n")
        time.sleep(0.05)
@pytest.mark.alone
@pytest.mark.parametrize("number", range(2))
def test_alone(number): run("alone")
@pytest.mark.heavy
@pytest.mark.parametrize("number", range(2))
def test_heavy(number): run("heavy")
@pytest.mark.together("a thing")
@pytest.mark.parametrize("number", range(3))
def test_together(number): run("together")
@pytest.fixture(scope="module")
def shared(): return os.getpid()
@pytest.mark.parametrize("number", range(3))
def test_shares(shared, number): run("shares")
@pytest.mark.parametrize("number", range(8))
def test_other(number): run("other")
"""


def test_the_heavy_tests_come_after_the_others_and_those_that_run_alone_last_and_one_at_a_time(runner) -> None:
    current = run_tests(runner, TRACE, "--processes", "4")
    assert [(stage.name, len(stage.outcomes)) for stage in current.stages] == [
        ("End-to-end tests, side by side", 14), ("End-to-end tests, heavy", 2), ("End-to-end tests, alone", 2),
    ]
    lines = [line.split() for line in (runner.folder / "trace").read_text().splitlines()]
    parts = [{"heavy": "heavy", "alone": "alone"}.get(name, "side by side") for name, _, _ in lines]
    assert parts == sorted(parts, key=["side by side", "heavy", "alone"].index)
    assert [what for name, what, _ in lines if name == "alone"] == ["starts", "ends"] * 2
    used = {name: {process for found, _, process in lines if found == name} for name, _, _ in lines}
    assert len(used["other"]) > 1
    assert [len(used[name]) for name in ("together", "shares", "alone")] == [1, 1, 1]
    assert used["alone"].isdisjoint(set().union(*(used[name] for name in used if name != "alone")))


def test_side_by_side_a_test_has_the_name_output_and_warnings_that_it_has_alone(runner, capfd) -> None:
    source = "import warnings, pytest\n" \
        "@pytest.mark.parametrize('value', ['a@b', 'a::b'])\n" \
        "def test_it(value): print(f'the value {value}'); warnings.warn(f'beware of {value}'); assert not value\n"
    current = run_tests(runner, source, "--processes", "2")
    assert set(current.stages[0].failed) == {"test_it.py::test_it[a@b]", "test_it.py::test_it[a::b]"}
    output = capfd.readouterr().out
    for value in ("a@b", "a::b"):
        assert output.count(f"the value {value}\n") == 1
        assert f"beware of {value}" in output


def test_a_fixture_of_the_session_that_cannot_end_is_a_failure(runner) -> None:
    source = "import pytest\n@pytest.fixture(scope='session')\ndef broken():\n    yield\n    assert False\n" \
        "def test_it(broken): pass\n"
    assert run_tests(runner, source, "--processes", "2").stages[0].failed == ["test_it.py::test_it"]


def test_a_run_that_is_told_to_end_ends_its_processes_and_their_fixtures(runner) -> None:
    source = "import time, pytest\nfrom pathlib import Path\n@pytest.fixture\ndef peer(tmp_path):\n    yield\n" \
        "    Path(__file__).with_name('ended').touch()\n" \
        "def test_it(peer): Path(__file__).with_name('started').touch(); time.sleep(60)\n"
    (runner.folder / "test_it.py").write_text(source)
    words = [str(word) for word in runner.end_to_end.command([str(runner.folder), "--processes", "2"])]
    # The results of this run are not those of the other.
    environment = {name: value for name, value in os.environ.items() if name != "LATCHKEY_TEST_RESULTS"}
    child = Child(words, environment, cwd=ROOT)
    child.ready((runner.folder / "started").exists, "the test runs")
    child.send(signal.SIGTERM)
    assert child.wait() == pytest.ExitCode.INTERRUPTED
    assert (runner.folder / "ended").exists()


def test_the_table_says_where_the_time_went(runner, capfd) -> None:
    run_tests(runner, "def test_good(): pass\n").finish()
    output = capfd.readouterr().out
    assert "where the time went" in output and "all of it" in output


SWIFT = """<testsuites><testsuite>
<testcase classname="RoomTests.`A suite`" name="`20,000 (or so) a.b`()" time="0.5"><failure message="no"/></testcase>
<testcase classname="RoomTests.Other" name="plain()" time="0.1"/>
<testcase classname="RoomTests.Other" name="left()" time="0"><skipped/></testcase>
</testsuite></testsuites>"""


def test_a_report_of_swift_tests_is_read(runner) -> None:
    report = runner.folder / "report.xml"
    report.write_text(SWIFT)
    stage = runner.outcome.Stage("Swift tests")
    stage.add(runner.outcome.junit(report))
    assert stage.failed == ["RoomTests.`A suite`/`20,000 (or so) a.b`()"]
    assert [stage.count(result) for result in ("passed", "failed", "skipped")] == [1, 1, 1]


def test_a_swift_test_s_name_is_a_pattern_for_itself_alone(runner) -> None:
    name = "RoomTests.`A suite`/`20,000 (or so) a.b`()"
    pattern = re.compile(runner.swift.pattern(name))
    assert pattern.search(name) and pattern.search(f"{name}/SuiteTests.swift:12:6")
    for other in ("OtherRoomTests.`A suite`/`20,000 (or so) a.b`()", f"{name}2", name.replace("a.b", "axb")):
        assert not pattern.search(other)


def test_swift_tests_that_leave_no_report_are_a_failure(runner, monkeypatch, capfd) -> None:
    monkeypatch.setattr(runner.swift, "run", lambda command, log, **_: log.write_text("Fatal error: it is gone") and 1)
    stage = runner.swift.swift_tests([])
    assert stage.count("failed") == 1
    assert "it is gone" in capfd.readouterr().err


def test_a_sanitizer_report_is_a_failure_even_if_all_tests_pass(runner) -> None:
    log = runner.folder / "sanitize.log"
    log.write_text("fine\nWARNING: ThreadSanitizer: data race\nSUMMARY: ThreadSanitizer: data race a.swift:1 in f\n" * 2)
    assert runner.sanitize.found(log) == [f"ThreadSanitizer: data race a.swift:1 in f (2 of them): see {log}"]
    log.write_text("==7==ERROR: AddressSanitizer: stack-overflow\n")
    assert runner.sanitize.found(log) == [f"a report without an end: see {log}"]
    log.write_text("all is well\n")
    assert runner.sanitize.found(log) == []


def test_options_choose_sanitizers_and_the_others_go_to_the_tests(runner) -> None:
    assert runner.sanitize.parts([]) == (["address", "thread"], [])
    assert runner.sanitize.parts(["thread", "--filter", "Net"]) == (["thread"], ["--filter", "Net"])
