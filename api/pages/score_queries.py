"""The queries for score rows that the dashboard's screens make when they open.

They are defined only here. The HTML of each page contains all of them in ``data-score-queries``, for the
scripts, and preloads those of its own screen.
"""

from collections.abc import Mapping, Sequence

from schemas.scores import list_row_fields

Query = Mapping[str, str]


def _query(by: Sequence[str], include: Sequence[str] = (), omit: Sequence[str] = ()) -> Query:
    """Return the parameters of ``GET /scores`` for rows with all their fields except ``omit``."""
    names = list_row_fields(by, include)
    assert set(omit) <= set(names), f"{', '.join(omit)}: not all in {', '.join(names)}"
    query = {"by": ",".join(by)}
    if include:
        query["include"] = ",".join(include)
    if omit:
        query["fields"] = ",".join(name for name in names if name not in omit)
    return {**query, "limit": "500"}


_NOT_IN_COLUMNS = ("points_earned", "points_possible", "spread", "interval")

SCORE_QUERIES: Mapping[str, Query] = {
    # dashboard/opening-filters.js
    "most-visited": {"by": "checklist", "fields": "checklist,visits", "sort": "-visits", "limit": "1"},
    # dashboard/periods.js
    "visited-months": {"by": "month", "fields": "month,visits", "limit": "500"},
    # dashboard/screens/overview.js
    "regions": _query(["region"], ["change", "previous_visits", "months", "verdict"]),
    "stores": _query(
        ["location"],
        ["change", "previous_visits", "trend", "made", "verdict", "weakest_question"],
        omit=["passed", "spread", "rank", "rank_range"],
    ),
    # dashboard/screens/locations.js
    "locations": _query(
        ["location"],
        ["change", "previous_visits", "trend", "worst_section", "verdict"],
        omit=["critical_failures", "passed"],
    ),
    # dashboard/screens/region.js and map.js
    "region-stores": _query(
        ["location"],
        ["change", "previous_visits", "verdict"],
        omit=["critical_failures", "passed", "rank", "rank_range"],
    ),
    # dashboard/screens/sections.js
    "section": _query(["section"], omit=_NOT_IN_COLUMNS),
    "section-cells": _query(["location", "section"], omit=["spread"]),
    "fundamental": _query(["fundamental"], omit=_NOT_IN_COLUMNS),
    "fundamental-cells": _query(["location", "fundamental"], omit=["spread"]),
    # dashboard/screens/questions.js
    "questions": _query(["question"], ["change", "previous_visits", "answers", "verdict"]),
}
