"""The dashboard of deploy/grafana."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from .broker import ROOT

DASHBOARD = ROOT / "deploy/grafana/latchkey.json"
DRAW = ROOT / "deploy/grafana/draw.py"


@dataclass(frozen=True)
class Expression:
    panel: str
    text: str
    #: The labels that the names of its series are made of.
    labels: frozenset[str]

    def filled(self, rate_interval: str) -> str:
        """The expression for all brokers."""
        text = self.text.replace("$__rate_interval", rate_interval)
        return text.replace("$job", ".*").replace("$instance", ".*")


@cache
def dashboard() -> dict[str, Any]:
    return json.loads(DASHBOARD.read_text())


def panels() -> list[dict[str, Any]]:
    """The panels that show something."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[Expression]:
    for panel in panels():
        for target in panel["targets"]:
            labels = re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
            yield Expression(panel["title"], target["expr"], frozenset(labels))
    for annotation in dashboard()["annotations"]["list"]:
        labels = re.findall(r"\{\{(\w+)\}\}", annotation["textFormat"])
        yield Expression(annotation["name"], annotation["expr"], frozenset(labels))
