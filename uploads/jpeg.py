"""Estimates from a JPEG file how much work and memory decoding it takes."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SCAN = 0xDA


def count_scans(data: bytes) -> int:
    """Return the number of scans, embedded previews included. Each scan covers the whole picture."""
    return data.count(b"\xff\xda")  # inside a scan, FF is followed by a zero or a restart marker


def has_single_scan(data: bytes) -> bool:
    """Return whether one scan contains all components of the picture.

    Such a picture can be decoded at a reduced size with little memory. For any other, such as a progressive
    JPEG, the decoder holds the picture at its full size. Returns False if the header cannot be read.
    """
    offset, components = 2, 0
    while len(data) > offset + 9 and data[offset] == 0xFF:
        marker, body = data[offset + 1], offset + 4
        if marker == 0xFF:  # a fill byte
            offset += 1
            continue
        if marker == _SCAN:
            return data[body] == components
        if marker in _PROGRESSIVE:
            return False
        if marker in _FRAMES:
            components = data[body + 5]
        offset += 2 + int.from_bytes(data[offset + 2 : body], "big")
    return False
