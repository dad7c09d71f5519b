"""Concurrent decisions on visits of one location: no update of totals is lost, and none deadlocks."""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
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
VISITS_PER_THREAD = 3


def test_visits_of_one_location_that_are_accepted_concurrently_all_count(world: World) -> None:
    world.checklist = world.publish({**CHECKLIST, "review": "manual"})
    reports = list(islice(cycle([WELL, FIRST, SECOND, POOR]), THREADS * VISITS_PER_THREAD))
    ids = []
    for report in reports:
        visit = world.visit()
        ok(world.send(visit, world.submission(report.answers)), 201)
        ids.append(uuid.UUID(visit["id"]))
    reviewer = Actor(uuid.UUID(world.reviewer.id), world.organization_id, "reviewer", uuid.uuid4())
    start, attempts = Barrier(THREADS), []

    def decide(visit_id: uuid.UUID, decision: str) -> None:
        def work(session: Any) -> None:
            attempts.append(visit_id)
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

    def accept(visit_ids: Sequence[uuid.UUID]) -> None:
        start.wait(30)
        for visit_id in visit_ids:
            for decision in ("accept", "reject", "accept"):
                decide(visit_id, decision)

    with ThreadPoolExecutor(THREADS) as pool:
        # list() raises the exceptions of the threads.
        list(pool.map(accept, [ids[thread::THREADS] for thread in range(THREADS)]))

    # A deadlock would have been retried.
    assert len(attempts) == THREADS * VISITS_PER_THREAD * 3
    with world.database.read_snapshot() as session:
        assert [line for line in recount.find_differences(session) if world.location["id"] in line] == []
        statuses = select(Visit.status).where(Visit.organization_id == world.organization_id).distinct()
        assert session.scalars(statuses).all() == ["accepted"]
    score = ok(world.admin.get(f"/locations/{world.location['id']}/score"))["total"]
    visits = [AcceptedVisit("here", ("region",), "2025-01", report) for report in reports]
    assert score == naive.total(visits)


def test_submissions_and_decisions_do_not_deadlock(world: World) -> None:
    """Both change the same rows, in the same order."""
    errors: list[str] = []
    world.database.on_error(errors.append)
    flagged = [world.visit() for _ in range(THREADS)]
    far = {"latitude": 1, "longitude": 1}
    for visit in flagged:
        ok(world.send(visit, world.submission(position=far)), 201)
    new_visits = [[world.visit() for _ in range(4 * VISITS_PER_THREAD)] for _ in range(2)]
    start = Barrier(4)

    def send(visits: Sequence[Any]) -> None:
        start.wait(30)
        for visit in visits:
            ok(world.send(visit, world.submission()), 201)

    def decide(visits: Sequence[Any]) -> None:
        start.wait(30)
        current = {}
        for action in ("accept", "reject", "accept"):
            for visit in visits:
                body = {"revision": 1, "decision": action, "reason": "Because"}
                if visit["id"] in current:
                    body["replaces"] = current[visit["id"]]
                decision = ok(world.reviewer.post(f"/visits/{visit['id']}/review", body))
                current[visit["id"]] = decision["id"]

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(send, visits) for visits in new_visits]
        futures += [pool.submit(decide, flagged[half::2]) for half in range(2)]
        for future in futures:
            future.result()

    assert errors == []
    with world.database.read_snapshot() as session:
        assert [line for line in recount.find_differences(session) if world.location["id"] in line] == []
