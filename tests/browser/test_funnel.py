"""The funnel plot: its limits are mean ± z · spread / √n, and it names the locations outside them."""

from itertools import product
from math import sqrt
from statistics import NormalDist
from typing import Any

import pytest

from api.pages import files
from tests.browser.dashboard import enter, manager
from tests.browser.phone import Phone
from tests.journeys.score_history import History

MEAN, SPREAD, ENOUGH = 0.8, 0.1, 5
#: How many standard errors contain 95 % and 99.8 % of what is expected by chance.
INNER, OUTER = (NormalDist().inv_cdf(1 - (1 - proportion) / 2) for proportion in (0.95, 0.998))
#: Just inside and just outside each limit, in pairs, so that the mean does not change.
DISTANCES = [sign * (z + step) for z in (INNER, OUTER) for step in (-0.05, 0.05) for sign in (1, -1)]
VISITS = (5, 9, 30)
#: Far from the mean, but with too few visits to be tested.
THIN = [(4, 3.9), (4, -3.9)]
DRAW = """async ([base, rows]) => {
  const parts = (await import(`${base}/dashboard/funnel.js`)).funnel(rows, 600);
  const drawing = parts.at(-1);
  const all = (selector, read) => [...drawing.querySelectorAll(selector)].map(read);
  const limitOf = (path) => [path.getAttribute("class"), Number(path.getAttribute("d").split(/[ ML]/)[2])];
  return {
    words: parts.slice(0, -1).map((part) => part.textContent),
    labels: all("text[text-anchor=end]", (text) => text.textContent),
    ticks: all("line.tick", (line) => Number(line.getAttribute("y1"))),
    limits: all("path", limitOf),
    dots: all("circle", (circle) => circle.getAttribute("class")),
  };
}"""


def row(visits: int, distance: float) -> dict[str, Any]:
    """Return a store whose score is this many standard errors from the mean."""
    score = MEAN + distance * SPREAD / sqrt(visits)
    return {
        "location": {"name": f"{visits} {distance:+.2f}"},
        "visits": visits,
        "points_earned": score * visits * 10,
        "points_possible": visits * 10,
        "score": score,
        "spread": SPREAD,
    }


@pytest.fixture
def drawn(desk: Phone, history: History) -> dict[str, Any]:
    page = enter(desk, manager(history, "country"), "/dashboard")
    rows = [row(*example) for example in (*product(VISITS, DISTANCES), *THIN)]
    return page.evaluate(DRAW, [files.BASE, rows])


def test_locations_outside_the_limits_are_named_farthest_first(drawn: dict[str, Any]) -> None:
    def names(low: float, high: float) -> str:
        outside = [example for example in product(VISITS, DISTANCES) if low < example[1] <= high]
        outside.sort(key=lambda example: -abs(example[1]))
        return ", ".join(row(*example)["location"]["name"] for example in outside)

    far = 9
    assert drawn["words"][1:3] == [
        f"Outside the outer lines: above: {names(OUTER, far)}. below: {names(-far, -OUTER)}.",
        f"Between the inner and outer lines: above: {names(INNER, OUTER)}. below: {names(-OUTER, -INNER)}.",
    ]


def test_only_the_twelve_farthest_locations_are_named(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), "/dashboard")
    rows = [row(30, sign * (4 + number / 10)) for number in range(20) for sign in (1, -1)]
    above = page.evaluate(DRAW, [files.BASE, rows])["words"][1].split(" below: ")[0]
    named = [row(30, 4 + number / 10)["location"]["name"] for number in range(19, 7, -1)]
    assert above == f"Outside the outer lines: above: {', '.join(named)}, and 8 more."


def test_the_number_expected_by_chance_is_shown(drawn: dict[str, Any]) -> None:
    tested = len(VISITS) * len(DISTANCES)
    assert drawn["words"][3] == (
        f"By chance alone, about {round(tested * 0.05)} of {tested} would fall outside the inner lines."
    )


def test_without_any_spread_only_differing_locations_are_outside(desk: Phone, history: History) -> None:
    page = enter(desk, manager(history, "country"), "/dashboard")
    rows = [{**row(visits, 0), "spread": 0} for visits in (5, 10)]
    drawn = page.evaluate(DRAW, [files.BASE, rows])
    assert drawn["dots"] == ["dot", "dot"]
    assert drawn["words"][1:3] == [
        "Outside the outer lines: None.",
        "Between the inner and outer lines: None.",
    ]
    rows = [{**row(10, sign), "spread": 0} for sign in (1, -1)]
    drawn = page.evaluate(DRAW, [files.BASE, rows])
    assert drawn["dots"] == ["dot better", "dot worse"]


def test_the_limit_lines_begin_at_the_limits(drawn: dict[str, Any]) -> None:
    """The lines begin at the fewest visits that are tested."""
    first, last = (int(drawn["labels"][index]) / 100 for index in (0, len(drawn["ticks"]) - 1))
    low, high = drawn["ticks"][0], drawn["ticks"][-1]
    values = {kind: [] for kind in ("limit near", "limit")}
    for kind, y in drawn["limits"]:
        values[kind].append(first + (y - low) / (high - low) * (last - first))
    for kind, z in (("limit near", INNER), ("limit", OUTER)):
        half = z * SPREAD / sqrt(ENOUGH)
        assert values[kind] == pytest.approx([MEAN + half, MEAN - half], abs=0.001)
