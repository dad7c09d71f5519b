"""Turns an uploaded logo into a small PNG without metadata. Transparent parts stay transparent."""

import io

from PIL import Image

from uploads.exif import read_metadata
from uploads.picture import convert_to_srgb, decode, shrink, turn_upright

MAX_BYTES = 256 * 1024
MAX_PIXELS = 4_000_000  # decoded in 16 MB, so that it needs no decoding slot
MAX_SIDE = 400
TYPES = ("image/png", "image/jpeg", "image/webp")


def clean_logo(data: bytes, content_type: str) -> bytes:
    """Decode a file that was declared as ``content_type``, one of ``TYPES``, and return it as PNG in sRGB.

    Its long side has at most 400 pixels. Raises ``UnusablePicture``.
    """
    image = decode(data, content_type, MAX_PIXELS)
    orientation = read_metadata(image.info.get("exif", b"")).orientation
    profile = image.info.get("icc_profile")
    image = shrink(image, MAX_SIDE)
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    image = convert_to_srgb(image if alpha is None else image.convert("RGB"), profile)
    if alpha is not None:
        image.putalpha(alpha)
    return _encode(turn_upright(image, orientation))


def _encode(image: Image.Image) -> bytes:
    image.info = {}  # otherwise, Pillow writes the texts that it contains
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()
