"""Checks the rules of `rules/`, without a build. Each rule counts as a test.

    python3 Tests/Lint [--junit FILE] [-k WORDS] [--list]
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from rule import RULES, Rule  # noqa: E402

#: Maximum of printed findings of one rule; the report has all.
SHOWN = 40


@dataclass(frozen=True)
class Result:
    rule: Rule
    findings: list[str]
    seconds: float


def load() -> None:
    """Imports every file of `rules/`, which registers its rules."""
    for path in sorted((Path(__file__).resolve().parent / "rules").glob("*.py")):
        importlib.import_module(f"rules.{path.stem}")


def judge(rule: Rule) -> Result:
    """Runs a check. An exception is a finding, because the rule was not checked."""
    started = time.monotonic()
    try:
        findings = rule.find()
    except Exception as error:  # noqa: BLE001
        findings = [f"the check itself failed: {type(error).__name__}: {error}"]
    return Result(rule, findings, time.monotonic() - started)


def report(results: list[Result], path: Path) -> None:
    """Writes a JUnit report, like the other stages."""
    suite = ElementTree.Element("testsuite", name="lint", tests=str(len(results)))
    for result in results:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"lint.{result.rule.subject}", name=result.rule.sentence,
            time=f"{result.seconds:.3f}",
        )
        if result.findings:
            failure = ElementTree.SubElement(case, "failure", message=f"{len(result.findings)} findings")
            failure.text = "\n".join(result.findings)
    ElementTree.ElementTree(suite).write(path, encoding="unicode")


def main() -> int:
    parser = argparse.ArgumentParser(prog="Tests/run lint")
    parser.add_argument("--junit", type=Path, help="where a JUnit report is written")
    parser.add_argument("-k", dest="words", default="", help="only rules whose sentence or file has this text")
    parser.add_argument("--list", action="store_true", help="prints the rules and checks nothing")
    options = parser.parse_args()
    load()
    wanted = [rule for rule in RULES if options.words.lower() in f"{rule.subject} {rule.sentence}".lower()]
    if options.list:
        print("\n".join(f"{rule.subject}: {rule.sentence}" for rule in wanted))
        return 0
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(judge, wanted))
    if options.junit:
        report(results, options.junit)
    failed = [result for result in results if result.findings]
    for result in failed:
        print(f"lint: {result.rule.sentence} (not so; Tests/Lint/rules/{result.rule.subject}.py)")
        for finding in result.findings[:SHOWN]:
            print(f"    {finding}")
        if len(result.findings) > SHOWN:
            print(f"    … and {len(result.findings) - SHOWN} more")
    print(f"{len(results) - len(failed)} of {len(results)} rules hold")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
