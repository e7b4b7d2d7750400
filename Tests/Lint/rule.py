"""A rule of the lint, and its registration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: A check returns one line for each violation of its rule.
Check = Callable[..., Iterable[str]]


@dataclass(frozen=True)
class Rule:
    """One rule. It counts as one test."""

    #: A sentence that is true if the rule holds.
    sentence: str
    #: The name of the rule's file without suffix, for the report.
    subject: str
    find: Callable[[], list[str]]


#: All registered rules.
RULES: list[Rule] = []


def rule(sentence: str, each: Callable[[], Iterable[str]] | None = None) -> Callable[[Check], Check]:
    """Registers the function below it as the check of a rule.

    With `each` the check is called with one value at a time, each value is a test of its own, and `{}` in the
    sentence is the value.
    """

    def register(check: Check) -> Check:
        subject = check.__module__.rpartition(".")[2]
        if each is None:
            RULES.append(Rule(sentence, subject, lambda: list(check())))
        else:
            for value in each():
                RULES.append(Rule(sentence.format(value), subject, lambda value=value: list(check(value))))
        return check

    return register
