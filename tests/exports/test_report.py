"""The report of a place: its figures, what it shows to whom, and texts of every script."""

import re
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from api.domain.access import Actor
from api.domain.months import Period
from api.domain.problems import ProblemError
from api.exports.report import ReportOrder, write_report
from api.exports.report.content import Content, Excerpt
from api.exports.report.document import compose_document
from api.exports.report.words import Words
from api.models.organizations import Organization
from api.services.photo_store import PICTURE_PREFIX
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok

pytestmark = pytest.mark.one_database

ENGLISH = Words("en")
ALL_BAD = {
    "greeting": {"value": "no", "comment": "No."},
    "wait": {"value": 300},
    "thanks": {"value": "no"},
    "problem": {"value": "no"},
}
NO_GREETING = {**ALL_WELL, "greeting": {"value": "no", "comment": "Nobody looked up."}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "report.pdf"


def order_for(world: World, **values: Any) -> ReportOrder:
    """Return the order of the report of ``world.location`` for the last months, unless ``values`` differ."""
    today = datetime.now(UTC).date()
    if "region_id" not in values:
        values.setdefault("location_id", uuid.UUID(world.location["id"]))
    return ReportOrder(**{"first_day": today - timedelta(days=60), "last_day": today, **values})


def write(world: World, path: Path, caller: Caller | None = None, **values: Any) -> PdfReader:
    """Write a report as a manager of ``world.region``, unless it is for another caller, and open it."""
    reader = caller or world.manager
    me = ok(reader.get("/me"))
    actor = Actor(uuid.UUID(me["id"]), world.organization_id, me["role"], uuid.uuid4())
    with world.database.read_snapshot() as session:
        write_report(session, actor, order_for(world, **values), path, world.store, lambda done, of: None)
    return PdfReader(path)


def read_text(pdf: PdfReader) -> str:
    """Return the text of all pages, with single spaces."""
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def list_elements(pdf: PdfReader) -> list[Any]:
    """Return all elements of the structure tree."""
    elements: list[Any] = []
    queue = [pdf.root_object["/StructTreeRoot"]]
    while queue:
        element = queue.pop().get_object()
        if isinstance(element, list):
            queue += element
        elif isinstance(element, dict):
            elements.append(element)
            queue += [element["/K"]] if "/K" in element else []
    return elements


def list_tags(pdf: PdfReader) -> list[str]:
    return [str(element["/S"]) for element in list_elements(pdf) if "/S" in element]


def count_pictures(pdf: PdfReader) -> int:
    return sum(len(page.images) for page in pdf.pages)


# The file.


def test_report_is_tagged_and_names_its_title_and_language(world: World, path: Path) -> None:
    world.accepted_visit(NO_GREETING)
    pdf = write(world, path, language="es")
    root = pdf.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "es"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata is not None
    assert world.location["name"] in (pdf.metadata.title or "")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    assert {"/Title", "/H1", "/H2", "/Table", "/TH", "/TD", "/Figure", "/BlockQuote"} <= set(list_tags(pdf))


def test_each_figure_has_an_alternative_text(world: World, path: Path) -> None:
    visit = world.visit()
    photo = world.photo(visit)
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo]}}
    ok(world.send(visit, world.submission(answers)), 201)
    pdf = write(world, path)
    figures = [element for element in list_elements(pdf) if element.get("/S") == "/Figure"]
    assert len(figures) == 2  # the chart and the photo
    assert all(figure["/Alt"] for figure in figures)
    assert any("Did someone greet you?" in figure["/Alt"] for figure in figures)
    assert count_pictures(pdf) == 1


def test_progress_begins_with_nothing_and_ends_with_everything(world: World, path: Path) -> None:
    world.accepted_visit()
    steps: list[tuple[int, int]] = []
    actor = Actor(uuid.UUID(world.admin.id), world.organization_id, "admin", uuid.uuid4())
    with world.database.read_snapshot() as session:
        order = order_for(world)
        write_report(session, actor, order, path, world.store, lambda done, of: steps.append((done, of)))
    totals = {of for _, of in steps}
    assert len(totals) == 1
    assert [done for done, _ in steps] == list(range(totals.pop() + 1))


# The figures.


def test_figures_are_those_of_the_score(world: World, path: Path) -> None:
    for answers in (ALL_WELL, ALL_WELL, NO_GREETING, {**ALL_WELL, "wait": {"value": 90}}, NO_GREETING):
        world.accepted_visit(answers)
    score = ok(world.manager.get(f"/locations/{world.location['id']}/score"))
    text = read_text(write(world, path))
    total = score["total"]
    assert total["visits"] == 5
    assert f"{ENGLISH.percent(total['score'])} The score comes from 5 visits." in text
    assert ENGLISH.range(total["interval"]) in text
    assert f"{total['passed']} of 5" in text
    assert f"{total['points_earned']} of {total['points_possible']} points in 5 visits" in text
    for section in score["sections"]:
        figures = [ENGLISH.percent(section["score"]), ENGLISH.range(section["interval"])]
        assert f"{section['title']} {' '.join(figures)} {section['visits']}" in text
    month = score["months"][-1]
    assert f"{ENGLISH.month(month['month'])} {ENGLISH.percent(month['score'])}" in text


def test_score_before_disputes_and_amended_answers_are_said(world: World, path: Path) -> None:
    visit = world.accepted_visit(NO_GREETING)
    assert "Without disputes" not in read_text(write(world, path))
    question = {"question": "greeting", "kind": "fact", "reason": "She did greet"}
    opened = ok(world.manager.post(f"/visits/{visit['id']}/disputes", {"questions": [question]}), 201)
    outcome = {"question": "greeting", "outcome": "set_aside", "reason": "The photo shows it"}
    ok(world.reviewer.post(f"/disputes/{opened['id']}/decision", {"outcomes": [outcome]}))
    text = read_text(write(world, path))
    assert "100.0% The score comes from only 1 visit." in text
    assert "Without disputes, the score would be 75.0%." in text
    assert "set aside after a dispute" in text


def test_questions_that_lost_most_points_come_first_with_their_good_answer(world: World, path: Path) -> None:
    for answers in (NO_GREETING, NO_GREETING, {**ALL_WELL, "wait": {"value": 90}}):
        world.accepted_visit(answers)
    text = read_text(write(world, path))
    table = text[text.index("Where points were lost") : text.index("Comments")]
    assert table.index("Did someone greet you?") < table.index("How long did you wait?")
    assert "Good answer: Yes 4 of 6" in table
    assert "Good answer: up to 30 s 2 of 12" in table
    assert "Were you thanked?" not in table


def test_few_visits_are_called_too_few(world: World, path: Path) -> None:
    world.accepted_visit()
    text = read_text(write(world, path))
    assert "The score comes from only 1 visit. Fewer than 5 visits are too few to draw conclusions" in text
    assert "There are no visits in the previous period" in text


def test_place_without_visits_has_no_score(world: World, path: Path) -> None:
    world.checklist  # noqa: B018
    text = read_text(write(world, path))
    assert "There are no accepted visits in this period, so there is no score." in text
    assert "%" not in text.partition("How these figures")[0]


def test_region_ranks_only_locations_with_enough_visits(world: World, path: Path) -> None:
    good, bad, thin = (world.new_location(name=name) for name in ("Good", "Bad", "Thin"))
    for _ in range(5):
        world.accepted_visit(location=good)
        world.accepted_visit(ALL_BAD, location=bad)
    world.accepted_visit(NO_GREETING, location=thin)
    rows = world.manager.list_all(f"/scores?by=location&region_id={world.region['id']}&sort=-score")
    text = read_text(write(world, path, region_id=uuid.UUID(world.region["id"])))
    assert [row["rank_range"]["best"] for row in rows[:2]] == [1, 2]
    for row in rows[:2]:
        place, best, worst = row["location"], *row["rank_range"].values()
        rank = f"{best}" if best == worst else f"{best}–{worst}"
        figures = f"{ENGLISH.percent(row['score'])} {ENGLISH.range(row['interval'])} 5 {rank}"
        assert f"{place['name']} {place['code']} {figures}" in text
    assert re.search(rf"Thin {thin['code']} \S+ \S+ 1 too few visits", text)
    assert "Locations with fewer than 5 visits are not ranked." in text


def test_locations_are_not_ranked_over_several_checklists(world: World, path: Path) -> None:
    other = world.publish({**CHECKLIST, "key": "other"})
    for _ in range(5):
        world.accepted_visit()
        world.accepted_visit(assigned={"checklist_key": other["key"]})
    region = uuid.UUID(world.region["id"])
    assert "locations are listed by code and not ranked" in read_text(write(world, path, region_id=region))
    named = read_text(write(world, path, region_id=region, checklist="visit"))
    assert "not ranked." not in named.partition("How these figures")[0]


def test_region_of_many_locations_lists_the_best_and_the_lowest(world: World) -> None:
    """The number of rows is bounded, and what is omitted is counted."""
    figures = {
        "visits": 9,
        "score": 0.8,
        "interval": {"low": 0.7, "high": 0.9},
        "indicative": False,
        "points_earned": 8,
        "points_possible": 10,
        "spread": 0.1,
        "passed": 5,
        "critical_failures": 0,
    }
    ranked = [
        {
            **figures,
            "location": {"name": f"Store {n}", "code": f"{n}"},
            "rank": n,
            "rank_range": {"best": 1, "worst": 90},
        }
        for n in range(1, 91)
    ]
    change = {"difference": None, "interval": None, "significant": False}
    report = {
        "from": "2026-01",
        "to": "2026-01",
        "checklist": None,
        "region": {"name": "North"},
        "total": {**figures, "score_before_disputes": 0.8},
        "previous": figures,
        "change": change,
        "fundamentals": [],
        "months": [{**figures, "month": "2026-01"}],
    }
    nothing: Any = Excerpt([], 0)
    content = Content(
        organization=Organization(name="Chain", accent_color=None),
        place="North",
        period=Period(24312, 24312),
        figures=report,
        checklists=None,  # type: ignore[arg-type]
        regions=nothing,
        ranked=ranked,
        unranked=nothing,
        is_mixed=False,
        sections=nothing,
        questions=nothing,
        comments=nothing,
        photos=nothing,
    )
    document = compose_document(content, ENGLISH, date(2026, 2, 1))
    (table,) = (table for table in document["tables"] if table["title"] == "Locations")
    names = [row["name"]["text"] if "name" in row else row["break"] for row in table["rows"]]
    assert names[:2] == ["Store 1", "Store 2"]
    assert names[30] == "30 more locations are between these"
    assert names[-1] == "Store 90"


# Who sees what.


def test_reader_gets_only_what_they_may_see(world: World, path: Path) -> None:
    world.accepted_visit()
    stranger = world.person("manager", region_ids=[world.new_region()["id"]])
    with pytest.raises(ProblemError, match="location"):
        write(world, path, stranger)
    with pytest.raises(ProblemError, match="region"):
        write(world, path, stranger, region_id=uuid.UUID(world.region["id"]))
    with pytest.raises(ProblemError, match="checklist"):
        write(world, path, checklist="nothing")
    assert not path.exists()


@pytest.mark.parametrize("role", ["manager", "admin", "reviewer"])
def test_nothing_says_who_the_shopper_was(world: World, path: Path, role: str) -> None:
    shopper = world.person("shopper", "Ramona-Quimby")
    visit = world.visit(shopper)
    receipt = world.photo(visit, shopper=shopper, question="receipt")
    answers = {
        **NO_GREETING,
        "receipt": {"photos": [receipt], "comment": "My card is in the picture."},
        "clock": {"value": "14:37"},
    }
    ok(world.send(visit, world.submission(answers), shopper), 201)
    pdf = write(world, path, getattr(world, role))
    text = read_text(pdf)
    assert "Nobody looked up." in text
    assert count_pictures(pdf) == 0  # the only photo is private
    content = text + path.read_bytes().decode("latin-1")
    for secret in (shopper.id, "Ramona", "Quimby", "example.org", visit["id"], "My card", "receipt", "14:37"):
        assert secret is not None
        assert secret not in content


def test_photos_are_those_of_the_place(world: World, path: Path) -> None:
    elsewhere = world.new_location()
    for location in (world.location, elsewhere, elsewhere):
        visit = world.visit(location=location)
        photo, _not_in_the_submission = world.photo(visit), world.photo(visit)
        answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo]}}
        ok(world.send(visit, world.submission(answers)), 201)
    assert count_pictures(write(world, path)) == 1
    assert count_pictures(write(world, path, region_id=uuid.UUID(world.region["id"]))) == 3


def test_photos_are_bounded_and_the_omitted_ones_are_counted(
    world: World, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.exports.report.content.MAX_PHOTOS", 1)
    monkeypatch.setattr("api.exports.report.content.MAX_COMMENTS", 2)
    monkeypatch.setattr("api.exports.report.content.MAX_QUESTIONS", 1)
    for _ in range(3):
        visit = world.visit()
        photo = world.photo(visit)
        answers = {**NO_GREETING, "wait": {"value": 90}}
        answers["greeting"] = {**NO_GREETING["greeting"], "photos": [photo]}
        ok(world.send(visit, world.submission(answers)), 201)
    pdf = write(world, path)
    text = read_text(pdf)
    assert count_pictures(pdf) == 1
    assert "The latest 1 of 3 photos" in text
    assert "The latest 2 of 3 comments" in text
    assert text.count("Nobody looked up.") == 2
    assert "1 more question lost points." in text


def test_photo_that_the_store_lost_is_said_to_be_missing(world: World, path: Path) -> None:
    visit = world.visit()
    photo = world.photo(visit, jpeg(seed=5))
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo]}}
    ok(world.send(visit, world.submission(answers)), 201)
    keys = [key for key, _ in world.store.list(f"{PICTURE_PREFIX}{visit['id']}/")]
    assert len(keys) == 2  # the picture and its thumbnail
    for key in keys:
        world.store.delete(key)
    pdf = write(world, path)
    assert count_pictures(pdf) == 0
    assert "This photo cannot be shown." in read_text(pdf)


# Texts.

HOSTILE = (
    '#import "@preview/x:1.0.0" $x^2$ ] } #read("/etc/passwd") \\ *bold* <label> @ref // comment /* `raw`'
)


def test_comments_are_never_markup(world: World, path: Path) -> None:
    answers = {**ALL_WELL, "greeting": {"value": "no", "comment": HOSTILE}}
    world.accepted_visit(answers)
    assert HOSTILE in read_text(write(world, path))


def test_comments_of_any_script_and_symbol_are_shown_or_replaced(world: World, path: Path) -> None:
    comments = {
        "greeting": "Great 😀 👍🏽 👨‍👩‍👧 1️⃣ 🇪🇸",
        "thanks": "漢字 \x07\x1b[0m \u202eevil \ufeff\ue000",
        "problem": "שָׁלוֹם וברכה\n\nمقهى البحر",
    }
    answers = {
        **ALL_WELL,
        **{key: {**ALL_WELL[key], "comment": comment} for key, comment in comments.items()},
    }
    world.accepted_visit(answers, comment="é" * 5000)
    text = read_text(write(world, path))
    assert "Long texts are shortened." in text
    assert "Great 😀 👍" in text
    assert "�" in text
    assert "Characters that the fonts of this document lack are shown as “�”." in text
    assert set("שלום") <= set(text)
    assert "é" * 100 in re.sub(r"[\s\u200b]", "", text)


def test_names_may_be_right_to_left_long_and_long_winded(world: World, path: Path) -> None:
    names = ("مقهى البحر في الإسكندرية", "חנות הנמל", "Llanfair" * 20, "Café – “Zürich” 🏪 (Ḫ)")
    for name in names:
        world.accepted_visit(NO_GREETING, location=world.new_location(name=name))
    assert write(world, path, region_id=uuid.UUID(world.region["id"])).pages
    for name in names[:3]:
        location = world.new_location(name=name)
        pdf = write(world, path, location_id=uuid.UUID(location["id"]))
        assert pdf.metadata is not None
        assert name[:20] in (pdf.metadata.title or "")


def test_checklist_texts_are_in_the_language_of_the_order_or_fall_back(world: World, path: Path) -> None:
    welcome = {**CHECKLIST["sections"][0], "title": {"es": "Bienvenida", "en": "Welcome"}}
    goodbye = {**CHECKLIST["sections"][1], "title": {"de": "Abschied", "en": "Goodbye"}}
    world.publish({**CHECKLIST, "key": "polyglot", "sections": [welcome, goodbye]})
    world.accepted_visit(assigned={"checklist_key": "polyglot"})
    spanish = read_text(write(world, path, language="es"))
    assert "Bienvenida" in spanish
    assert "Goodbye" in spanish
    assert "Saludar al cliente" in spanish
    assert "Welcome" in read_text(write(world, path, language="fr"))
