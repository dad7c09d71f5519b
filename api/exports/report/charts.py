"""The chart of a report: the scores of its months with their intervals, as SVG."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from api.exports.report.words import Words

WIDTH, HEIGHT = 680, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, WIDTH - 8, 8, HEIGHT - 24
_LABEL_WIDTH = 58
_FONT = 'font-family="Noto Sans" font-size="11" fill="#55605d"'


def lowest_tick(rows: Sequence[Mapping[str, Any]]) -> float:
    """Return the low end of an axis for scores with their intervals: a whole tenth, at most 0.9."""
    lows = [row["interval"]["low"] for row in rows if row["interval"]]
    # The rounding keeps 0.7 × 10 = 7.000000000000001 from becoming another tenth.
    return math.floor(round(min([*lows, 0.9]) * 10, 6)) / 10


def draw_months(words: Words, months: Sequence[Mapping[str, Any]], color: str) -> str:
    """Return an SVG of the scores of months with their 95 % intervals. ``color`` is #rrggbb.

    Scores of too few visits are hollow dots, so that the chart can be printed without colours.
    """
    low = lowest_tick(months)
    step = (_RIGHT - _LEFT) / len(months)

    def x(index: int) -> float:
        return round(_LEFT + step * (index + 0.5), 1)

    def y(score: float) -> float:
        return round(_BOTTOM - (score - low) / (1 - low) * (_BOTTOM - _TOP), 1)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">']
    for tick in _list_ticks(low):
        parts.append(f'<path d="M{_LEFT} {y(tick)}H{_RIGHT}" stroke="#dde3e1"/>')
        label = escape(words("percent", n=f"{tick:.0%}".removesuffix("%")))
        parts.append(f'<text x="{_LEFT - 6}" y="{y(tick) + 4}" text-anchor="end" {_FONT}>{label}</text>')
    for index, month in enumerate(months):
        if (len(months) - 1 - index) % math.ceil(_LABEL_WIDTH / step) == 0:
            label = escape(words.short_month(month["month"]))
            center = min(x(index), WIDTH - _LABEL_WIDTH / 2)
            parts.append(f'<text x="{center}" y="{HEIGHT - 6}" text-anchor="middle" {_FONT}>{label}</text>')
    parts.append(f'<path d="{_draw_line(months, x, y)}" stroke="{color}" fill="none" stroke-width="1.2"/>')
    radius = min(3.5, step / 3)
    for index, month in enumerate(months):
        if month["score"] is not None:
            interval, fill = month["interval"], "#fff" if month["indicative"] else color
            parts.append(
                f'<path d="M{x(index)} {y(interval["low"])}V{y(interval["high"])}" '
                f'stroke="{color}" stroke-width="{radius}" opacity="0.3"/>'
                f'<circle cx="{x(index)}" cy="{y(month["score"])}" r="{radius}" '
                f'fill="{fill}" stroke="{color}" stroke-width="1.2"/>'
            )
    return "".join([*parts, "</svg>"])


def _list_ticks(low: float) -> list[float]:
    step = 0.25 if low < 0.5 else 0.1
    count = math.floor((1 - low) / step + 1e-9) + 1
    return [1 - index * step for index in range(count)]


def _draw_line(months: Sequence[Mapping[str, Any]], x: Any, y: Any) -> str:
    """Return the path through the scores, with gaps for months without visits."""
    path, is_gap = [], True
    for index, month in enumerate(months):
        if month["score"] is not None:
            path.append(f"{'M' if is_gap else 'L'}{x(index)} {y(month['score'])}")
        is_gap = month["score"] is None
    return "".join(path) or "M0 0"
