"""Reads the EXIF metadata of a picture. Invalid metadata is ignored."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from PIL import ExifTags, Image

Value = TypeVar("Value")

_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")
_OFFSET = re.compile(r"[+-]\d\d:\d\d|Z")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata that is used; None where it is missing or not valid.

    - ``orientation`` is the EXIF orientation, 1 to 8.
    - ``taken_at`` is naive if the camera recorded no time zone.
    - ``position`` is latitude and longitude in degrees.
    - ``make`` is the make and model of the camera.
    """

    orientation: int = 1
    taken_at: datetime | None = None
    position: tuple[float, float] | None = None
    make: str | None = None


def read_metadata(block: bytes) -> Metadata:
    """Read an EXIF block, with or without the ``Exif`` prefix that it has in a JPEG. Never raises."""
    exif = Image.Exif()
    try:
        exif.load(block)
    except Exception:
        return Metadata()
    return Metadata(
        _try_to_read(_read_orientation, exif) or 1,
        _try_to_read(_read_taken_at, exif),
        _try_to_read(_read_position, exif),
        _try_to_read(_read_make, exif),
    )


def _try_to_read(read: Callable[[Image.Exif], Value | None], exif: Image.Exif) -> Value | None:
    """Return the result of ``read``, or None on any error: a tag can contain any bytes."""
    try:
        return read(exif)
    except Exception:
        return None


def _read_orientation(exif: Image.Exif) -> int | None:
    value = exif.get(ExifTags.Base.Orientation)
    return value if value in range(1, 9) else None


def _read_taken_at(exif: Image.Exif) -> datetime | None:
    tags = exif.get_ifd(ExifTags.IFD.Exif)
    time = _TIME.match(_to_text(tags.get(ExifTags.Base.DateTimeOriginal)))
    if not time or not 1970 <= int(time[1]) <= 2999:
        return None
    offset = _OFFSET.match(_to_text(tags.get(ExifTags.Base.OffsetTimeOriginal)))
    naive = f"{time[1]}-{time[2]}-{time[3]}T{time[4]}"
    return datetime.fromisoformat(naive + (offset[0] if offset else ""))


def _read_position(exif: Image.Exif) -> tuple[float, float] | None:
    tags = exif.get_ifd(ExifTags.IFD.GPSInfo)
    latitude = _to_degrees(tags[ExifTags.GPS.GPSLatitude], tags[ExifTags.GPS.GPSLatitudeRef], "NS")
    longitude = _to_degrees(tags[ExifTags.GPS.GPSLongitude], tags[ExifTags.GPS.GPSLongitudeRef], "EW")
    if not (abs(latitude) <= 90 and abs(longitude) <= 180) or latitude == longitude == 0:
        return None  # out of range, NaN, or 0, 0: what phones write without a position
    return latitude, longitude


def _to_degrees(degrees_minutes_seconds: Any, reference: object, signs: str) -> float:
    """Convert to decimal degrees, negative if ``reference`` is the second of the two ``signs``."""
    degrees, minutes, seconds = (float(part) for part in degrees_minutes_seconds)
    return (degrees + minutes / 60 + seconds / 3600) * (1, -1)[signs.index(_to_text(reference))]


def _read_make(exif: Image.Exif) -> str | None:
    make, model = (_to_text(exif.get(tag)) for tag in (ExifTags.Base.Make, ExifTags.Base.Model))
    return (model if model.startswith(make) else f"{make} {model}").strip()[:100] or None


def _to_text(value: object) -> str:
    """Return the printable characters of a text tag, or an empty string for any other value."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "ignore")
    return "".join(filter(str.isprintable, value)).strip() if isinstance(value, str) else ""
