"""Demo data: a made-up organization with a year of visits, drawn by seeded dice.

Everything goes through the same services as real visits, with times in the past, so totals, flags and
decisions are what they would have been. The same seed on the same day gives the same scores.
"""

import hashlib
import io
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from functools import singledispatch
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.domain.access import ADMIN, MANAGER, REVIEWER, SHOPPER, Actor
from api.domain.answers import find_visible_questions
from api.domain.checklist import SELF_CHECK, Checklist, Question
from api.domain.months import Period, to_local_time
from api.domain.question_types import Choice, Duration, FreeText, Photo, QuestionType, Scale, YesNo
from api.domain.visits import violates_lockout
from api.models.base import now
from api.models.organizations import Organization
from api.models.places import Location
from api.models.reviews import Decision
from api.models.submissions import Submission
from api.models.users import User
from api.models.visits import Visit
from api.services import assignments, organizations, photos, places, reviews, submissions
from api.services import demo_words as words
from api.services.checklists import get_version
from api.services.people import passwords, users
from uploads.store import Store

ORGANIZATION = "Demo data — Harbour Stores"
PASSWORD = "demo-harbour-stores"  # noqa: S105  (printed at every start)
SEED = 20
LOCKOUT_DAYS = 30
PHOTOGRAPHED = 8

#: (code, name, code of the region above)
REGIONS = (
    ("ISLES", "Britain and Ireland (demo data)", None),
    ("IRELAND", "Ireland (demo data)", "ISLES"),
    ("SPAIN", "Spain (demo data)", None),
)


@dataclass(frozen=True, slots=True)
class Shop:
    """A location, how good it is at the year's start, and by how much that changes over the year."""

    code: str
    town: str
    region: str
    address: str
    time_zone: str
    latitude: float
    longitude: float
    quality: float
    drift: float


_LONDON, _DUBLIN, _MADRID = "Europe/London", "Europe/Dublin", "Europe/Madrid"
STORES = (
    Shop("LON", "London", "ISLES", "St Katharine Docks, London", _LONDON, 51.5071, -0.0713, 0.78, 0.04),
    Shop("BRS", "Bristol", "ISLES", "Harbourside, Bristol", _LONDON, 51.4496, -2.5985, 0.94, 0.01),
    Shop("LIV", "Liverpool", "ISLES", "Royal Albert Dock, Liverpool", _LONDON, 53.4003, -2.9927, 0.74, 0.0),
    Shop("PTM", "Portsmouth", "ISLES", "Gunwharf Quays, Portsmouth", _LONDON, 50.7953, -1.1066, 0.7, 0.12),
    Shop("LEI", "Leith", "ISLES", "The Shore, Edinburgh", _LONDON, 55.9763, -3.1703, 0.82, -0.06),
    Shop("DUB", "Dublin", "IRELAND", "Grand Canal Dock, Dublin", _DUBLIN, 53.3419, -6.2382, 0.8, 0.02),
    Shop("ORK", "Cork", "IRELAND", "Lapp's Quay, Cork", _DUBLIN, 51.8975, -8.4662, 0.56, -0.02),
    Shop("GWY", "Galway", "IRELAND", "New Docks, Galway", _DUBLIN, 53.2695, -9.0486, 0.84, 0.03),
    Shop("BCN", "Barcelona", "SPAIN", "Port Vell, Barcelona", _MADRID, 41.3764, 2.1837, 0.76, -0.03),
    Shop("VLC", "Valencia", "SPAIN", "La Marina, Valencia", _MADRID, 39.4614, -0.3242, 0.74, 0.06),
    Shop("AGP", "Málaga", "SPAIN", "Muelle Uno, Málaga", _MADRID, 36.7184, -4.4136, 0.91, 0.0),
    Shop("BIO", "Bilbao", "SPAIN", "Ripa, Bilbao", _MADRID, 43.2622, -2.9277, 0.6, 0.02),
)
#: numbers that reach nobody: Ofcom and ComReg reserve theirs for fiction, and no Spanish one begins with 0
PHONES = {
    "LON": "+44 20 7946 0101",
    "BRS": "+44 117 496 0102",
    "LIV": "+44 151 496 0103",
    "PTM": "+44 1632 960104",
    "LEI": "+44 131 496 0105",
    "DUB": "+353 20 910 0106",
    "ORK": "+353 20 910 0107",
    "GWY": "+353 20 910 0108",
    "BCN": "+34 000 000 109",
    "VLC": "+34 000 000 110",
    "AGP": "+34 000 000 111",
    "BIO": "+34 000 000 112",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo, and where he is at home or which places he is named for."""

    login: str
    name: str
    role: str
    region: str | None = None
    store: str | None = None

    @property
    def email(self) -> str:
        """The address he logs in with."""
        return f"demo-{self.login}@example.com"


PEOPLE = (
    Person("admin", "Demo administrator", ADMIN),
    Person("reviewer", "Demo reviewer", REVIEWER),
    Person("manager-isles", "Demo manager of Britain and Ireland", MANAGER, "ISLES"),
    Person("manager-spain", "Demo manager of Spain", MANAGER, "SPAIN"),
    Person("manager-dublin", "Demo manager of the Dublin store", MANAGER, None, "DUB"),
    *(
        Person(f"shopper-{number}", f"Demo shopper {number}", SHOPPER, region)
        for number, region in enumerate(
            ("ISLES", "ISLES", "ISLES", "IRELAND", "IRELAND", "SPAIN", "SPAIN", "SPAIN"), start=1
        )
    ),
)


class NotEmpty(Exception):
    """The database holds an organization already."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A visit that is to be made up. ``what`` tells what becomes of it; times are the shop's own."""

    store: Shop
    login: str
    checklist: str
    opens: datetime
    closes: datetime
    starts: datetime
    what: str = "sent"

    @property
    def span(self) -> tuple[datetime, datetime]:
        """What the rotation lock-out looks at."""
        return self.opens, self.closes


@dataclass(slots=True)
class _Demo:
    """What the dice, the plan and the services share while the demo is being made."""

    seed: int
    moment: datetime
    dice: random.Random = field(init=False)
    actors: dict[str, Actor] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    strengths: dict[tuple[str, str], float] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    stories: list[str] = field(default_factory=list)
    later: list[tuple[Plan, uuid.UUID]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311  (nothing here is a secret)


def is_new(session: Session) -> bool:
    """Say whether the database holds no organization yet."""
    return session.scalar(select(Organization.id).limit(1)) is None


def log_ins(session: Session) -> list[Person]:
    """Return whom to log in as, if the demo's organization is there."""
    known = set(
        session.scalars(
            select(User.email)
            .join(Organization, Organization.id == User.organization_id)
            .where(Organization.name == ORGANIZATION, User.disabled.is_(False))
        )
    )
    return [person for person in PEOPLE if person.email in known]


def fill(database: Database, store: Store, *, moment: datetime | None = None, seed: int = SEED) -> str:
    """Fill an empty database with the demo, and say what was made; raises NotEmpty for any other.

    All is one transaction, but for the few visits with photos, which are made when it is committed.
    """
    moment = moment or now()
    password_hash = passwords.hash_password(PASSWORD)

    def work(session: Session) -> tuple[_Demo, int]:
        if not is_new(session):
            raise NotEmpty("The database holds an organization already; demo data goes into an empty one.")
        demo = _Demo(seed, moment)
        _found(session, demo, password_hash)
        plans = _plan(demo)
        for plan, visit in _assigned(session, demo, plans):
            _make(session, demo, plan, visit)
        _date_back(session)
        return demo, len(plans)

    demo, count = database.write(work)
    for plan, visit_id in demo.later:
        _make_with_photos(database, store, demo, plan, visit_id)
    database.write(_date_back)
    return f"{ORGANIZATION}: {len(REGIONS)} regions, {len(STORES)} locations, {count} visits made up."


# Places and people.


def _found(session: Session, demo: _Demo, password_hash: str) -> None:
    organization = organizations.create_organization(session, ORGANIZATION)
    admin, *others = PEOPLE
    user = users.create_administrator(session, organization.id, admin.email, admin.name, password_hash)
    boss = demo.actors[admin.login] = Actor(user.id, organization.id, ADMIN, uuid.uuid4())
    regions: dict[str, uuid.UUID] = {}
    for code, name, above in REGIONS:
        values = {"code": code, "name": name, "parent_id": regions[above] if above else None}
        regions[code] = places.create_region(session, boss, values).id
    for store in STORES:
        place = {
            "code": store.code,
            "name": f"{store.town} (demo data)",
            "region_id": regions[store.region],
            "address": store.address,
            "phone": PHONES[store.code],
            "time_zone": store.time_zone,
            "latitude": store.latitude,
            "longitude": store.longitude,
        }
        demo.locations[store.code] = places.create_location(session, boss, place)
    for person in others:
        manages = person.role == MANAGER
        one = {
            "email": person.email,
            "name": person.name,
            "role": person.role,
            "region_ids": [regions[person.region]] if manages and person.region else [],
            "location_ids": [demo.locations[person.store].id] if person.store else [],
        }
        made = users.create_user(session, boss, one, password_hash)
        demo.actors[person.login] = Actor(made.user.id, organization.id, person.role, uuid.uuid4())


# The plan: who goes where, when and with which checklist.

#: days from today, store, who, checklist, what becomes of it
_SPECIAL = (
    (-3, "LON", "shopper-2", "store-visit", "far"),
    (-2, "ORK", "shopper-5", "store-visit", "fast"),
    (-4, "VLC", "shopper-7", "store-visit", "copied"),
    (-9, "BCN", "shopper-6", "problem-and-return", "waiting"),
    (-6, "LIV", "shopper-1", "store-visit", "returned"),
    (1, "DUB", "shopper-4", "store-visit", "cancelled"),
    (0, "BRS", "shopper-1", "store-visit", "assigned"),
    (0, "PTM", "shopper-1", "four-basics", "assigned"),
    (1, "LEI", "shopper-1", "telephone-call", "assigned"),
    (0, "GWY", "shopper-4", "store-visit", "assigned"),
    (0, "AGP", "shopper-6", "four-basics", "assigned"),
    (1, "BIO", "shopper-8", "message", "assigned"),
    (0, "DUB", "manager-dublin", "self-check", "assigned"),
)
#: how many days a visit's window stands open before and after the day of the visit
_WINDOWS = {"message": (1, 9), "problem-and-return": (1, 10)}


def _plan(demo: _Demo) -> list[Plan]:
    stores = {store.code: store for store in STORES}
    plans = [
        _planned(demo, stores[code], login, checklist, _today(demo, stores[code]) + timedelta(days), what)
        for days, code, login, checklist, what in _SPECIAL
    ]
    taken: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for plan in plans:
        taken.setdefault((plan.login, plan.store.code), []).append(plan.span)
    first, *_ = period = Period.of(None, None, demo.moment).months
    for number, store in enumerate(STORES):
        for month in period:
            for checklist in _checklists_of(demo, month - first + number):
                day = date(month // 12, month % 12 + 1, demo.dice.randint(1, 28))
                plan = _planned(demo, store, "", checklist, day)
                if to_local_time(plan.starts, store.time_zone).date() >= _today(demo, store) - _takes(
                    checklist
                ):
                    continue
                login = _who(demo, plan, taken)
                taken.setdefault((login, store.code), []).append(plan.span)
                plans.append(replace(plan, login=login, what=_outcome(demo, plan)))
    plans.sort(key=lambda plan: plan.opens)
    return _photographed(plans)


def _photographed(plans: Sequence[Plan]) -> list[Plan]:
    """Let the latest visits that nothing else happens to have photos."""
    fit = [plan for plan in plans if (plan.checklist, plan.what) == ("store-visit", "sent")]
    chosen = {id(plan) for plan in fit[-PHOTOGRAPHED:]}
    return [replace(plan, what="photographed") if id(plan) in chosen else plan for plan in plans]


def _checklists_of(demo: _Demo, number: int) -> list[str]:
    """Return what a store is visited for in a month: always a whole visit, the rest from time to time."""
    chosen = ["store-visit"]
    if demo.dice.random() < 0.5:
        chosen.append("four-basics")
    others = {0: "telephone-call", 1: "message", 3: "problem-and-return", 4: "self-check"}
    if number % 6 in others:
        chosen.append(others[number % 6])
    return chosen


def _outcome(demo: _Demo, plan: Plan) -> str:
    drawn = demo.dice.random()
    if plan.checklist == "problem-and-return":
        return "rejected" if drawn < 0.06 else "reviewed"
    over = plan.closes + timedelta(days=2) < demo.moment
    return "late" if drawn < 0.03 and over and plan.checklist in ("store-visit", "four-basics") else "sent"


def _planned(demo: _Demo, store: Shop, login: str, checklist: str, day: date, what: str = "sent") -> Plan:
    zone = ZoneInfo(store.time_zone)
    before, after = _WINDOWS.get(checklist, (demo.dice.randint(0, 3), demo.dice.randint(1, 3)))
    if what in ("assigned", "cancelled"):
        before, after = 0, 6
    hour, minute = demo.dice.randint(10, 17), demo.dice.randint(0, 59)
    return Plan(
        store,
        login,
        checklist,
        datetime.combine(day - timedelta(before), clock(0), zone),
        datetime.combine(day + timedelta(after), clock(23, 59, 59), zone),
        datetime.combine(day, clock(hour, minute, demo.dice.randint(0, 59)), zone),
        what,
    )


def _who(demo: _Demo, plan: Plan, taken: Mapping[tuple[str, str], list[tuple[datetime, datetime]]]) -> str:
    """Return who makes a visit: one at home there, if the rotation lets him, else one from elsewhere."""
    if plan.checklist == "self-check":
        named = [each.login for each in PEOPLE if each.store == plan.store.code]
        return named[0] if named else f"manager-{'spain' if plan.store.region == 'SPAIN' else 'isles'}"
    shoppers = [person for person in PEOPLE if person.role == SHOPPER]
    demo.dice.shuffle(shoppers)
    shoppers.sort(key=lambda person: person.region != plan.store.region)
    for person in shoppers:
        others = taken.get((person.login, plan.store.code), ())
        # A late visit ends up to two days after its window.
        if not any(violates_lockout(plan.span, other, LOCKOUT_DAYS + 2) for other in others):
            return person.login
    raise AssertionError("eight shoppers are enough for every store")


def _today(demo: _Demo, store: Shop) -> date:
    return to_local_time(demo.moment, store.time_zone).date()


def _takes(checklist: str) -> timedelta:
    """Return how many days a visit may take: the answer to a message, the end of a return are waited for."""
    return timedelta(7 if checklist in _WINDOWS else 0)


# Making the visits.


def _assigned(session: Session, demo: _Demo, plans: Sequence[Plan]) -> list[tuple[Plan, Visit]]:
    orders = [
        {
            "location_id": demo.locations[plan.store.code].id,
            "shopper_id": demo.actors[plan.login].id,
            "checklist_key": plan.checklist,
            "window": {"opens_at": plan.opens, "closes_at": plan.closes},
        }
        for plan in plans
    ]
    made = assignments.assign(session, demo.actors["admin"], orders, batch=True)
    for plan, visit in zip(plans, made, strict=True):
        visit.created_at = min(plan.opens - timedelta(days=5), demo.moment)
    return list(zip(plans, made, strict=True))


def _make(session: Session, demo: _Demo, plan: Plan, visit: Visit) -> None:
    """Let happen to a visit what its plan says."""
    if plan.what == "assigned":
        return
    if plan.what == "cancelled":
        assignments.cancel(session, demo.actors["admin"], visit.id)
        return
    if plan.what == "photographed":
        demo.later.append((plan, visit.id))
        return
    _send(session, demo, plan, visit)
    if plan.what in words.DECISIONS:
        decision, reason, question_reasons = words.DECISIONS[plan.what]
        decided = reviews.decide(
            session,
            demo.actors["reviewer"],
            visit.id,
            revision=1,
            decision=decision,
            reason=reason,
            question_reasons=question_reasons,
            replaces=None,
        )
        received_at = session.get_one(Submission, (visit.id, 1)).received_at
        decided_at = min(received_at + timedelta(hours=demo.dice.randint(3, 40)), demo.moment)
        session.get_one(Decision, decided.id).decided_at = decided_at


def _send(session: Session, demo: _Demo, plan: Plan, visit: Visit, **pictures: str) -> None:
    document = get_version(session, visit.checklist_version_id).document
    actor = demo.actors[plan.login]
    answers = _answers(demo, plan, document)
    for key, photo_id in pictures.items():
        answers[key.replace("_", "-")] = {"photos": [photo_id]}
    if plan.what == "copied":
        answers["story"] = {"value": demo.stories[len(demo.stories) // 2]}
    starts = plan.starts + timedelta(plan.what == "late") * (1 + (plan.closes - plan.starts).days)
    ends = starts + _duration(demo, plan, answers)
    received_at = (ends + timedelta(seconds=demo.dice.randint(60, 7200))).astimezone(UTC)
    content = {
        "revision": 1,
        "checklist_version": document.version,
        "started_at": starts.isoformat(),
        "finished_at": ends.isoformat(),
        "position": _position(demo, plan, document),
        "answers": answers,
        "comment": None,
    }
    prepared = submissions.prepare(
        session,
        actor,
        visit.id,
        content,
        {**content, "started_at": starts, "finished_at": ends},
        device_time=received_at,
        received_at=received_at,
    )
    assert not isinstance(prepared, str)
    submissions.store(session, actor, prepared, accept_every_minutes=0)


def _date_back(session: Session) -> None:
    """Let visits that were accepted by themselves have been so when they came."""
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


def _duration(demo: _Demo, plan: Plan, answers: Mapping[str, Any]) -> timedelta:
    if plan.what in ("fast", "returned"):
        return timedelta(seconds=9)
    if plan.checklist in _WINDOWS:
        return timedelta(days=demo.dice.randint(1, 5), minutes=demo.dice.randint(0, 600))
    minutes = {"store-visit": (9, 26), "four-basics": (3, 8)}.get(plan.checklist, (4, 12))
    return timedelta(seconds=demo.dice.randint(minutes[0] * 60, minutes[1] * 60))


def _position(demo: _Demo, plan: Plan, document: Checklist) -> dict[str, float] | None:
    if document.channel in ("telephone", "message"):
        return None
    away = 0.02 if plan.what == "far" else 0.0
    return {
        "latitude": round(plan.store.latitude + away + demo.dice.gauss(0, 0.0003), 6),
        "longitude": round(plan.store.longitude + demo.dice.gauss(0, 0.0003), 6),
        "accuracy_m": demo.dice.randint(5, 40),
    }


# Answers: each store has its own quality, its strengths and weaknesses, and moves over the year.


def _answers(demo: _Demo, plan: Plan, document: Checklist) -> dict[str, Any]:
    dice = demo.dice
    year = max(0.0, 1 - (demo.moment - plan.starts).days / 365)
    quality = plan.store.quality + plan.store.drift * year + dice.gauss(0, 0.06)
    if document.channel == SELF_CHECK:
        quality = min(quality + 0.1, 0.97)
    answers: dict[str, Any] = {}
    for question in document.questions:
        # A condition names an earlier question, so what is visible is known when its turn comes.
        if question.key not in find_visible_questions(document, answers):
            continue
        answer = _answer(question.type, demo, plan, question, quality)
        if answer is not None:
            answers[question.key] = answer
    return answers


@singledispatch
def _answer(
    type_: QuestionType, demo: _Demo, plan: Plan, question: Question, quality: float
) -> dict[str, Any] | None:
    """Draw an answer to a question, or ``None`` to leave it unanswered; each type can have its own way."""
    dice = demo.dice
    if question.not_applicable and dice.random() < 0.12:
        return {"not_applicable": True}
    chance = quality + _strength(demo, plan.store, question.fundamental)
    if question.critical:
        chance = 1 - (1 - chance) * 0.2
    value = _value(type_, dice, min(max(chance, 0.05), 0.99))
    answer: dict[str, Any] = {"value": value}
    if question.comment == "when_points_lost" and type_.points_for(value) < question.points_possible:
        answer["comment"] = _reason(demo, question.key)
    return answer


@_answer.register
def _(type_: FreeText, demo: _Demo, plan: Plan, question: Question, quality: float) -> dict[str, Any] | None:
    text = _text(demo, plan, question, quality) if demo.dice.random() < 0.6 else None
    return {"value": text} if text else None


@_answer.register
def _(type_: Photo, *_args: Any) -> None:
    """Photos are drawn separately: they are declared and uploaded before the answers are sent."""


def _strength(demo: _Demo, store: Shop, fundamental: str | None) -> float:
    if fundamental is None:
        return 0.0
    # Drawn by its name and not in turn, so that it is the same in whichever order it is asked for.
    drawn = random.Random(f"{demo.seed}/{store.code}/{fundamental}")  # noqa: S311
    return demo.strengths.setdefault((store.code, fundamental), drawn.gauss(0, 0.07))


@singledispatch
def _value(type_: QuestionType, dice: random.Random, chance: float) -> Any:
    """Draw a value, which is as good as possible with a chance of ``chance``."""
    raise NotImplementedError(f"the built-in checklists have no question of the type {type_.name}")


@_value.register
def _(type_: YesNo, dice: random.Random, chance: float) -> str:
    if not type_.points:
        return "yes" if dice.random() < 0.3 else "no"
    good = type_.good_answer
    return good if dice.random() < chance else ("no" if good == "yes" else "yes")


@_value.register
def _(type_: Scale, dice: random.Random, chance: float) -> int:
    low, high = type_.minimum or 0, type_.maximum or 0
    return min(max(round(low + (high - low) * dice.gauss(chance, 0.18)), low), high)


@_value.register
def _(type_: Choice, dice: random.Random, chance: float) -> str:
    if not type_.points_possible:
        return dice.choice(type_.options).key
    best = max(type_.options, key=lambda option: option.points)
    return best.key if dice.random() < chance else dice.choice(type_.options).key


@_value.register
def _(type_: Duration, dice: random.Random, chance: float) -> int:
    """Draw a duration as people estimate it: in steps of 5 seconds, minutes or hours."""
    ends = [0, *(band.up_to for band in type_.bands if band.up_to is not None)]
    ends.append(ends[-1] * 2)
    reached = int(min(max((1 - dice.gauss(chance, 0.15)) * len(type_.bands), 0), len(type_.bands) - 1))
    drawn = dice.uniform(ends[reached], ends[reached + 1])
    step = next(step for most, step in ((300, 5), (7200, 60), (10**9, 3600)) if ends[reached + 1] <= most)
    return max(int(drawn // step) * step, step if reached == 0 else ends[reached] + step)


# Words: made of parts, and no long one said twice, or the visits would be flagged.


def _text(demo: _Demo, plan: Plan, question: Question, quality: float) -> str | None:
    mood = "good" if quality > 0.82 else "fair" if quality > 0.66 else "poor"
    for _ in range(20):
        parts = words.parts(plan.checklist, mood)
        text = " ".join(demo.dice.choice(part) for part in parts)
        if text not in demo.said:
            demo.said.add(text)
            if plan.checklist == "store-visit":
                demo.stories.append(text)
            return text
    return None


def _reason(demo: _Demo, key: str) -> str:
    for _ in range(20):
        text = f"{demo.dice.choice(words.REASONS[key])}, {demo.dice.choice(words.DETAILS)}."
        if text not in demo.said:
            demo.said.add(text)
            return text
    return f"{demo.dice.choice(words.SHORT_REASONS)}."


# Photos: drawn, declared, sent and cleaned like any other.


def _make_with_photos(database: Database, store: Store, demo: _Demo, plan: Plan, visit_id: uuid.UUID) -> None:
    keys = ("store-front", "receipt") if demo.dice.random() < 0.4 else ("store-front",)
    actor = demo.actors[plan.login]
    stored: dict[str, str] = {}
    for key in keys:
        photo_id = uuid.UUID(int=demo.dice.getrandbits(128), version=4)
        data = _picture(demo.dice, plan, key)
        declared = {
            "question": key,
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "content_type": "image/jpeg",
            "taken_at": plan.starts + timedelta(minutes=3),
        }
        photo, _ = database.write(
            lambda session, photo_id=photo_id, declared=declared: photos.declare_photo(  # type: ignore[misc]
                session, actor, visit_id, photo_id, declared
            )
        )
        store.write(photo.upload_key, data, photo.content_type)
        result = photos.check_upload(store, photo)
        database.write(
            lambda session, result=result: photos.record_check(  # type: ignore[misc]
                session, actor, result, 0
            )
        )
        photos.discard_upload(store, result)
        stored[key.replace("-", "_")] = str(photo_id)

    state = demo.dice.getstate()

    def send(session: Session) -> None:
        demo.dice.setstate(state)
        _send(session, demo, plan, session.get_one(Visit, visit_id), **stored)

    database.write(send)


def _picture(dice: random.Random, plan: Plan, key: str) -> bytes:
    """Draw a store front or a receipt of shapes, with DEMO written across it."""

    def colour(low: int, high: int) -> tuple[int, ...]:
        return tuple(dice.randint(low, high) for _ in range(3))

    image = Image.new("RGB", (960, 720), colour(150, 240) if key == "store-front" else colour(60, 120))
    draw = ImageDraw.Draw(image)
    large, small = ImageFont.load_default(110), ImageFont.load_default(34)
    left, top = dice.randint(80, 260), dice.randint(120, 240)
    right, bottom = dice.randint(700, 900), 680
    if key == "store-front":
        draw.rectangle((left, top, right, bottom), fill=colour(60, 200))
        for x in range(left + 30, right - 120, dice.randint(120, 190)):
            draw.rectangle((x, top + 90, x + 80, top + 200), fill=colour(180, 255))
        draw.rectangle((left, top, right, top + 60), fill=colour(20, 90))
    else:
        draw.rectangle((left, top, right, bottom), fill=(248, 246, 240))
        for y in range(top + 150, bottom - 40, dice.randint(34, 60)):
            draw.line((left + 40, y, right - dice.randint(60, 300), y), fill=(70, 70, 70), width=6)
    # Light and shade, so that no two pictures look alike to a fingerprint.
    shade = Image.frombytes("RGB", (9, 8), dice.randbytes(9 * 8 * 3)).resize(image.size)
    image.paste(Image.blend(image, shade, 0.35))
    draw.text((left + 20, top + 10), f"Harbour Stores {plan.store.town}", fill=(250, 210, 60), font=small)
    draw.text((left + 60, (top + bottom) // 2), "DEMO", fill=(200, 30, 30), font=large)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return stream.getvalue()
