"""What the demo organization aims at: a quota of visits, a target that is missed, and one that is unsure."""

import uuid
from collections.abc import Mapping

from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.models.places import Location
from api.services import quotas, targets

CHECKLIST = "store-visit"


def set_goals(
    session: Session, actor: Actor, regions: Mapping[str, uuid.UUID], locations: Mapping[str, Location]
) -> None:
    """Set the quota and the targets. Regions and locations are by code."""
    quotas.create_quota(
        session,
        actor,
        {
            "checklist_key": CHECKLIST,
            "region_id": regions["SPAIN"],
            "visits": 4,
            "per": "quarter",
            "days_between": 14,
            "extra": 0.1,
        },
    )
    for place, score in (
        ({"location_id": locations["ORK"].id}, 0.8),
        ({"region_id": regions["SPAIN"]}, 0.85),
    ):
        values = {"checklist_key": CHECKLIST, "section": None, "score": score, "months": 6, **place}
        targets.create_target(session, actor, values)
