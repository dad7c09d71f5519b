"""The header of a JPEG, read before Pillow sees it.

Pillow parses EXIF while it opens a file, all segments put together, and a crafted one takes gigabytes; it
makes a multi-picture file (MPO) out of a phone's JPEG and stumbles where that index is broken. So both are
blanked here, and the first EXIF segment is handed out.
"""

from dataclasses import dataclass

_START = b"\xff\xd8\xff"
_EXIF = b"Exif\0\0"
_MULTI_PICTURE = b"MPF\0"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SCAN = 0xDA
_MOST_SCANS = 200


class Damaged(Exception):
    """The header of the JPEG cannot be followed."""


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A JPEG without EXIF and index of further pictures.

    ``streams`` tells that it can be decoded row by row: then a reduced decode needs little memory. A
    progressive one is held in memory whole.
    """

    data: bytearray
    exif: bytes
    streams: bool


def looks_like(data: bytes) -> bool:
    """Return whether ``data`` begins as every JPEG does."""
    return data.startswith(_START)


def read_header(data: bytes) -> Jpeg:
    """Read the segments of a JPEG up to its pixels; raises ``Damaged``.

    Hundreds of scans, each of which repaints the whole picture, are refused as well.
    """
    if data.count(b"\xff\xda") > _MOST_SCANS:
        raise Damaged
    kept, exif = bytearray(data), b""
    components, progressive = 0, False
    at = 2
    try:
        while True:
            if data[at] != 0xFF:
                raise Damaged
            while data[at] == 0xFF:
                at += 1
            marker, body, end = data[at], at + 3, at + 1 + int.from_bytes(data[at + 1 : at + 3], "big")
            if marker == _SCAN:
                return Jpeg(kept, exif, streams=not progressive and data[body] == components)
            if end < body:
                raise Damaged
            if marker in _FRAMES:
                components, progressive = data[body + 5], marker in _PROGRESSIVE
            elif marker == 0xE1 and data.startswith(_EXIF, body):
                exif = exif or data[body:end]
                kept[body : body + len(_EXIF)] = bytes(len(_EXIF))
            elif marker == 0xE2 and data.startswith(_MULTI_PICTURE, body):
                kept[body : body + len(_MULTI_PICTURE)] = bytes(len(_MULTI_PICTURE))
            at = end
    except IndexError:
        raise Damaged from None
