"""Many decisions at once on visits of one location: totals lose nothing, and nobody waits in a ring."""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from threading import Barrier
from typing import Any

from sqlalchemy import select

from api.domain.access import Actor
from api.models.visits import Visit
from api.services import reviews
from api.services.scores import recount
from tests.journeys import score_history as naive
from tests.journeys.score_history import FIRST, POOR, SECOND, WELL, AcceptedVisit
from tests.support.world import CHECKLIST, World, ok

THREADS = 8
OF_EACH = 3


def test_visits_of_one_location_accepted_at_once_all_count(world: World) -> None:
    world.checklist = world.publish({**CHECKLIST, "review": "manual"})
    reports = [
        report
        for report, _ in zip(cycle([WELL, FIRST, SECOND, POOR]), range(THREADS * OF_EACH), strict=False)
    ]
    ids = []
    for report in reports:
        visit = world.visit()
        ok(world.send(visit, world.submission(report.answers)), 201)
        ids.append(uuid.UUID(visit["id"]))
    reviewer = Actor(uuid.UUID(world.reviewer.id), world.organization_id, "reviewer", uuid.uuid4())
    together, tries = Barrier(THREADS), []

    def decide(visit_id: uuid.UUID, decision: str) -> None:
        def work(session: Any) -> None:
            tries.append(visit_id)
            visit = session.get_one(Visit, visit_id)
            current = reviews.find_current_decision(session, visit)
            reviews.decide(
                session,
                reviewer,
                visit_id,
                revision=1,
                decision=decision,
                reason="Because",
                question_reasons=None,
                replaces=current.id if current else None,
            )

        world.database.write(work)

    def accept(mine: Sequence[uuid.UUID]) -> None:
        together.wait(30)
        for visit_id in mine:
            for decision in ("accept", "reject", "accept"):
                decide(visit_id, decision)

    with ThreadPoolExecutor(THREADS) as pool:
        # list() raises what a thread raised
        list(pool.map(accept, [ids[start::THREADS] for start in range(THREADS)]))

    # A deadlock would have been tried again.
    assert len(tries) == THREADS * OF_EACH * 3
    with world.database.read_snapshot() as session:
        assert [each for each in recount.find_differences(session) if world.location["id"] in each] == []
        mine = select(Visit.status).where(Visit.organization_id == world.organization_id).distinct()
        assert session.scalars(mine).all() == ["accepted"]
    found = ok(world.admin.get(f"/locations/{world.location['id']}/score"))["total"]
    made = [AcceptedVisit("here", ("region",), "2025-01", report) for report in reports]
    assert found == naive.score(made)


def test_visits_that_come_in_and_decisions_wait_for_no_ring(world: World) -> None:
    """They take the same rows, the one by statements sent together, the other one by one."""
    errors: list[str] = []
    world.database.tell_errors(errors.append)
    flagged = [world.visit() for _ in range(THREADS)]
    far = {"latitude": 1, "longitude": 1}
    for visit in flagged:
        ok(world.send(visit, world.submission(position=far)), 201)
    coming = [[world.visit() for _ in range(4 * OF_EACH)] for _ in range(2)]
    together = Barrier(4)

    def send(visits: Sequence[Any]) -> None:
        together.wait(30)
        for visit in visits:
            ok(world.send(visit, world.submission()), 201)

    def decide(visits: Sequence[Any]) -> None:
        together.wait(30)
        current = {}
        for decision in ("accept", "reject", "accept"):
            for visit in visits:
                body = {"revision": 1, "decision": decision, "reason": "Because"}
                if visit["id"] in current:
                    body["replaces"] = current[visit["id"]]
                made = ok(world.reviewer.post(f"/visits/{visit['id']}/review", body))
                current[visit["id"]] = made["id"]

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(send, visits) for visits in coming]
        waiting += [pool.submit(decide, flagged[start::2]) for start in range(2)]
        for each in waiting:
            each.result()

    assert errors == []
    with world.database.read_snapshot() as session:
        assert [each for each in recount.find_differences(session) if world.location["id"] in each] == []
