"""The rules that decide which flags a visit has. ``flags.py`` registers the flags.

The times that the phone sent are corrected first, because a wrong clock does not mean that the visit is
wrong.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from api.domain import flags
from api.domain.checklist import IN_PERSON, SELF_CHECK, Checklist
from api.domain.flags import Flag
from api.domain.visits import STORE_CLOSED, WITHDRAWN

CLOCK_TOLERANCE = timedelta(minutes=10)
MAX_VISIT_AGE = timedelta(days=400)
MAX_DISTANCE_METRES = 300
MAX_PHOTO_DISTANCE_METRES = 1000
PHOTO_TIME_TOLERANCE = timedelta(hours=1)
MIN_SECONDS_PER_QUESTION = 2
MIN_COMMENT_LENGTH = 30
PHOTO_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic")
MAX_PHOTO_BYTES = 20 * 2**20
#: the channels in which the shopper is at the location
ON_SITE = frozenset({IN_PERSON, SELF_CHECK})
#: Times are limited to this range, so that shifting one never leaves the range of ``datetime``.
_EARLIEST, _LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Position:
    """A position in degrees, and its accuracy in metres."""

    latitude: float
    longitude: float
    accuracy_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Times:
    """The start and end of a visit by the server's clock. ``shift`` was added to the phone's times."""

    started_at: datetime
    finished_at: datetime
    shift: timedelta
    flag: Flag | None


def correct_times(
    started_at: datetime, finished_at: datetime, device_time: datetime | None, received_at: datetime
) -> Times:
    """Return the times of a visit, corrected to the server's clock, with a flag if they were wrong.

    ``device_time`` is the phone's clock when it sent the submission. If it differs by more than the
    tolerance, the times are shifted by the difference. If the result is still impossible, the visit ends when
    it was received. Without ``device_time``, only impossible times are corrected.
    """
    started_at, finished_at = _shift(started_at), _shift(finished_at)
    shift = timedelta(0)
    flag: Flag | None = None
    if device_time is not None:
        difference = received_at - device_time
        if abs(difference) > CLOCK_TOLERANCE:
            direction = "ahead" if difference < timedelta(0) else "behind"
            shift = difference
            flag = flags.CLOCK_OFF(span=_format_span(abs(difference)), direction=direction)
        # The clock may have been set after the visit. A visit cannot finish after it was received.
        is_impossible = _shift(finished_at, shift) > received_at + CLOCK_TOLERANCE
    else:
        is_impossible = finished_at > received_at or received_at - started_at > MAX_VISIT_AGE
    if is_impossible:
        shift = received_at - finished_at
        direction = "after" if shift < timedelta(0) else "before"
        flag = flags.CLOCK_OFF("impossible", span=_format_span(abs(shift)), direction=direction)
    if finished_at < started_at:
        flag = flag or flags.CLOCK_OFF("reversed")
    finished = _shift(finished_at, shift)
    started = min(_shift(started_at, shift), finished)
    if device_time is None and finished - started > MAX_VISIT_AGE:
        started = finished
    return Times(started, finished, shift, flag)


def flag_outcome(outcome: str) -> list[Flag]:
    """Return the flag ``store-closed`` if the store was closed: a reviewer checks every such visit."""
    return [flags.STORE_CLOSED()] if outcome == STORE_CLOSED else []


def flag_status(status: str) -> list[Flag]:
    """Return the flag ``cancelled`` if the visit was withdrawn before its answers were received."""
    return [flags.CANCELLED(status=status)] if status in WITHDRAWN else []


def flag_timing(times: Times, opens_at: datetime, closes_at: datetime) -> list[Flag]:
    """Return the flags ``late`` and ``early`` of a visit outside its window."""
    result = []
    if times.finished_at > closes_at:
        result.append(flags.LATE(span=_format_span(times.finished_at - closes_at)))
    if times.started_at < opens_at:
        result.append(flags.EARLY(span=_format_span(opens_at - times.started_at)))
    return result


def flag_position(channel: str, position: Position | None, location: Position | None) -> list[Flag]:
    """Return the flag ``far-from-location`` if a visit in person was sent from another place."""
    if channel != IN_PERSON or position is None or location is None:
        return []
    metres = measure_distance(position, location)
    if metres - position.accuracy_m <= MAX_DISTANCE_METRES:
        return []
    accuracy = _format_length(position.accuracy_m)
    return [flags.FAR_FROM_LOCATION(distance=_format_length(metres), accuracy=accuracy)]


def flag_pace(started_at: datetime, finished_at: datetime, answered: int) -> list[Flag]:
    """Return the flag ``too-fast`` if a visit took less than two seconds per answered question."""
    seconds = max((finished_at - started_at).total_seconds(), 0)
    if seconds >= MIN_SECONDS_PER_QUESTION * answered:
        return []
    questions = "1 question was" if answered == 1 else f"{answered} questions were"
    return [flags.TOO_FAST(questions=questions, seconds=f"{seconds:.1f}")]


def flag_photo(
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
    """Return the flags ``photo-seen-before`` and ``photo-not-from-visit`` of one photo.

    ``taken_at`` is by the phone's clock and is corrected in the same way as the visit. ``seen_in_visit_id``
    and ``seen_photo_id`` are the earlier visit and photo with the same picture, or None.
    """
    result = []
    if seen_in_visit_id is not None:
        result.append(
            flags.PHOTO_SEEN_BEFORE(
                photo_id=photo_id, other_visit_id=seen_in_visit_id, other_photo_id=seen_photo_id
            )
        )
    reasons = []
    if taken_at is not None:
        taken_at = _shift(taken_at, times.shift)
        if taken_at < times.started_at - PHOTO_TIME_TOLERANCE:
            reasons.append(f"taken {_format_span(times.started_at - taken_at)} before the visit started")
        elif taken_at > times.finished_at + PHOTO_TIME_TOLERANCE:
            reasons.append(f"taken {_format_span(taken_at - times.finished_at)} after the visit finished")
    if position is not None and location is not None and channel in ON_SITE:
        metres = measure_distance(position, location)
        if metres > MAX_PHOTO_DISTANCE_METRES:
            reasons.append(f"taken {_format_length(metres)} from the location")
    if reasons:
        result.append(flags.PHOTO_NOT_FROM_VISIT(photo_id=photo_id, reasons=" and ".join(reasons)))
    return result


def flag_missing_photos(missing: int) -> list[Flag]:
    """Return the flag ``photos-missing`` if photos of a submission did not arrive in time."""
    if not missing:
        return []
    return [flags.PHOTOS_MISSING(photos="1 photo is" if missing == 1 else f"{missing} photos are")]


def find_long_comments(checklist: Checklist, content: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the comments and text answers of at least 30 characters, to compare them with other visits.

    The texts are keys, case-folded and without white space. The values are the keys of their questions, or
    None for the comment on the visit as a whole.
    """
    texts: list[tuple[object, str | None]] = [(content.get("comment"), None)]
    for key, answer in content["answers"].items():
        texts.append((answer.get("comment"), key))
        texts.append((checklist.by_key[key].type.get_text(answer.get("value")), key))
    split_texts = [(text.split(), key) for text, key in texts if isinstance(text, str)]
    return {
        "".join(words).casefold(): key
        for words, key in split_texts
        if len(" ".join(words)) >= MIN_COMMENT_LENGTH
    }


def measure_distance(one: Position, other: Position) -> float:
    """Return the great-circle distance between two positions in metres, by the haversine formula.

    Source: Sinnott, "Virtues of the haversine", Sky and Telescope 68(2), 1984. The Earth is a sphere with a
    radius of 6,371 km.
    """
    phi_1, phi_2 = math.radians(one.latitude), math.radians(other.latitude)
    half_phi = (phi_2 - phi_1) / 2
    half_lambda = math.radians(other.longitude - one.longitude) / 2
    a = math.sin(half_phi) ** 2 + math.cos(phi_1) * math.cos(phi_2) * math.sin(half_lambda) ** 2
    return 2 * 6_371_000 * math.asin(min(1.0, math.sqrt(a)))


def _format_length(metres: float) -> str:
    return f"{metres / 1000:.1f} km" if metres >= 1000 else f"{metres:.0f} m"


def _format_span(span: timedelta) -> str:
    minutes = max(round(span.total_seconds() / 60), 1)
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    raise AssertionError("A span has at least one minute.")


def _shift(moment: datetime, shift: timedelta = timedelta(0)) -> datetime:
    """Return a time shifted by ``shift``, limited to the range from ``_EARLIEST`` to ``_LATEST``."""
    try:
        shifted = moment + shift
    except OverflowError:
        shifted = _LATEST if shift > timedelta(0) else _EARLIEST
    return min(max(shifted, _EARLIEST), _LATEST)
