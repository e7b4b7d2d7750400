"""What a rule is, and how one is registered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: A check looks at the tree and returns one line for each thing that breaks the rule; nothing means that it holds.
Check = Callable[..., Iterable[str]]


@dataclass(frozen=True)
class Rule:
    """One rule. It counts as one test."""

    #: A whole sentence that is true when the rule holds.
    sentence: str
    #: The file of the rule without its ending, for the report.
    subject: str
    find: Callable[[], list[str]]


#: Every rule that has been registered.
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
