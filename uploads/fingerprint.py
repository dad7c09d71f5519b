"""A picture's difference hash: 64 bits that survive another size and another encoding."""

from array import array

from PIL import Image

BITS = 64
BANDS = 4
LEVELS = 2.0  # neighbours that differ by less (of 255) are the same: noise in a flat sky sets no bits
EDGES = 16  # a picture with fewer neighbours that differ is nearly blank


def difference_hash(image: Image.Image) -> int | None:
    """Return the unsigned 64-bit difference hash of ``image``, or None when it is nearly blank.

    A bit is set where a cell of the 9 x 8 grey picture is darker than its left neighbour, row by row.
    """
    cells = array("f", image.convert("L").convert("F").resize((9, 8), Image.Resampling.BOX).tobytes())
    falls = [cells[9 * row + column] - cells[9 * row + column + 1] for row in range(8) for column in range(8)]
    if sum(abs(fall) > LEVELS for fall in falls) < EDGES:
        return None
    return sum(1 << bit for bit, fall in enumerate(falls) if fall > LEVELS)


def hash_distance(a: int, b: int) -> int:
    """Return how many of the 64 bits of two hashes differ."""
    return (a ^ b).bit_count()


def hash_bands(hash: int) -> tuple[int, int, int, int]:
    """Return the four 16-bit bands of a hash, to look it up by: bit i goes to band i % 4.

    Two hashes within distance 3 agree in at least one band, since three bits cannot spoil four bands. Every
    band has bits of every row, so that a flat sky does not fill one.
    """
    first, second, third, fourth = (
        sum((hash >> bit & 1) << (bit // BANDS) for bit in range(band, BITS, BANDS)) for band in range(BANDS)
    )
    return first, second, third, fourth
