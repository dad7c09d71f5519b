"""Makes the pictures that tests upload."""

import io
import random
from typing import Any

from PIL import ExifTags, Image


def scene(width: int = 640, height: int = 480, seed: int = 1) -> Image.Image:
    """Return a picture of soft coloured blotches with a little noise; another seed is another place."""
    rng = random.Random(seed)  # of its own, so that the seed of a test is unaffected
    blotches = Image.frombytes("RGB", (12, 9), rng.randbytes(12 * 9 * 3))
    grain = Image.frombytes("RGB", (256, 192), rng.randbytes(256 * 192 * 3))
    size = (width, height)
    return Image.blend(blotches.resize(size, Image.Resampling.BICUBIC), grain.resize(size), 0.1)


def quarters(width: int = 80, height: int = 60) -> Image.Image:
    """Return red and green above blue and white, so that it shows which way is up."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 2, height // 2))
    image.paste("lime", (width // 2, 0, width, height // 2))
    image.paste("blue", (0, height // 2, width // 2, height))
    return image


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    """Return the file of an image; ``options`` are Pillow's."""
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def jpeg(width: int = 640, height: int = 480, seed: int = 1, **options: Any) -> bytes:
    """Return the JPEG of a scene, such as a phone sends."""
    return encoded(scene(width, height, seed), "JPEG", **{"quality": 90, **options})


def heic(image: Image.Image, **options: Any) -> bytes:
    """Return the HEIC file of an image, such as an iPhone sends."""
    import pillow_heif

    stream = io.BytesIO()
    pillow_heif.from_pillow(image).save(stream, **options)
    return stream.getvalue()


def exif(
    *,
    orientation: int | None = None,
    taken_at: str | None = None,
    offset: str | None = None,
    position: tuple[float, float] | None = None,
    make: str | None = None,
    model: str | None = None,
) -> bytes:
    """Return an EXIF block; ``taken_at`` is ``YYYY:MM:DD HH:MM:SS``, ``offset`` ``+HH:MM``."""
    tags = Image.Exif()
    plain = {
        ExifTags.Base.Orientation: orientation,
        ExifTags.Base.Make: make,
        ExifTags.Base.Model: model,
    }
    inner = {
        ExifTags.Base.DateTimeOriginal: taken_at,
        ExifTags.Base.OffsetTimeOriginal: offset,
    }
    tags.update({tag: value for tag, value in plain.items() if value is not None})
    tags.get_ifd(ExifTags.IFD.Exif).update({tag: value for tag, value in inner.items() if value is not None})
    if position:
        latitude, longitude = position
        tags.get_ifd(ExifTags.IFD.GPSInfo).update(
            {
                ExifTags.GPS.GPSLatitudeRef: "N" if latitude >= 0 else "S",
                ExifTags.GPS.GPSLatitude: _sexagesimal(latitude),
                ExifTags.GPS.GPSLongitudeRef: "E" if longitude >= 0 else "W",
                ExifTags.GPS.GPSLongitude: _sexagesimal(longitude),
            }
        )
    return tags.tobytes()


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    minutes = abs(degrees) % 1 * 60
    return float(int(abs(degrees))), float(int(minutes)), minutes % 1 * 60
