"""Draws the panels of a Grafana dashboard as SVG: curves, stacked areas, heat maps and single values."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass, field
from html import escape
from typing import Any

#: Pixels of a column of the grid of 24, of a unit of height, between panels, and above the first row.
COLUMN, UNIT, GAP, HEAD = 66, 27, 8, 48
INK, FAINT, LINE, CARD, PAPER = "#1f2430", "#6b7280", "#e5e7eb", "#ffffff", "#f3f4f6"
PALETTE = ["#3b6fd4", "#d97f25", "#2f9e6e", "#8b5cc7", "#c2478d", "#148a9c", "#9a7b1f", "#5b6475", "#d1495b", "#6a994e"]
NAMED = {
    "green": ["#2f9e6e", "#6cc79d", "#1b6b4a", "#a3dcc0"], "red": ["#d13b40", "#e8777b", "#98252a", "#f2aeb0"],
    "orange": ["#e39a2d", "#f0bf78", "#b5731a", "#f7dbb0"], "blue": ["#3b6fd4"],
}
Place = tuple[float, float, float, float]


@dataclass
class Series:
    name: str
    points: list[tuple[float, float]]
    #: The upper bound of a bucket; empty if it is none.
    bound: str = ""
    colour: str = ""
    #: The value below each point in a stack, by time.
    floor: dict[float, float] = field(default_factory=dict)


class Canvas:
    """The picture: a grid of cards."""

    def __init__(self, units: int) -> None:
        self.width, self.height = 24 * COLUMN + GAP, units * UNIT + HEAD + GAP
        self.parts: list[str] = []

    def place(self, grid: dict[str, int]) -> Place:
        return grid["x"] * COLUMN + GAP, grid["y"] * UNIT + HEAD, grid["w"] * COLUMN - GAP, grid["h"] * UNIT - GAP

    def add(self, name: str, text: str = "", **attributes: Any) -> None:
        given = " ".join(f'{key.replace("_", "-")}="{escape(shown(value))}"' for key, value in attributes.items())
        self.parts.append(f"<{name} {given}>{escape(text)}</{name}>" if text else f"<{name} {given}/>")

    def text(self, x: float, y: float, words: str, size: int = 11, fill: str = INK, anchor: str = "start", weight: int = 400) -> None:
        self.add("text", words, x=x, y=y, font_size=size, fill=fill, text_anchor=anchor, font_weight=weight)

    def title(self, words: str, start: float, end: float) -> None:
        self.text(GAP, 30, words, 18, weight=600)
        form = "%Y-%m-%d %H:%M:%S"
        spell = f"{time.strftime(form, time.gmtime(start))} to {time.strftime(form[9:], time.gmtime(end))} UTC"
        self.text(self.width - GAP, 30, spell, 12, FAINT, "end")

    def row(self, words: str, place: Place) -> None:
        self.text(place[0], place[1] + 15, words, 14, weight=600)

    def svg(self) -> str:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" font-family="Inter, Segoe UI, Helvetica, Arial, sans-serif">')
        paper = f'<rect width="{self.width}" height="{self.height}" fill="{PAPER}"/>'
        return "\n".join([head, paper, *self.parts, "</svg>", ""])


class Chart:
    """One panel."""

    def __init__(self, canvas: Canvas, place: Place, panel: dict[str, Any], time_span: tuple[float, float], step: float) -> None:
        self.canvas, self.place, self.panel, self.span, self.step = canvas, place, panel, time_span, step
        self.defaults = panel["fieldConfig"]["defaults"]
        self.unit = panel["options"].get("yAxis", {}).get("unit") or self.defaults.get("unit", "none")
        x, y, width, height = place
        self.plot = (x + 52, y + 30, width - 64, height - 68)

    def draw(self, series: list[Series]) -> None:
        x, y, width, height = self.place
        self.canvas.add("rect", x=x, y=y, width=width, height=height, rx=4, fill=CARD, stroke=LINE)
        self.canvas.text(x + 10, y + 18, self.panel["title"], 12, weight=600)
        if not series:
            self.canvas.text(x + width / 2, y + height / 2 + 10, self.defaults.get("noValue", "no data"), 14, FAINT, "middle")
            return
        {"stat": self._stat, "heatmap": self._heat, "timeseries": self._curves}[self.panel["type"]](series)

    # Single values

    def _stat(self, series: list[Series]) -> None:
        x, y, width, height = self.place
        series = sorted(series, key=lambda one: one.name)
        for number, one in enumerate(series):
            middle = x + width * (number + 0.5) / len(series)
            value = one.points[-1][1]
            words = shown_as(value, self.unit, self.defaults.get("decimals"))
            self.canvas.text(middle, y + height / 2 + 20, words, 26, self._colour_of(one.name, value), "middle", 600)
            self.canvas.text(middle, y + height - 12, one.name, 11, FAINT, "middle")

    def _colour_of(self, name: str, value: float) -> str:
        if colour := self._override(name):
            return colour[0]
        passed = [step for step in self.defaults["thresholds"]["steps"] if step["value"] is None or value >= step["value"]]
        return NAMED[passed[-1]["color"]][0]

    def _override(self, name: str) -> list[str] | None:
        """The colours that the panel gives to series of this name."""
        for override in self.panel["fieldConfig"]["overrides"]:
            matcher = override["matcher"]
            pattern = matcher["options"].strip("/") if matcher["id"] == "byRegexp" else f"^{re.escape(matcher['options'])}$"
            if re.search(pattern, name):
                return NAMED[override["properties"][0]["value"]["fixedColor"]]
        return None

    # Curves

    def _curves(self, series: list[Series]) -> None:
        stacked = self.defaults["custom"]["stacking"]["mode"] == "normal"
        # Many instances would hide each other; those with the largest values are drawn.
        series = sorted(series, key=lambda one: -max(value for _, value in one.points))[:10]
        self._colour(series)
        top = self._stack(series) if stacked else max(value for one in series for _, value in one.points)
        low = min(0.0, *(value for one in series for _, value in one.points))
        top = self.defaults.get("max") or low + (top - low) * 1.05
        scale = Scale(low, top, self.plot, self.span)
        self._axes(scale)
        for one in series:
            for run in runs(one.points, self.step):
                self._area(one, run, scale) if stacked else self._line(one, run, scale)
        self._legend(series)

    def _colour(self, series: list[Series]) -> None:
        used: dict[str, int] = {}
        for number, one in enumerate(series):
            shades = self._override(one.name)
            if shades:
                used[shades[0]] = used.get(shades[0], -1) + 1
                one.colour = shades[used[shades[0]] % len(shades)]
            else:
                one.colour = PALETTE[number % len(PALETTE)]

    @staticmethod
    def _stack(series: list[Series]) -> float:
        """Puts the series on each other. Returns the highest sum."""
        sums: dict[float, float] = {}
        for one in series:
            for at, value in one.points:
                one.floor[at] = sums.get(at, 0.0)
                sums[at] = one.floor[at] + value
        return max(sums.values())

    def _line(self, one: Series, run: list[tuple[float, float]], scale: Scale) -> None:
        path = " ".join(f"{shown(scale.x(at))},{shown(scale.y(value))}" for at, value in run)
        self.canvas.add("polyline", points=path, fill="none", stroke=one.colour, stroke_width=1.6, stroke_linejoin="round")

    def _area(self, one: Series, run: list[tuple[float, float]], scale: Scale) -> None:
        upper = [(scale.x(at), scale.y(one.floor[at] + value)) for at, value in run]
        lower = [(scale.x(at), scale.y(one.floor[at])) for at, _ in reversed(run)]
        path = " ".join(f"{shown(x)},{shown(y)}" for x, y in upper + lower)
        self.canvas.add("polygon", points=path, fill=one.colour, fill_opacity=0.75, stroke=one.colour, stroke_width=0.6)

    # Heat maps

    def _heat(self, series: list[Series]) -> None:
        """One column for a few points, one row for a bucket."""
        series = sorted(series, key=lambda one: float(one.bound))
        below: dict[float, float] = {}
        counts: list[dict[float, float]] = []
        for one in series:
            counts.append({at: max(0.0, value - below.get(at, 0.0)) for at, value in one.points})
            below = dict(one.points)
        used = [number for number, row in enumerate(counts) if max(row.values()) > 0]
        first, last = (used[0], used[-1]) if used else (0, len(series) - 1)
        rows = list(zip(series, counts))[first : last + 1]
        most = max((value for _, row in rows for value in row.values()), default=0.0) or 1.0
        scale = Scale(0, len(rows), self.plot, self.span)
        self._axes(scale, [shown_as(float(one.bound), self.unit) if one.bound != "+Inf" else "more" for one, _ in rows])
        left, _, _, height = self.plot
        wide = max(1.0, scale.x(self.span[0] + self.step) - left)
        for number, (_, row) in enumerate(rows):
            for at, value in row.items():
                if value > 0:
                    self.canvas.add(
                        "rect", x=max(left, scale.x(at) - wide), y=scale.y(number + 1) + 0.5, width=wide + 0.3,
                        height=height / len(rows) - 1, fill="#1d4fb8", fill_opacity=round(0.12 + 0.88 * math.sqrt(value / most), 2))

    # Axes and legend

    def _axes(self, scale: Scale, names: list[str] | None = None) -> None:
        left, top, width, height = self.plot
        factor, unit = scaled(self.unit, max(abs(scale.low), abs(scale.high)))
        marks = [number + 0.5 for number in range(len(names))] if names else scale.marks(factor)
        for number, mark in enumerate(marks):
            y = scale.y(mark)
            if not names:
                self.canvas.add("line", x1=left, x2=left + width, y1=y, y2=y, stroke=LINE)
            # Labels of a heat map may be too close to each other.
            if names and number % math.ceil(12 * len(names) / height):
                continue
            words = names[number] if names else f"{plain(mark * factor)}{unit}"
            self.canvas.text(left - 6, y + 3.5, words, 10, FAINT, "end")
        for share in (0.1, 0.5, 0.9):
            at = self.span[0] + share * (self.span[1] - self.span[0])
            self.canvas.text(scale.x(at), top + height + 14, time.strftime("%H:%M:%S", time.gmtime(at)), 10, FAINT, "middle")

    def _legend(self, series: list[Series]) -> None:
        x, y, width, height = self.place
        at, bottom = x + 12, y + height - 10
        for number, one in enumerate(series):
            long = 6.0 * len(one.name) + 26
            if at + long > x + width - (0 if number == len(series) - 1 else 30):
                self.canvas.text(at, bottom, f"+ {len(series) - number}", 10, FAINT)
                break
            self.canvas.add("rect", x=at, y=bottom - 8, width=9, height=9, rx=2, fill=one.colour)
            self.canvas.text(at + 13, bottom, one.name, 10.5, INK)
            at += long


class Scale:
    """From times and values to pixels."""

    def __init__(self, low: float, high: float, plot: Place, span: tuple[float, float]) -> None:
        self.low, self.high = low, high if high > low else low + 1
        self.plot, self.span = plot, span

    def x(self, at: float) -> float:
        left, _, width, _ = self.plot
        return left + (at - self.span[0]) / (self.span[1] - self.span[0]) * width

    def y(self, value: float) -> float:
        _, top, _, height = self.plot
        return top + (self.high - value) / (self.high - self.low) * height

    def marks(self, factor: float) -> list[float]:
        """Three to six values that are round when multiplied by the factor."""
        raw = (self.high - self.low) * factor / 4
        power = 10 ** math.floor(math.log10(raw))
        step = next(power * times for times in (1, 2, 5, 10) if power * times >= raw * 0.99) / factor
        return [step * number for number in range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)]


def runs(points: list[tuple[float, float]], step: float) -> list[list[tuple[float, float]]]:
    """The points without gaps between them."""
    found: list[list[tuple[float, float]]] = []
    for point in points:
        if found and point[0] - found[-1][-1][0] <= 1.5 * step:
            found[-1].append(point)
        else:
            found.append([point])
    return found


def shown(value: Any) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) and abs(value) >= 1 else str(value)


def plain(value: float, decimals: int | None = None) -> str:
    if decimals is not None:
        return f"{value:.{decimals}f}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def scaled(unit: str, size: float) -> tuple[float, str]:
    """What to multiply values of about this size by, and the unit that then follows them."""
    if unit == "percentunit":
        return 100, " %"
    if unit == "bytes":
        return 2**-20, " MiB"
    if unit in ("reqps", "cps"):
        return 1, "/s"
    if unit != "s":
        return 1, ""
    steps = ((1e-3, 1e6, " µs"), (1, 1e3, " ms"), (120, 1, " s"), (7200, 1 / 60, " min"), (172_800, 1 / 3600, " h"))
    return next(((factor, name) for limit, factor, name in steps if size < limit), (1 / 86_400, " d"))


def shown_as(value: float, unit: str, decimals: int | None = None) -> str:
    """A value with its unit, as Grafana shows it."""
    factor, name = scaled(unit, abs(value))
    return f"{plain(value * factor, decimals)}{name}"
