"""The accepted visits that are too recent for managers to learn of by mail."""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from api.domain.notices import find_notice_day
from api.domain.scoring import NO_VISITS, Sums
from api.models.places import Location
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklists import get_version
from api.services.scores import results

#: location number and subject
Key = tuple[int, int]


@dataclass(slots=True)
class Results:
    """Accepted visits: their number, how many had a critical failure, and their sums by month."""

    visits: int = 0
    failures: int = 0
    months: dict[int, Sums] = field(default_factory=lambda: defaultdict(lambda: NO_VISITS))

    def add(self, month: int, sums: Sums, *, has_failure: bool = False) -> None:
        """Add the sums of one visit."""
        self.visits += sums.visits
        self.failures += has_failure
        self.months[month] += sums


def read_recent_visits(
    session: Session, organization_id: uuid.UUID, moment: datetime
) -> Mapping[Key, Results]:
    """Return the results of visits of the current day of each location: whole visits, and their sections."""
    rows = session.execute(
        select(
            Visit.day,
            Visit.month,
            Visit.checklist_version_id,
            Location.number,
            Location.time_zone,
            Submission.result,
        )
        .join(Location, Location.id == Visit.location_id)
        .join(Submission, and_(Submission.visit_id == Visit.id, Submission.revision == Visit.revision))
        .where(
            Visit.organization_id == organization_id,
            Visit.status == "accepted",
            # One more day: the day of a location may be the one before.
            Visit.day >= (moment - timedelta(days=2)).date(),
        )
    )
    recent: dict[Key, Results] = defaultdict(Results)
    for day, month, version_id, number, time_zone, result in rows:
        if day < find_notice_day(moment, time_zone):
            continue
        subjects, score = get_version(session, version_id).subjects, results.score_from_json(result)
        recent[number, subjects["visit", ""]].add(
            month, Sums.of(score.points), has_failure=bool(score.critical_failures)
        )
        for section, points in score.points_by_section().items():
            if points.possible:
                recent[number, subjects["section", section]].add(month, Sums.of(points))
    return recent


def subtract(sums: Sums, others: Sums) -> Sums:
    """Return sums without those of some of their visits."""
    return Sums(*(number - other for number, other in zip(sums, others, strict=True)))
