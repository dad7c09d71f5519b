"""Tasks: one function for each kind of event, which calls a service."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.models.events import Event
from api.models.visits import Visit
from api.services import outcomes
from api.services.people import login_limits


def accept(session: Session, event: Event) -> None:
    """Accept a visit automatically at the end of its period."""
    assert event.revision is not None
    outcomes.accept_when_due(session, _lock_visit(session, event), event.revision)


def stop_waiting_for_photos(session: Session, event: Event) -> None:
    """Let a visit whose photos did not arrive in time wait for a reviewer."""
    assert event.revision is not None
    outcomes.stop_waiting_for_photos(session, _lock_visit(session, event), event.revision)


def record_failed_login(session: Session, event: Event) -> None:
    """Record a failed login in the audit log of each account with the email address."""
    login_limits.record_reported_failure(session, event.data or {}, event.created_at)


def _lock_visit(session: Session, event: Event) -> Visit:
    return session.scalars(select(Visit).where(Visit.id == event.visit_id).with_for_update()).one()
