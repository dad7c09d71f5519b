"""The flags: what makes a person look at a visit. Pure rules, each explained in words.

Times of the phone are corrected first: a clock that is wrong is no sign of a wrong visit.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from api.domain.checklist import IN_PERSON, SELF_CHECK, Checklist
from api.domain.visits import STORE_CLOSED

CLOCK_TOLERANCE = timedelta(minutes=10)
LONG_AGO = timedelta(days=400)
FAR_METRES = 300
PHOTO_FAR_METRES = 1000
PHOTO_TIME_TOLERANCE = timedelta(hours=1)
SECONDS_A_QUESTION = 2
LONG_COMMENT = 30
PHOTO_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic")
MAX_PHOTO_BYTES = 20 * 2**20
#: the channels in which the shopper stands in the location
ON_THE_SPOT = frozenset({IN_PERSON, SELF_CHECK})
#: times are kept this far from both ends of the calendar, so that moving them never leaves it
_EARLIEST, _LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Flag:
    """A reason to look, and what it is about.

    ``photo_id`` or ``question`` is of the visit itself (a comment without a question is the one on the visit
    as a whole), what begins with ``other`` of the earlier visit in which the same was seen.
    """

    code: str
    detail: str
    photo_id: UUID | None = None
    question: str | None = None
    other_visit_id: UUID | None = None
    other_photo_id: UUID | None = None
    other_question: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees, and how many metres they may be off."""

    latitude: float
    longitude: float
    accuracy_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Times:
    """When a visit was, by the server's clock; ``shift`` was added to the phone's times."""

    started_at: datetime
    finished_at: datetime
    shift: timedelta
    flag: Flag | None


def corrected(
    started_at: datetime, finished_at: datetime, device_time: datetime | None, received_at: datetime
) -> Times:
    """Correct a visit's times by the phone's clock as it sent, or by the time of receipt."""
    started_at, finished_at = _moved(started_at), _moved(finished_at)
    shift, flag = timedelta(0), None
    if device_time is not None:
        off = received_at - device_time
        if abs(off) > CLOCK_TOLERANCE:
            direction = "ahead" if off < timedelta(0) else "behind"
            shift, flag = off, f"The phone's clock was {_span(abs(off))} {direction}."
        # The clock may have been set since: a visit cannot have finished after it was received.
        impossible = _moved(finished_at, shift) > received_at + CLOCK_TOLERANCE
    else:
        impossible = finished_at > received_at or received_at - started_at > LONG_AGO
    if impossible:
        shift = received_at - finished_at
        direction = "after" if shift < timedelta(0) else "before"
        flag = (
            f"By the phone's clock the visit finished {_span(abs(shift))} {direction} its receipt; "
            "its times were corrected by the time of receipt."
        )
    if finished_at < started_at:
        flag = flag or "By the phone's clock the visit finished before it started."
    finished = _moved(finished_at, shift)
    started = min(_moved(started_at, shift), finished)
    if device_time is None and finished - started > LONG_AGO:
        started = finished
    return Times(started, finished, shift, Flag("clock-off", flag) if flag else None)


def outcome_flags(outcome: str) -> list[Flag]:
    """Return ``store-closed``: a person looks at every visit that found the store closed."""
    return [Flag("store-closed", "The shopper found the store closed.")] if outcome == STORE_CLOSED else []


def timing_flags(times: Times, opens_at: datetime, closes_at: datetime) -> list[Flag]:
    """Return ``late`` and ``early``: a visit outside its window."""
    flags = []
    if times.finished_at > closes_at:
        flags.append(
            Flag("late", f"Finished {_span(times.finished_at - closes_at)} after the window closed.")
        )
    if times.started_at < opens_at:
        flags.append(Flag("early", f"Started {_span(opens_at - times.started_at)} before the window opened."))
    return flags


def position_flags(channel: str, position: Position | None, location: Position | None) -> list[Flag]:
    """Return ``far-from-location`` when a visit in person was sent from elsewhere."""
    if channel != IN_PERSON or position is None or location is None:
        return []
    metres = distance(position, location)
    if metres - position.accuracy_m <= FAR_METRES:
        return []
    return [
        Flag(
            "far-from-location",
            f"The phone was {_length(metres)} from the location, "
            f"give or take {_length(position.accuracy_m)}.",
        )
    ]


def pace_flags(started_at: datetime, finished_at: datetime, answered: int) -> list[Flag]:
    """Return ``too-fast`` when under two seconds were spent on a question answered."""
    seconds = max((finished_at - started_at).total_seconds(), 0)
    if seconds >= SECONDS_A_QUESTION * answered:
        return []
    questions = "1 question was" if answered == 1 else f"{answered} questions were"
    return [Flag("too-fast", f"{questions} answered in {seconds:.1f} seconds.")]


def photo_flags(
    photo_id: UUID,
    *,
    times: Times,
    channel: str,
    taken_at: datetime | None,
    position: Position | None,
    location: Position | None,
    seen_in_visit_id: UUID | None,
    seen_photo_id: UUID | None,
) -> list[Flag]:
    """Return the flags of one photo; ``taken_at`` is by the phone's clock, and corrected like the visit."""
    flags = []
    if seen_in_visit_id is not None:
        flags.append(
            Flag(
                "photo-seen-before",
                "The same picture is in another visit.",
                photo_id,
                other_visit_id=seen_in_visit_id,
                other_photo_id=seen_photo_id,
            )
        )
    reasons = []
    if taken_at is not None:
        taken_at = _moved(taken_at, times.shift)
        if taken_at < times.started_at - PHOTO_TIME_TOLERANCE:
            reasons.append(f"taken {_span(times.started_at - taken_at)} before the visit started")
        elif taken_at > times.finished_at + PHOTO_TIME_TOLERANCE:
            reasons.append(f"taken {_span(taken_at - times.finished_at)} after the visit finished")
    if position is not None and location is not None and channel in ON_THE_SPOT:
        metres = distance(position, location)
        if metres > PHOTO_FAR_METRES:
            reasons.append(f"taken {_length(metres)} from the location")
    if reasons:
        flags.append(Flag("photo-not-from-visit", f"The photo was {' and '.join(reasons)}.", photo_id))
    return flags


def long_comments(checklist: Checklist, content: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the comments and text answers of 30 characters or more, without their case and spaces.

    Each with the key of its question, or None for the comment on the visit as a whole.
    """
    texts: list[tuple[object, str | None]] = [(content.get("comment"), None)]
    for key, answer in content["answers"].items():
        texts.append((answer.get("comment"), key))
        texts.append((checklist.question(key).type.get_text(answer.get("value")), key))
    words = [(text.split(), key) for text, key in texts if isinstance(text, str)]
    return {"".join(each).casefold(): key for each, key in words if len(" ".join(each)) >= LONG_COMMENT}


def distance(one: Position, other: Position) -> float:
    """Return the metres between two positions along the sphere (haversine)."""
    phi_1, phi_2 = math.radians(one.latitude), math.radians(other.latitude)
    half_phi = (phi_2 - phi_1) / 2
    half_lambda = math.radians(other.longitude - one.longitude) / 2
    a = math.sin(half_phi) ** 2 + math.cos(phi_1) * math.cos(phi_2) * math.sin(half_lambda) ** 2
    return 2 * 6_371_000 * math.asin(min(1.0, math.sqrt(a)))


def _length(metres: float) -> str:
    return f"{metres / 1000:.1f} km" if metres >= 1000 else f"{metres:.0f} m"


def _span(span: timedelta) -> str:
    minutes = max(round(span.total_seconds() / 60), 1)
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    raise AssertionError("a span has a minute at least")


def _moved(moment: datetime, shift: timedelta = timedelta(0)) -> datetime:
    """Return a moment moved by ``shift``, no farther than times are kept."""
    try:
        moved = moment + shift
    except OverflowError:
        moved = _LATEST if shift > timedelta(0) else _EARLIEST
    return min(max(moved, _EARLIEST), _LATEST)
