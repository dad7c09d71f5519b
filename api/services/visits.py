"""Visits: assigned, listed, shown to each as he may see them, cancelled, declined and reassigned."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.domain import problems, visits
from api.domain.access import SHOPPER, Actor
from api.domain.checklist import SELF_CHECK
from api.domain.months import FIRST_MONTH, LAST_MONTH, Period, local, month_name, month_of
from api.domain.problems import Fault
from api.models.checklists import Checklist, ChecklistVersion
from api.models.organizations import Organization
from api.models.photos import Photo
from api.models.places import Location, Region
from api.models.statements import Runner, Statement, among, rows
from api.models.submissions import Flag, Submission
from api.models.users import User
from api.models.visits import Visit
from api.services import visibility
from api.services.checklists import current_versions, published
from api.services.paging import Page, keyed, page_of
from api.services.totals import visit_score

#: as whom somebody looks at a visit: three views, three schemas
View = Literal["own", "watched", "evidence"]


def assign(
    session: Session, actor: Actor, orders: Sequence[Mapping[str, Any]], *, batch: bool
) -> list[Visit]:
    """Assign visits, all or none; in a batch the pointers of faults begin with the index.

    Refuses a shopper who was at the location within the lock-out days, unless the order overrides it.
    """

    def at(index: int, field: str = "") -> str:
        return (f"/{index}" if batch else "") + field

    places = _by_id(
        session,
        select(Location).where(
            Location.id.in_({each["location_id"] for each in orders}),
            Location.organization_id == actor.organization_id,
        ),
    )
    # Two assignments at once of one shopper take turns, or both would miss the other in the lock-out.
    people = _by_id(
        session,
        select(User)
        .where(
            User.id.in_({each["shopper_id"] for each in orders}),
            User.organization_id == actor.organization_id,
        )
        .order_by(User.id)
        .with_for_update(key_share=True),
    )
    versions = current_versions(session, actor.organization_id, {each["checklist_key"] for each in orders})
    channels = _channels(session, (version.id for version in versions.values()))

    faults, made = [], []
    for index, order in enumerate(orders):
        place, person = places.get(order["location_id"]), people.get(order["shopper_id"])
        version = versions.get(order["checklist_key"])
        if place is None:
            faults.append(Fault(at(index, "/location_id"), "There is no such location."))
        elif place.closed:
            faults.append(Fault(at(index, "/location_id"), "This location is closed."))
        if version is None:
            faults.append(
                Fault(at(index, "/checklist_key"), "There is no published checklist with this key.")
            )
        if person is None or person.disabled:
            faults.append(Fault(at(index, "/shopper_id"), "There is no such shopper."))
        elif version and person.role != SHOPPER and channels[version.id] != SELF_CHECK:
            faults.append(
                Fault(at(index, "/shopper_id"), "Only a self-check may go to one who is no shopper.")
            )
        window = order["window"]
        if window["closes_at"] <= window["opens_at"]:
            faults.append(Fault(at(index, "/window/closes_at"), "The window closes before it opens."))
        if not faults and place and person and version:
            made.append(
                Visit(
                    id=uuid.uuid4(),
                    organization_id=actor.organization_id,
                    location_id=place.id,
                    shopper_id=person.id,
                    checklist_version_id=version.id,
                    opens_at=window["opens_at"],
                    closes_at=window["closes_at"],
                    day=local(window["opens_at"], place.time_zone).date(),
                    external_id=order.get("external_id"),
                )
            )
    if faults:
        raise problems.INVALID(faults=faults)
    _check_rotation(session, actor, orders, made, channels, at)
    session.add_all(made)
    session.flush()
    return made


def _channels(session: Session, version_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    return {version_id: published(session, version_id).document.channel for version_id in set(version_ids)}


def _check_rotation(
    session: Session,
    actor: Actor,
    orders: Sequence[Mapping[str, Any]],
    made: Sequence[Visit],
    channels: Mapping[uuid.UUID, str],
    at: Any,
) -> None:
    """Refuse visits of one shopper to one location that lie within the organization's lock-out days."""
    days = session.scalar(select(Organization.lockout_days).where(Organization.id == actor.organization_id))
    assert days is not None
    wanted = [visit for visit in made if channels[visit.checklist_version_id] != SELF_CHECK]
    if not wanted:
        return
    lockout = timedelta(days=days)
    taken: dict[tuple[uuid.UUID, uuid.UUID], list[tuple[datetime, datetime]]] = defaultdict(list)
    standing = session.execute(
        select(
            Visit.shopper_id,
            Visit.location_id,
            Visit.opens_at,
            Visit.closes_at,
            Visit.finished_at,
            Visit.checklist_version_id,
        ).where(
            Visit.organization_id == actor.organization_id,
            Visit.shopper_id.in_({visit.shopper_id for visit in wanted}),
            Visit.location_id.in_({visit.location_id for visit in wanted}),
            Visit.status.not_in(("cancelled", "declined")),
            Visit.opens_at < max(visit.closes_at for visit in wanted) + lockout,
            func.coalesce(Visit.finished_at, Visit.closes_at)
            > min(visit.opens_at for visit in wanted) - lockout,
        )
    ).all()
    standing_channels = _channels(session, (row.checklist_version_id for row in standing))
    for row in standing:
        if standing_channels[row.checklist_version_id] != SELF_CHECK:
            taken[row.shopper_id, row.location_id].append((row.opens_at, row.finished_at or row.closes_at))
    faults = []
    for index, (order, visit) in enumerate(zip(orders, made, strict=True)):
        if channels[visit.checklist_version_id] == SELF_CHECK:
            continue
        span = (visit.opens_at, visit.closes_at)
        others = taken[visit.shopper_id, visit.location_id]
        if not order.get("override") and any(visits.too_close(span, other, days) for other in others):
            faults.append(
                Fault(
                    at(index, "/shopper_id"),
                    f"This shopper has a visit to this location within {days} days of the window.",
                )
            )
        others.append(span)
    if faults:
        raise problems.ROTATION_LOCKOUT(
            f"The shopper has a visit to the location within {days} days; "
            'send "override": true to assign all the same.',
            faults=faults,
        )


def cancel(session: Session, actor: Actor, visit_id: uuid.UUID) -> Visit:
    """Take an assigned visit back; answers that come all the same are kept for a reviewer."""
    visit = _locked(session, visit_id, visibility.watched_visits(actor))
    if visit.status == "cancelled":
        return visit
    if visit.status != "assigned":
        raise problems.WRONG_STATUS(f"A visit that is {visit.status} cannot be cancelled.")
    visit.status = "cancelled"
    session.flush()
    return visit


def decline(session: Session, actor: Actor, visit_id: uuid.UUID, reason: str | None) -> Visit:
    """Let a shopper give an assigned visit back, with his reason."""
    visit = _locked(session, visit_id, visibility.own_visits(actor))
    if visit.status == "declined":
        return visit
    if visit.status != "assigned":
        raise problems.WRONG_STATUS(f"A visit that is {visit.status} cannot be declined.")
    visit.status = "declined"
    visit.decline_reason = reason
    session.flush()
    return visit


def reassign(
    session: Session, actor: Actor, visit_id: uuid.UUID, shopper_id: uuid.UUID, override: bool
) -> Visit:
    """Give a visit that is not made to another shopper: this one is cancelled and a new one assigned."""
    visit = _locked(session, visit_id, visibility.watched_visits(actor))
    if visit.status not in visits.MAY_BE_REASSIGNED:
        raise problems.WRONG_STATUS(f"A visit that is {visit.status} cannot be reassigned.")
    visit.status = "cancelled"
    session.flush()
    key = published(session, visit.checklist_version_id).document.key
    if not current_versions(session, actor.organization_id, {key}):
        raise problems.CHECKLIST_RETIRED("This checklist is retired, and no new visits are assigned by it.")
    order = {
        "location_id": visit.location_id,
        "shopper_id": shopper_id,
        "checklist_key": key,
        "window": {"opens_at": visit.opens_at, "closes_at": visit.closes_at},
        "external_id": visit.external_id,
        "override": override,
    }
    return assign(session, actor, [order], batch=False)[0]


def own(session: Session, actor: Actor, visit_id: uuid.UUID, *, lock: bool = False) -> Visit:
    """Return a visit that the actor makes himself."""
    query = _OWN_HELD if lock else _OWN
    visit = session.scalars(query, {"visit_id": visit_id, **visibility.whose(actor)}).one_or_none()
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    return visit


_OWN = select(Visit).where(
    Visit.id == bindparam("visit_id"), visibility.own_visits(visibility.anyone(SHOPPER))
)
_OWN_HELD = _OWN.with_for_update().execution_options(populate_existing=True)


def seen(session: Session, actor: Actor, visit_id: uuid.UUID) -> tuple[Visit, View]:
    """Return a visit and as whom the actor sees it: his own, as a watcher, or with all evidence."""
    visit = visibility.find(session, Visit, visit_id, visibility.watched_visits(actor))
    if visit is not None and not actor.sees_everything:
        return visit, "watched"
    if visit is not None and visit.shopper_id != actor.id:
        return visit, "evidence"
    return own(session, actor, visit_id), "own"


def list_visits(
    session: Session, actor: Actor, limit: int, cursor: str | None, mine: bool, filters: Mapping[str, Any]
) -> tuple[Page, View]:
    """Return a page of visits by (day, id), and as whom the actor sees them.

    ``filters``: status, location_id, checklist_key, from, to (days); shopper_id and external_id only where
    all evidence is seen, for to others they would tell which visits belong together.
    """
    view: View = (
        "own" if mine or actor.role == SHOPPER else "evidence" if actor.sees_everything else "watched"
    )
    if view != "evidence":
        for name in ("shopper_id", "external_id"):
            if filters.get(name) is not None:
                raise problems.invalid(f"/{name}", "Only reviewers and administrators filter by this.")
    given = {name: value for name, value in filters.items() if name in _FILTERS and value is not None}
    of_page = partial(_page, view, actor.role, frozenset(given))
    return page_of(
        session, of_page, Visit.day, limit, cursor, **visibility.whose(actor), **_named(given)
    ), view


#: what visits are filtered by; each value is a parameter of its name
_FILTERS: Mapping[str, ColumnElement[bool]] = {
    "status": Visit.status == bindparam("of_status"),
    "location_id": Visit.location_id == bindparam("of_location_id"),
    "shopper_id": Visit.shopper_id == bindparam("of_shopper_id"),
    "external_id": Visit.external_id == bindparam("of_external_id"),
    "checklist_key": Visit.checklist_version_id.in_(
        select(ChecklistVersion.id)
        .join(Checklist, Checklist.id == ChecklistVersion.checklist_id)
        .where(
            Checklist.key == bindparam("of_checklist_key"),
            Checklist.organization_id == bindparam("actor_organization_id"),
        )
    ),
    "from": Visit.day >= bindparam("of_from"),
    "to": Visit.day <= bindparam("of_to"),
}


def _named(given: Mapping[str, Any]) -> dict[str, Any]:
    return {f"of_{name}": value for name, value in given.items()}


@cache
def _page(view: View, role: str, filters: frozenset[str], after: bool) -> Statement:
    """Return the statement for a page of what a role sees of visits, with some of the filters."""
    actor = visibility.anyone(role)
    visible = visibility.own_visits(actor) if view == "own" else visibility.watched_visits(actor)
    query = select(*_SHOWN[view]).where(visible, *(_FILTERS[name] for name in sorted(filters)))
    return keyed(query, Visit.day, Visit.id, after=after)


_SHOWN_TO_ALL = (
    Visit.id,
    Visit.status,
    Visit.revision,
    Visit.location_id,
    Visit.checklist_version_id,
    Visit.day,
)
_SHOWN_TO_SHOPPER = (
    *_SHOWN_TO_ALL,
    Visit.opens_at,
    Visit.closes_at,
    Visit.return_reason,
    Visit.question_reasons,
)
#: the columns that lists show, by view
_SHOWN: Mapping[View, tuple[InstrumentedAttribute[Any], ...]] = {
    "own": _SHOWN_TO_SHOPPER,
    "watched": (*_SHOWN_TO_ALL, Visit.part_of_day),
    "evidence": (
        *_SHOWN_TO_SHOPPER,
        Visit.external_id,
        Visit.shopper_id,
        Visit.started_at,
        Visit.finished_at,
        Visit.decline_reason,
    ),
}


_CHANGE = Statement(update(Visit).where(Visit.id == bindparam("visit_id")))


def change(on: Runner, visit_id: uuid.UUID, **columns: Any) -> None:
    """Change columns of a visit that this transaction holds; a ``Visit`` read before does not show it."""
    rows(on, _CHANGE, visit_id=visit_id, **columns)


_LOCATIONS = Statement(
    lambda dialect: select(
        Location.id,
        Location.code,
        Location.name,
        Location.address,
        Location.time_zone,
        Location.latitude,
        Location.longitude,
    ).where(among(Location.id, "ids", dialect))
)


def _of_submissions(column: Any) -> Statement:
    """Return the statement that selects a column of the submissions of visits."""
    return Statement(
        lambda dialect: select(Submission.visit_id, Submission.revision, column).where(
            among(Submission.visit_id, "ids", dialect)
        )
    )


_EXPECTED_PHOTOS = _of_submissions(Submission.photos)
_RESULTS = _of_submissions(Submission.result)
_PHOTO_STATUSES = Statement(
    lambda dialect: select(Photo.visit_id, Photo.id, Photo.status).where(
        among(Photo.visit_id, "ids", dialect)
    )
)


_PEOPLE = Statement(lambda dialect: select(User.id, User.name).where(among(User.id, "ids", dialect)))
_FLAGS = Statement(
    lambda dialect: (
        select(
            Flag.visit_id,
            Flag.code,
            Flag.detail,
            Flag.revision,
            Flag.photo_id,
            Flag.question,
            Flag.other_visit_id,
            Flag.other_photo_id,
            Flag.other_question,
        )
        .where(among(Flag.visit_id, "ids", dialect))
        .order_by(Flag.number)
    )
)


def described(session: Session, found: Sequence[Any], view: View) -> list[dict[str, Any]]:
    """Return visits, or rows of a list of them, with what their view shows of all that belongs to them.

    Of answers it is what the revision had with which the visit was read.
    """
    ids = [visit.id for visit in found]
    places = {
        place.id: place for place in rows(session, _LOCATIONS, ids=list({v.location_id for v in found}))
    }
    described: list[dict[str, Any]] = []
    for visit in found:
        document = published(session, visit.checklist_version_id).document
        described.append(
            {
                "id": visit.id,
                "status": visit.status,
                "location": places[visit.location_id],
                "checklist": {"key": document.key, "version": document.version},
                "visit": visit,
            }
        )
    if view == "watched":
        results = {(row.visit_id, row.revision): row.result for row in rows(session, _RESULTS, ids=ids)}
        for visit, row in zip(found, described, strict=True):
            row["score"] = visit_score(results[visit.id, visit.revision])
    else:
        answered = [visit.id for visit in found if visit.revision]
        submissions = rows(session, _EXPECTED_PHOTOS, ids=answered) if answered else []
        expected = {(row.visit_id, row.revision): row.photos for row in submissions}
        statuses: dict[uuid.UUID, dict[str, str]] = defaultdict(dict)
        for photo in rows(session, _PHOTO_STATUSES, ids=ids):
            statuses[photo.visit_id][str(photo.id)] = photo.status
        for visit, row in zip(found, described, strict=True):
            named = expected.get((visit.id, visit.revision), [])
            row["photos"] = _photo_counts(named, statuses[visit.id])
    if view == "evidence":
        shoppers = rows(session, _PEOPLE, ids=list({visit.shopper_id for visit in found}))
        people = {each.id: each for each in shoppers}
        flags = flags_of(session, found)
        for row in described:
            row["shopper"] = people[row["visit"].shopper_id]
            row["flags"] = flags[row["id"]]
    return described


def flags_of(session: Session, found: Iterable[Any]) -> dict[uuid.UUID, list[Any]]:
    """Return the flags of the latest revision of each visit, and what only earlier ones were flagged for."""
    latest = {visit.id: visit.revision for visit in found}
    flags: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for flag in rows(session, _FLAGS, ids=list(latest)):
        flags[flag.visit_id].append(flag)
    for visit_id, found_flags in flags.items():
        codes = {flag.code for flag in found_flags if flag.revision == latest[visit_id]}
        flags[visit_id] = [
            flag
            for flag in found_flags
            if flag.revision == latest[visit_id]
            or (flag.revision < latest[visit_id] and flag.code not in codes)
        ]
    return flags


def stored_photos(session: Session, visit: Visit) -> Sequence[Photo]:
    """Return the photos of a visit that are stored, in the order in which they came."""
    return session.scalars(
        select(Photo)
        .where(Photo.visit_id == visit.id, Photo.status == "stored")
        .order_by(Photo.stored_at, Photo.id)
    ).all()


def progress(session: Session, actor: Actor, top: Region, period: Period) -> list[dict[str, Any]]:
    """Return for each month how many visits at or below a region are accepted and how many still out.

    Counts alone, by region and month: nobody learns which store is to be visited when. Nothing moves as
    answers come: a visit is out, in the month in which its window opens, until it is accepted. One that was
    called off before its answers came is not out again.
    """
    under = visibility.below(select(Region.id).where(Region.id == top.id))
    in_region = and_(Visit.organization_id == actor.organization_id, Location.region_id.in_(under))
    called_off = select(Flag.visit_id).where(Flag.visit_id == Visit.id, Flag.code == "cancelled").exists()
    out = session.execute(
        select(Visit.opens_at, Location.time_zone, func.count())
        .join(Location, Location.id == Visit.location_id)
        .where(
            in_region,
            Visit.status.in_(visits.OUT),
            ~called_off,
            # A month wider than asked for: the time zones decide below.
            Visit.opens_at >= _beginning(period.first - 1),
            Visit.opens_at < _beginning(period.last + 2),
        )
        .group_by(Visit.opens_at, Location.time_zone)
    )
    accepted = session.execute(
        select(Visit.month, func.count())
        .join(Location, Location.id == Visit.location_id)
        .where(in_region, Visit.status == "accepted", Visit.month.between(period.first, period.last))
        .group_by(Visit.month)
    )
    opening: Counter[int] = Counter()
    for opens_at, time_zone, number in out:
        opening[month_of(local(opens_at, time_zone))] += number
    counted = dict(accepted.all())
    return [
        {"month": month_name(month), "out": opening[month], "accepted": counted.get(month, 0)}
        for month in period.months
    ]


def _beginning(month: int) -> datetime:
    """Return when a month begins in UTC, within the years that there are."""
    year, index = divmod(min(max(month, FIRST_MONTH), LAST_MONTH), 12)
    return datetime(year, index + 1, 1, tzinfo=UTC)


def _photo_counts(expected: Sequence[str], statuses: Mapping[str, str]) -> dict[str, Any]:
    stored = [photo_id for photo_id in expected if statuses.get(photo_id) == "stored"]
    return {
        "expected": len(expected),
        "stored": len(stored),
        "missing": [photo_id for photo_id in expected if photo_id not in stored],
        "unusable": [photo_id for photo_id, status in statuses.items() if status == "unusable"],
    }


def _locked(session: Session, visit_id: uuid.UUID, visible: ColumnElement[bool]) -> Visit:
    visit: Visit | None = visibility.find(session, Visit, visit_id, visible, lock=True)
    if visit is None:
        raise problems.VISIT_NOT_FOUND()
    return visit


def _by_id(session: Session, query: Select[Any]) -> dict[uuid.UUID, Any]:
    return {row.id: row for row in session.scalars(query)}
