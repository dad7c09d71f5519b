"""What a picture's EXIF tells of its making. Broken EXIF tells nothing; nothing worse comes of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from PIL import ExifTags, Image

Fact = TypeVar("Fact")

_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")
_OFFSET = re.compile(r"[+-]\d\d:\d\d|Z")


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found.

    ``orientation`` is 1 to 8, ``taken_at`` naive where the camera told no zone, ``position`` latitude and
    longitude in degrees, ``make`` the camera's make and model.
    """

    orientation: int = 1
    taken_at: datetime | None = None
    position: tuple[float, float] | None = None
    make: str | None = None


def read_facts(block: bytes) -> Facts:
    """Read an EXIF block, with or without the ``Exif`` that precedes it in a JPEG. Raises nothing."""
    exif = Image.Exif()
    try:
        exif.load(block)
    except Exception:
        return Facts()
    return Facts(
        _attempt(_orientation, exif) or 1,
        _attempt(_taken_at, exif),
        _attempt(_position, exif),
        _attempt(_make, exif),
    )


def _attempt(read: Callable[[Image.Exif], Fact | None], exif: Image.Exif) -> Fact | None:
    """Return what ``read`` finds; a tag may hold anything, and Pillow may raise anything on it."""
    try:
        return read(exif)
    except Exception:
        return None


def _orientation(exif: Image.Exif) -> int | None:
    value = exif.get(ExifTags.Base.Orientation)
    return value if value in range(1, 9) else None


def _taken_at(exif: Image.Exif) -> datetime | None:
    tags = exif.get_ifd(ExifTags.IFD.Exif)
    time = _TIME.match(_text(tags.get(ExifTags.Base.DateTimeOriginal)))
    if not time or not 1970 <= int(time[1]) <= 2999:
        return None
    offset = _OFFSET.match(_text(tags.get(ExifTags.Base.OffsetTimeOriginal)))
    naive = f"{time[1]}-{time[2]}-{time[3]}T{time[4]}"
    return datetime.fromisoformat(naive + (offset[0] if offset else ""))


def _position(exif: Image.Exif) -> tuple[float, float] | None:
    tags = exif.get_ifd(ExifTags.IFD.GPSInfo)
    latitude = _degrees(tags[ExifTags.GPS.GPSLatitude], tags[ExifTags.GPS.GPSLatitudeRef], "NS")
    longitude = _degrees(tags[ExifTags.GPS.GPSLongitude], tags[ExifTags.GPS.GPSLongitudeRef], "EW")
    if not (abs(latitude) <= 90 and abs(longitude) <= 180) or latitude == longitude == 0:
        return None  # out of range, not a number, or what a phone writes that did not know
    return latitude, longitude


def _degrees(parts: Any, reference: object, signs: str) -> float:
    """Return degrees, minutes and seconds as degrees, negative for the second of the two ``signs``."""
    degrees, minutes, seconds = (float(part) for part in parts)
    return (degrees + minutes / 60 + seconds / 3600) * (1, -1)[signs.index(_text(reference))]


def _make(exif: Image.Exif) -> str | None:
    make, model = (_text(exif.get(tag)) for tag in (ExifTags.Base.Make, ExifTags.Base.Model))
    return (model if model.startswith(make) else f"{make} {model}").strip()[:100] or None


def _text(value: object) -> str:
    """Return the printable characters of a tag's text; empty for anything else."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "ignore")
    return "".join(filter(str.isprintable, value)).strip() if isinstance(value, str) else ""
