"""The difference hash of a picture: 64 bits that stay almost the same at another size or encoding."""

from array import array

from PIL import Image

BITS = 64
BANDS = 4
MIN_DIFFERENCE = 2.0  # grey levels of 255; smaller differences count as equal, so noise sets no bits
MIN_EDGES = 16  # a picture with fewer pairs of different neighbours is nearly blank


def compute_difference_hash(image: Image.Image) -> int | None:
    """Return the unsigned 64-bit difference hash of ``image``, or None if it is nearly blank.

    The picture is reduced to 9 x 8 grey cells. Row by row, a bit is set if a cell is darker than its left
    neighbour.
    """
    cells = array("f", image.convert("L").convert("F").resize((9, 8), Image.Resampling.BOX).tobytes())
    differences = [
        cells[9 * row + column] - cells[9 * row + column + 1] for row in range(8) for column in range(8)
    ]
    if sum(abs(difference) > MIN_DIFFERENCE for difference in differences) < MIN_EDGES:
        return None
    return sum(1 << bit for bit, difference in enumerate(differences) if difference > MIN_DIFFERENCE)


def measure_hash_distance(a: int, b: int) -> int:
    """Return how many of the 64 bits differ (the Hamming distance)."""
    return (a ^ b).bit_count()


def split_into_bands(hash: int) -> tuple[int, int, int, int]:
    """Return the four 16-bit bands by which similar hashes are looked up. Bit i belongs to band i % 4.

    Two hashes with a distance of at most 3 have at least one band in common, because three bits can differ in
    at most three bands. Every band has bits of every row, so that no band consists of a flat sky only.
    """
    first, second, third, fourth = (
        sum((hash >> bit & 1) << (bit // BANDS) for bit in range(band, BITS, BANDS)) for band in range(BANDS)
    )
    return first, second, third, fourth
