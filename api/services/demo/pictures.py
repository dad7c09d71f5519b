"""The photos of the demo: drawn, with DEMO written across them."""

import io
from random import Random

from PIL import Image, ImageDraw, ImageFont

STORE_FRONT, RECEIPT = "store-front", "receipt"
_SIZE = (960, 720)
_BOTTOM = 680


def draw_picture(rng: Random, question: str, town: str) -> bytes:
    """Return a JPEG of a store front or of a receipt, for the question with this key."""
    is_front = question == STORE_FRONT
    background = _pick_color(rng, 150, 240) if is_front else _pick_color(rng, 60, 120)
    image = Image.new("RGB", _SIZE, background)
    draw = ImageDraw.Draw(image)
    left, top, right = rng.randint(80, 260), rng.randint(120, 240), rng.randint(700, 900)
    if is_front:
        _draw_store_front(draw, rng, left, top, right)
    else:
        _draw_receipt(draw, rng, left, top, right)
    # Random shading makes the fingerprints of the pictures differ.
    shading = Image.frombytes("RGB", (9, 8), rng.randbytes(9 * 8 * 3)).resize(_SIZE)
    image.paste(Image.blend(image, shading, 0.35))
    large, small = ImageFont.load_default(110), ImageFont.load_default(34)
    draw.text((left + 20, top + 10), f"Harbour Stores {town}", fill=(250, 210, 60), font=small)
    draw.text((left + 60, (top + _BOTTOM) // 2), "DEMO", fill=(200, 30, 30), font=large)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _draw_store_front(draw: ImageDraw.ImageDraw, rng: Random, left: int, top: int, right: int) -> None:
    draw.rectangle((left, top, right, _BOTTOM), fill=_pick_color(rng, 60, 200))
    for x in range(left + 30, right - 120, rng.randint(120, 190)):
        draw.rectangle((x, top + 90, x + 80, top + 200), fill=_pick_color(rng, 180, 255))
    draw.rectangle((left, top, right, top + 60), fill=_pick_color(rng, 20, 90))


def _draw_receipt(draw: ImageDraw.ImageDraw, rng: Random, left: int, top: int, right: int) -> None:
    draw.rectangle((left, top, right, _BOTTOM), fill=(248, 246, 240))
    for y in range(top + 150, _BOTTOM - 40, rng.randint(34, 60)):
        draw.line((left + 40, y, right - rng.randint(60, 300), y), fill=(70, 70, 70), width=6)


def _pick_color(rng: Random, low: int, high: int) -> tuple[int, ...]:
    return tuple(rng.randint(low, high) for _ in range(3))
