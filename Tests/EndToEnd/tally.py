"""Prints "PASSED FAILED SKIPPED" of a JUnit report, as Swift Testing and pytest write them."""

import sys
import xml.etree.ElementTree as ElementTree


def main(path: str) -> int:
    cases = list(ElementTree.parse(path).iter("testcase"))
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    if not cases:
        print("the report names no test")
        return 1
    print(len(cases) - failed - skipped, failed, skipped)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
