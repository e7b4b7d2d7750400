"""`openapi.yaml` as tests read it."""

from __future__ import annotations

from typing import Any

import yaml

from .broker import ROOT

DOCUMENT = ROOT / "openapi.yaml"
SPECIFICATION: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())


def resolved(node: Any) -> Any:
    """A node after following its `$ref`."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = SPECIFICATION
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node
