"""Bounds in seconds that the product documents, and what a busy machine may add to them.

A test asserts an order or a count where it can. Where only a time shows what is promised, it uses these.
"""

from __future__ import annotations

#: What a machine that is busy with other work may add before a test sees that something has ended.
SLACK = 6.0
#: The longest that a caller waits, whatever the upstreams do (fault row 11). Most tests have an upstream timeout of 2 s.
DEADLINE = 10.0


def caller_waits(upstream_timeout: float = 2.0) -> float:
    """The longest that a caller waits: twice `LATCHKEY_UPSTREAM_TIMEOUT`, as a test may measure it."""
    return 2 * upstream_timeout + SLACK
