"""Tasks: one function for each kind of event, which calls a service for events that are due."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.models.events import Event
from api.models.visits import Visit
from api.services import outcomes
from api.services.people import login_limits


def accept(session: Session, events: Sequence[Event]) -> None:
    """Accept visits automatically at the end of their period."""
    outcomes.accept_when_due(session, _lock_revisions(session, events))


def stop_waiting_for_photos(session: Session, events: Sequence[Event]) -> None:
    """Let visits whose photos did not arrive in time wait for a reviewer."""
    for visit, revision in _lock_revisions(session, events):
        outcomes.stop_waiting_for_photos(session, visit, revision)


def record_failed_logins(session: Session, events: Sequence[Event]) -> None:
    """Record failed logins in the audit log of each account with the email address."""
    for event in events:
        login_limits.record_reported_failure(session, event.data or {}, event.created_at)


def _lock_revisions(session: Session, events: Sequence[Event]) -> Iterator[tuple[Visit, int]]:
    """Lock the visits of events, and yield each with the revision of its event, in the order of events."""
    ids = [event.visit_id for event in events]
    locked = session.scalars(select(Visit).where(Visit.id.in_(ids)).order_by(Visit.id).with_for_update())
    visits = {visit.id: visit for visit in locked}
    for event in events:
        assert event.visit_id is not None
        assert event.revision is not None
        yield visits[event.visit_id], event.revision
