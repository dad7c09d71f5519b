"""Scores through the API, compared with the independent calculation of ``score_history``."""

import csv
import gzip
import io
import itertools
import json
import re
import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from api.pages.score_queries import SCORE_QUERIES
from api.routes import scores as score_routes
from schemas.scores import INCLUDES, Row, list_row_fields
from tests.journeys import score_history as naive
from tests.journeys.score_history import (
    DOCUMENTS,
    FIRST,
    POOR,
    SECOND,
    WELL,
    AcceptedVisit,
    History,
    build,
    make_visit,
)
from tests.support.statements import recorded_statements
from tests.support.world import CHECKLIST, World, ok, pointers, problem

PERIOD = "from=2025-04&to=2025-06"
PREVIOUS = {"first": "2025-01", "last": "2025-03"}
MONTHS = ["2025-04", "2025-05", "2025-06"]

_histories: dict[int, History] = {}


@pytest.fixture
def history(app: Flask) -> History:
    """The history of ``score_history``, created once for each program. Tests only read it."""
    if id(app) not in _histories:
        _histories[id(app)] = build(World(app))
    return _histories[id(app)]


def report(history: History, place: str, query: str = PERIOD) -> Any:
    """Return the report of a location or a region, by its code."""
    kind, places = (
        ("locations", history.locations) if place in history.locations else ("regions", history.regions)
    )
    return ok(history.world.admin.get(f"/{kind}/{places[place]['id']}/score?{query}"))


def table(history: History, query: str) -> list[Any]:
    return history.world.admin.list_all(f"/scores?{PERIOD}&{query}")


def place_filter(place: str, history: History) -> dict[str, str]:
    """Return the arguments of ``History.select`` for a location or a region, by its code."""
    return {"location" if place in history.locations else "region": place}


# Reports.


def test_worked_example_of_the_scoring_rules_is_exact(world: World) -> None:
    for answers in (FIRST.answers, SECOND.answers):
        world.accepted_visit(answers)
    result = ok(world.manager.get(f"/locations/{world.location['id']}/score"))
    assert result["total"] == {
        "visits": 2,
        "points_earned": 13,
        "points_possible": 17,
        "score": 0.764706,
        "spread": 0.097869,
        "interval": {"low": 0.288085, "high": 1.0},
        "indicative": True,
        "critical_failures": 0,
        "passed": 1,
        "score_before_disputes": 0.764706,
    }
    assert result["location"] == {name: world.location[name] for name in ("id", "code", "name")}


@pytest.mark.parametrize("place", ["A", "north"])
def test_quarters_add_up_their_visits(history: History, place: str) -> None:
    query = "from=2025-02&to=2025-06&include=quarters"
    where = place_filter(place, history)
    quarters = [("2025-02", "2025-03"), ("2025-04", "2025-06")]
    assert report(history, place, query)["quarters"] == [
        {"from": first, "to": last, **naive.score(history.select(first, last, **where))}
        for first, last in quarters
    ]
    assert "quarters" not in report(history, place)


@pytest.mark.parametrize("checklist", [None, "visit"])
@pytest.mark.parametrize("place", ["A", "B", "D", "E", "city", "north", "south", "west", "country"])
def test_every_part_of_a_report_equals_the_calculation_from_its_visits(
    history: History, place: str, checklist: str | None
) -> None:
    result = report(history, place, PERIOD + (f"&checklist={checklist}" if checklist else ""))
    where = {**place_filter(place, history), "checklist": checklist}
    current, previous = history.select(**where), history.select(**PREVIOUS, **where)
    assert (result["from"], result["to"], result["checklist"]) == ("2025-04", "2025-06", checklist)
    assert result["total"] == naive.total(current)
    assert result["previous"] == naive.score(previous)
    assert result["change"] == naive.change(current, previous)
    assert result["months"] == [
        {"month": month, **naive.score(history.select(month, month, **where))} for month in MONTHS
    ]
    documents = {key: DOCUMENTS[key] for key in sorted({visit.report.checklist for visit in current})}
    assert result["sections"] == [
        {
            "checklist": key,
            "key": section["key"],
            "title": section["title"],
            **naive.score(current, "section", (key, section["key"])),
        }
        for key, document in documents.items()
        for section in document["sections"]
    ]
    assert result["questions"] == [
        {
            "checklist": key,
            "key": question["key"],
            "text": question["text"],
            "section": section["key"],
            "fundamental": question.get("fundamental"),
            "answers": count_answers(current, key, question),
            **naive.score(current, "question", (key, question["key"])),
        }
        for key, document in documents.items()
        for section in document["sections"]
        for question in section["questions"]
        if not question.get("private")
    ]
    keys_with_visits = {key for visit in current for key in visit.parts("fundamental")}
    assert {fundamental["key"] for fundamental in result["fundamentals"]} == keys_with_visits
    for fundamental in result["fundamentals"]:
        title = fundamental.pop("title")
        assert title
        key = fundamental["key"]
        assert fundamental == {"key": key, **naive.score(current, "fundamental", key)}


def count_answers(visits: list[AcceptedVisit], checklist: str, question: Any) -> dict[str, int]:
    """Count each possible answer to a question."""
    possible = {
        "yes_no": ["yes", "no"],
        "scale": ["1", "2", "3"],
        "choice": [option["key"] for option in question.get("options", ())],
    }.get(question["type"], ["answered"])
    counts = dict.fromkeys([*possible, "not_applicable"], 0)
    for visit in visits:
        if visit.report.checklist == checklist:
            for answer in visit.report.tallies.get(question["key"], ()):
                counts[answer] += 1
    return counts


def test_children_of_a_region_include_everything_below_them(history: History) -> None:
    for region, expected_children in {
        "country": [
            ("region", "north"),
            ("region", "south"),
            ("region", "west"),
            ("location", "E"),
            ("location", "F"),
        ],
        "north": [("region", "city"), ("location", "B"), ("location", "H")],
        "city": [("location", "A")],
    }.items():
        children = report(history, region)["children"]
        assert children == [
            {
                kind: {"id": place["id"], "code": code, "name": place["name"]},
                **naive.score(history.select(**{kind: code})),
            }
            for kind, code in expected_children
            for place in [(history.locations if kind == "location" else history.regions)[code]]
        ]


def test_score_of_a_place_without_visits_is_null(history: History) -> None:
    result = report(history, "E")
    empty_score = naive.score([])
    assert (result["total"], result["previous"]) == (naive.total([]), empty_score)
    assert empty_score["score"] is empty_score["interval"] is empty_score["spread"] is None
    assert result["change"] == {"difference": None, "interval": None, "significant": False}
    assert result["sections"] == result["questions"] == result["fundamentals"] == []
    assert [month["visits"] for month in result["months"]] == [0, 0, 0]


def test_change_between_different_checklists_has_no_interval(history: History) -> None:
    change = report(history, "country")["change"]
    assert change["difference"] is not None
    assert (change["interval"], change["significant"]) == (None, None)
    # Only the previous period has another checklist.
    assert report(history, "north", "from=2025-05&to=2025-05")["change"]["significant"] is None
    assert report(history, "south", "from=2025-03&to=2025-03")["change"]["significant"] is False


def test_clear_change_is_significant(history: History) -> None:
    change = report(history, "A")["change"]
    assert change["significant"] is True
    assert change["interval"]["low"] > 0


def test_self_checks_count_only_if_their_checklist_is_named(history: History) -> None:
    result = report(history, "A", f"{PERIOD}&checklist=own")
    assert result["total"] == naive.total(history.self_checks)
    assert {section["checklist"] for section in result["sections"]} == {"own"}
    assert {row["checklist"]["key"] for row in table(history, "by=checklist")} == {"visit", "call"}
    (row,) = table(history, "by=checklist&checklist=own")
    assert row == {"checklist": {"key": "own", "title": "A self-check"}, **naive.score(history.self_checks)}
    for by in ("section", "question"):
        assert "own" not in {row[by]["checklist"] for row in table(history, f"by={by}")}


# Tables.

KEY_OF = {
    "location": lambda row: row["code"],
    "region": lambda row: row["code"],
    "section": lambda row: (row["checklist"], row["key"]),
    "question": lambda row: (row["checklist"], row["key"]),
    "fundamental": lambda row: row["key"],
    "month": lambda row: row,
    "checklist": lambda row: row["key"],
}
PARTS = ("section", "question", "fundamental")
PAIRS = [pair for pair in itertools.combinations(KEY_OF, 2) if len(set(pair) & set(PARTS)) < 2]
PAIRS.append(("section", "location"))


def keys(visit: AcceptedVisit, by: str, part: Any) -> list[Any]:
    """Return the keys of the rows of a dimension in which a visit, or a part of it, counts."""
    return {
        "location": [visit.location],
        "region": list(visit.regions),
        "month": [visit.month],
        "checklist": [visit.report.checklist],
    }.get(by, [part])


@pytest.mark.parametrize("by", [*((dimension,) for dimension in KEY_OF), *PAIRS], ids=",".join)
def test_a_table_has_a_row_for_every_member_with_visits(history: History, by: tuple[str, ...]) -> None:
    kind = next((dimension for dimension in by if dimension in PARTS), "visit")
    cells: dict[Any, set[tuple[int, Any]]] = defaultdict(set)
    visits = history.select()
    for index, visit in enumerate(visits):
        for part in visit.parts(kind):
            for key in itertools.product(*(keys(visit, dimension, part) for dimension in by)):
                cells[key].add((index, part))
    permanent_members = {
        ("location",): [member for member in history.locations if member != "F"],
        ("region",): list(history.regions),
        ("month",): MONTHS,
    }
    for member in permanent_members.get(by, []):
        cells.setdefault((member,), set())
    rows = {}
    for row in table(history, f"by={','.join(by)}"):
        for name in ("rank", "rank_range"):
            row.pop(name, None)
        key = tuple(KEY_OF[dimension](row.pop(dimension)) for dimension in by)
        assert key not in rows
        rows[key] = row
    assert rows.keys() == cells.keys()
    for key, indexes in cells.items():
        part = next(iter(indexes))[1] if indexes else ""
        assert rows[key] == naive.score([visits[index] for index, _ in indexes], kind, part), key


def test_rows_name_their_dimensions_as_other_responses_do(history: History) -> None:
    place = history.locations["A"]
    row = table(history, f"by=location,section&location_id={place['id']}")[0]
    assert row["location"] == {name: place[name] for name in ("id", "code", "name")}
    assert row["section"] == {"checklist": "visit", "key": "welcome", "title": "Welcome"}
    assert table(history, "by=month")[0]["month"] == "2025-04"
    assert table(history, "by=checklist&checklist=visit")[0]["checklist"]["title"] == CHECKLIST["title"]


def test_words_of_a_list_can_be_separated_by_commas_or_repeated(history: History) -> None:
    commas = "by=location,section&include=change,trend&fields=location,section,score,trend"
    repeated = "&".join(
        f"{name}={word}"
        for name, words in (part.split("=") for part in commas.split("&"))
        for word in words.split(",")
    )
    assert repeated.count("by=") == 2
    assert table(history, repeated) == table(history, commas)
    pages = history.world.admin.list_all(f"/scores?{PERIOD}&{repeated}", limit=2)
    assert pages == table(history, commas)
    assert len(pages) > 2


@pytest.mark.parametrize("query", ["by=location&by=location", "by=location&sort=name&sort=name"])
def test_repeated_words_and_other_repeated_parameters_are_rejected(history: History, query: str) -> None:
    response = history.world.manager.get(f"/scores?{query}")
    name = query.split("&")[-1].split("=")[0]
    assert problem(response, 422, "invalid")["errors"][0]["pointer"] == f"/{name}"


def test_changes_and_months_equal_the_calculation_from_the_visits(history: History) -> None:
    for row in table(history, "by=location&include=change,months"):
        where = {"location": row["location"]["code"]}
        assert row["change"] == naive.change(history.select(**where), history.select(**PREVIOUS, **where))
        assert row["months"] == [
            {"month": month, **naive.score(history.select(month, month, **where))} for month in MONTHS
        ]
    for row in table(history, "by=region,question&include=change,months"):
        where = {"region": row["region"]["code"]}
        part = ("question", KEY_OF["question"](row["question"]))
        assert row["change"] == naive.change(
            history.select(**where), history.select(**PREVIOUS, **where), *part
        )
        assert row["months"] == [
            {"month": month, **naive.score(history.select(month, month, **where), *part)} for month in MONTHS
        ]


def test_trend_has_the_monthly_scores_and_previous_visits_count_the_previous_period(
    history: History,
) -> None:
    for row in table(history, "by=location,section&include=trend,months,previous_visits"):
        assert row["trend"] == {month["month"]: month["score"] for month in row["months"]}
        part = ("section", KEY_OF["section"](row["section"]))
        before = history.select(**PREVIOUS, location=row["location"]["code"])
        assert row["previous_visits"] == naive.score(before, *part)["visits"]
    alone = table(history, "by=location&include=previous_visits&fields=location,previous_visits")
    for row in alone:
        where = {"location": row["location"]["code"]}
        assert row["previous_visits"] == len(history.select(**PREVIOUS, **where))
    for row in table(history, "by=location&include=trend"):
        where = {"location": row["location"]["code"]}
        assert row["trend"] == {
            month: naive.score(history.select(month, month, **where))["score"] for month in MONTHS
        }


def test_made_counts_every_accepted_visit_of_a_month(history: History) -> None:
    for row in table(history, "by=location&include=made"):
        where = {"location": row["location"]["code"]}
        assert row["made"] == {month: len(history.select(month, month, **where)) for month in MONTHS}


@pytest.mark.parametrize("query", ["", "&checklist=visit"])
def test_worst_section_has_the_lowest_score(history: History, query: str) -> None:
    cells: dict[str, list[Any]] = defaultdict(list)
    for row in table(history, f"by=location,section{query}"):
        if row["score"] is not None:
            cells[row["location"]["code"]].append(row)
    rows = table(history, f"by=location&include=worst_section{query}")
    assert any(row["worst_section"] for row in rows)
    for row in rows:
        worst_section = row["worst_section"]
        sections = cells[row["location"]["code"]]
        if not sections:
            assert worst_section is None
            continue
        # Sections with enough visits precede indicative ones; of equals, the first in the checklist.
        worst = min(sections, key=lambda section: (section["indicative"], section["score"]))
        assert worst_section == {**worst["section"], "score": worst["score"], "visits": worst["visits"]}


def verdict_on(points: list[naive.Points], everything: list[naive.Points], kind: str) -> dict[str, Any]:
    """Return the verdict on visits by its definition in docs/scoring.md. Not all visits are its own."""
    is_whole = kind == "visit"
    interval = naive.moderated(points, naive.T_99) if is_whole else naive.wilson(points, naive.Z_99)
    score = naive.share(everything)
    assert score is not None and interval is not None
    low, high = interval
    verdict = "above" if low > score else "below" if high < score else "as_expected"
    return {
        "verdict": verdict if len(points) >= 5 else "too_few",
        "comparison": naive.round6(score),
        "verdict_interval": naive.bounds(interval),
    }


@pytest.mark.parametrize("kind", ["visit", "section", "question"])
@pytest.mark.parametrize("where", ["", "location", "region"])
def test_verdicts_follow_from_the_visits_and_not_from_the_filters(
    history: History, kind: str, where: str
) -> None:
    by = "location" if kind == "visit" else f"location,{kind}"
    place = {"": "", "location": f"&location_id={history.locations['C']['id']}"}.get(
        where, f"&region_id={history.regions['north']['id']}"
    )
    rows = [row for row in table(history, f"by={by}&checklist=visit&include=verdict{place}") if row["visits"]]
    verdicts = set()
    for row in rows:
        key = "" if kind == "visit" else (row[kind]["checklist"], row[kind]["key"])

        def points(key: Any = key, **where: str) -> list[naive.Points]:
            return [
                visit.parts(kind)[key]
                for visit in history.select(checklist="visit", **where)
                if visit.parts(kind).get(key, (0, 0))[1]
            ]

        own, everything = points(location=row["location"]["code"]), points()
        expected = verdict_on(own, everything, kind)
        assert {name: row[name] for name in expected} == expected
        verdicts.add(row["verdict"])
    assert verdicts


def test_verdicts_of_a_report_are_those_of_the_rows(history: History) -> None:
    query = f"{PERIOD}&checklist=visit&include=verdict"
    names = ("verdict", "comparison", "verdict_interval")
    north = report(history, "north", query)
    assert "verdict" not in report(history, "north", f"{PERIOD}&checklist=visit")["total"]

    def verdicts(by: str) -> list[Any]:
        rows = table(history, f"by={by}&checklist=visit&include=verdict")
        return [
            ({key: row[key] for key in by.split(",")}, {name: row[name] for name in names}) for row in rows
        ]

    by_place = {row["region"]["code"]: verdict for row, verdict in verdicts("region")}
    by_place |= {row["location"]["code"]: verdict for row, verdict in verdicts("location")}
    assert {name: north["total"][name] for name in names} == by_place["north"]
    for child in north["children"]:
        place = child.get("region") or child["location"]
        assert {name: child[name] for name in names} == by_place[place["code"]]
    for code in ("A", "north"):
        kind = "location" if code == "A" else "region"
        for part in ("section", "question", "fundamental"):
            expected = [verdict for row, verdict in verdicts(f"{kind},{part}") if row[kind]["code"] == code]
            rows = report(history, code, query)[f"{part}s"]
            assert [{name: row[name] for name in names} for row in rows] == expected


def test_several_checklists_and_a_single_location_have_no_verdict(history: History) -> None:
    world = history.world
    rows = ok(world.admin.get(f"/scores?{PERIOD}&by=region&include=verdict"))["items"]
    by_code = {row["region"]["code"]: (row["verdict"], row["comparison"]) for row in rows}
    # The north has visits with both checklists, and the west has all the calls but one.
    assert by_code["north"] == (None, None)
    assert by_code["west"][0] == "as_expected"
    only = world.person("manager", location_ids=[history.locations["A"]["id"]])
    (row,) = ok(only.get(f"/scores?{PERIOD}&by=location&checklist=visit&include=verdict"))["items"]
    assert (row["verdict"], row["comparison"], row["verdict_interval"]) == (None, None, None)


def test_the_weakest_question_costs_the_most_points(world: World) -> None:
    for number in range(6):
        location = world.new_location(code=f"S{number}")
        for _ in range(6):
            make_visit(world, location, "2025-05", POOR if number == 5 else WELL)
    rows = world.admin.list_all(f"/scores?{PERIOD}&by=location&checklist=visit&include=weakest_question")
    weakest = {row["location"]["code"]: row["weakest_question"] for row in rows if row["visits"]}
    # Greeting and thanks cost two points in each visit, the wait four.
    assert weakest.pop("S5") == {
        "checklist": "visit",
        "key": "wait",
        "text": "How long did you wait?",
        "section": "welcome",
        "fundamental": None,
        "score": 0,
        "visits": 6,
        "comparison": 0.833333,
    }
    assert set(weakest.values()) == {None}


def test_answers_of_questions_are_those_of_the_report(history: History) -> None:
    north = history.regions["north"]["id"]
    report = ok(history.world.admin.get(f"/regions/{north}/score?{PERIOD}&checklist=visit"))
    rows = table(history, f"by=question&include=answers&region_id={north}&checklist=visit")
    assert {row["question"]["key"]: row["answers"] for row in rows} == {
        question["key"]: question["answers"] for question in report["questions"]
    }


@pytest.mark.parametrize("by", ["location", "question", "region,section"])
def test_included_fields_change_no_other_field(history: History, by: str) -> None:
    names = ["change", "months", "previous_visits", "trend", "made"]
    names += ["worst_section", "weakest_question"] * (by == "location")
    plain, more = table(history, f"by={by}"), table(history, f"by={by}&include=verdict,{','.join(names)}")
    for row in more:
        for name in (*names, "verdict", "comparison", "verdict_interval"):
            row.pop(name)
    assert more == plain


def ranks(history: History, **where: Any) -> dict[str, Any]:
    """Return rank and rank range of each location with enough visits, by comparing all pairs."""
    places = {code: history.select(location=code, **where) for code in history.locations}
    points = {code: [visit.parts("visit")[""] for visit in visits] for code, visits in places.items()}
    ranked = {
        code: (
            naive.share(visit_points),
            [min(1, max(0, end)) for end in naive.moderated(visit_points) or ()],
        )
        for code, visit_points in points.items()
        if len(visit_points) >= 5
    }
    return {
        code: (
            1 + sum(other > score for other, _ in ranked.values()),
            {
                "best": 1 + sum(other[0] > ends[1] for _, other in ranked.values()),
                "worst": len(ranked) - sum(other[1] < ends[0] for _, other in ranked.values()),
            },
        )
        for code, (score, ends) in ranked.items()
    }


def test_ranks_equal_those_of_comparing_all_pairs(history: History) -> None:
    expected = ranks(history, checklist="visit")
    assert sorted(rank for rank, _ in expected.values()) == [1, 2, 3]
    for query in ("by=location&checklist=visit", "by=location&checklist=visit&include=change"):
        for row in table(history, query):
            rank = expected.get(row["location"]["code"], (None, None))
            assert (row["rank"], row["rank_range"]) == rank


def test_visits_of_different_checklists_are_not_ranked(history: History) -> None:
    assert {row["rank"] for row in table(history, "by=location")} == {None}
    assert {str(row["rank_range"]) for row in table(history, "by=location")} == {"None"}
    # In the north, only H has another checklist, and too few visits to be ranked.
    north = table(history, f"by=location&region_id={history.regions['north']['id']}&include=change")
    assert {row["location"]["code"]: row["rank"] for row in north} == {"A": 1, "B": 2, "H": None}


def test_indicative_rows_follow_ranked_rows_and_rows_without_score_come_last(history: History) -> None:
    def codes(sort: str) -> list[str]:
        return [row["location"]["code"] for row in table(history, f"by=location&checklist=visit&sort={sort}")]

    scores = {
        code: naive.share([visit.parts("visit")[""] for visit in history.select(location=code)])
        for code in "ABC"
    }
    best_first = sorted("ABC", key=lambda code: -(scores[code] or Fraction(0)))
    assert codes("-score") == [*best_first, "D", "E", "G", "H"]
    assert codes("score") == [*reversed(best_first), "D", "E", "G", "H"]
    assert codes("name") == list("ABCDEGH")
    rows = table(history, "by=location&include=change&sort=-difference")
    enough = [row["change"]["difference"] for row in rows if row["change"]["difference"] is not None]
    assert enough
    assert [row["change"]["difference"] for row in rows][len(enough) :] == [None] * (len(rows) - len(enough))


@pytest.mark.parametrize(
    "query",
    ["by=location&sort=-score", "by=question", "by=location,month&sort=visits", "by=region&sort=score"],
)
def test_pages_have_no_gaps_and_no_duplicates(history: History, query: str) -> None:
    rows, path = [], f"/scores?{PERIOD}&{query}&limit=2"
    while path:
        response = history.world.admin.get(path)
        body = ok(response)
        rows += body["items"]
        assert len(body["items"]) <= 2
        assert response.headers.get("Link") == (body["next"] and f'<{body["next"]}>; rel="next"')
        path = body["next"] and body["next"].split("/api/v1")[1]
    assert rows == table(history, query)


def test_invalid_cursor_is_rejected(history: History) -> None:
    for cursor in ("%20", "bnVsbA", "W10", "W1tdLFtdXQ", "WzEsIDIsIDNd", "🦆"):
        body = problem(history.world.admin.get(f"/scores?by=location&cursor={cursor}"), 422, "invalid")
        assert pointers(body) == ["/cursor"]


def test_fields_parameter_selects_fields(history: History) -> None:
    rows = table(history, "by=location&fields=score,location,interval")
    assert [list(row) for row in rows] == [["location", "score", "interval"]] * len(rows)
    full = table(history, "by=location")
    assert [row["score"] for row in rows] == [row["score"] for row in full]
    for query in (
        "by=location&fields=points",
        "by=section&fields=passed",
        "by=month&fields=",
        "by=region&fields=change",
    ):
        assert pointers(problem(history.world.admin.get(f"/scores?{query}"), 422, "invalid")) == ["/fields"]


#: The columns of fields that may be null
NULL_COLUMNS = {
    "interval": ("low", "high"),
    "rank_range": ("best", "worst"),
    "worst_section": ("checklist", "key", "score", "visits"),
    "verdict_interval": ("low", "high"),
}


def flat(row: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield the columns of a JSON row, as (name, cell)."""
    for name, value in row.items():
        if name == "months":
            for month in value:
                yield from flat({k: v for k, v in month.items() if k != "month"}, f"months_{month['month']}_")
        elif isinstance(value, dict):
            yield from flat(value, f"{before}{name}_")
        elif value is None and name in NULL_COLUMNS:
            for part in NULL_COLUMNS[name]:
                yield f"{before}{name}_{part}", ""
        else:
            words = {"None": "", "True": "true", "False": "false"}
            yield before + name, words.get(str(value), str(value))


def read(response: Any) -> list[dict[str, str]]:
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "Accept" in response.headers["Vary"]
    return list(csv.DictReader(io.StringIO(response.get_data(as_text=True))))


@pytest.mark.parametrize(
    "query",
    [
        "by=location&include=change,months&sort=-score",
        "by=location&include=previous_visits,trend,made,worst_section,verdict",
        "by=location&region_id=E",
        "by=location,section&fields=section,interval,location",
        "by=question",
        "by=fundamental,month",
        "by=region,checklist",
    ],
)
def test_csv_has_the_same_rows_as_json(history: History, query: str) -> None:
    query = query.replace("region_id=E", f"region_id={history.regions['west']['id']}&checklist=visit")
    lines = read(history.world.admin.get(f"/scores?{PERIOD}&{query}", headers={"Accept": "text/csv"}))
    rows = [dict(flat(row)) for row in table(history, query)]
    for line, row in zip(lines, rows, strict=True):
        assert line == dict.fromkeys(line, "") | row
    assert {"interval_low", "interval_high"} <= lines[0].keys()


def test_csv_has_all_rows_unless_a_limit_is_set(world: World) -> None:
    world.admin  # noqa: B018
    body = "code,name,region_code,time_zone\n" + "".join(
        f"s{number:03},Store,{world.region['code']},UTC\n" for number in range(60)
    )
    ok(world.admin.call("POST", "/locations/import", data=body, headers={"Content-Type": "text/csv"}), 201)
    accept = {"headers": {"Accept": "text/csv"}}
    assert len(read(world.admin.get("/scores?by=location", **accept))) == 60
    assert len(ok(world.admin.get("/scores?by=location"))["items"]) == 50
    response = world.admin.get("/scores?by=location&limit=7", **accept)
    assert len(read(response)) == 7
    next_path = response.headers["Link"].split("<")[1].split(">")[0].split("/api/v1")[1]
    assert read(world.admin.get(next_path, **accept))[0]["location_code"] == "s007"


@pytest.mark.parametrize(
    "query", ["sort=-score&include=change", "include=trend,months", "fields=location", "sort=-visits"]
)
def test_long_csv_is_streamed_with_the_same_rows(
    history: History, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    path, accept = f"/scores?{PERIOD}&by=location&{query}", {"Accept": "text/csv"}
    whole = history.world.admin.get(path, headers=accept)
    assert "Content-Length" in whole.headers
    monkeypatch.setattr(score_routes, "ROWS_AT_ONCE", 3)
    streamed = history.world.admin.get(path, headers=accept)
    assert "Content-Length" not in streamed.headers
    assert streamed.data == whole.data
    again = history.world.admin.get(path, headers={**accept, "If-None-Match": streamed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    compressed = history.world.admin.get(path, headers={**accept, "Accept-Encoding": "gzip"})
    assert gzip.decompress(compressed.data) == whole.data
    assert "Content-Length" not in compressed.headers
    for response in (streamed, compressed):
        response.close()
    assert history.world.database.reading_engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_etag_of_a_long_csv_does_not_tell_managers_what_changes_elsewhere(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        world.new_location()
    monkeypatch.setattr(score_routes, "ROWS_AT_ONCE", 1)
    path, accept = "/scores?by=location", {"headers": {"Accept": "text/csv"}}
    first = world.manager.get(path, **accept)
    world.accepted_visit(FIRST.answers, location=world.new_location(region_id=world.new_region()["id"]))
    assert world.manager.get(path, **accept).headers["ETag"] == first.headers["ETag"]
    assert world.manager.get(path, **accept).data == first.data


def test_csv_with_texts_in_several_languages_is_not_streamed(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, accept = f"/scores?{PERIOD}&by=location&include=worst_section", {"Accept": "text/csv"}
    whole = history.world.admin.get(path, headers=accept)
    monkeypatch.setattr(score_routes, "ROWS_AT_ONCE", 1)
    assert history.world.admin.get(path, headers=accept).data == whole.data


def test_csv_that_has_not_changed_is_304(history: History) -> None:
    path, accept = f"/scores?{PERIOD}&by=location", {"Accept": "text/csv"}
    tag = history.world.admin.get(path, headers=accept).headers["ETag"]
    again = history.world.admin.get(path, headers={**accept, "If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    as_json = history.world.admin.get(path, headers={"If-None-Match": tag})
    assert as_json.status_code == 200 and as_json.headers["ETag"] != tag


@pytest.mark.parametrize("tags", ["", '""', "x"])
def test_other_tags_than_ours_match_nothing(history: History, tags: str) -> None:
    for path in ("/scores?by=location", f"/regions/{history.regions['north']['id']}/score"):
        assert history.world.admin.get(path, headers={"If-None-Match": tags}).status_code == 200


def test_csv_without_rows_has_a_header(world: World) -> None:
    accept = {"Accept": "text/csv"}
    text = world.admin.get("/scores?by=section", headers=accept).get_data(as_text=True)
    assert text.strip().split(",")[:4] == ["section_checklist", "section_key", "section_title", "visits"]
    assert "interval_low,interval_high" in text


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_csv_cell_is_never_a_formula(world: World, name: str) -> None:
    world.new_location(name=name)
    (line,) = read(world.admin.get("/scores?by=location", headers={"Accept": "text/csv"}))
    assert line["location_name"] == f"'{name}"
    assert ok(world.admin.get("/scores?by=location"))["items"][0]["location"]["name"] == name


def test_json_is_the_default_unless_csv_is_preferred(history: History) -> None:
    for accept, mimetype in {
        "*/*": "application/json",
        "text/html": "application/json",
        "text/csv;q=0.5, application/json": "application/json",
        "text/csv, */*;q=0.1": "text/csv",
    }.items():
        assert history.world.admin.get("/scores?by=month", headers={"Accept": accept}).mimetype == mimetype


# The wire format.


@pytest.mark.parametrize(
    "by", ["location", "region", "section", "month", "question", "location,question", "checklist"]
)
def test_rows_have_exactly_the_fields_of_the_wire_format(history: History, by: str) -> None:
    only = {"location": ("worst_section", "weakest_question"), "question": ("answers",)}
    omitted = {name for dimension, names in only.items() if dimension != by for name in names}
    included = [name for name in INCLUDES if name not in omitted]
    if by == "month":
        included = []
    include = f"&include={','.join(included)}" if included else ""
    expected = list_row_fields(by.split(","), included)
    for row in table(history, f"by={by}{include}"):
        assert list(row) == expected
        assert not Row().validate(row)


def test_csv_columns_do_not_depend_on_which_rows_have_nulls(history: History) -> None:
    """E has no visits, so its ``worst_section`` is null; A has visits."""
    query = "/scores?by=location&include=worst_section&location_id="
    headers = [
        history.world.admin.get(f"{query}{place['id']}&{PERIOD}", headers={"Accept": "text/csv"})
        .get_data(as_text=True)
        .splitlines()[0]
        for place in (history.locations["A"], history.locations["E"])
    ]
    assert headers[0] == headers[1]
    assert headers[0].endswith(
        "worst_section_checklist,worst_section_key,worst_section_title,worst_section_score,worst_section_visits"
    )


@pytest.mark.parametrize("name", SCORE_QUERIES)
def test_queries_of_the_dashboard_are_accepted_and_preloaded_alike(history: History, name: str) -> None:
    query = SCORE_QUERIES[name]
    parameters = {parameter: value for parameter, value in query.items() if parameter != "limit"}
    rows = table(history, urlencode(parameters))
    if "fields" in query:
        assert {",".join(row) for row in rows} == {query["fields"]}
    html = history.world.admin.get("//dashboard").get_data(as_text=True)
    queries = re.search("data-score-queries='([^']*)'", html)
    assert queries
    assert json.loads(queries[1])[name] == query


# Periods.


def test_default_period_is_the_year_up_to_the_current_month_in_utc_plus_14(history: History) -> None:
    def months() -> tuple[str, str]:
        latest = datetime.now(UTC).astimezone(timezone(timedelta(hours=14)))
        first = latest.year * 12 + latest.month - 12
        return f"{first // 12}-{first % 12 + 1:02}", latest.strftime("%Y-%m")

    before = months()
    result = report(history, "A", "")
    assert (result["from"], result["to"]) in (before, months())
    assert len(result["months"]) == 12
    result = report(history, "A", "to=2025-06")
    assert (result["from"], result["to"]) == ("2024-07", "2025-06")


@pytest.mark.parametrize(
    "query",
    [
        "from=2025-06&to=2025-05",
        "from=2025-13",
        "to=2025-00",
        "to=0000-01",
        "from=2025-6",
        "from=2025-01-01",
        "from=",
        "to=x",
        "from=2199-01",
        "from=1000-01",
    ],
)
def test_invalid_period_is_rejected(history: History, query: str) -> None:
    for path in (f"/locations/{history.locations['A']['id']}/score?", "/scores?by=month&"):
        body = problem(history.world.admin.get(path + query), 422, "invalid")
        assert pointers(body) == [f"/{query.split('=')[0]}"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "by=",
        "by=store",
        "by=location,location",
        "by=location,month,section",
        "by=section,question",
        "by=location&sort=colour",
        "by=location&sort=difference",
        "by=month&include=change",
        "by=month&include=trend",
        "by=location,question&include=worst_section",
        "by=region&include=worst_section",
        "by=region&include=weakest_question",
        "by=location&include=answers",
        "by=location,question&include=answers",
        "by=month&include=verdict",
        "by=location&include=everything",
        "by=location&include=change,months,trend,made,change,months,trend,made,change,made",
        "by=location&limit=0",
        "by=location&limit=501",
        "by=location&colour=red",
        "by=location&region_id=1",
    ],
)
def test_invalid_query_is_rejected(history: History, query: str) -> None:
    assert pointers(problem(history.world.admin.get(f"/scores?{query}"), 422, "invalid"))


# Visibility.


def test_managers_see_their_places_and_cannot_distinguish_other_places_from_unknown_ones(
    history: History,
) -> None:
    world, places, regions = history.world, history.locations, history.regions
    north_manager = world.person("manager", region_ids=[regions["north"]["id"]])
    store_manager = world.person("manager", location_ids=[places["A"]["id"]])
    for manager, visible_codes, visible_regions in (
        (north_manager, "ABH", {"north", "city"}),
        (store_manager, "A", set()),
    ):
        rows = manager.list_all(f"/scores?{PERIOD}&by=location")
        assert [row["location"]["code"] for row in rows] == list(visible_codes)
        assert {row["region"]["code"] for row in manager.list_all("/scores?by=region")} == visible_regions
        (total,) = manager.list_all(f"/scores?{PERIOD}&by=checklist&checklist=visit")
        visible_visits = [
            visit for visit in history.select(checklist="visit") if visit.location in visible_codes
        ]
        assert total == {"checklist": total["checklist"], **naive.score(visible_visits)}
        for code, place in places.items():
            response = manager.get(f"/locations/{place['id']}/score?{PERIOD}")
            assert response.status_code == (200 if code in visible_codes else 404)
        for code, region in regions.items():
            assert manager.get(f"/regions/{region['id']}/score").status_code == (
                200 if code in visible_regions else 404
            )
        for path, hidden_place in (
            ("/locations/{}/score", places["C"]),
            ("/regions/{}/score", regions["south"]),
        ):
            assert get_not_found(manager, path.format(hidden_place["id"])) == get_not_found(
                manager, path.format(uuid.uuid4())
            )
        for name, hidden_place in (("location_id", places["C"]), ("region_id", regions["south"])):
            query = f"/scores?by=month&{name}="
            assert get_not_found(manager, query + hidden_place["id"]) == get_not_found(
                manager, query + str(uuid.uuid4())
            )
    assert ok(north_manager.get(f"/regions/{regions['north']['id']}/score?{PERIOD}")) == report(
        history, "north"
    )
    world.shopper  # noqa: B018
    problem(world.shopper.get("/scores?by=location"), 403, "forbidden")
    problem(world.anonymous.get("/scores?by=location"), 401, "not-signed-in")


def get_not_found(caller: Any, path: str) -> dict[str, Any]:
    """Return a 404 response except for the fields that identify the request."""
    body = caller.get(path).get_json()
    assert body["status"] == 404
    return {name: value for name, value in body.items() if name not in ("instance", "request_id")}


def test_another_organization_sees_nothing(history: History, world: World) -> None:
    assert world.admin.list_all(f"/scores?{PERIOD}&by=question") == []
    for path in (
        f"/locations/{history.locations['A']['id']}/score",
        f"/regions/{history.regions['north']['id']}/score",
    ):
        assert world.admin.get(path).status_code == 404
    problem(world.admin.get("/scores?by=month&checklist=call"), 404, "checklist-not-found")


# Changes to places, checklists and visits.


def test_location_keeps_its_history_when_it_moves(world: World) -> None:
    north, south = world.new_region(code="north"), world.new_region(code="south")
    store = world.new_location(region_id=north["id"])
    make_visit(world, store, "2025-05", FIRST)

    def earned() -> list[int]:
        region_points = [
            ok(world.admin.get(f"/regions/{region['id']}/score?{PERIOD}"))["total"]["points_earned"]
            for region in (north, south)
        ]
        rows = world.admin.list_all(f"/scores?{PERIOD}&by=region")
        assert [
            row["points_earned"] for row in rows if row["region"]["id"] in (north["id"], south["id"])
        ] == region_points
        return region_points

    assert earned() == [4, 0]
    ok(world.admin.patch(f"/locations/{store['id']}", {"region_id": south["id"]}))
    assert earned() == [0, 4]
    ok(world.admin.patch(f"/regions/{south['id']}", {"parent_id": north["id"]}))
    assert earned() == [4, 4]


def test_versions_add_up_by_key_and_keep_dropped_questions(world: World) -> None:
    make_visit(world, world.location, "2025-05", FIRST)
    document = {
        **CHECKLIST,
        "sections": [
            {
                "key": "hello",
                "title": "Hello",
                "questions": [
                    {"key": "smile", "text": "A smile?", "type": "yes_no", "points": 5},
                    {**CHECKLIST["sections"][0]["questions"][0], "text": "Greeted?", "points": 10},
                ],
            }
        ],
    }
    world.publish(document)
    visit = world.visit()
    body = world.submission({"greeting": {"value": "yes"}, "smile": {"value": "no"}}, checklist_version=2)
    ok(world.send(visit, body), 201)
    result = ok(world.admin.get(f"/locations/{world.location['id']}/score?from=2025-01"))
    assert (result["total"]["points_earned"], result["total"]["points_possible"]) == (14, 21)
    assert [section["key"] for section in result["sections"]] == ["hello", "welcome", "goodbye"]
    questions = {question["key"]: question for question in result["questions"]}
    assert list(questions)[:3] == ["smile", "greeting", "wait"]
    greeting = questions["greeting"]
    assert (greeting["visits"], greeting["points_earned"], greeting["text"]) == (2, 12, "Greeted?")
    assert greeting["section"] == "hello"
    assert result["change"]["significant"] is False
    titles = {row["section"]["title"] for row in world.admin.list_all("/scores?by=section&from=2025-01")}
    assert titles == {"Hello", "Welcome", "Goodbye"}


def test_withdrawn_visit_leaves_no_trace(world: World) -> None:
    visit = make_visit(world, world.location, "2025-05", POOR)
    path = f"/locations/{world.location['id']}/score?{PERIOD}"
    assert ok(world.admin.get(path))["total"]["visits"] == 1
    decision_id = ok(world.reviewer.get(f"/visits/{visit['id']}"))["decisions"][-1]["id"]
    ok(
        world.reviewer.post(
            f"/visits/{visit['id']}/review",
            {"revision": 1, "decision": "reject", "reason": "Not there", "replaces": decision_id},
        )
    )
    result = ok(world.admin.get(path))
    assert result["total"] == naive.total([])
    assert result["sections"] == result["questions"] == result["fundamentals"] == []
    assert world.admin.list_all(f"/scores?{PERIOD}&by=question,month") == []


# Statements.


def test_scores_are_the_same_before_and_after_regions_are_added_up(app: Flask) -> None:
    history = build(World(app))
    world = history.world
    paths = [f"/regions/{region['id']}/score?{PERIOD}&include=verdict" for region in history.regions.values()]
    for by in ("region", "region,question", "region,month", "section", "question", "month", "checklist"):
        include = {"region": "change,months,verdict", "question": "change,answers,verdict"}.get(by)
        extra = f"&include={include}" if include else ""
        paths.append(f"/scores?{PERIOD}&by={by}&limit=500{extra}")
        region_id = next(iter(history.regions.values()))["id"]
        paths.append(f"/scores?{PERIOD}&by={by}&limit=500{extra}&region_id={region_id}")

    def read() -> list[Any]:
        return [ok(caller.get(path)) for caller in (world.admin, world.manager) for path in visible(caller)]

    def visible(caller: Any) -> list[str]:
        return [path for path in paths if caller.get(path).status_code == 200]

    before = read()
    world.add_up_regions()
    assert read() == before
    assert len(before) > 20


def test_children_come_page_by_page(world: World) -> None:
    top, codes = world.new_region(), ["a", "b", "c"]
    for code in codes:
        world.new_region(parent_id=top["id"], code=f"{top['code']}-{code}")
        world.new_location(region_id=top["id"], code=f"{top['code']}-{code}")
    whole = ok(world.admin.get(f"/regions/{top['id']}/score"))
    assert whole["children_next"] is None
    assert [child.get("region", child.get("location"))["code"] for child in whole["children"]] == [
        f"{top['code']}-{code}" for code in codes * 2
    ]
    children, path = [], f"/regions/{top['id']}/score?limit=2&include=quarters"
    while path:
        page = ok(world.admin.get(path))
        assert page["total"] == whole["total"]
        children += page["children"]
        path = page["children_next"] and page["children_next"].partition("/api/v1")[2]
    assert children == whole["children"]
    problem(world.admin.get(f"/regions/{top['id']}/score?cursor=x"), 422, "invalid")


def test_number_of_statements_does_not_depend_on_the_number_of_places(world: World) -> None:
    region = world.new_region(parent_id=world.region["id"])

    def count_statements() -> list[int]:
        world.add_up_regions()
        counts = []
        for path in (
            f"/locations/{world.location['id']}/score?{PERIOD}&include=verdict",
            f"/regions/{world.region['id']}/score?{PERIOD}&include=verdict",
            f"/scores?{PERIOD}&by=location&include=change,months,verdict,weakest_question&limit=500",
            f"/scores?{PERIOD}&by=region,question&limit=500",
        ):
            for caller in (world.admin, world.manager):
                ok(caller.get(path))  # fills the caches of the process
                with recorded_statements(world) as executed:
                    ok(caller.get(path))
                counts.append(len(executed))
        return counts

    make_visit(world, world.location, "2025-05", WELL)
    counts = count_statements()
    for number in range(29):
        place = world.new_location(region_id=(region if number % 2 else world.region)["id"])
        if number % 3 == 0:
            make_visit(world, place, "2025-05", FIRST)
    assert count_statements() == counts
    assert max(counts) <= 22
