"""The list of photos: of accepted visits, with their answers, to everyone who may see them."""

import copy
from typing import Any

from sqlalchemy import update

from api.models.photos import Photo
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok, problem

NO_GREETING = {"value": "no", "comment": "Nobody looked up."}


def list_ids(caller: Caller, query: str = "") -> list[str]:
    return [photo["id"] for photo in caller.list_all(f"/photos?{query}")]


def visit_with_photos(world: World, **values: Any) -> tuple[Any, list[str]]:
    """Return an accepted visit and its photos: two of the greeting, and one of the private receipt."""
    shopper = world.person("shopper")
    visit = world.visit(shopper, values.pop("location", None), **values)
    photos = [world.photo(visit, shopper=shopper) for _ in range(2)]
    receipt = world.photo(visit, shopper=shopper, question="receipt")
    answers = {**ALL_WELL, "greeting": {**NO_GREETING, "photos": photos}, "receipt": {"photos": [receipt]}}
    ok(world.send(visit, world.submission(answers), shopper), 201)
    return visit, photos


def test_a_photo_is_listed_with_its_answer(world: World) -> None:
    visit, photos = visit_with_photos(world)
    details = ok(world.manager.get(f"/visits/{visit['id']}"))
    expected = {
        "visit_id": visit["id"],
        "day": details["day"],
        "part_of_day": details["part_of_day"],
        "location": {name: world.location[name] for name in ("id", "code", "name")},
        "checklist": "visit",
        "question": {"key": "greeting", "text": "Did someone greet you?", "section": "welcome"},
        **NO_GREETING,
        "not_applicable": False,
        "points_earned": 0,
        "points_possible": 2,
    }
    for caller in (world.manager, world.reviewer, world.admin, world.client("visits:read")):
        assert caller.list_all("/photos", 1) == [{"id": photo, **expected} for photo in photos]
        response = caller.get(f"/visits/{visit['id']}/photos/{photos[0]}/thumbnail")
        assert response.status_code in (200, 302)


def test_photos_are_filtered_by_place_question_checklist_and_month(world: World) -> None:
    other = copy.deepcopy(CHECKLIST) | {"key": "other"}
    world.publish(other)
    elsewhere = world.new_location(region_id=world.new_region()["id"])
    _, here = visit_with_photos(world)
    _, there = visit_with_photos(world, location=elsewhere, checklist_key="other")
    assert list_ids(world.manager) == here
    assert set(list_ids(world.admin)) == {*here, *there}
    assert list_ids(world.admin, f"location_id={elsewhere['id']}&question=greeting") == there
    assert list_ids(world.admin, f"region_id={world.region['id']}") == here
    assert list_ids(world.admin, "checklist=other") == there
    for query in ("question=receipt", "question=wait", "from=2020-01&to=2020-02"):
        assert list_ids(world.admin, query) == [], query
    problem(world.manager.get(f"/photos?location_id={elsewhere['id']}"), 404, "location-not-found")


def test_only_stored_photos_that_an_accepted_revision_names_are_listed(world: World) -> None:
    shopper = world.shopper
    visit = world.visit(shopper)
    named, _unnamed = (world.photo(visit, jpeg(seed=seed), shopper=shopper) for seed in (1, 2))
    waiting = world.declare(visit, b"never uploaded")["id"]
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [named, waiting]}}
    ok(world.send(visit, world.submission(answers), shopper), 201)
    assert list_ids(world.admin) == []  # the visit waits for the other photo
    ok(world.review(visit, "accept"))
    assert list_ids(world.manager) == [named]

    world.database.write(
        lambda session: session.execute(
            update(Photo).where(Photo.organization_id == world.organization_id).values(status="removed")
        )
    )
    assert list_ids(world.manager) == []


def test_a_photo_of_a_closed_store_has_no_question(world: World) -> None:
    visit = world.visit()
    photo = world.photo(visit, question=None)
    body = world.submission({}, outcome="store-closed", photos=[photo], comment="Shutters down")
    ok(world.send(visit, body), 201)
    ok(world.review(visit, "accept"))
    (listed,) = world.manager.list_all("/photos")
    assert (listed["id"], listed["question"], listed["comment"]) == (photo, None, "Shutters down")
