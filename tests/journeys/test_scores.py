"""Scores over HTTP, each number against a computation from the visits themselves (``score_history``)."""

import csv
import io
import itertools
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.journeys import score_history as naive
from tests.journeys.score_history import DOCUMENTS, FIRST, POOR, SECOND, WELL, History, Made, build, make
from tests.support.world import CHECKLIST, World, ok, pointers, problem

PERIOD = "from=2025-04&to=2025-06"
BEFORE = {"first": "2025-01", "last": "2025-03"}
MONTHS = ["2025-04", "2025-05", "2025-06"]

_histories: dict[int, History] = {}


@pytest.fixture
def history(app: Flask) -> History:
    """The history of ``score_history``, made once in each program; its tests only read."""
    if id(app) not in _histories:
        _histories[id(app)] = build(World(app))
    return _histories[id(app)]


def report(history: History, place: str, query: str = PERIOD) -> Any:
    """Return the report of a location (one capital) or a region."""
    kind, known = (
        ("locations", history.locations) if place in history.locations else ("regions", history.regions)
    )
    return ok(history.world.admin.get(f"/{kind}/{known[place]['id']}/score?{query}"))


def table(history: History, query: str) -> list[Any]:
    return history.world.admin.list_all(f"/scores?{PERIOD}&{query}")


def is_of(place: str, history: History) -> dict[str, str]:
    """Return which visits are those of a place."""
    return {"location" if place in history.locations else "region": place}


# One place.


def test_the_worked_example_of_the_scoring_rules_to_the_digit(world: World) -> None:
    for answers in (FIRST.answers, SECOND.answers):
        world.accepted_visit(answers)
    found = ok(world.manager.get(f"/locations/{world.location['id']}/score"))
    assert found["total"] == {
        "visits": 2,
        "points_earned": 13,
        "points_possible": 17,
        "score": 0.764706,
        "spread": 0.097869,
        "interval": {"low": 0.288085, "high": 1.0},
        "indicative": True,
        "critical_failures": 0,
        "passed": 1,
    }
    assert found["location"] == {name: world.location[name] for name in ("id", "code", "name")}


@pytest.mark.parametrize("checklist", [None, "visit"])
@pytest.mark.parametrize("place", ["A", "B", "D", "E", "city", "north", "south", "west", "country"])
def test_a_report_holds_what_its_visits_earned_in_all_its_parts(
    history: History, place: str, checklist: str | None
) -> None:
    found = report(history, place, PERIOD + (f"&checklist={checklist}" if checklist else ""))
    where = {**is_of(place, history), "checklist": checklist}
    now, before = history.some(**where), history.some(**BEFORE, **where)
    assert (found["from"], found["to"], found["checklist"]) == ("2025-04", "2025-06", checklist)
    assert found["total"] == naive.score(now)
    assert found["previous"] == naive.score(before)
    assert found["change"] == naive.change(now, before)
    assert found["months"] == [
        {"month": month, **naive.score(history.some(month, month, **where))} for month in MONTHS
    ]
    documents = {key: DOCUMENTS[key] for key in sorted({each.report.checklist for each in now})}
    assert found["sections"] == [
        {
            "checklist": key,
            "key": section["key"],
            "title": section["title"],
            **naive.score(now, "section", (key, section["key"])),
        }
        for key, document in documents.items()
        for section in document["sections"]
    ]
    assert found["questions"] == [
        {
            "checklist": key,
            "key": question["key"],
            "text": question["text"],
            "section": section["key"],
            "fundamental": question.get("fundamental"),
            "answers": answers(now, key, question),
            **naive.score(now, "question", (key, question["key"])),
        }
        for key, document in documents.items()
        for section in document["sections"]
        for question in section["questions"]
        if not question.get("private")
    ]
    seen = {key for each in now for key in each.parts("fundamental")}
    assert {each["key"] for each in found["fundamentals"]} == seen
    for each in found["fundamentals"]:
        title = each.pop("title")
        assert title
        assert each == {"key": each["key"], **naive.score(now, "fundamental", each["key"])}


def answers(made: list[Made], checklist: str, question: Any) -> dict[str, int]:
    """Count how a question was answered; all that is possible is in it."""
    possible = {
        "yes_no": ["yes", "no"],
        "scale": ["1", "2", "3"],
        "choice": [option["key"] for option in question.get("options", ())],
    }.get(question["type"], ["answered"])
    counts = dict.fromkeys([*possible, "not_applicable"], 0)
    for each in made:
        if each.report.checklist == checklist:
            for said in each.report.said.get(question["key"], ()):
                counts[said] += 1
    return counts


def test_a_region_shows_its_regions_and_locations_with_all_below_them(history: History) -> None:
    for region, below in {
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
                kind: {"id": known["id"], "code": code, "name": known["name"]},
                **naive.score(history.some(**{kind: code})),
            }
            for kind, code in below
            for known in [(history.locations if kind == "location" else history.regions)[code]]
        ]


def test_places_without_visits_have_no_score_rather_than_none_of_the_points(history: History) -> None:
    found = report(history, "E")
    nothing = naive.score([])
    assert found["total"] == found["previous"] == nothing
    assert nothing["score"] is nothing["interval"] is nothing["spread"] is None
    assert found["change"] == {"difference": None, "interval": None, "significant": False}
    assert found["sections"] == found["questions"] == found["fundamentals"] == []
    assert [month["visits"] for month in found["months"]] == [0, 0, 0]


def test_a_change_between_different_checklists_has_no_interval(history: History) -> None:
    mixed = report(history, "country")["change"]
    assert mixed["difference"] is not None
    assert (mixed["interval"], mixed["significant"]) == (None, None)
    # Nothing but the period before is of another checklist.
    other = "from=2025-03&to=2025-03"
    history_of_north = report(history, "north", "from=2025-05&to=2025-05")["change"]
    assert history_of_north["significant"] is None
    assert report(history, "south", other)["change"]["significant"] is False


def test_a_clear_change_is_significant(history: History) -> None:
    found = report(history, "A")["change"]
    assert found["significant"] is True
    assert found["interval"]["low"] > 0


def test_self_checks_count_only_where_they_are_named(history: History) -> None:
    own = report(history, "A", f"{PERIOD}&checklist=own")
    assert own["total"] == naive.score(history.own)
    assert {each["checklist"] for each in own["sections"]} == {"own"}
    assert {row["checklist"]["key"] for row in table(history, "by=checklist")} == {"visit", "call"}
    (row,) = table(history, "by=checklist&checklist=own")
    assert row == {"checklist": {"key": "own", "title": "A self-check"}, **naive.score(history.own)}
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


def keys(made: Made, by: str, part: Any) -> list[Any]:
    """Return the rows of a dimension in which a visit, or a part of it, counts."""
    return {
        "location": [made.location],
        "region": list(made.regions),
        "month": [made.month],
        "checklist": [made.report.checklist],
    }.get(by, [part])


@pytest.mark.parametrize("by", [*((each,) for each in KEY_OF), *PAIRS], ids=",".join)
def test_a_table_has_a_row_for_whatever_visits_had(history: History, by: tuple[str, ...]) -> None:
    kind = next((each for each in by if each in PARTS), "visit")
    cells: dict[Any, set[tuple[int, Any]]] = defaultdict(set)
    now = history.some()
    for index, each in enumerate(now):
        for part in each.parts(kind):
            for key in itertools.product(*(keys(each, dimension, part) for dimension in by)):
                cells[key].add((index, part))
    standing = {
        ("location",): [each for each in history.locations if each != "F"],
        ("region",): list(history.regions),
        ("month",): MONTHS,
    }
    for each in standing.get(by, []):
        cells.setdefault((each,), set())
    found = {}
    for row in table(history, f"by={','.join(by)}"):
        for name in ("rank", "rank_range"):
            row.pop(name, None)
        key = tuple(KEY_OF[dimension](row.pop(dimension)) for dimension in by)
        assert key not in found
        found[key] = row
    assert found.keys() == cells.keys()
    for key, counted in cells.items():
        part = next(iter(counted))[1] if counted else ""
        assert found[key] == naive.score([now[index] for index, _ in counted], kind, part), key


def test_what_rows_are_by_is_named_as_everywhere_else(history: History) -> None:
    place = history.locations["A"]
    row = table(history, f"by=location,section&location_id={place['id']}")[0]
    assert row["location"] == {name: place[name] for name in ("id", "code", "name")}
    assert row["section"] == {"checklist": "visit", "key": "welcome", "title": "Welcome"}
    assert table(history, "by=month")[0]["month"] == "2025-04"
    assert table(history, "by=checklist&checklist=visit")[0]["checklist"]["title"] == CHECKLIST["title"]


def test_changes_and_months_are_those_of_the_rows(history: History) -> None:
    for row in table(history, "by=location&include=change,months"):
        where = {"location": row["location"]["code"]}
        assert row["change"] == naive.change(history.some(**where), history.some(**BEFORE, **where))
        assert row["months"] == [
            {"month": month, **naive.score(history.some(month, month, **where))} for month in MONTHS
        ]
    for row in table(history, "by=region,question&include=change,months"):
        where = {"region": row["region"]["code"]}
        part = ("question", KEY_OF["question"](row["question"]))
        assert row["change"] == naive.change(history.some(**where), history.some(**BEFORE, **where), *part)
        assert row["months"] == [
            {"month": month, **naive.score(history.some(month, month, **where), *part)} for month in MONTHS
        ]


def test_the_trend_is_the_scores_of_the_months_and_previous_visits_those_of_the_period_before(
    history: History,
) -> None:
    for row in table(history, "by=location,section&include=trend,months,previous_visits"):
        assert row["trend"] == {month["month"]: month["score"] for month in row["months"]}
        part = ("section", KEY_OF["section"](row["section"]))
        before = history.some(**BEFORE, location=row["location"]["code"])
        assert row["previous_visits"] == naive.score(before, *part)["visits"]
    alone = table(history, "by=location&include=previous_visits&fields=location,previous_visits")
    for row in alone:
        where = {"location": row["location"]["code"]}
        assert row["previous_visits"] == len(history.some(**BEFORE, **where))
    for row in table(history, "by=location&include=trend"):
        where = {"location": row["location"]["code"]}
        assert row["trend"] == {
            month: naive.score(history.some(month, month, **where))["score"] for month in MONTHS
        }


def test_what_was_made_in_each_month_counts_every_visit(history: History) -> None:
    for row in table(history, "by=location&include=made"):
        where = {"location": row["location"]["code"]}
        assert row["made"] == {month: len(history.some(month, month, **where)) for month in MONTHS}


@pytest.mark.parametrize("more", ["", "&checklist=visit"])
def test_the_worst_section_is_the_one_with_the_lowest_score(history: History, more: str) -> None:
    cells: dict[str, list[Any]] = defaultdict(list)
    for row in table(history, f"by=location,section{more}"):
        if row["score"] is not None:
            cells[row["location"]["code"]].append(row)
    rows = table(history, f"by=location&include=worst_section{more}")
    assert any(row["worst_section"] for row in rows)
    for row in rows:
        found = row["worst_section"]
        sections = cells[row["location"]["code"]]
        if not sections:
            assert found is None
            continue
        # Those with enough visits come first, and of equals the first in the checklist.
        worst = min(sections, key=lambda each: (each["indicative"], each["score"]))
        assert found == {**worst["section"], "score": worst["score"], "visits": worst["visits"]}


@pytest.mark.parametrize("by", ["location", "question", "region,section"])
def test_including_more_changes_nothing_else(history: History, by: str) -> None:
    included = ["change", "months", "previous_visits", "trend", "made"]
    included += ["worst_section"] * (by == "location")
    plain, more = table(history, f"by={by}"), table(history, f"by={by}&include={','.join(included)}")
    for row in more:
        for name in included:
            row.pop(name)
    assert more == plain


def ranks(history: History, **where: Any) -> dict[str, Any]:
    """Compare each location that has enough visits with each other one."""
    places = {code: history.some(location=code, **where) for code in history.locations}
    points = {code: [each.parts("visit")[""] for each in made] for code, made in places.items()}
    ranked = {
        code: (naive.share(each), [min(1, max(0, end)) for end in naive.moderated(each) or ()])
        for code, each in points.items()
        if len(each) >= 5
    }
    return {
        code: (
            1 + sum(other > mine for other, _ in ranked.values()),
            {
                "best": 1 + sum(other[0] > ends[1] for _, other in ranked.values()),
                "worst": len(ranked) - sum(other[1] < ends[0] for _, other in ranked.values()),
            },
        )
        for code, (mine, ends) in ranked.items()
    }


def test_locations_are_ranked_as_comparing_each_with_each_ranks_them(history: History) -> None:
    wanted = ranks(history, checklist="visit")
    assert sorted(rank for rank, _ in wanted.values()) == [1, 2, 3]
    for query in ("by=location&checklist=visit", "by=location&checklist=visit&include=change"):
        for row in table(history, query):
            rank = wanted.get(row["location"]["code"], (None, None))
            assert (row["rank"], row["rank_range"]) == rank


def test_nothing_is_ranked_where_the_visits_are_of_different_checklists(history: History) -> None:
    assert {row["rank"] for row in table(history, "by=location")} == {None}
    assert {str(row["rank_range"]) for row in table(history, "by=location")} == {"None"}
    # In the north only H was called, and so little that it is not compared with anything.
    north = table(history, f"by=location&region_id={history.regions['north']['id']}&include=change")
    assert {row["location"]["code"]: row["rank"] for row in north} == {"A": 1, "B": 2, "H": None}


def test_a_better_score_comes_first_a_thin_one_later_and_none_at_all_last(history: History) -> None:
    def codes(sort: str) -> list[str]:
        return [row["location"]["code"] for row in table(history, f"by=location&checklist=visit&sort={sort}")]

    shares = {
        code: naive.share([each.parts("visit")[""] for each in history.some(location=code)]) for code in "ABC"
    }
    best_first = sorted("ABC", key=lambda code: -(shares[code] or Fraction(0)))
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
def test_pages_follow_one_another_without_gaps_or_repeats(history: History, query: str) -> None:
    rows, path = [], f"/scores?{PERIOD}&{query}&limit=2"
    while path:
        answer = history.world.admin.get(path)
        body = ok(answer)
        rows += body["items"]
        assert len(body["items"]) <= 2
        assert answer.headers.get("Link") == (body["next"] and f'<{body["next"]}>; rel="next"')
        path = body["next"] and body["next"].split("/api/v1")[1]
    assert rows == table(history, query)


def test_a_cursor_that_no_page_gave_is_refused(history: History) -> None:
    for cursor in ("%20", "bnVsbA", "W10", "W1tdLFtdXQ", "WzEsIDIsIDNd", "🦆"):
        body = problem(history.world.admin.get(f"/scores?by=location&cursor={cursor}"), 422, "invalid")
        assert pointers(body) == ["/cursor"]


def test_fields_pick(history: History) -> None:
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


#: what columns stand for a field that is null
INSIDE = {
    "interval": ("low", "high"),
    "rank_range": ("best", "worst"),
    "worst_section": ("checklist", "key", "score", "visits"),
}


def flat(row: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield a JSON row as its columns should read."""
    for name, value in row.items():
        if name == "months":
            for month in value:
                yield from flat({k: v for k, v in month.items() if k != "month"}, f"months_{month['month']}_")
        elif isinstance(value, dict):
            yield from flat(value, f"{before}{name}_")
        elif value is None and name in INSIDE:
            for part in INSIDE[name]:
                yield f"{before}{name}_{part}", ""
        else:
            words = {"None": "", "True": "true", "False": "false"}
            yield before + name, words.get(str(value), str(value))


def read(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "Accept" in answer.headers["Vary"]
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


@pytest.mark.parametrize(
    "query",
    [
        "by=location&include=change,months&sort=-score",
        "by=location&include=previous_visits,trend,made,worst_section",
        "by=location&region_id=E",
        "by=location,section&fields=section,interval,location",
        "by=question",
        "by=fundamental,month",
        "by=region,checklist",
    ],
)
def test_csv_holds_the_same_rows_as_json(history: History, query: str) -> None:
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
    answer = world.admin.get("/scores?by=location&limit=7", **accept)
    assert len(read(answer)) == 7
    following = answer.headers["Link"].split("<")[1].split(">")[0].split("/api/v1")[1]
    assert read(world.admin.get(following, **accept))[0]["location_code"] == "s007"


def test_csv_has_its_columns_even_without_rows(world: World) -> None:
    accept = {"Accept": "text/csv"}
    text = world.admin.get("/scores?by=section", headers=accept).get_data(as_text=True)
    assert text.strip().split(",")[:4] == ["section_checklist", "section_key", "section_title", "visits"]
    assert "interval_low,interval_high" in text


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_no_cell_is_a_formula(world: World, name: str) -> None:
    world.new_location(name=name)
    (line,) = read(world.admin.get("/scores?by=location", headers={"Accept": "text/csv"}))
    assert line["location_name"] == f"'{name}"
    assert ok(world.admin.get("/scores?by=location"))["items"][0]["location"]["name"] == name


def test_json_is_what_comes_unless_csv_is_wanted_more(history: History) -> None:
    for accept, mimetype in {
        "*/*": "application/json",
        "text/html": "application/json",
        "text/csv;q=0.5, application/json": "application/json",
        "text/csv, */*;q=0.1": "text/csv",
    }.items():
        assert history.world.admin.get("/scores?by=month", headers={"Accept": accept}).mimetype == mimetype


# Periods.


def test_left_out_the_period_is_the_year_that_ends_with_the_month_latest_on_earth(history: History) -> None:
    def months() -> tuple[str, str]:
        latest = datetime.now(UTC).astimezone(timezone(timedelta(hours=14)))
        first = latest.year * 12 + latest.month - 12
        return f"{first // 12}-{first % 12 + 1:02}", latest.strftime("%Y-%m")

    before = months()
    found = report(history, "A", "")
    assert (found["from"], found["to"]) in (before, months())
    assert len(found["months"]) == 12
    found = report(history, "A", "to=2025-06")
    assert (found["from"], found["to"]) == ("2024-07", "2025-06")


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
def test_a_bad_period_is_refused(history: History, query: str) -> None:
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
        "by=location&include=everything",
        "by=location&limit=0",
        "by=location&limit=501",
        "by=location&colour=red",
        "by=location&region_id=1",
    ],
)
def test_what_cannot_be_tabled_is_refused(history: History, query: str) -> None:
    assert pointers(problem(history.world.admin.get(f"/scores?{query}"), 422, "invalid"))


# Who sees what.


def test_a_manager_sees_his_regions_and_stores_and_cannot_tell_others_from_none(history: History) -> None:
    world, places, regions = history.world, history.locations, history.regions
    north = world.person("manager", region_ids=[regions["north"]["id"]])
    one = world.person("manager", location_ids=[places["A"]["id"]])
    for who, seen, regions_seen in ((north, "ABH", {"north", "city"}), (one, "A", set())):
        rows = who.list_all(f"/scores?{PERIOD}&by=location")
        assert [row["location"]["code"] for row in rows] == list(seen)
        assert {row["region"]["code"] for row in who.list_all("/scores?by=region")} == regions_seen
        (total,) = who.list_all(f"/scores?{PERIOD}&by=checklist&checklist=visit")
        mine = [each for each in history.some(checklist="visit") if each.location in seen]
        assert total == {"checklist": total["checklist"], **naive.score(mine)}
        for code, place in places.items():
            answer = who.get(f"/locations/{place['id']}/score?{PERIOD}")
            assert answer.status_code == (200 if code in seen else 404)
        for code, region in regions.items():
            assert who.get(f"/regions/{region['id']}/score").status_code == (
                200 if code in regions_seen else 404
            )
        for path, known in (("/locations/{}/score", places["C"]), ("/regions/{}/score", regions["south"])):
            assert said(who, path.format(known["id"])) == said(who, path.format(uuid.uuid4()))
        for name, known in (("location_id", places["C"]), ("region_id", regions["south"])):
            query = f"/scores?by=month&{name}="
            assert said(who, query + known["id"]) == said(who, query + str(uuid.uuid4()))
    assert ok(north.get(f"/regions/{regions['north']['id']}/score?{PERIOD}")) == report(history, "north")
    world.shopper  # noqa: B018
    problem(world.shopper.get("/scores?by=location"), 403, "forbidden")
    problem(world.anonymous.get("/scores?by=location"), 401, "not-signed-in")


def said(who: Any, path: str) -> dict[str, Any]:
    """Return what a refusal says, but for what names the request itself."""
    body = who.get(path).get_json()
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


# What changes.


def test_a_location_that_moves_takes_its_history_along(world: World) -> None:
    north, south = world.new_region(code="north"), world.new_region(code="south")
    store = world.new_location(region_id=north["id"])
    make(world, store, "2025-05", FIRST)

    def earned() -> list[int]:
        of_regions = [
            ok(world.admin.get(f"/regions/{each['id']}/score?{PERIOD}"))["total"]["points_earned"]
            for each in (north, south)
        ]
        rows = world.admin.list_all(f"/scores?{PERIOD}&by=region")
        assert [
            row["points_earned"] for row in rows if row["region"]["id"] in (north["id"], south["id"])
        ] == of_regions
        return of_regions

    assert earned() == [4, 0]
    ok(world.admin.patch(f"/locations/{store['id']}", {"region_id": south["id"]}))
    assert earned() == [0, 4]
    ok(world.admin.patch(f"/regions/{south['id']}", {"parent_id": north["id"]}))
    assert earned() == [4, 4]


def test_versions_of_a_checklist_add_up_by_key_and_what_it_dropped_stays(world: World) -> None:
    make(world, world.location, "2025-05", FIRST)
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
    found = ok(world.admin.get(f"/locations/{world.location['id']}/score?from=2025-01"))
    assert (found["total"]["points_earned"], found["total"]["points_possible"]) == (14, 21)
    assert [each["key"] for each in found["sections"]] == ["hello", "welcome", "goodbye"]
    questions = {each["key"]: each for each in found["questions"]}
    assert list(questions)[:3] == ["smile", "greeting", "wait"]
    greeting = questions["greeting"]
    assert (greeting["visits"], greeting["points_earned"], greeting["text"]) == (2, 12, "Greeted?")
    assert greeting["section"] == "hello"
    assert found["change"]["significant"] is False
    titles = {row["section"]["title"] for row in world.admin.list_all("/scores?by=section&from=2025-01")}
    assert titles == {"Hello", "Welcome", "Goodbye"}


def test_only_accepted_visits_count_and_what_is_taken_back_leaves_no_trace(world: World) -> None:
    visit = make(world, world.location, "2025-05", POOR)
    path = f"/locations/{world.location['id']}/score?{PERIOD}"
    assert ok(world.admin.get(path))["total"]["visits"] == 1
    standing = ok(world.reviewer.get(f"/visits/{visit['id']}"))["decisions"][-1]["id"]
    ok(
        world.reviewer.post(
            f"/visits/{visit['id']}/review",
            {"revision": 1, "decision": "reject", "reason": "Not there", "replaces": standing},
        )
    )
    found = ok(world.admin.get(path))
    assert found["total"] == naive.score([])
    assert found["sections"] == found["questions"] == found["fundamentals"] == []
    assert world.admin.list_all(f"/scores?{PERIOD}&by=question,month") == []


# Work.


@contextmanager
def counting(world: World) -> Iterator[list[str]]:
    """Note the statements that requests send to the database."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(world.database.reading_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(world.database.reading_engine, "before_cursor_execute", note)


def test_the_number_of_statements_does_not_grow_with_the_places(world: World) -> None:
    region = world.new_region(parent_id=world.region["id"])

    def statements() -> list[int]:
        counts = []
        for path in (
            f"/locations/{world.location['id']}/score?{PERIOD}",
            f"/regions/{world.region['id']}/score?{PERIOD}",
            f"/scores?{PERIOD}&by=location&include=change,months&limit=500",
            f"/scores?{PERIOD}&by=region,question&limit=500",
        ):
            for who in (world.admin, world.manager):
                ok(who.get(path))  # what is read once a process is read here
                with counting(world) as sent:
                    ok(who.get(path))
                counts.append(len(sent))
        return counts

    make(world, world.location, "2025-05", WELL)
    few = statements()
    for number in range(29):
        place = world.new_location(region_id=(region if number % 2 else world.region)["id"])
        if number % 3 == 0:
            make(world, place, "2025-05", FIRST)
    assert statements() == few
    assert max(few) <= 14
