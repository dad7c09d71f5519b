"""What is checked in a HEIC before its decoder sees it."""

from collections.abc import Iterator


def is_safe(data: bytes) -> bool:
    """Return whether the names and types of the items in a HEIC are text.

    pi-heif 1.4 brings the whole process down where they are not.
    """
    for box in _meta_boxes(data):
        at = box.find(b"infe")
        while at >= 0:
            end = at - 4 + int.from_bytes(box[at - 4 : at], "big")
            try:
                box[at + (14 if box[at + 4 : at + 5] == b"\3" else 12) : max(end, at + 18)].decode()
            except UnicodeDecodeError:
                return False
            at = box.find(b"infe", at + 4)
    return True


def _meta_boxes(data: bytes) -> Iterator[bytes]:
    """Yield the boxes that list the items. They hold no pixels, so that a name found there is a name."""
    at = 0
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:  # 0: until the end; less is nonsense
            size = len(data) - at
        if kind == b"meta":
            yield data[at : at + size]
        at += size
