"""Announces whether targets are missed, by the same rule as results: at least three new visits together."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.database.engines import insert
from api.domain.months import FIRST_MONTH, LAST_MONTH, Period
from api.domain.notices import MIN_VISITS_TOGETHER
from api.domain.scoring import NO_VISITS, Sums, visit_interval, wilson_interval
from api.models.notices import AnnouncedTarget
from api.models.targets import Target
from api.services import targets
from api.services.notices.recent_visits import Results, read_recent_visits, subtract
from api.services.scores.aggregates import aggregate_totals


@dataclass(frozen=True, slots=True)
class NewAnnouncedTarget:
    """The columns of a row, and how many visits the row before had, or None if it is the first."""

    columns: Mapping[str, Any]
    visits_before: int | None


def find_announced_targets(
    session: Session, organization_id: uuid.UUID, moment: datetime
) -> list[NewAnnouncedTarget]:
    """Return what can be announced of an organization's targets."""
    rows = session.scalars(select(Target).where(Target.organization_id == organization_id)).all()
    if not rows:
        return []
    too_recent = read_recent_visits(session, organization_id, moment)
    before = {
        row.target_id: row
        for row in session.scalars(
            select(AnnouncedTarget).where(AnnouncedTarget.target_id.in_([target.id for target in rows]))
        )
    }
    found = []
    for judged in targets.judge(session, rows):
        recent = [
            too_recent.get((number, judged.subject_id), Results()) for number in judged.location_numbers
        ]
        [*groups] = aggregate_totals(
            session,
            judged.location_numbers,
            [judged.subject_id],
            Period(FIRST_MONTH, LAST_MONTH),
            "subject_id",
        )
        visits = sum(group.aggregate.sums.visits for group in groups) - sum(each.visits for each in recent)
        earlier = before.get(judged.target.id)
        sums = subtract(judged.sums, sum((each.add_up(judged.period) for each in recent), NO_VISITS))
        is_new = visits - (earlier.visits if earlier else 0) >= MIN_VISITS_TOGETHER
        if is_new and sums.visits >= MIN_VISITS_TOGETHER:
            found.append(_build_row(judged, visits, sums, earlier, moment))
    return found


def _build_row(
    judged: targets.JudgedTarget, visits: int, sums: Sums, earlier: AnnouncedTarget | None, moment: datetime
) -> NewAnnouncedTarget:
    target = judged.target
    interval = (visit_interval if target.section is None else wilson_interval)(sums)
    is_missed = interval is not None and interval.high < target.score
    columns = {
        "target_id": target.id,
        "visits": visits,
        "month": judged.period.last,
        "earned": sums.earned,
        "possible": sums.possible,
        # A target that stays missed is told of once.
        "missed_at": ((earlier and earlier.missed_at) or moment) if is_missed else None,
    }
    return NewAnnouncedTarget(columns, earlier.visits if earlier else None)


def store_announced_targets(session: Session, announced: Sequence[NewAnnouncedTarget]) -> None:
    """Store rows, except where another worker announced something in the meantime."""
    for new in announced:
        if new.visits_before is None:
            session.execute(insert(session, AnnouncedTarget).values(new.columns).on_conflict_do_nothing())
            continue
        session.execute(
            update(AnnouncedTarget)
            .where(
                AnnouncedTarget.target_id == new.columns["target_id"],
                AnnouncedTarget.visits == new.visits_before,
            )
            .values(new.columns)
            .execution_options(synchronize_session=False)
        )
