"""Similar pictures have similar hashes, and different pictures do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tests.support import pictures
from tests.support.extent import FULL
from uploads.fingerprint import measure_hash_distance, split_into_bands
from uploads.picture import clean

HASHES = st.integers(0, 2**64 - 1)


def hash_image(image: Image.Image, format: str = "JPEG", **options: object) -> int:
    sent = pictures.encoded(image, format, **options)
    result = clean(sent, f"image/{format.lower()}").difference_hash
    assert result is not None
    return result


@pytest.mark.parametrize("seed", range(6 if FULL else 3))
def test_the_hash_survives_another_encoding_and_another_size(seed: int) -> None:
    image = pictures.scene(1600, 1200, seed)
    original = hash_image(image, quality=95)
    assert 0 <= original < 2**64
    for other in (
        hash_image(image, quality=40),
        hash_image(image, "PNG"),
        hash_image(image, "WEBP", quality=60),
        hash_image(image.resize((800, 600)), quality=80),
        hash_image(image.resize((3200, 2400)), quality=80),
        hash_image(image.resize((333, 250)), quality=80),
        hash_image(image.rotate(90, expand=True), exif=pictures.exif(orientation=6)),
    ):
        assert measure_hash_distance(original, other) <= 3


def test_different_scenes_have_distant_hashes() -> None:
    hashes = [hash_image(pictures.scene(seed=seed)) for seed in range(30)]
    nearest = min(measure_hash_distance(a, b) for number, a in enumerate(hashes) for b in hashes[:number])
    assert nearest > 8


def test_a_nearly_blank_picture_has_no_hash() -> None:
    spot = Image.new("RGB", (640, 480), "white")
    ImageDraw.Draw(spot).ellipse((300, 200, 340, 240), "black")
    for image in (
        Image.new("RGB", (640, 480), "black"),
        Image.new("RGB", (640, 480), "white"),
        Image.blend(Image.new("RGB", (640, 480), "grey"), pictures.scene(), 0.02),
        spot,
    ):
        assert clean(pictures.encoded(image), "image/jpeg").difference_hash is None


@given(HASHES, st.sets(st.integers(0, 63), max_size=3))
def test_hashes_within_three_bits_have_a_band_in_common(one: int, flipped: set[int]) -> None:
    other = one
    for bit in flipped:
        other ^= 1 << bit
    assert measure_hash_distance(one, other) == len(flipped)
    assert any(a == b for a, b in zip(split_into_bands(one), split_into_bands(other), strict=True))


@given(HASHES)
def test_bands_contain_every_bit_of_a_hash_once(one: int) -> None:
    bands = split_into_bands(one)
    assert all(0 <= band < 2**16 for band in bands)
    assert sum((bands[bit % 4] >> bit // 4 & 1) << bit for bit in range(64)) == one
