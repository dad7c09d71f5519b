"""Regions are exact at every moment: while visits are accepted, places move and two workers add up."""

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from api.database.engines import Database
from api.domain.access import ADMIN, Actor
from api.domain.months import Period
from api.models.places import Location, Region
from api.services.scores import region_totals
from api.services.scores.aggregates import Places, aggregate_totals
from api.services.scores.coverage import cover_regions
from api.services.scores.region_totals import Regions
from api.services.scores.state import read_state
from api.services.scores.subjects import get_counted_checklists
from api.services.visibility import select_subtree
from tests.journeys.score_history import FIRST, POOR, SECOND, WELL
from tests.support.extent import FULL
from tests.support.world import World, ok

SECONDS = 40 if FULL else 3


def test_regions_are_exact_while_everything_changes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_totals, "REGIONS_AT_ONCE", 2)
    errors: list[str] = []
    world.database.on_error(errors.append)
    regions = [world.region, *(world.new_region() for _ in range(4))]
    locations = [world.location, *(world.new_location() for _ in range(4))]
    world.accepted_visit(FIRST.answers)  # creates the shared people before the threads begin

    def accept() -> None:
        report = random.choice([WELL, FIRST, SECOND, POOR])
        world.accepted_visit(report.answers, location=random.choice(locations))

    def move(kind: str, places: list[Any], body: Any) -> None:
        path = f"/{kind}/{random.choice(places)['id']}"
        tag = world.admin.get(path).headers["ETag"]
        # A region cannot be moved below itself (422), and another thread may have moved the place (412).
        status = world.admin.patch(path, body, headers={"If-Match": tag}).status_code
        assert status in (200, 412, 422)

    def move_location() -> None:
        move("locations", locations, {"region_id": random.choice(regions)["id"]})

    def move_region() -> None:
        move("regions", regions, {"parent_id": random.choice([*(region["id"] for region in regions), None])})

    def import_locations() -> None:
        lines = [f"{place['code']},{random.choice(regions)['code']}" for place in random.sample(locations, 3)]
        body = "\n".join(["code,region_code", *lines])
        path, headers = "/locations/import?mode=update", {"Content-Type": "text/csv"}
        ok(world.admin.call("POST", path, data=body, headers=headers))

    def add_up() -> None:
        world.database.write(lambda session: region_totals.add_up_regions(session, world.organization_id))

    actor = Actor(world.organization_id, world.organization_id, ADMIN)
    totals_by_state: dict[str, Any] = {}

    def read() -> None:
        state, totals = compare_regions(world.database, actor)
        assert totals_by_state.setdefault(state, totals) == totals

    run_together([accept, accept, move_location, move_region, import_locations, add_up, add_up, read, read])
    assert errors == []
    assert len(totals_by_state) > 5
    world.add_up_regions()
    compare_regions(world.database, actor)


def compare_regions(database: Database, actor: Actor) -> tuple[str, Any]:
    """Return the state of the scores and the totals of all regions, which equal those of their locations."""
    period = Period.of(None, None)
    with database.read_snapshot() as session:
        checklists = get_counted_checklists(session, actor, None)
        subject_ids = checklists.subject_ids("visit", "section", "question")

        def read(places: Places) -> Any:
            groups = aggregate_totals(session, places, subject_ids, period, "subject_id", "month")
            return sorted((group.values, group.aggregate) for group in groups if group.aggregate.asked)

        regions = Regions(session, actor.organization_id)
        totals = {}
        for region_id in regions.children:
            below = select_subtree(select(Region.id).where(Region.id == region_id))
            numbers = session.scalars(select(Location.number).where(Location.region_id.in_(below))).all()
            totals[region_id] = read(cover_regions(session, regions, [region_id], period))
            assert totals[region_id] == read(numbers)
        return repr(read_state(session, actor)), totals


def run_together(actions: list[Callable[[], None]]) -> None:
    """Repeat each action in a thread of its own for some seconds, until one of them fails."""
    deadline, failures = time.monotonic() + SECONDS, list[BaseException]()

    def repeat(action: Callable[[], None]) -> None:
        while time.monotonic() < deadline and not failures:
            try:
                action()
            except BaseException as failure:
                failures.append(failure)

    threads = [threading.Thread(target=repeat, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure
