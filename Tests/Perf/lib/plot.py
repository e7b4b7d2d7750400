"""Draws curves of cost as one SVG picture. Needs only Python's standard library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, TOP, COLUMNS = 360, 240, 52, 44, 3
INK, FAINT, LINE, CURVE = "#1f2430", "#6b7280", "#e5e7eb", "#3b6fd4"


@dataclass
class Curve:
    """Points of a median with its minimum and maximum."""

    title: str
    #: What the horizontal axis counts.
    axis: str
    #: Of each point: the count, and minimum, median and maximum.
    points: list[tuple[float, float, float, float]]


def shown(value: float) -> str:
    for limit, suffix in ((1_000_000, "M"), (1_000, "k")):
        if value >= limit:
            return f"{value / limit:g}{suffix}"
    return f"{value:g}"


def text(x: float, y: float, words: str, size: int = 11, fill: str = INK, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}">{escape(words)}</text>'


def panel(curve: Curve, left: float, top: float) -> list[str]:
    """One curve, with a logarithmic horizontal axis and a vertical one from zero."""
    wide, high = WIDTH - LEFT - 16, HEIGHT - TOP - 40
    least, most = math.log10(curve.points[0][0]), math.log10(curve.points[-1][0])
    highest = max(point[3] for point in curve.points) or 1.0
    step = 10 ** math.floor(math.log10(highest))
    step = next(step * part for part in (0.2, 0.5, 1, 2, 5) if highest / (step * part) <= 5)
    ceiling = step * math.ceil(highest / step)

    def x(count: float) -> float:
        return left + LEFT + (wide * (math.log10(count) - least) / (most - least) if most > least else wide / 2)

    def y(value: float) -> float:
        return top + TOP + high * (1 - value / ceiling)

    parts = [text(left + LEFT, top + 20, curve.title, 13), text(left + LEFT, top + 35, "µs of CPU a request", 10, FAINT)]
    for number in range(round(ceiling / step) + 1):
        value = number * step
        parts.append(f'<line x1="{left + LEFT:.1f}" x2="{left + LEFT + wide:.1f}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="{LINE}"/>')
        parts.append(text(left + LEFT - 6, y(value) + 4, f"{value:g}", 10, FAINT, "end"))
    for count, low, _, high_ in curve.points:
        parts.append(text(x(count), top + TOP + high + 16, shown(count), 10, FAINT, "middle"))
        parts.append(f'<line x1="{x(count):.1f}" x2="{x(count):.1f}" y1="{y(low):.1f}" y2="{y(high_):.1f}" stroke="{CURVE}" stroke-opacity="0.4" stroke-width="4"/>')
    line = " ".join(f"{x(count):.1f},{y(median):.1f}" for count, _, median, _ in curve.points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{CURVE}" stroke-width="1.5"/>')
    parts += [f'<circle cx="{x(count):.1f}" cy="{y(median):.1f}" r="3" fill="{CURVE}"/>' for count, _, median, _ in curve.points]
    parts.append(text(left + LEFT + wide, top + TOP + high + 32, curve.axis, 10, FAINT, "end"))
    return parts


def picture(curves: list[Curve]) -> str:
    """All curves in a grid."""
    rows = math.ceil(len(curves) / COLUMNS)
    width, height = WIDTH * COLUMNS, HEIGHT * rows
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for index, curve in enumerate(curves):
        parts += panel(curve, WIDTH * (index % COLUMNS), HEIGHT * (index // COLUMNS))
    return "\n".join([*parts, "</svg>", ""])
