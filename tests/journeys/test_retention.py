"""Retention: photos, personal data and disabled accounts that an organization no longer keeps."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.jobs.notices import NoticeDecider
from api.models.base import now
from api.models.notices import Notice
from api.models.users import User
from api.models.visits import Visit
from api.services import retention
from api.services.retention import apply_retention
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, World, ok, pointers, problem


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


#: Some tests run on both databases. In the others, the database makes no difference.
on_servers = pytest.mark.parametrize("app", ["servers"], indirect=True)


def keep(world: World, **months: int | None) -> Any:
    tag = world.admin.get("/organization").headers["ETag"]
    return world.admin.patch("/organization", months, headers={"If-Match": tag})


def apply(world: World) -> None:
    apply_retention(world.database, world.store)


def make_older(world: World, visit: Any, days: int) -> None:
    """Move a visit with its window into the past."""

    def move(session: Session) -> None:
        row = session.get_one(Visit, uuid.UUID(visit["id"]))
        row.day -= timedelta(days=days)
        row.closes_at -= timedelta(days=days)

    world.database.write(move)


def send_with_photo(world: World, data: bytes | None = None) -> tuple[Any, str]:
    """Return a visit that was just made, accepted or not, and the ID of its photo."""
    shopper = world.person("shopper")
    visit = world.visit(shopper)
    photo = world.photo(
        visit,
        data,
        shopper,
        taken_at=now().isoformat(),
        position={"latitude": 51.5, "longitude": -0.1},
    )
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo]}}
    ok(world.send(visit, world.submission(answers, comment="The fish was fresh."), shopper), 201)
    return visit, photo


def list_mailed_visits(world: World) -> list[str]:
    """Return the IDs of the visits that the shopper was mailed about."""
    query = select(Notice.reported).where(Notice.user_id == uuid.UUID(world.shopper.id))
    with world.database.read_snapshot() as session:
        return [visit_id for visits in session.scalars(query) for visit_id in visits]


@on_servers
def test_months_are_from_1_to_120(world: World) -> None:
    for name in ("keep_photos_months", "keep_personal_data_months"):
        assert ok(world.admin.get("/organization"))[name] is None
        for value in (0, 121, "12", 1.5):
            assert pointers(problem(keep(world, **{name: value}), 422, "invalid")) == [f"/{name}"]
        assert ok(keep(world, **{name: 120}))[name] == 120
        assert ok(keep(world, **{name: None}))[name] is None


def test_old_photos_are_removed_and_nothing_else_of_their_visits(world: World) -> None:
    (old, old_photo), (young, young_photo) = (send_with_photo(world) for _ in range(2))
    other = World(world.app)
    kept, kept_photo = send_with_photo(other)
    for in_world, visit in ((world, old), (other, kept)):
        make_older(in_world, visit, 70)
    make_older(world, young, 50)
    path = f"/visits/{old['id']}"
    before = [ok(caller.get(path)) for caller in (world.admin, world.manager)]
    ok(keep(world, keep_photos_months=2))

    apply(world)

    for caller in (world.reviewer, world.manager):
        for size in ("", "/thumbnail"):
            problem(caller.get(f"{path}/photos/{old_photo}{size}"), 410, "photo-removed")
            response = caller.get(f"/visits/{young['id']}/photos/{young_photo}{size}")
            assert response.status_code in (200, 302)
    assert other.manager.get(f"/visits/{kept['id']}/photos/{kept_photo}").status_code == 200
    assert list(world.store.list(f"photos/{old['id']}")) == []
    assert len(list(world.store.list(f"photos/{young['id']}"))) == 2
    after = [ok(caller.get(path)) for caller in (world.admin, world.manager)]
    assert before[0].pop("photo_evidence") != after[0].pop("photo_evidence") == []
    assert after == before


@on_servers
def test_a_stranger_to_a_removed_photo_learns_nothing(world: World) -> None:
    visit, photo = send_with_photo(world)
    make_older(world, visit, 70)
    ok(keep(world, keep_photos_months=2))
    apply(world)
    path = f"/visits/{visit['id']}/photos/{photo}"
    problem(World(world.app).admin.get(path), 404, "visit-not-found")
    problem(world.person("manager").get(path), 404, "visit-not-found")


@on_servers
def test_a_removed_photo_is_recognized_if_it_is_sent_again(world: World) -> None:
    picture = jpeg(seed=4711)
    visit, _ = send_with_photo(world, picture)
    make_older(world, visit, 70)
    ok(keep(world, keep_photos_months=2))
    apply(world)
    again, _ = send_with_photo(world, picture)
    assert world.flags(again).keys() == {"photo-seen-before"}


def test_old_visits_lose_their_shopper_and_keep_answers_and_scores(world: World) -> None:
    visit, photo = send_with_photo(world)
    open_visit = world.visit()
    NoticeDecider(world.database, lambda: now() + timedelta(minutes=11)).work()
    assert list_mailed_visits(world) == [open_visit["id"]]
    for row in (visit, open_visit):
        make_older(world, row, 70)
    path = f"/visits/{visit['id']}"
    seen = [ok(world.manager.get(part)) for part in (path, f"{path}/submission")]
    shopper = ok(world.admin.get(path))["shopper"]
    ok(keep(world, keep_personal_data_months=2))

    apply(world)

    assert [ok(world.manager.get(part)) for part in (path, f"{path}/submission")] == seen
    evidence, answers = ok(world.reviewer.get(path)), ok(world.reviewer.get(f"{path}/submission"))
    assert evidence["shopper"]["name"] is None
    assert (evidence["started_at"], answers["finished_at"], answers["position"]) == (None, None, None)
    assert evidence["photo_evidence"] == [
        {"id": photo, "question": "greeting", "taken_at": None, "position": None, "make": None}
    ]
    assert world.reviewer.get(f"{path}/photos/{photo}").status_code == 302
    # The audit log does not say it either. The person themselves is still there.
    assert shopper["id"] not in world.admin.get(f"/audit?subject={visit['id']}").text
    assert ok(world.admin.get(f"/users/{shopper['id']}"))["name"] == shopper["name"]
    assert list_mailed_visits(world) == []
    # Nobody makes it any more.
    assert ok(world.admin.get(f"/visits/{open_visit['id']}"))["status"] == "cancelled"


@on_servers
def test_visits_that_are_young_or_still_open_stay_with_their_shopper(world: World) -> None:
    young, long_open = world.accepted_visit(), world.visit()
    make_older(world, young, 50)
    early = update(Visit).where(Visit.id == uuid.UUID(long_open["id"])).values(day=date(2020, 1, 1))
    world.database.write(lambda session: session.execute(early))
    ok(keep(world, keep_personal_data_months=2))
    apply(world)
    for visit in (young, long_open):
        assert ok(world.admin.get(f"/visits/{visit['id']}"))["shopper"]["name"] is not None


def test_people_who_were_disabled_long_ago_are_deleted(world: World) -> None:
    long_ago, lately, enabled = (world.person("shopper") for _ in range(3))
    for person, days in ((long_ago, 70), (lately, 50), (enabled, 70)):
        ok(world.admin.patch(f"/users/{person.id}", {"disabled": True}))
        since = update(User).where(User.id == uuid.UUID(str(person.id)))
        world.database.write(
            lambda session, since=since, days=days: session.execute(
                since.values(disabled_at=now() - timedelta(days=days))
            )
        )
    ok(world.admin.patch(f"/users/{enabled.id}", {"disabled": False}))
    ok(keep(world, keep_personal_data_months=2))
    apply(world)
    problem(world.admin.get(f"/users/{long_ago.id}"), 404, "user-not-found")
    for person in (lately, enabled):
        assert ok(world.admin.get(f"/users/{person.id}"))["id"] == person.id
    (entry,) = ok(world.admin.get("/audit?action=user.deleted"))["items"]
    assert (entry["actor"], entry["subject"]["id"]) == (None, long_ago.id)


@on_servers
def test_many_visits_are_done_in_batches_and_a_stop_is_obeyed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH_SIZE", 2)
    visits = [world.accepted_visit() for _ in range(5)]
    for visit in visits:
        make_older(world, visit, 70)
    ok(keep(world, keep_personal_data_months=2))

    def count() -> int:
        query = select(Visit.shopper_id).where(Visit.organization_id == world.organization_id)
        with world.database.read_snapshot() as session:
            return len(set(session.scalars(query)))

    assert count() == 5
    apply_retention(world.database, world.store, lambda: True)
    assert count() == 5
    apply(world)
    assert count() == 1
