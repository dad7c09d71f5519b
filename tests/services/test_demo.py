"""The demo data: created through the real services, reproducible, and consistent."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from api import migrations
from api.app import create_app
from api.domain.months import Period, format_month
from api.models.checklists import Checklist, ChecklistVersion
from api.models.events import Event
from api.models.organizations import Organization
from api.models.photos import Photo
from api.models.places import Location, Region
from api.models.reviews import Decision
from api.models.scores import Subject, Total
from api.models.submissions import Flag, Submission
from api.models.users import User
from api.models.visits import Visit
from api.services import demo
from api.services.demo.stores import STORES
from api.services.people import passwords
from api.services.scores import recount
from api.settings import Settings

#: A time at which day, month and year differ between Auckland and Los Angeles.
NEW_YEAR = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
MOMENT = datetime.now(UTC)


def create_filled_app(folder: Path, moment: datetime, seed: int = demo.SEED) -> Flask:
    app = create_app(Settings.from_environment({"DATA_DIR": str(folder)}))
    context = app.extensions["survey"]
    migrations.upgrade(context.database)
    demo.fill(context.database, context.store, moment=moment, seed=seed)
    return app


def fetch_rows(app: Flask, query: Any) -> list[Any]:
    with app.extensions["survey"].database.read_snapshot() as session:
        return list(session.execute(query).all())


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_filled_app(tmp_path_factory.mktemp("demo"), MOMENT)
    yield app
    app.extensions["survey"].database.close()


@pytest.fixture(scope="module")
def new_year_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = create_filled_app(tmp_path_factory.mktemp("new-year"), NEW_YEAR, demo.SEED + 1)
    yield app
    app.extensions["survey"].database.close()


def test_places_and_people_are_created(app: Flask) -> None:
    [(name,)] = fetch_rows(app, select(Organization.name))
    assert name.endswith("(demo data)")
    regions = fetch_rows(app, select(Region.name, Region.parent_id))
    assert len(regions) == 3
    assert any(region.parent_id for region in regions)
    locations = fetch_rows(app, select(Location.name, Location.time_zone, Location.latitude))
    assert len(locations) == 12
    assert len({location.time_zone for location in locations}) == 3
    # The pages show a banner instead.
    assert not any("demo" in row.name.lower() for row in regions + locations)
    roles = Counter(role for (role,) in fetch_rows(app, select(User.role)))
    assert roles == {"admin": 1, "reviewer": 1, "manager": 3, "shopper": 8}
    [(password_hash,)] = fetch_rows(app, select(User.password_hash).where(User.email == demo.PEOPLE[0].email))
    assert len(demo.PASSWORD) >= 10
    assert passwords.verify_password(demo.PASSWORD, password_hash)
    database = app.extensions["survey"].database
    assert demo.list_people(database) == list(demo.PEOPLE)
    with database.read_snapshot() as session:
        assert not demo.is_new(session)


def test_two_years_have_accepted_visits_of_every_checklist(app: Flask) -> None:
    accepted = fetch_rows(
        app,
        select(Checklist.key, Visit.month, Visit.location_id)
        .join(ChecklistVersion, ChecklistVersion.checklist_id == Checklist.id)
        .join(Visit, Visit.checklist_version_id == ChecklistVersion.id)
        .where(Visit.status == "accepted"),
    )
    keys = Counter(row.key for row in accepted)
    assert set(keys) == {key for (key,) in fetch_rows(app, select(Checklist.key))}
    assert len(keys) == 6
    assert min(keys.values()) >= 10
    period = last_two_years(MOMENT)
    months = {row.month for row in accepted}
    assert months <= set(period.months)
    # It is possible that no visit of the current month is finished yet.
    assert months >= set(period.months) - {period.last, period.last - 1}
    assert len({row.location_id for row in accepted}) == 12


def test_every_role_has_something_to_do(app: Flask) -> None:
    statuses = Counter(status for (status,) in fetch_rows(app, select(Visit.status)))
    assert statuses["returned"] == 1
    assert statuses["cancelled"] == 1
    first_shopper = fetch_rows(
        app,
        select(Visit.status)
        .join(User, User.id == Visit.shopper_id)
        .where(User.email == "demo-shopper-1@example.com", Visit.status.in_(("assigned", "returned"))),
    )
    assert len(first_shopper) == 4
    waiting = fetch_rows(
        app,
        select(Flag.code)
        .join(Visit, (Visit.id == Flag.visit_id) & (Visit.revision == Flag.revision))
        .where(Visit.waiting_since.is_not(None)),
    )
    assert sorted(code for (code,) in waiting) == ["comment-seen-before", "far-from-location", "too-fast"]


def test_only_the_intended_flags_are_raised(app: Flask) -> None:
    flags = Counter(code for (code,) in fetch_rows(app, select(Flag.code)))
    late = flags.pop("late")
    assert 0 < late < 50
    assert flags == {"too-fast": 2, "far-from-location": 1, "comment-seen-before": 1}


def test_photos_are_stored_and_no_event_is_pending(app: Flask) -> None:
    statuses = Counter(status for (status,) in fetch_rows(app, select(Photo.status)))
    assert set(statuses) == {"stored"}
    assert statuses["stored"] >= demo.PHOTOGRAPHED_VISITS + len(STORES)
    assert fetch_rows(app, select(Event.id)) == []
    store = app.extensions["survey"].store
    for key, thumbnail_key in fetch_rows(app, select(Photo.key, Photo.thumbnail_key)):
        assert store.read(key, 2)[:2] == store.read(thumbnail_key, 2)[:2] == b"\xff\xd8"


def test_no_time_is_in_the_future(app: Flask) -> None:
    for column in (Submission.received_at, Visit.created_at, Visit.finished_at, Decision.decided_at):
        [(latest,)] = fetch_rows(app, select(func.max(column)))
        assert latest <= MOMENT


def test_stores_differ_and_totals_equal_a_recount(app: Flask) -> None:
    ranked = sorted(get_store_scores(app), key=lambda row: row[1])
    codes = [code for code, _ in ranked]
    assert set(codes[:2]) == {"ORK", "BIO"}
    assert set(codes[-2:]) == {"BRS", "AGP"}
    assert ranked[-1][1] - ranked[0][1] > 0.25
    with app.extensions["survey"].database.read_snapshot() as session:
        assert list(recount.find_differences(session)) == []
    result = app.test_cli_runner().invoke(args=["scores", "recount"])
    assert result.exit_code == 0, result.output


def list_locations(app: Flask, months: int, checklist: str) -> list[Any]:
    """Return the rows by location of the last whole months, with changes and verdicts."""
    last = Period.of(None, None, NEW_YEAR).last - 1
    client = app.test_client()
    login = {"email": demo.PEOPLE[0].email, "password": demo.PASSWORD}
    token = client.post("/api/v1/auth/login", json=login).get_json()["access_token"]
    query = {
        "by": "location",
        "include": "change,verdict",
        "from": format_month(last - months + 1),
        "to": format_month(last),
        "checklist": checklist,
    }
    headers = {"Authorization": f"Bearer {token}"}
    items: list[Any] = client.get("/api/v1/scores", query_string=query, headers=headers).get_json()["items"]
    return items


def test_the_dashboards_first_period_shows_ranks_and_clear_changes(new_year_app: Flask) -> None:
    """The dashboard opens on the checklist with the most visits and the last six whole months."""
    rows = list_locations(new_year_app, 6, "store-visit")
    assert len(rows) == len([row for row in rows if row["rank"]]) == 12
    changes = {row["location"]["code"]: row["change"] for row in rows}
    assert all(change["significant"] is not None for change in changes.values())
    assert changes["LEI"]["significant"]
    assert changes["LEI"]["difference"] < 0
    assert changes["VLC"]["significant"]
    assert changes["VLC"]["difference"] > 0
    verdicts = {row["location"]["code"]: row["verdict"] for row in rows}
    assert (verdicts["ORK"], verdicts["BIO"]) == ("below", "below")


def test_one_store_flatters_itself_in_its_self_checks(new_year_app: Flask) -> None:
    shoppers, store = (
        {row["location"]["code"]: row for row in list_locations(new_year_app, 23, checklist)}
        for checklist in ("store-visit", "self-check")
    )
    assert (shoppers["ORK"]["verdict"], store["ORK"]["verdict"]) == ("below", "as_expected")
    flattery = {code: store[code]["score"] - shoppers[code]["score"] for code in store}
    assert max(flattery, key=lambda code: flattery[code]) == "ORK"


def test_demo_data_is_rejected_for_a_database_with_an_organization(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "already" in result.output
    assert len(fetch_rows(app, select(Organization.id))) == 1


def test_the_same_seed_generates_the_same_scores(app: Flask, tmp_path: Path) -> None:
    same = create_filled_app(tmp_path, MOMENT)
    assert get_totals(same) == get_totals(app)
    same.extensions["survey"].database.close()


def test_another_seed_generates_other_scores_at_any_time(app: Flask, new_year_app: Flask) -> None:
    totals = get_totals(new_year_app)
    assert totals != get_totals(app)
    assert {row[1] for row in totals} <= set(last_two_years(NEW_YEAR).months)


def last_two_years(moment: datetime) -> Period:
    last = Period.of(None, None, moment).last
    return Period(last - 23, last)


def get_totals(app: Flask) -> list[Any]:
    return sorted(
        tuple(row)
        for row in fetch_rows(
            app,
            select(
                Location.code,
                Total.month,
                Checklist.key,
                Subject.kind,
                Subject.key,
                Total.visits,
                Total.earned,
                Total.possible,
                Total.passed,
            )
            .join(Location, Location.number == Total.location_number)
            .join(Subject, Subject.id == Total.subject_id)
            .join(Checklist, Checklist.id == Subject.checklist_id),
        )
    )


def get_store_scores(app: Flask) -> list[Any]:
    earned: Counter[str] = Counter()
    possible: Counter[str] = Counter()
    for code, _, checklist, kind, _, _, points, most, _ in get_totals(app):
        if kind == "visit" and checklist != "self-check":
            earned[code] += points
            possible[code] += most
    return [(code, earned[code] / possible[code]) for code in possible]
