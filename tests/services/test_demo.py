"""The demo: made through the real services, the same each time, and sound."""

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
from api.domain.months import Period
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
from api.services.people import passwords
from api.services.scores import recount
from api.settings import Settings

#: a time at which it is another day, month and year in Auckland than in Los Angeles
NEW_YEAR = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
MOMENT = datetime.now(UTC)


def filled(folder: Path, moment: datetime, seed: int = demo.SEED) -> Flask:
    app = create_app(Settings.from_environment({"DATA_DIR": str(folder)}))
    parts = app.extensions["survey"]
    migrations.upgrade(parts.database)
    demo.fill(parts.database, parts.store, moment=moment, seed=seed)
    return app


def rows(app: Flask, query: Any) -> list[Any]:
    with app.extensions["survey"].database.read_snapshot() as session:
        return list(session.execute(query).all())


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    app = filled(tmp_path_factory.mktemp("demo"), MOMENT)
    yield app
    app.extensions["survey"].database.close()


def test_places_and_people(app: Flask) -> None:
    [(name,)] = rows(app, select(Organization.name))
    assert "demo data" in name.lower()
    regions = rows(app, select(Region.name, Region.parent_id))
    assert len(regions) == 3
    assert any(region.parent_id for region in regions)
    locations = rows(app, select(Location.name, Location.time_zone, Location.latitude))
    assert len(locations) == 12
    assert len({location.time_zone for location in locations}) == 3
    assert all("demo data" in row.name for row in regions + locations)
    roles = Counter(role for (role,) in rows(app, select(User.role)))
    assert roles == {"admin": 1, "reviewer": 1, "manager": 3, "shopper": 8}
    [(password_hash,)] = rows(app, select(User.password_hash).where(User.email == demo.PEOPLE[0].email))
    assert len(demo.PASSWORD) >= 10
    assert passwords.verify_password(demo.PASSWORD, password_hash)
    with app.extensions["survey"].database.read_snapshot() as session:
        assert demo.log_ins(session) == list(demo.PEOPLE)
        assert not demo.is_new(session)


def test_a_year_of_visits_by_every_checklist(app: Flask) -> None:
    accepted = rows(
        app,
        select(Checklist.key, Visit.month, Visit.location_id)
        .join(ChecklistVersion, ChecklistVersion.checklist_id == Checklist.id)
        .join(Visit, Visit.checklist_version_id == ChecklistVersion.id)
        .where(Visit.status == "accepted"),
    )
    keys = Counter(row.key for row in accepted)
    assert set(keys) == {key for (key,) in rows(app, select(Checklist.key))}
    assert len(keys) == 6
    assert min(keys.values()) >= 10
    period = Period.of(None, None, MOMENT)
    months = {row.month for row in accepted}
    assert months <= set(period.months)
    # Of the current month nothing may be over yet.
    assert months >= set(period.months) - {period.last, period.last - 1}
    assert len({row.location_id for row in accepted}) == 12


def test_something_is_left_to_do_for_everyone(app: Flask) -> None:
    statuses = Counter(status for (status,) in rows(app, select(Visit.status)))
    assert statuses["returned"] == 1
    assert statuses["cancelled"] == 1
    first_shopper = rows(
        app,
        select(Visit.status)
        .join(User, User.id == Visit.shopper_id)
        .where(User.email == "demo-shopper-1@example.com", Visit.status.in_(("assigned", "returned"))),
    )
    assert len(first_shopper) == 4
    waiting = rows(
        app,
        select(Flag.code)
        .join(Visit, (Visit.id == Flag.visit_id) & (Visit.revision == Flag.revision))
        .where(Visit.waiting_since.is_not(None)),
    )
    assert sorted(code for (code,) in waiting) == ["comment-seen-before", "far-from-location", "too-fast"]


def test_flags_are_the_meant_ones_alone(app: Flask) -> None:
    flags = Counter(code for (code,) in rows(app, select(Flag.code)))
    late = flags.pop("late")
    assert 0 < late < 30
    assert flags == {"too-fast": 2, "far-from-location": 1, "comment-seen-before": 1}


def test_photos_are_stored_and_nothing_waits_for_the_worker(app: Flask) -> None:
    statuses = Counter(status for (status,) in rows(app, select(Photo.status)))
    assert set(statuses) == {"stored"}
    assert statuses["stored"] >= demo.PHOTOGRAPHED
    assert rows(app, select(Event.id)) == []
    store = app.extensions["survey"].store
    for key, thumbnail_key in rows(app, select(Photo.key, Photo.thumbnail_key)):
        assert store.read(key, 2)[:2] == store.read(thumbnail_key, 2)[:2] == b"\xff\xd8"


def test_nothing_is_in_the_future(app: Flask) -> None:
    for column in (Submission.received_at, Visit.created_at, Visit.finished_at, Decision.decided_at):
        [(latest,)] = rows(app, select(func.max(column)))
        assert latest <= MOMENT


def test_stores_differ_and_totals_are_right(app: Flask) -> None:
    ranked = sorted(score_by_store(app), key=lambda row: row[1])
    codes = [code for code, _ in ranked]
    assert set(codes[:2]) == {"ORK", "BIO"}
    assert set(codes[-2:]) == {"BRS", "AGP"}
    assert ranked[-1][1] - ranked[0][1] > 0.25
    with app.extensions["survey"].database.read_snapshot() as session:
        assert list(recount.find_differences(session)) == []
    result = app.test_cli_runner().invoke(args=["scores", "recount"])
    assert result.exit_code == 0, result.output


def test_a_filled_database_is_refused(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "already" in result.output
    assert len(rows(app, select(Organization.id))) == 1


def test_the_same_seed_gives_the_same_scores(app: Flask, tmp_path: Path) -> None:
    same = filled(tmp_path, MOMENT)
    assert totals_of(same) == totals_of(app)
    same.extensions["survey"].database.close()


def test_another_seed_gives_others_at_any_time(app: Flask, tmp_path: Path) -> None:
    other = filled(tmp_path, NEW_YEAR, demo.SEED + 1)
    assert totals_of(other) != totals_of(app)
    assert {row[1] for row in totals_of(other)} <= set(Period.of(None, None, NEW_YEAR).months)
    other.extensions["survey"].database.close()


def totals_of(app: Flask) -> list[Any]:
    return sorted(
        tuple(row)
        for row in rows(
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


def score_by_store(app: Flask) -> list[Any]:
    earned: Counter[str] = Counter()
    possible: Counter[str] = Counter()
    for code, _, checklist, kind, _, _, points, most, _ in totals_of(app):
        if kind == "visit" and checklist != "self-check":
            earned[code] += points
            possible[code] += most
    return [(code, earned[code] / possible[code]) for code in possible]
