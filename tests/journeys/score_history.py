"""A history of visits with points set by hand, and an independent calculation of their scores.

The calculation uses fractions, the definitions of docs/scoring.md and a table of t, but nothing from
``api.domain.scoring``.
"""

import copy
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.support.world import CHECKLIST, Caller, World, ok

Points = tuple[int, int]

#: Student's t, 97.5 %, by degrees of freedom (published tables)
T = {
    2: 4.302652729749464,
    3: 3.182446305283708,
    4: 2.7764451051977934,
    5: 2.5705818356363146,
    6: 2.4469118511449692,
    7: 2.3646242515927844,
    8: 2.306004135204166,
    9: 2.2621571628540993,
    10: 2.2281388519649385,
    11: 2.200985160082949,
    12: 2.178812829663418,
    13: 2.1603686564610127,
    14: 2.1447866879169273,
    15: 2.131449545559323,
    16: 2.1199052992210112,
    17: 2.1098155778331806,
    18: 2.10092204024096,
    19: 2.093024054408263,
    20: 2.0859634472658364,
    21: 2.079613844727662,
    22: 2.0738730679040147,
    23: 2.0686576104190406,
    24: 2.0638985616280205,
    25: 2.0595385527532946,
    26: 2.055529438642871,
    27: 2.0518305164802833,
    28: 2.048407141795244,
    29: 2.045229642132703,
    30: 2.0422724563012373,
}
Z = 1.959963984540054
#: The same at 99 %, for the 98 % interval of verdicts
T_99 = {
    2: 6.964556734283274,
    3: 4.540702858568132,
    4: 3.746947387979197,
    5: 3.364929998907217,
    6: 3.142668403290983,
    7: 2.997951566868529,
}
Z_99 = 2.3263478740408408

#: A telephone call. A section and a question have the same keys as in the visit, but are different subjects.
CALL: dict[str, Any] = {
    "key": "call",
    "title": "A call",
    "channel": "telephone",
    "review": "automatic",
    "pass_mark": 0.5,
    "sections": [
        {
            "key": "welcome",
            "title": "The first words",
            "questions": [
                {
                    "key": "greeting",
                    "text": "How warm was it?",
                    "type": "scale",
                    "minimum": 1,
                    "maximum": 3,
                    "scale_points": [0, 1, 3],
                    "fundamental": "greet-the-customer",
                },
                {
                    "key": "topics",
                    "text": "What did they speak of?",
                    "type": "choice",
                    "multiple": True,
                    "options": [
                        {"key": "price", "label": "Price", "points": 1},
                        {"key": "hours", "label": "Hours", "points": 1},
                    ],
                },
            ],
        }
    ],
}
OWN: dict[str, Any] = {
    **copy.deepcopy(CHECKLIST),
    "key": "own",
    "title": "A self-check",
    "channel": "self_check",
}


@dataclass(frozen=True)
class Report:
    """Answers with their points, (earned, possible) by question, and how each answer is counted."""

    checklist: str
    answers: Mapping[str, Any]
    points: Mapping[str, Points]
    tallies: Mapping[str, Sequence[str]]
    passed: bool
    critical: bool = False


WELL = Report(
    "visit",
    {
        "greeting": {"value": "yes"},
        "wait": {"value": 30},
        "thanks": {"value": "yes"},
        "problem": {"value": "no"},
    },
    {"greeting": (2, 2), "wait": (4, 4), "thanks": (2, 2), "problem": (0, 0), "apology": (0, 0)},
    {"greeting": ["yes"], "wait": ["answered"], "thanks": ["yes"], "problem": ["no"]},
    passed=True,
)
FIRST = Report(
    "visit",
    {
        "greeting": {"value": "yes"},
        "wait": {"value": 45},
        "thanks": {"not_applicable": True},
        "problem": {"value": "no"},
    },
    {"greeting": (2, 2), "wait": (2, 4), "thanks": (0, 0), "problem": (0, 0), "apology": (0, 0)},
    {"greeting": ["yes"], "wait": ["answered"], "thanks": ["not_applicable"], "problem": ["no"]},
    passed=False,
)
SECOND = Report(
    "visit",
    {
        "greeting": {"value": "no", "comment": "Nobody"},
        "wait": {"value": 20},
        "thanks": {"value": "yes"},
        "problem": {"value": "yes"},
        "apology": {"value": "yes"},
    },
    {"greeting": (0, 2), "wait": (4, 4), "thanks": (2, 2), "problem": (0, 0), "apology": (3, 3)},
    {
        "greeting": ["no"],
        "wait": ["answered"],
        "thanks": ["yes"],
        "problem": ["yes"],
        "apology": ["yes"],
    },
    passed=True,
)
POOR = Report(
    "visit",
    {
        "greeting": {"value": "no", "comment": "Nobody"},
        "wait": {"value": 121},
        "thanks": {"value": "no"},
        "problem": {"value": "yes"},
        "apology": {"value": "no"},
        "story": {"value": "Long"},
    },
    {"greeting": (0, 2), "wait": (0, 4), "thanks": (0, 2), "problem": (0, 0), "apology": (0, 3)},
    {
        "greeting": ["no"],
        "wait": ["answered"],
        "thanks": ["no"],
        "problem": ["yes"],
        "apology": ["no"],
        "story": ["answered"],
    },
    passed=False,
    critical=True,
)
WARM = Report(
    "call",
    {"greeting": {"value": 3}, "topics": {"value": ["hours", "price"]}},
    {"greeting": (3, 3), "topics": (2, 2)},
    {"greeting": ["3"], "topics": ["hours", "price"]},
    passed=True,
)
COOL = Report(
    "call",
    {"greeting": {"value": 2}, "topics": {"value": ["price"]}},
    {"greeting": (1, 3), "topics": (1, 2)},
    {"greeting": ["2"], "topics": ["price"]},
    passed=False,
)
DOCUMENTS: Mapping[str, dict[str, Any]] = {"visit": CHECKLIST, "call": CALL, "own": OWN}
_FUNDAMENTALS = {
    ("visit", "greeting"): "greet-the-customer",
    ("visit", "thanks"): "thank-the-customer",
    ("visit", "apology"): "fix-fast",
    ("call", "greeting"): "greet-the-customer",
}


@dataclass(frozen=True)
class AcceptedVisit:
    """A visit that was accepted."""

    location: str
    regions: tuple[str, ...]
    month: str
    report: Report

    def parts(self, kind: str) -> dict[Any, Points]:
        """Return its points by section, question or fundamental, or all its points under the key ""."""
        checklist = self.report.checklist
        document = DOCUMENTS[checklist]
        parts: dict[Any, Points] = {}

        def add(key: Any, points: Points) -> None:
            earned, possible = parts.get(key, (0, 0))
            parts[key] = (earned + points[0], possible + points[1])

        for section in document["sections"]:
            for question in section["questions"]:
                if question.get("private"):
                    continue
                points = self.report.points.get(question["key"], (0, 0))
                fundamental = _FUNDAMENTALS.get((checklist, question["key"]))
                if kind == "section":
                    add((checklist, section["key"]), points)
                elif kind == "question":
                    add((checklist, question["key"]), points)
                elif kind == "fundamental":
                    if fundamental:
                        add(fundamental, points)
                else:
                    add("", points)
        return parts


# The definitions of docs/scoring.md, applied to the visits themselves.


def round6(number: float | Fraction | None) -> float | None:
    """Round to 6 decimals, half even."""
    return None if number is None else float(round(number, 6))


def share(points: Sequence[Points]) -> Fraction | None:
    """Return Σe / Σp."""
    possible = sum(p for _, p in points)
    return Fraction(sum(e for e, _ in points), possible) if possible else None


def variance(points: Sequence[Points]) -> Fraction:
    """Return s² by its definition: the mean square of e − R·p, over the square of the mean p."""
    score, n = share(points), len(points)
    assert score is not None
    mean = Fraction(sum(p for _, p in points), n)
    return sum(((e - score * p) ** 2 for e, p in points), Fraction(0)) / ((n - 1) * mean**2)


def moderated(points: Sequence[Points], quantiles: Mapping[int, float] = T) -> tuple[float, float] | None:
    """Return the interval of whole visits before it is cut."""
    n, score = len(points), share(points)
    if score is None:
        return None
    s2 = variance(points) if n > 1 else Fraction(0)
    moderated_variance = (2 * 0.25**2 + (n - 1) * float(s2)) / (n + 1)
    half = quantiles[n + 1] * math.sqrt(moderated_variance / n)
    return float(score) - half, float(score) + half


def wilson(points: Sequence[Points], z: float = Z) -> tuple[float, float] | None:
    """Return the interval of a section, fundamental or question."""
    n, score = len(points), share(points)
    if score is None:
        return None
    middle = (float(score) + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(float(score * (1 - score)) / n + z**2 / (4 * n * n))
    return middle - half, middle + half


def bounds(interval: tuple[float, float] | None, least: float = 0.0) -> dict[str, Any] | None:
    """Return an interval as the API returns it: cut and rounded."""
    if interval is None:
        return None
    return {"low": round6(max(interval[0], least)), "high": round6(min(interval[1], 1.0))}


def score(visits: Iterable[AcceptedVisit], kind: str = "visit", key: Any = "") -> dict[str, Any]:
    """Return the SCORE of visits, or of one of their parts."""
    asked = [(visit, visit.parts(kind)[key]) for visit in visits if key in visit.parts(kind)]
    points = [part for _, part in asked if part[1]]
    figures: dict[str, Any] = {
        "visits": len(points),
        "points_earned": sum(e for e, _ in points),
        "points_possible": sum(p for _, p in points),
        "score": round6(share(points)),
        "spread": round6(math.sqrt(variance(points))) if len(points) > 1 else None,
        "interval": bounds(moderated(points) if kind == "visit" else wilson(points)),
        "indicative": len(points) < 5,
    }
    if kind == "visit":
        figures["critical_failures"] = sum(visit.report.critical for visit, _ in asked)
        figures["passed"] = sum(visit.report.passed for visit, _ in asked)
    return figures


def total(visits: Iterable[AcceptedVisit]) -> dict[str, Any]:
    """Return the total of a report of visits that nobody disputed."""
    figures = score(visits)
    return {**figures, "score_before_disputes": figures["score"]}


def change(
    current: Sequence[AcceptedVisit],
    previous: Sequence[AcceptedVisit],
    kind: str = "visit",
    key: Any = "",
) -> dict[str, Any]:
    """Return the change between two periods."""

    def points(visits: Sequence[AcceptedVisit]) -> list[Points]:
        parts = [visit.parts(kind)[key] for visit in visits if key in visit.parts(kind)]
        return [part for part in parts if part[1]]

    one_checklist = (
        len(
            {
                visit.report.checklist
                for visit in (*current, *previous)
                if visit.parts(kind).get(key, (0, 0))[1]
            }
        )
        <= 1
    )
    first, second = points(current), points(previous)
    interval = moderated if kind == "visit" else wilson
    i1, i2, r1, r2 = interval(first), interval(second), share(first), share(second)
    if i1 is None or i2 is None or r1 is None or r2 is None:
        return {"difference": None, "interval": None, "significant": False if one_checklist else None}
    difference = r1 - r2
    if not one_checklist:
        return {"difference": round6(difference), "interval": None, "significant": None}
    d = float(difference)
    low = d - math.sqrt((float(r1) - i1[0]) ** 2 + (i2[1] - float(r2)) ** 2)
    high = d + math.sqrt((i1[1] - float(r1)) ** 2 + (float(r2) - i2[0]) ** 2)
    enough = len(first) >= 5 and len(second) >= 5
    return {
        "difference": round6(difference),
        "interval": bounds((low, high), -1.0),
        "significant": enough and not low <= 0 <= high,
    }


# The history.


def make_visit(
    world: World,
    location: Mapping[str, Any],
    month: str,
    report: Report,
    shopper: Caller | None = None,
    **values: Any,
) -> Any:
    """Assign, submit and thereby accept a visit in the middle of a month."""
    start = datetime.fromisoformat(f"{month}-15T10:00:00+00:00").astimezone(UTC)
    shopper = shopper or world.shopper
    visit = world.visit(
        shopper,
        location,
        checklist_key=report.checklist,
        window={
            "opens_at": (start - timedelta(days=2)).isoformat(),
            "closes_at": (start + timedelta(days=2)).isoformat(),
        },
    )
    body = world.submission(
        report.answers,
        started_at=start.isoformat(),
        finished_at=(start + timedelta(minutes=10)).isoformat(),
        **values,
    )
    ok(world.send(visit, body, shopper), 201)
    return visit


@dataclass
class History:
    """An organization with nested regions, eight stores and two quarters of visits.

    country ─ north ─ city: A.  north: B, H.  south: C, D.  west: G.  country itself: E (none), F (closed).
    """

    world: World
    regions: dict[str, Any]
    locations: dict[str, Any]
    visits: list[AcceptedVisit]
    self_checks: list[AcceptedVisit]

    def select(
        self,
        first: str = "2025-04",
        last: str = "2025-06",
        checklist: str | None = None,
        location: str | None = None,
        region: str | None = None,
    ) -> list[AcceptedVisit]:
        """Return the visits of a period, a checklist and a place. Self-checks are only those of "own"."""
        return [
            visit
            for visit in (self.self_checks if checklist == "own" else self.visits)
            if first <= visit.month <= last
            and checklist in (None, visit.report.checklist, "own")
            and location in (None, visit.location)
            and (region is None or region in visit.regions)
        ]


PLACES = {
    "A": ("city", "north", "country"),
    "B": ("north", "country"),
    "C": ("south", "country"),
    "D": ("south", "country"),
    "E": ("country",),
    "F": ("country",),
    "G": ("west", "country"),
    "H": ("north", "country"),
}
VISITS: Sequence[tuple[str, str, Report]] = (
    *(
        ("A", month, report)
        for month, report in zip(["2025-04", "2025-05"] * 3, [WELL] * 5 + [FIRST], strict=True)
    ),
    *(
        ("A", month, report)
        for month, report in zip(["2025-01"] * 2 + ["2025-03"] * 3, [POOR] * 3 + [FIRST] * 2, strict=True)
    ),
    *(
        ("B", month, report)
        for month, report in zip(["2025-04"] * 2 + ["2025-06"] * 3, [POOR, WELL] * 2 + [SECOND], strict=True)
    ),
    *(("B", "2025-02", report) for report in (WELL, SECOND)),
    *(("C", "2025-06", report) for report in (FIRST, SECOND, FIRST, SECOND, POOR)),
    *(("D", "2025-05", report) for report in (WELL, WELL)),
    *(("G", "2025-05", report) for report in (WARM, WARM, COOL, WARM, WARM)),
    ("G", "2025-03", COOL),
    ("H", "2025-05", COOL),
)


def build(world: World) -> History:
    """Create the history through the API."""
    for document in DOCUMENTS.values():
        world.publish(document)
    world.checklist = None
    regions: dict[str, Any] = {}
    for code, parent_code in (
        ("country", None),
        ("north", "country"),
        ("city", "north"),
        ("south", "country"),
        ("west", "country"),
    ):
        parent = regions[parent_code]["id"] if parent_code else None
        regions[code] = world.new_region(code=code, name=code.title(), parent_id=parent)
    locations = {
        code: world.new_location(
            code=code, name=f"Store {code}", region_id=regions[region_codes[0]]["id"], closed=code == "F"
        )
        for code, region_codes in PLACES.items()
    }
    visits = []
    for code, month, report in VISITS:
        make_visit(world, locations[code], month, report)
        visits.append(AcceptedVisit(code, PLACES[code], month, report))
    self_check = Report("own", POOR.answers, POOR.points, POOR.tallies, passed=False, critical=True)
    make_visit(world, locations["A"], "2025-05", self_check)
    return History(
        world, regions, locations, visits, [AcceptedVisit("A", PLACES["A"], "2025-05", self_check)]
    )
