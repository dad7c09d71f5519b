"""Fill an empty database with the demo, through the services that real visits go through."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.domain.access import ADMIN, MANAGER, Actor
from api.models.base import now
from api.models.organizations import Organization
from api.models.places import Location
from api.models.reviews import Decision
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services import (
    assignments,
    messages,
    organizations,
    photo_confirmation,
    photos,
    places,
    reviews,
    submissions,
)
from api.services.checklists import get_version
from api.services.demo.answers import Generator, generate_answers, generate_duration, generate_position
from api.services.demo.disputes import dispute_visits
from api.services.demo.goals import set_goals
from api.services.demo.payments import backdate_payments, claim_expenses, pay_recent_visits
from api.services.demo.people import PASSWORD, PEOPLE
from api.services.demo.pictures import RECEIPT, STORE_FRONT, draw_picture
from api.services.demo.schedule import PlannedVisit, plan_visits
from api.services.demo.sentences import ANSWERS, DECISIONS, MESSAGES, WORDS_TO_SHOPPER
from api.services.demo.stores import REGIONS, STORES
from api.services.people import administrators, passwords, users
from uploads.store import Store

#: The pages show a banner for organizations whose name ends in this: see ``shared/demo-banner.js``.
ORGANIZATION = "Harbour Stores (demo data)"
SEED = 20
#: Reviewers ask shoppers only about visits that they decided on in this time before the demo.
RECENT = timedelta(days=60)


class NotEmpty(Exception):
    """The database already contains an organization."""


@dataclass(slots=True)
class _Demo(Generator):
    """The generated data so far: accounts by login, locations by code, and visits whose photos are due."""

    actors: dict[str, Actor] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    due_photos: list[tuple[PlannedVisit, uuid.UUID]] = field(default_factory=list)


def is_new(session: Session) -> bool:
    """Return whether the database contains no organization yet."""
    return session.scalar(select(Organization.id).limit(1)) is None


def fill(database: Database, store: Store, *, moment: datetime | None = None, seed: int = SEED) -> str:
    """Fill an empty database with the demo, and return a summary. Raises NotEmpty for any other database.

    One transaction writes everything except the few visits with photos, which follow once it is committed.
    """
    moment = moment or now()
    password_hash = passwords.hash_password(PASSWORD)

    def work(session: Session) -> tuple[_Demo, int]:
        if not is_new(session):
            raise NotEmpty("The database already contains an organization. Demo data needs an empty one.")
        demo = _Demo(seed, moment)
        _create_organization(session, demo, password_hash)
        planned = plan_visits(demo.rng, moment)
        assigned = _assign_visits(session, demo, planned)
        organization_id = demo.actors["admin"].organization_id
        pay_recent_visits(session, organization_id, [visit for _, visit in assigned], moment)
        for plan, visit in assigned:
            _carry_out(session, demo, plan, visit)
        claim_expenses(session, organization_id, demo.rng)
        # All acceptances are of this moment until they are set back, so any visit can be disputed.
        dispute_visits(session, demo.actors["manager-isles"], demo.actors["reviewer"], moment)
        _backdate(session)
        return demo, len(planned)

    demo, count = database.write(work)
    for plan, visit_id in demo.due_photos:
        _send_with_photos(database, store, demo, plan, visit_id)
    database.write(_backdate)
    return f"Created {ORGANIZATION}: {len(REGIONS)} regions, {len(STORES)} locations, {count} visits."


# Places and people.


def _create_organization(session: Session, demo: _Demo, password_hash: str) -> None:
    organization = organizations.create_organization(session, ORGANIZATION)
    admin, *others = PEOPLE
    user = administrators.create_administrator(
        session, organization.id, admin.email, admin.name, password_hash
    )
    actor = demo.actors[admin.login] = Actor(user.id, organization.id, ADMIN, uuid.uuid4())
    regions = _create_places(session, demo, actor)
    set_goals(session, actor, regions, demo.locations)
    for person in others:
        is_manager = person.role == MANAGER
        values = {
            "email": person.email,
            "name": person.name,
            "role": person.role,
            "region_ids": [regions[person.region]] if is_manager and person.region else [],
            "location_ids": [demo.locations[person.store].id] if person.store else [],
        }
        account = users.create_user(session, actor, values, password_hash)
        demo.actors[person.login] = Actor(account.user.id, organization.id, person.role, uuid.uuid4())


def _create_places(session: Session, demo: _Demo, actor: Actor) -> dict[str, uuid.UUID]:
    """Create regions and locations, and return the IDs of the regions by code."""
    regions: dict[str, uuid.UUID] = {}
    for code, name, parent in REGIONS:
        region = {"code": code, "name": name, "parent_id": regions[parent] if parent else None}
        regions[code] = places.create_region(session, actor, region).id
    for store in STORES:
        location = {
            "code": store.code,
            "name": store.town,
            "region_id": regions[store.region],
            "address": store.address,
            "phone": store.phone,
            "time_zone": store.time_zone,
            "latitude": store.latitude,
            "longitude": store.longitude,
        }
        demo.locations[store.code] = places.create_location(session, actor, location)
    return regions


# Visits.


def _assign_visits(
    session: Session, demo: _Demo, planned: Sequence[PlannedVisit]
) -> list[tuple[PlannedVisit, Visit]]:
    orders = [
        {
            "location_id": demo.locations[plan.store.code].id,
            "shopper_id": demo.actors[plan.login].id,
            "checklist_key": plan.checklist,
            "window": {"opens_at": plan.opens_at, "closes_at": plan.closes_at},
        }
        for plan in planned
    ]
    visits = assignments.assign(session, demo.actors["admin"], orders, is_list=True)
    for plan, visit in zip(planned, visits, strict=True):
        visit.created_at = min(plan.opens_at - timedelta(days=5), demo.moment)
    return list(zip(planned, visits, strict=True))


def _carry_out(session: Session, demo: _Demo, plan: PlannedVisit, visit: Visit) -> None:
    """Bring a visit to the outcome that is planned for it; photos are left for later."""
    match plan.outcome:
        case "assigned":
            pass
        case "cancelled":
            assignments.cancel(session, demo.actors["admin"], visit.id)
        case "photographed":
            demo.due_photos.append((plan, visit.id))
        case outcome:
            _send(session, demo, plan, visit, {})
            if outcome in DECISIONS:
                _decide(session, demo, plan, visit)


def _decide(session: Session, demo: _Demo, plan: PlannedVisit, visit: Visit) -> None:
    outcome = plan.outcome
    decision, reason, question_reasons = DECISIONS[outcome]
    stored = reviews.decide(
        session,
        demo.actors["reviewer"],
        visit.id,
        revision=1,
        decision=decision,
        reason=reason,
        question_reasons=question_reasons,
        message_to_shopper=WORDS_TO_SHOPPER.get(outcome),
        replaces=None,
    )
    received_at = session.get_one(Submission, (visit.id, 1)).received_at
    decided_at = received_at + timedelta(hours=demo.rng.randint(3, 40))
    session.get_one(Decision, stored.id).decided_at = min(decided_at, demo.moment)
    if outcome in MESSAGES and decided_at > demo.moment - RECENT:
        message = messages.ask(
            session, demo.actors["reviewer"], visit.id, text=MESSAGES[outcome], question=None
        )
        message.asked_at = min(decided_at, demo.moment)
        if outcome in ANSWERS:
            messages.answer(session, demo.actors[plan.login], message.id, ANSWERS[outcome])
            message.answered_at = min(decided_at + timedelta(hours=5), demo.moment)


def _send(
    session: Session, demo: _Demo, plan: PlannedVisit, visit: Visit, photo_ids: dict[str, uuid.UUID]
) -> None:
    """Send the answers of a visit, with the photos in ``photo_ids`` by question."""
    document = get_version(session, visit.checklist_version_id).document
    actor = demo.actors[plan.login]
    answers = generate_answers(demo, plan, document)
    answers |= {key: {"photos": [str(photo_id)]} for key, photo_id in photo_ids.items()}
    if plan.outcome == "copied":
        answers["story"] = {"value": demo.writer.get_earlier_story()}
    started_at = plan.starts_at
    if plan.outcome == "late":
        started_at += timedelta(days=1 + (plan.closes_at - plan.starts_at).days)
    finished_at = started_at + generate_duration(demo.rng, plan)
    received_at = (finished_at + timedelta(seconds=demo.rng.randint(60, 7200))).astimezone(UTC)
    content: dict[str, Any] = {
        "revision": 1,
        "checklist_version": document.version,
        "started_at": started_at.isoformat(),
        "finished_at": finished_at.isoformat(),
        "position": generate_position(demo.rng, plan, document),
        "answers": answers,
        "comment": None,
    }
    prepared = submissions.prepare(
        session,
        actor,
        visit.id,
        content,
        {**content, "started_at": started_at, "finished_at": finished_at},
        device_time=received_at,
        received_at=received_at,
    )
    assert not isinstance(prepared, str)
    submissions.store(session, actor, prepared, accept_every_minutes=0)


def _backdate(session: Session) -> None:
    """Set the time of each automatic acceptance, and of what it paid, to when the answers were received."""
    received_at = (
        select(Submission.received_at)
        .where(Submission.visit_id == Decision.visit_id, Submission.revision == Decision.revision)
        .scalar_subquery()
    )
    session.execute(
        update(Decision)
        .where(Decision.reviewer_id.is_(None))
        .values(decided_at=received_at)
        .execution_options(synchronize_session=False)
    )
    backdate_payments(session)


# Photos.


def _send_with_photos(
    database: Database, store: Store, demo: _Demo, plan: PlannedVisit, visit_id: uuid.UUID
) -> None:
    has_receipt = demo.rng.random() < 0.4
    questions = (STORE_FRONT, RECEIPT) if has_receipt else (STORE_FRONT,)
    photo_ids = {key: _upload_photo(database, store, demo, plan, visit_id, key) for key in questions}
    # A transaction may run twice. Both runs must draw the same numbers.
    state = demo.rng.getstate()

    def work(session: Session) -> None:
        demo.rng.setstate(state)
        _send(session, demo, plan, session.get_one(Visit, visit_id), photo_ids)

    database.write(work)


def _upload_photo(
    database: Database, store: Store, demo: _Demo, plan: PlannedVisit, visit_id: uuid.UUID, question: str
) -> uuid.UUID:
    """Declare, upload and check a photo as any other, and return its ID."""
    actor = demo.actors[plan.login]
    photo_id = uuid.UUID(int=demo.rng.getrandbits(128), version=4)
    data = draw_picture(demo.rng, question, plan.store.town)
    declaration = {
        "question": question,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "content_type": "image/jpeg",
        "taken_at": plan.starts_at + timedelta(minutes=3),
    }
    photo, _ = database.write(
        lambda session: photos.declare_photo(session, actor, visit_id, photo_id, declaration)
    )
    store.write(photo.upload_key, data, photo.content_type)
    result = photo_confirmation.check_upload(store, photo)
    database.write(lambda session: photo_confirmation.record_check(session, actor, result, 0))
    photo_confirmation.discard_upload(store, result)
    return photo_id
