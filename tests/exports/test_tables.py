"""What the files contain: the rows and columns of each kind, and nothing about the shopper."""

import datetime
import io
import re
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.support.exports import export_file, read_csv, read_xlsx
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok

pytestmark = pytest.mark.one_database
FORMATS = ("csv", "xlsx")
#: a checklist with the types of questions that CHECKLIST lacks
MORE_TYPES: dict[str, Any] = {
    "key": "types",
    "title": "Types",
    "channel": "in_person",
    "sections": [
        {
            "key": "only",
            "title": "Only",
            "questions": [
                {
                    "key": "sincerity",
                    "text": {"es": "¿Sincero?", "en": "Sincere?"},
                    "type": "scale",
                    "minimum": 1,
                    "maximum": 3,
                    "scale_points": [0, 1, 2],
                },
                {
                    "key": "till",
                    "text": {"es": "¿Qué caja?"},
                    "type": "choice",
                    "multiple": True,
                    "options": [
                        {"key": "left", "label": "Left", "points": 1},
                        {"key": "middle", "label": "Middle", "points": 1},
                        {"key": "right", "label": "Right", "points": 1},
                    ],
                },
                {"key": "spent", "text": "What did you spend?", "type": "number"},
                {"key": "best-before", "text": "Best before?", "type": "date"},
                {"key": "card", "text": "Loyalty card", "type": "text", "private": True},
            ],
        }
    ],
}
MORE_ANSWERS = {
    "sincerity": {"value": 3},
    "till": {"value": ["right", "left"]},
    "spent": {"value": 4.5},
    "best-before": {"value": "2026-02-28"},
    "card": {"value": "very private"},
}


@pytest.fixture(params=FORMATS)
def file_format(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def rows_of(
    world: World, kind: str, file_format: str = "xlsx", caller: Caller | None = None, **order: Any
) -> list[dict[str, Any]]:
    data = export_file(world, caller or world.manager, kind, file_format, **order)
    if file_format == "csv":
        return list(read_csv(data))
    return next(read_xlsx(data))[1]


def typed_visit(world: World, answers: dict[str, Any] = MORE_ANSWERS, **values: Any) -> Any:
    world.publish(MORE_TYPES)
    return world.accepted_visit(answers, assigned={"checklist_key": "types"}, **values)


def test_visits_have_a_row_each_and_a_column_for_each_question(world: World) -> None:
    world.admin.patch(f"/locations/{world.location['id']}", {"external_id": "ERP-7"})
    answers = {**ALL_WELL, "greeting": {"value": "no", "comment": "Nobody looked up."}}
    visit = world.accepted_visit(answers, comment="All in all")
    (row,) = rows_of(world, "visits")
    assert row == {
        "visit_id": visit["id"],
        "day": datetime.datetime.fromisoformat(visit["day"]),
        "part_of_day": ok(world.manager.get(f"/visits/{visit['id']}"))["part_of_day"],
        "region_code": world.region["code"],
        "region_name": world.region["name"],
        "location_code": world.location["code"],
        "location_name": world.location["name"],
        "location_external_id": "ERP-7",
        "checklist": "visit",
        "checklist_version": 1,
        "outcome": "visited",
        "points_earned": 6,
        "points_possible": 8,
        "score": 0.75,
        "passed": False,
        "critical_failures": None,
        "amended_questions": None,
        "comment": "All in all",
        "visit/greeting": "no",
        "visit/wait": 20,
        "visit/thanks": "yes",
        "visit/problem": "no",
        "visit/apology": None,
        "visit/story": None,
        "visit/clock": None,
    }


def test_answers_have_a_row_for_each_visit_and_question(world: World) -> None:
    answers = {
        **ALL_WELL,
        "greeting": {"value": "no", "comment": "Nobody."},
        "thanks": {"not_applicable": True},
    }
    visit = world.accepted_visit(answers)
    rows = rows_of(world, "answers")
    questions = [question for section in CHECKLIST["sections"] for question in section["questions"]]
    assert [row["question"] for row in rows] == [
        question["key"] for question in questions if not question.get("private")
    ]
    by_key = {row["question"]: row for row in rows}
    assert {row["visit_id"] for row in rows} == {visit["id"]}
    greeting = by_key["greeting"]
    assert (greeting["section"], greeting["question_text"]) == ("welcome", "Did someone greet you?")
    assert (greeting["type"], greeting["value_text"], greeting["comment"]) == ("yes_no", "no", "Nobody.")
    assert (greeting["points_earned"], greeting["points_possible"]) == (0, 2)
    assert (by_key["wait"]["value_number"], by_key["wait"]["value_text"]) == (20, None)
    assert (by_key["thanks"]["not_applicable"], by_key["thanks"]["value_text"]) == (True, None)
    assert (by_key["story"]["not_applicable"], by_key["story"]["value_text"]) == (False, None)
    assert (by_key["thanks"]["points_possible"], by_key["greeting"]["not_applicable"]) == (0, False)


def test_each_type_of_answer_has_a_real_type(world: World) -> None:
    typed_visit(world)
    (row,) = rows_of(world, "visits")
    assert {key: row[f"types/{key}"] for key in ("sincerity", "till", "spent", "best-before")} == {
        "sincerity": 3,
        "till": "left, right",  # in the order of the checklist
        "spent": 4.5,
        "best-before": datetime.datetime(2026, 2, 28, tzinfo=None),  # noqa: DTZ001
    }
    by_key = {row["question"]: row for row in rows_of(world, "answers")}
    assert by_key["sincerity"]["value_number"] == 3
    assert by_key["till"]["value_text"] == "left, right"
    assert by_key["spent"]["value_number"] == 4.5
    assert by_key["best-before"]["value_date"] == datetime.datetime(2026, 2, 28)  # noqa: DTZ001
    csv_rows = {row["question"]: row for row in rows_of(world, "answers", "csv")}
    assert csv_rows["best-before"]["value_date"] == "2026-02-28"


def test_an_answer_that_is_not_applicable_differs_from_none(world: World) -> None:
    world.accepted_visit({**ALL_WELL, "thanks": {"not_applicable": True}})
    (row,) = rows_of(world, "visits")
    assert (row["visit/thanks"], row["visit/story"]) == ("not_applicable", None)


@pytest.mark.parametrize(
    ("language", "texts"), [("en", ["Sincere?", "¿Qué caja?"]), ("es", ["¿Sincero?", "¿Qué caja?"])]
)
def test_texts_are_in_the_language_of_the_request(world: World, language: str, texts: list[str]) -> None:
    typed_visit(world)
    rows = rows_of(world, "answers", language=language)
    assert [row["question_text"] for row in rows][:2] == texts


def test_columns_follow_the_checklist_not_the_data(world: World) -> None:
    """A question that nobody answered has its column, and so has one that only an older version has."""
    world.accepted_visit()
    newer = deepcopy(CHECKLIST)
    removed = newer["sections"][1]["questions"].pop(3)
    newer["sections"][0]["questions"].insert(0, {"key": "parking", "text": "Parking?", "type": "yes_no"})
    world.publish(newer)
    world.accepted_visit({**ALL_WELL, "parking": {"value": "yes"}}, checklist_version=2)
    first, second = sorted(rows_of(world, "visits"), key=lambda row: row["checklist_version"])
    columns = [name for name in first if "/" in name]
    assert columns == [
        "visit/parking", "visit/greeting", "visit/wait", "visit/thanks", "visit/problem", "visit/apology",
        "visit/clock", f"visit/{removed['key']}",
    ]  # fmt: skip
    assert (first["visit/parking"], second["visit/parking"]) == (None, "yes")
    assert len(rows_of(world, "answers")) == 7 + 7


def test_photos_are_counted(world: World) -> None:
    shopper = world.person("shopper")
    visit = world.visit(shopper)
    photo = world.photo(visit, jpeg(seed=5), shopper)
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo]}}
    ok(world.send(visit, world.submission(answers), shopper), 201)
    by_key = {row["question"]: row for row in rows_of(world, "answers")}
    assert (by_key["greeting"]["photos"], by_key["wait"]["photos"]) == (1, 0)


def test_only_accepted_visits_are_exported(world: World, file_format: str) -> None:
    accepted = world.accepted_visit()
    world.late_visit()
    world.visit()
    for caller in (world.manager, world.reviewer, world.admin):
        rows = rows_of(world, "visits", file_format, caller)
        assert [row["visit_id"] for row in rows] == [accepted["id"]]


def test_self_checks_are_exported_only_by_their_key(world: World) -> None:
    world.publish({**CHECKLIST, "key": "own-eyes", "channel": "self_check"})
    visit = world.accepted_visit()
    own = world.accepted_visit(assigned={"checklist_key": "own-eyes"})
    assert [row["visit_id"] for row in rows_of(world, "visits")] == [visit["id"]]
    assert [row["visit_id"] for row in rows_of(world, "visits", checklist="own-eyes")] == [own["id"]]


def test_managers_get_their_locations_and_filters_narrow_them(world: World) -> None:
    child = world.new_region(parent_id=world.region["id"])
    below = world.new_location(region_id=child["id"])
    elsewhere = world.new_location(region_id=world.new_region()["id"])
    visits = {
        place["id"]: world.accepted_visit(location=place)["id"]
        for place in (world.location, below, elsewhere)
    }

    def ids(caller: Caller, **order: Any) -> set[str]:
        return {row["visit_id"] for row in rows_of(world, "visits", caller=caller, **order)}

    assert ids(world.admin) == set(visits.values())
    assert ids(world.manager) == {visits[world.location["id"]], visits[below["id"]]}
    assert ids(world.manager, region_id=child["id"]) == {visits[below["id"]]}
    assert ids(world.manager, location_id=world.location["id"]) == {visits[world.location["id"]]}
    client = world.client("visits:read", region_ids=[elsewhere["region_id"]])
    assert ids(client) == {visits[elsewhere["id"]]}


def test_a_period_of_days_limits_visits(world: World) -> None:
    visit = world.accepted_visit()
    day = datetime.date.fromisoformat(visit["day"])
    before, after = (str(day + datetime.timedelta(days=days)) for days in (-1, 1))
    for first, last, count in ((day, day, 1), (before, before, 0), (after, after, 0), (before, after, 1)):
        rows = rows_of(world, "visits", "csv", **{"from": str(first), "to": str(last)})
        assert len(rows) == count


def test_scores_are_the_rows_of_the_list_of_scores(world: World, file_format: str) -> None:
    world.accepted_visit()
    world.accepted_visit({**ALL_WELL, "greeting": {"value": "no", "comment": "Nobody."}})
    for by, include in (("location", ""), ("section", ""), ("location,month", ""), ("question", "change")):
        order: dict[str, Any] = {"by": by.split(",")}
        if include:
            order["include"] = [include]
        rows = rows_of(world, "scores", file_format, **order)
        query = f"/scores?by={by}" + (f"&include={include}" if include else "")
        expected = read_csv(world.manager.get(query, headers={"Accept": "text/csv"}).data)
        assert [list(row) for row in rows] == [list(row) for row in expected]
        if file_format == "csv":
            assert rows == expected
        else:
            assert [row["points_earned"] for row in rows] == [int(row["points_earned"]) for row in expected]
            assert all(isinstance(row["score"], float | None) for row in rows)


def test_points_add_up_to_the_score(world: World) -> None:
    for value in ("yes", "no", "yes"):
        world.accepted_visit({**ALL_WELL, "greeting": {"value": value, "comment": "So."}})
    total = ok(world.manager.get(f"/locations/{world.location['id']}/score"))["total"]
    for kind in ("visits", "answers", "scores"):
        rows = rows_of(world, kind)
        for name in ("points_earned", "points_possible"):
            assert sum(row[name] for row in rows) == total[name], kind


def test_a_workbook_says_what_it_contains(world: World) -> None:
    order = {"from": "2026-01", "to": "2026-02", "region_id": world.region["id"]}
    sheets = dict(read_xlsx(export_file(world, world.manager, "visits", "xlsx", **order)))
    assert list(sheets) == ["visits", "about"]
    about = {row["name"]: row["value"] for row in sheets["about"]}
    assert about == {
        "organization": world.name,
        "kind": "visits",
        "from": "2026-01-01",
        "to": "2026-02-28",
        "region": f"{world.region['code']} {world.region['name']}",
        "rows": "0",
        "made_on": str(datetime.datetime.now(datetime.UTC).date()),
    }


def test_formulas_of_shoppers_and_places_are_inert(world: World, file_format: str) -> None:
    location = world.new_location(name="=cmd|' /C calc'!A0")
    answers = {**ALL_WELL, "greeting": {"value": "no", "comment": "=1+1"}, "story": {"value": "@SUM(A1)"}}
    world.accepted_visit(answers, location=location, comment="+441234")
    mark = "'" if file_format == "csv" else ""
    (visit,) = rows_of(world, "visits", file_format)
    assert visit["location_name"] == f"{mark}=cmd|' /C calc'!A0"
    assert (visit["comment"], visit["visit/story"]) == (f"{mark}+441234", f"{mark}@SUM(A1)")
    by_key = {row["question"]: row for row in rows_of(world, "answers", file_format)}
    assert by_key["greeting"]["comment"] == f"{mark}=1+1"
    assert by_key["story"]["value_text"] == f"{mark}@SUM(A1)"


def _unpack(data: bytes) -> Iterator[str]:
    """Yield the texts in a file: its own, and those of the files in a workbook."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        yield data.decode("utf-8-sig")
        return
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        for name in book.namelist():
            yield name
            yield book.read(name).decode()


@pytest.mark.parametrize("role", ["manager", "reviewer", "admin", "client"])
def test_no_file_says_who_the_shopper_was(world: World, role: str, file_format: str) -> None:
    shopper = world.person("shopper", name="Zoë-Quintana")
    typed_visit(world)
    visit = world.visit(shopper, external_id="order-of-zoe")
    started = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=17, seconds=13)
    answers = {
        **ALL_WELL,
        "clock": {"value": "13:37"},
        "receipt": {"photos": [world.photo(visit, None, shopper, question="receipt")]},
    }
    body = world.submission(
        answers,
        started_at=started.isoformat(timespec="seconds"),
        position={"latitude": 51.50123, "longitude": -0.10321, "accuracy_m": 7.25},
    )
    ok(world.send(visit, body, shopper), 201)
    seen = ok(world.admin.get(f"/visits/{visit['id']}"))
    assert seen["status"] == "accepted"
    caller = world.client("visits:read", "scores:read") if role == "client" else getattr(world, role)
    hidden = [
        str(shopper.id), str(shopper.id).replace("-", ""), "Zoë", "Quintana", str(shopper.email),
        "order-of-zoe", "13:37", "51.50123", "0.10321", "7.25", answers["receipt"]["photos"][0], "receipt",
        "loyalty", "very private", "types/card", seen["started_at"][11:16], seen["finished_at"][11:16],
    ]  # fmt: skip
    for kind in ("scores", "visits", "answers"):
        for text in _unpack(export_file(world, caller, kind, file_format)):
            if text.startswith("<?xml") and "<dcterms:created" in text:  # when the file was made
                text = re.sub(r"<dcterms:.*?</dcterms:\w+>", "", text)
            assert [word for word in hidden if word.lower() in text.lower()] == [], kind


def test_every_role_gets_the_same_file(world: World, file_format: str) -> None:
    world.accepted_visit({**ALL_WELL, "clock": {"value": "13:37"}})
    for kind in ("visits", "answers"):
        files = [
            rows_of(world, kind, file_format, caller)
            for caller in (world.manager, world.reviewer, world.admin)
        ]
        assert files[0] == files[1] == files[2]
