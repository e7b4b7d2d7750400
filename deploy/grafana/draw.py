#!/usr/bin/env python3
"""Draws the dashboard as an SVG picture from the answers of a Prometheus server. Needs only Python's standard library.

    deploy/grafana/draw.py --prometheus http://127.0.0.1:9090 --minutes 60 --out dashboard.svg
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from chart import Canvas, Chart, Series

DASHBOARD = Path(__file__).with_name("latchkey.json")
#: Points of a curve, and the least time between two in seconds.
POINTS, FINEST = 160, 1


@dataclass(frozen=True)
class Span:
    """The time that is drawn, in Unix seconds, and what Grafana's variables stand for."""

    start: float
    end: float
    step: float
    rate_interval: str

    def fill(self, text: str) -> str:
        """The text with values in place of variables. All jobs and brokers are drawn."""
        text = text.replace("$__rate_interval", self.rate_interval)
        return re.sub(r"\$(job|instance)\b", ".*", text)


class Server:
    """The HTTP API of Prometheus."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def range(self, expression: str, span: Span) -> list[dict[str, Any]]:
        """The series of an expression over the time, each with `metric` and `values`."""
        query = {"query": expression, "start": span.start, "end": span.end, "step": span.step}
        with urlopen(Request(f"{self.url}/api/v1/query_range", urlencode(query).encode()), timeout=60) as answer:
            body = json.load(answer)
        if body["status"] != "success":
            raise ValueError(f"{expression}: {body.get('error')}")
        return body["data"]["result"]


def legend(target: dict[str, Any], labels: dict[str, str]) -> str:
    """The name of a series, as Grafana makes it of the target's legend."""
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: labels.get(found[1], ""), target.get("legendFormat", "")).strip()


def answers(server: Server, panel: dict[str, Any], span: Span) -> list[Series]:
    """What a panel shows. A value that is not a number is a gap."""
    found = []
    for target in panel["targets"]:
        for series in server.range(span.fill(target["expr"]), span):
            points = [(float(at), float(value)) for at, value in series["values"]]
            labels = series["metric"]
            found.append(Series(
                legend(target, labels), [point for point in points if math.isfinite(point[1])], labels.get("le", "")))
    return [series for series in found if series.points]


def picture(dashboard: dict[str, Any], server: Server, span: Span) -> str:
    """The whole dashboard."""
    canvas = Canvas(max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"]))
    canvas.title(f"{dashboard['title']}: {dashboard['description']}", span.start, span.end)
    for panel in dashboard["panels"]:
        place = canvas.place(panel["gridPos"])
        if panel["type"] == "row":
            canvas.row(panel["title"], place)
            continue
        chart = Chart(canvas, place, panel, (span.start, span.end), span.step)
        chart.draw(answers(server, panel, span))
    return canvas.svg()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--prometheus", required=True, metavar="URL", help="the address of Prometheus")
    parser.add_argument("--out", required=True, metavar="FILE", help="the picture")
    parser.add_argument("--dashboard", default=DASHBOARD, metavar="FILE", help="default: latchkey.json beside this script")
    parser.add_argument("--minutes", type=float, default=60, help="how far back; default: 60")
    parser.add_argument("--until", type=float, default=None, metavar="SECONDS", help="the end in Unix seconds; default: now")
    parser.add_argument("--rate-interval", default="1m", help="at least four scrape intervals; default: 1m")
    given = parser.parse_args()
    end = given.until or time.time()
    start = end - given.minutes * 60
    span = Span(start, end, max(FINEST, math.ceil((end - start) / POINTS)), given.rate_interval)
    dashboard = json.loads(Path(given.dashboard).read_text())
    try:
        Path(given.out).write_text(picture(dashboard, Server(given.prometheus), span))
    except (OSError, ValueError) as error:
        print(f"draw.py: {error}", file=sys.stderr)
        return 69
    return 0


if __name__ == "__main__":
    sys.exit(main())
