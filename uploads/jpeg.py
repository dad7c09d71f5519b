"""What the header of a JPEG tells of the work and the memory that decoding it takes."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SCAN = 0xDA


def scans(data: bytes) -> int:
    """Return how many scans there are, small preview pictures included; each paints the whole picture."""
    return data.count(b"\xff\xda")  # within a scan an FF is followed by a zero or a restart marker


def comes_row_by_row(data: bytes) -> bool:
    """Return whether all there is to a pixel is in one scan.

    Then decoding at a part of the size takes little memory. Otherwise (a progressive JPEG, say) the decoder
    holds the whole picture at its full size; what cannot be read counts as that.
    """
    at, components = 2, 0
    while len(data) > at + 9 and data[at] == 0xFF:
        marker, body = data[at + 1], at + 4
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == _SCAN:
            return data[body] == components
        if marker in _PROGRESSIVE:
            return False
        if marker in _FRAMES:
            components = data[body + 5]
        at += 2 + int.from_bytes(data[at + 2 : body], "big")
    return False
