"""Checks a HEIC file before it is passed to the decoder."""

from collections.abc import Iterator


def is_safe(data: bytes) -> bool:
    """Return whether the names and types of the items in a HEIC file are valid UTF-8.

    If they are not, pi-heif 1.4 crashes the whole process.
    """
    for box in _find_meta_boxes(data):
        offset = box.find(b"infe")
        while offset >= 0:
            end = offset - 4 + int.from_bytes(box[offset - 4 : offset], "big")
            # Version 3 of an item entry has an ID of 4 bytes instead of 2.
            start = offset + (14 if box[offset + 4 : offset + 5] == b"\3" else 12)
            try:
                box[start : max(end, offset + 18)].decode()
            except UnicodeDecodeError:
                return False
            offset = box.find(b"infe", offset + 4)
    return True


def _find_meta_boxes(data: bytes) -> Iterator[bytes]:
    """Yield the boxes that list the items. They contain no pixels, which could look like an item entry."""
    offset = 0
    while offset + 8 <= len(data):
        size, kind = int.from_bytes(data[offset : offset + 4], "big"), data[offset + 4 : offset + 8]
        if size == 1:  # the size follows as 64 bits
            size = int.from_bytes(data[offset + 8 : offset + 16], "big")
        if size < 8:  # 0 means until the end of the file; other small sizes are not valid
            size = len(data) - offset
        if kind == b"meta":
            yield data[offset : offset + size]
        offset += size
