"""Documented time limits in seconds, and the allowance for a busy machine.

A test asserts an order or a count if possible. If only a time shows the result, it uses these.
"""

from __future__ import annotations

#: The delay that a busy machine may add before a test observes an event.
SLACK = 6.0
#: The maximum wait of a caller (row 11 of Faults.md). Most tests have an upstream timeout of 2 s.
DEADLINE = 10.0


def caller_waits(upstream_timeout: float = 2.0) -> float:
    """The maximum wait of a caller as a test may measure it: twice `LATCHKEY_UPSTREAM_TIMEOUT`, plus the allowance."""
    return 2 * upstream_timeout + SLACK
