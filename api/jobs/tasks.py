"""What events make the worker do; each task is a service."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.models.events import Event
from api.models.visits import Visit
from api.services import evidence, reviews


def accept(session: Session, event: Event) -> None:
    """Accept a visit by itself at the end of its period, unless something came in between."""
    visit = _visit(session, event)
    untouched = visit.status == "submitted" and visit.revision == event.revision
    if untouched and visit.waiting_since is None:
        reviews.accept_by_itself(session, reviews.case_of(session, visit))


def photos_overdue(session: Session, event: Event) -> None:
    """Put a visit whose photos did not come before a reviewer."""
    assert event.revision is not None
    evidence.photos_overdue(session, _visit(session, event), event.revision)


def _visit(session: Session, event: Event) -> Visit:
    return session.scalars(select(Visit).where(Visit.id == event.visit_id).with_for_update()).one()
