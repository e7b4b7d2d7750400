"""The files of the project and the table of its targets, as the lint reads them."""

from __future__ import annotations

import sys

from .broker import ROOT

sys.path.append(str(ROOT / "Tests/Lint"))

from targets import SOURCES  # noqa: E402
from tree import text, tracked  # noqa: E402

__all__ = ["SOURCES", "text", "tracked"]
