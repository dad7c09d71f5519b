"""The change feed: a client that keeps reading it has a copy of what it may see, and misses no change."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update

from api import migrations
from api.domain.access import Actor
from api.domain.problems import ProblemError
from api.models.changes import Change
from api.services import reviews
from tests.support.extent import FULL
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok, pointers, problem

BEGINNING = ""
POORLY = {**ALL_WELL, "greeting": {"value": "no", "comment": "Nobody looked up"}}


class Copy:
    """A client's copy of the visits, which it keeps up to date with the feed."""

    def __init__(self, reader: Caller, limit: int = 50) -> None:
        self.reader, self.limit = reader, limit
        self.restart()

    def restart(self) -> None:
        self.token = BEGINNING
        self.visits: dict[str, Any] = {}

    def read_page(self) -> Any:
        response = self.reader.get(f"/visits?changed_after={self.token}&limit={self.limit}")
        if response.status_code == 409:
            problem(response, 409, "restart-feed")
            self.restart()
            return {"items": [], "more": True}
        page = ok(response)
        for item in page["items"]:
            if item["change"] == "withdrawn":
                self.visits.pop(item["id"], None)
            else:
                self.visits[item["id"]] = {key: value for key, value in item.items() if key != "change"}
        self.token = page["changes_token"]
        return page

    def catch_up(self) -> list[Any]:
        """Read pages until there are no more, and return their items."""
        items: list[Any] = []
        while True:
            page = self.read_page()
            items += page["items"]
            if not page["more"]:
                return items

    def compare(self) -> None:
        """Compare the copy with the visits that the API returns one by one."""
        listed = {visit["id"] for visit in self.reader.list_all("/visits")}
        assert self.visits.keys() == listed
        for visit_id, visit in self.visits.items():
            assert visit == ok(self.reader.get(f"/visits/{visit_id}"))


def changes(items: list[Any]) -> list[tuple[str, str]]:
    return [(item["id"], item["change"]) for item in items]


@pytest.fixture
def reader(world: World) -> Caller:
    return world.client("visits:read")


def test_feed_begins_with_the_first_visit_and_continues_after_the_token(world: World, reader: Caller) -> None:
    copy = Copy(reader, limit=2)
    assert copy.catch_up() == []
    visits = [world.accepted_visit() for _ in range(3)]
    first = copy.read_page()
    assert first["more"] is True
    assert changes(first["items"]) == [(visit["id"], "accepted") for visit in visits[:2]]
    last = copy.read_page()
    assert last["more"] is False
    assert changes(last["items"]) == [(visits[2]["id"], "accepted")]
    assert copy.catch_up() == []
    copy.compare()


def test_item_is_the_visit_as_managers_see_it(world: World, reader: Caller) -> None:
    visit = world.accepted_visit(POORLY)
    (item,) = Copy(reader).catch_up()
    assert item.pop("change") == "accepted"
    assert item == ok(world.manager.get(f"/visits/{visit['id']}"))
    assert item["answers"]["greeting"]["comment"] == "Nobody looked up"


def test_withdrawn_visit_is_an_item_without_answers(world: World, reader: Caller) -> None:
    visit, copy = world.late_visit(), Copy(reader)
    assert copy.catch_up() == []
    decision = ok(world.review(visit, "accept"))
    assert changes(copy.catch_up()) == [(visit["id"], "accepted")]
    ok(world.review(visit, "reject", replaces=decision["id"]))
    assert copy.catch_up() == [{"id": visit["id"], "change": "withdrawn"}]
    assert copy.visits == {}
    # Whoever begins now learns the same, and no answers.
    assert Copy(reader).catch_up() == [{"id": visit["id"], "change": "withdrawn"}]


def test_corrected_visit_is_amended(world: World, reader: Caller) -> None:
    visit, copy = world.late_visit(POORLY), Copy(reader)
    decision = ok(world.review(visit, "accept"))
    copy.catch_up()
    ok(world.review(visit, "return", replaces=decision["id"]))
    ok(world.send(visit, world.submission(ALL_WELL, revision=2)), 201)
    assert changes(copy.catch_up()) == [(visit["id"], "withdrawn")]
    ok(world.review(visit, "accept", revision=2))
    (item,) = copy.catch_up()
    assert item["change"] == "amended"
    assert item["answers"]["greeting"]["value"] == "yes"
    copy.compare()


def test_photo_that_arrives_late_amends_the_visit(world: World, reader: Caller) -> None:
    visit, data, copy = world.visit(), jpeg(seed=5), Copy(reader)
    declared = world.declare(visit, data)
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [declared["id"]]}}
    ok(world.send(visit, world.submission(answers)), 201)
    ok(world.review(visit, "accept"))
    copy.catch_up()
    assert world.upload(declared["upload"], data) == 200
    ok(world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm"))
    assert changes(copy.catch_up()) == [(visit["id"], "amended")]
    copy.compare()


def test_feed_has_only_visits_that_the_caller_may_see(world: World) -> None:
    inside = world.accepted_visit()
    outside = world.accepted_visit(location=world.new_location(region_id=world.new_region()["id"]))
    World(world.app).accepted_visit()
    limited = world.client("visits:read", region_ids=[world.region["id"]])
    assert changes(Copy(limited).catch_up()) == [(inside["id"], "accepted")]
    assert changes(Copy(world.manager).catch_up()) == [(inside["id"], "accepted")]
    both = [(inside["id"], "accepted"), (outside["id"], "accepted")]
    for caller in (world.client("visits:read"), world.admin, world.reviewer):
        assert changes(Copy(caller).catch_up()) == both
    problem(world.shopper.get("/visits?changed_after="), 403, "forbidden")


def test_widened_regions_restart_the_feed(world: World) -> None:
    new_region = world.new_region()
    old = world.accepted_visit(location=world.new_location(region_id=new_region["id"]))
    client = world.client("visits:read", region_ids=[world.region["id"]])
    copy = Copy(client)
    assert copy.catch_up() == []
    regions = [world.region["id"], new_region["id"]]
    ok(world.admin.patch(f"/api-clients/{client.id}", {"region_ids": regions}))
    problem(client.get(f"/visits?changed_after={copy.token}"), 409, "restart-feed")
    copy.catch_up()
    assert copy.visits.keys() == {old["id"]}


@pytest.mark.parametrize("moved", ["location", "region"])
def test_place_that_moves_into_a_region_restarts_the_feed(world: World, moved: str) -> None:
    region = world.new_region()
    location = world.new_location(region_id=region["id"])
    old = world.accepted_visit(location=location)
    limited, everywhere = (
        Copy(world.client("visits:read", region_ids=regions)) for regions in ([world.region["id"]], [])
    )
    assert limited.catch_up() == [] and len(everywhere.catch_up()) == 1
    if moved == "location":
        ok(world.admin.patch(f"/locations/{location['id']}", {"region_id": world.region["id"]}))
    else:
        ok(world.admin.patch(f"/regions/{region['id']}", {"parent_id": world.region["id"]}))
    problem(limited.reader.get(f"/visits?changed_after={limited.token}"), 409, "restart-feed")
    limited.catch_up()
    assert limited.visits.keys() == {old["id"]}
    assert everywhere.catch_up() == []


def test_new_places_and_other_edits_do_not_restart_the_feed(world: World) -> None:
    copy = Copy(world.client("visits:read", region_ids=[world.region["id"]]))
    copy.catch_up()
    ok(world.admin.patch(f"/locations/{world.location['id']}", {"name": "Renamed"}))
    new = world.new_location()
    visit = world.accepted_visit(location=new)
    assert changes(copy.catch_up()) == [(visit["id"], "accepted")]


def test_tokens_of_others_and_forged_tokens_are_rejected(world: World, reader: Caller) -> None:
    world.accepted_visit()
    copy = Copy(reader)
    copy.catch_up()
    colleague = world.client("visits:read")
    response = colleague.get(f"/visits?changed_after={copy.token}")
    assert "another caller" in problem(response, 422, "invalid")["errors"][0]["detail"]
    for token in ("x", copy.token[:-1], copy.token + "x", "1", "%00", "ä"):
        response = reader.get(f"/visits?changed_after={token}")
        assert pointers(problem(response, 422, "invalid")) == ["/changed_after"], token


def test_filters_cannot_be_combined_with_the_feed(reader: Caller) -> None:
    response = reader.get("/visits?changed_after=&status=accepted&cursor=x")
    assert sorted(pointers(problem(response, 422, "invalid"))) == ["/cursor", "/status"]
    response = reader.get("/visits?changed_after=&changed_after=")
    assert pointers(problem(response, 422, "invalid")) == ["/changed_after"]


def test_token_from_after_the_backup_restarts_the_feed(world: World, reader: Caller) -> None:
    copy = Copy(reader)
    for _ in range(2):
        world.accepted_visit()
    copy.catch_up()

    def forget(session: Any) -> None:
        session.execute(text("DELETE FROM changes WHERE number = (SELECT max(number) FROM changes)"))

    world.database.write(forget)
    problem(reader.get(f"/visits?changed_after={copy.token}"), 409, "restart-feed")


def reviewer_of(world: World) -> Actor:
    return Actor(uuid.UUID(world.reviewer.id), world.organization_id, "reviewer")


def _decide(session: Any, reviewer: Actor, visit_id: str, decision: str) -> None:
    visit = session.get_one(reviews.Visit, uuid.UUID(visit_id))
    current = reviews.find_current_decision(session, visit)
    reviews.decide(
        session,
        reviewer,
        visit.id,
        revision=1,
        decision=decision,
        reason="Because",
        question_reasons=None,
        replaces=current.id if current else None,
    )


def test_change_that_commits_late_is_not_missed(servers_app: Flask) -> None:
    """On PostgreSQL, a transaction that began first can commit last."""
    world = World(servers_app)
    # At two locations, or the second decision would wait for the totals of the first.
    slow, fast = (world.late_visit(location=world.new_location()) for _ in range(2))
    reviewer = reviewer_of(world)
    copy = Copy(world.client("visits:read"))
    has_written, may_commit = Event(), Event()

    def accept_slowly(session: Any) -> None:
        _decide(session, reviewer, slow["id"], "accept")
        session.execute(text("SELECT 1"))  # the statements before it have reached the database
        has_written.set()
        assert may_commit.wait(30)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(world.database.write, accept_slowly)
        assert has_written.wait(30)
        ok(world.review(fast, "accept"))
        assert copy.catch_up() == []  # not before it is clear what comes first
        may_commit.set()
        waiting.result()
    assert sorted(changes(copy.catch_up())) == sorted([(slow["id"], "accepted"), (fast["id"], "accepted")])


def test_feed_continues_after_a_dump_is_restored_in_another_cluster(servers_app: Flask) -> None:
    world = World(servers_app)
    before = world.accepted_visit()
    copy = Copy(world.client("visits:read"))
    copy.catch_up()

    def restore(session: Any) -> None:
        session.execute(
            update(Change)
            .where(Change.organization_id == world.organization_id)
            .values(transaction_id=Change.transaction_id + 10**12)
        )

    world.database.write(restore)
    migrations.upgrade(world.database)
    after = world.accepted_visit()
    copy.catch_up()
    assert copy.visits.keys() == {before["id"], after["id"]}


WRITERS, VISITS, DECISIONS = 4, 4, 12


@pytest.mark.parametrize("seed", range(3) if FULL else range(1))
def test_copy_equals_the_database_while_writers_write(world: World, seed: int) -> None:
    """A client reads while writers accept, withdraw and move; afterwards, its copy equals the database."""
    world.checklist = world.publish({**CHECKLIST, "review": "manual"})
    other = world.new_region()
    locations = [world.new_location(), world.new_location(region_id=other["id"])]
    visits = []
    for number in range(WRITERS * VISITS):
        visit = world.visit(location=locations[number % 2])
        ok(world.send(visit, world.submission(POORLY if number % 3 else ALL_WELL)), 201)
        visits.append(visit["id"])
    copies = [
        Copy(world.client("visits:read"), limit=3),
        Copy(world.client("visits:read", region_ids=[world.region["id"]]), limit=1),
    ]
    reviewer = reviewer_of(world)
    start, is_done = Barrier(WRITERS + 2), Event()

    def write(writer: int) -> None:
        choice = random.Random(f"{seed} {writer}")
        start.wait(30)
        for _ in range(DECISIONS):
            # Two writers share each visit, so that their transactions also wait for each other.
            visit_id = choice.choice(visits[writer // 2 :: WRITERS // 2])
            decision = choice.choice(["accept", "accept", "reject"])
            with suppress(ProblemError):  # another writer decided in the meantime
                world.database.write(lambda session, v=visit_id, d=decision: _decide(session, reviewer, v, d))
        if writer == 0:
            ok(world.admin.patch(f"/locations/{locations[1]['id']}", {"region_id": world.region["id"]}))

    def read(copy: Copy) -> None:
        start.wait(30)
        while not is_done.is_set():
            copy.read_page()
        copy.catch_up()

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        readers = [pool.submit(read, copy) for copy in copies]
        try:
            list(pool.map(write, range(WRITERS)))
        finally:
            is_done.set()
        for future in readers:
            future.result()
    for copy in copies:
        assert copy.visits
        copy.compare()
