"""The schedule: who visits which store, when, with which checklist, and what happens to the visit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from api.domain.access import SHOPPER
from api.domain.months import Period, get_month, to_local_time
from api.domain.visits import violates_lockout
from api.services.demo.people import PEOPLE
from api.services.demo.stores import STORES, Store

#: How many months the demo covers, including the current one.
MONTHS = 24
LOCKOUT_DAYS = 30
#: A late visit ends at most this many days after its window.
MOST_DAYS_LATE = 2
#: How many of the latest visits have photos, in addition to the latest visit of each store before this month:
#: the pages open with whole months.
PHOTOGRAPHED_VISITS = 2
#: The proportions of months in which a store has a second visit, and a visit with the short checklist.
SECOND_VISIT, SHORT_VISIT = 0.6, 0.5

#: Visits that give every role something to do: (days from today, store, login, checklist, outcome).
_NOTABLE_VISITS = (
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
#: Checklists that take days because the shopper waits for a reply: for how many days the window is open
#: before and after the visit begins.
SLOW_CHECKLISTS = {"message": (1, 9), "problem-and-return": (1, 10)}
#: Checklists that are used once or twice in six months, by the month of that cycle.
_RARE_CHECKLISTS = {
    0: "telephone-call",
    1: "message",
    2: "self-check",
    3: "problem-and-return",
    5: "self-check",
}


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit to generate. Times are in the store's time zone.

    ``outcome`` is what happens to it: ``assigned`` or ``cancelled`` if no answers are sent; ``sent``, or
    ``photographed`` with photos; ``late``, ``far``, ``fast`` or ``copied`` if that raises a flag; and
    ``reviewed``, ``returned``, ``rejected`` or ``waiting`` if a reviewer decides or has yet to decide.
    """

    store: Store
    login: str
    checklist: str
    opens_at: datetime
    closes_at: datetime
    starts_at: datetime
    outcome: str

    @property
    def window(self) -> tuple[datetime, datetime]:
        """The times that the rotation lock-out looks at."""
        return self.opens_at, self.closes_at


def plan_visits(rng: Random, moment: datetime) -> list[PlannedVisit]:
    """Return the visits of the months up to ``moment``, and the outstanding ones, sorted by opening."""
    stores = {store.code: store for store in STORES}
    visits = [
        _plan_visit(rng, stores[code], login, checklist, _get_local_day(moment, stores[code], days), outcome)
        for days, code, login, checklist, outcome in _NOTABLE_VISITS
    ]
    rota = _Rota(rng, visits)
    last = Period.of(None, None, moment).last
    for store_number, store in enumerate(STORES):
        for month_number, month in enumerate(range(last - MONTHS + 1, last + 1)):
            for checklist in _pick_checklists(rng, store_number + month_number):
                day = date(month // 12, month % 12 + 1, rng.randint(1, 28))
                if day >= _get_local_day(moment, store, -7 if checklist in SLOW_CHECKLISTS else 0):
                    continue
                visit = _plan_visit(rng, store, "", checklist, day, "sent")
                visit = replace(visit, outcome=_pick_outcome(rng, visit, moment))
                visits.append(rota.assign(visit))
    visits.sort(key=lambda visit: visit.opens_at)
    return _add_photos(visits, last)


def _get_local_day(moment: datetime, store: Store, days: int) -> date:
    """Return the day at the store ``days`` after ``moment``."""
    return to_local_time(moment, store.time_zone).date() + timedelta(days)


def _pick_checklists(rng: Random, month: int) -> list[str]:
    """Return the checklists of a store's visits in a month. ``month`` counts in a cycle of six months."""
    checklists = ["store-visit"]
    if rng.random() < SECOND_VISIT:
        checklists.append("store-visit")
    if rng.random() < SHORT_VISIT:
        checklists.append("four-basics")
    if month % 6 in _RARE_CHECKLISTS:
        checklists.append(_RARE_CHECKLISTS[month % 6])
    return checklists


def _plan_visit(
    rng: Random, store: Store, login: str, checklist: str, day: date, outcome: str
) -> PlannedVisit:
    zone = ZoneInfo(store.time_zone)
    before, after = SLOW_CHECKLISTS.get(checklist, (rng.randint(0, 3), rng.randint(1, 3)))
    if outcome in ("assigned", "cancelled"):
        before, after = 0, 6
    start = time(rng.randint(10, 17), rng.randint(0, 59), rng.randint(0, 59))
    return PlannedVisit(
        store,
        login,
        checklist,
        datetime.combine(day - timedelta(before), time(0), zone),
        datetime.combine(day + timedelta(after), time(23, 59, 59), zone),
        datetime.combine(day, start, zone),
        outcome,
    )


def _pick_outcome(rng: Random, visit: PlannedVisit, moment: datetime) -> str:
    number = rng.random()
    if visit.checklist == "problem-and-return":
        return "rejected" if number < 0.06 else "reviewed"
    can_be_late = (
        visit.checklist in ("store-visit", "four-basics")
        and visit.closes_at + timedelta(MOST_DAYS_LATE) < moment
    )
    return "late" if can_be_late and number < 0.03 else "sent"


class _Rota:
    """Assigns visits to shoppers within the rotation lock-out."""

    def __init__(self, rng: Random, visits: Iterable[PlannedVisit]) -> None:
        self._rng = rng
        self._windows: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
        for visit in visits:
            self._add(visit)

    def assign(self, visit: PlannedVisit) -> PlannedVisit:
        """Return the visit with the login of the person who makes it."""
        visit = replace(visit, login=self._pick_login(visit))
        self._add(visit)
        return visit

    def _add(self, visit: PlannedVisit) -> None:
        self._windows.setdefault((visit.login, visit.store.code), []).append(visit.window)

    def _pick_login(self, visit: PlannedVisit) -> str:
        """Pick a shopper from the store's region if the lock-out allows one, otherwise from another."""
        if visit.checklist == "self-check":
            managers = [person.login for person in PEOPLE if person.store == visit.store.code]
            return managers[0] if managers else _get_region_manager(visit.store)
        shoppers = [person for person in PEOPLE if person.role == SHOPPER]
        self._rng.shuffle(shoppers)
        shoppers.sort(key=lambda person: person.region != visit.store.region)
        for person in shoppers:
            windows = self._windows.get((person.login, visit.store.code), ())
            if not any(
                violates_lockout(visit.window, window, LOCKOUT_DAYS + MOST_DAYS_LATE) for window in windows
            ):
                return person.login
        raise AssertionError("The lock-out leaves no shopper for a visit.")


def _get_region_manager(store: Store) -> str:
    return "manager-spain" if store.region == "SPAIN" else "manager-isles"


def _add_photos(visits: Sequence[PlannedVisit], month: int) -> list[PlannedVisit]:
    """Add photos to the latest visits, and to the latest of each store before the month ``month``.

    Only visits without another outcome have photos.
    """
    candidates = [visit for visit in visits if (visit.checklist, visit.outcome) == ("store-visit", "sent")]
    chosen = {id(visit) for visit in candidates[-PHOTOGRAPHED_VISITS:]}
    earlier = (visit for visit in candidates if get_month(visit.starts_at.date()) < month)
    chosen |= {id(visit) for visit in {visit.store.code: visit for visit in earlier}.values()}
    return [replace(visit, outcome="photographed") if id(visit) in chosen else visit for visit in visits]
