"""The accepted visits of a place and a period, for lists of what they contain."""

import uuid

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.months import Period
from api.models.checklists import ChecklistVersion
from api.models.places import Location, Region
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services import visibility
from api.services.scores.places import get_location, get_region
from api.services.scores.subjects import get_counted_checklists


def select_accepted_visits(
    session: Session,
    actor: Actor,
    period: Period,
    region_id: uuid.UUID | None = None,
    location_id: uuid.UUID | None = None,
    checklist_key: str | None = None,
) -> Select[Visit, Submission, Location]:
    """Return the SELECT of accepted visits, their latest revisions and their locations, the newest day first.

    They are the visits of the scores: those of the checklist with this key, or of all except self-checks.
    Visits that found the store closed are included.

    Raises REGION_NOT_FOUND, LOCATION_NOT_FOUND and CHECKLIST_NOT_FOUND.
    """
    conditions = [
        visibility.watched_visits(actor),
        Visit.status == "accepted",
        Visit.month.between(period.first, period.last),
    ]
    if region_id is not None:
        region = get_region(session, actor, region_id)
        subtree = visibility.select_subtree(select(Region.id).where(Region.id == region.id))
        conditions.append(Location.region_id.in_(subtree))
    if location_id is not None:
        location = get_location(session, actor, location_id)
        conditions.append(Visit.location_id == location.id)
    counted_versions = get_counted_checklists(session, actor, checklist_key).latest
    checklist_ids = [version.checklist_id for version in counted_versions]
    versions = select(ChecklistVersion.id).where(ChecklistVersion.checklist_id.in_(checklist_ids))
    return (
        select(Visit, Submission, Location)
        .join(Submission, and_(Submission.visit_id == Visit.id, Submission.revision == Visit.revision))
        .join(Location, Location.id == Visit.location_id)
        .where(*conditions, Visit.checklist_version_id.in_(versions))
        .order_by(Visit.day.desc(), Visit.id.desc())
    )
