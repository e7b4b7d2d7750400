"""The files of the project, the table of its targets and the log calls, as the lint reads them."""

from __future__ import annotations

import sys

from .broker import ROOT

sys.path.append(str(ROOT / "Tests/Lint"))

from log_calls import LEVELS, events, log_calls  # noqa: E402
from targets import SOURCES  # noqa: E402
from tree import text, tracked  # noqa: E402

__all__ = ["LEVELS", "SOURCES", "events", "log_calls", "text", "tracked"]
