"""Makes a clean picture out of what a phone sent: decoded once, upright, smaller, without any metadata."""

import ctypes
import io
import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import pi_heif
from PIL import Image, ImageCms

from uploads import heic, jpeg
from uploads.exif import read_facts
from uploads.fingerprint import difference_hash

LONG_SIDE = 2560
THUMBNAIL_SIDE = 480
PIXELS = 50_000_000
JPEG_PIXELS = 120_000_000  # of one that can be decoded at a half, a quarter or an eighth of its size
JPEG_SCANS = 200  # a progressive one has about ten; thousands would take hours
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}

_TOO_LARGE = "The picture has too many pixels: 50 megapixels is the most, 120 for a JPEG"
_DAMAGED = "The picture is damaged or incomplete"
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

warnings.filterwarnings("ignore", module=r"PIL\.")  # thousands for one crafted file
Image.MAX_IMAGE_PIXELS = JPEG_PIXELS  # Pillow itself refuses twice that; the smaller sizes are checked here
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def _give_memory_back() -> None:
    """Have glibc give the memory of a picture back when it is done, from whichever thread.

    It would keep the largest for each thread that ever made one: half a gigabyte for eight.
    """
    with suppress(OSError, AttributeError):  # other systems have another allocator
        tune = ctypes.CDLL(None).mallopt
        tune(_MMAP_THRESHOLD, 2**20)
        tune(_ARENA_MAX, 2)


#: names of glibc's <malloc.h>
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_give_memory_back()


class Unusable(Exception):
    """The bytes give no picture; ``reason`` tells a shopper why, in plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean picture, and what was read from the file before its metadata was dropped.

    ``data`` and ``thumbnail`` are JPEG in sRGB, at most 2,560 and 480 pixels on the long side; ``width`` and
    ``height`` are those of ``data``. ``difference_hash`` is an unsigned 64-bit number, or None for a nearly
    blank picture. ``taken_at`` is naive where the camera told no zone. ``position`` is latitude and longitude
    in degrees, ``make`` the camera's make and model.
    """

    data: bytes
    width: int
    height: int
    thumbnail: bytes
    difference_hash: int | None
    taken_at: datetime | None
    position: tuple[float, float] | None
    make: str | None


def clean(data: bytes, content_type: str) -> Picture:
    """Decode a file that was declared as ``content_type`` and make a ``Picture`` of it; raises ``Unusable``.

    It takes most of a second and some hundred megabytes for the largest pictures: one at a time is enough.
    """
    image = _decode(data, content_type)
    facts = read_facts(image.info.get("exif", b""))
    profile = image.info.get("icc_profile")
    image = _shrink(image, LONG_SIDE)
    image = _in_srgb(_on_white(image), profile)
    if facts.orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[facts.orientation])
    thumbnail = _shrink(image, THUMBNAIL_SIDE)
    return Picture(
        _encode(image, quality=82),
        image.width,
        image.height,
        _encode(thumbnail, quality=78),
        difference_hash(thumbnail),
        facts.taken_at,
        facts.position,
        facts.make,
    )


def _decode(data: bytes, content_type: str) -> Image.Image:
    """Return the first frame, all of its pixels loaded. A large JPEG comes smaller."""
    if content_type not in FORMATS:
        raise Unusable("Only JPEG, PNG, WebP and HEIC pictures can be taken")
    if content_type == "image/heic" and not heic.is_safe(data):
        raise Unusable(_DAMAGED)
    try:
        image = Image.open(io.BytesIO(data), formats=(FORMATS[content_type],))
        limit = PIXELS
        if content_type == "image/jpeg":
            if jpeg.scans(data) > JPEG_SCANS:
                raise Unusable(_DAMAGED)
            if jpeg.comes_row_by_row(data):
                limit = JPEG_PIXELS
        if image.width * image.height > limit:
            raise Unusable(_TOO_LARGE)
        image.draft(None, _fitted(image.size, LONG_SIDE))
        image.load()
        return _plain(image)
    except (Unusable, MemoryError):
        raise
    except Image.UnidentifiedImageError as error:
        raise Unusable(
            f"The file is not the {content_type.removeprefix('image/')} picture it was sent as"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unusable(_TOO_LARGE) from error
    except Exception as error:  # decoders of four formats raise whatever they like on damaged bytes
        raise Unusable(_DAMAGED) from error


def _fitted(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """Return ``size`` made smaller, where needed, so that neither side is over ``long_side`` pixels."""
    scale = min(1, long_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _shrink(image: Image.Image, long_side: int) -> Image.Image:
    size = _fitted(image.size, long_side)
    # A smaller gap takes half the time of Pillow's usual 2, and differs from it by less than a level of 255.
    return image if size == image.size else image.resize(size, Image.Resampling.BICUBIC, reducing_gap=1.5)


def _plain(image: Image.Image) -> Image.Image:
    """Return the image in a mode that can be resized: palettes resolved, 16 bits of grey made 8."""
    if image.mode.startswith("I"):
        image.info.pop("transparency", None)
        return image.point(lambda value: value / 257).convert("L")
    if image.mode in ("1", "P", "PA") or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def _on_white(image: Image.Image) -> Image.Image:
    """Return the image without transparency: white shows through."""
    if not image.has_transparency_data:
        return image
    opaque = Image.new("L" if image.mode == "LA" else "RGB", image.size, "white")
    image = image.convert("RGBA")
    opaque.paste(image, mask=image.getchannel("A"))
    return opaque


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the image as RGB in sRGB, converted from its own profile where that can be read and fits."""
    if profile:
        try:
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if not ImageCms.getProfileDescription(theirs).startswith("sRGB"):
                ours = ImageCms.createProfile("sRGB")
                image = ImageCms.profileToProfile(image, theirs, ours, outputMode="RGB") or image
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass
    return image if image.mode == "RGB" else image.convert("RGB")


def _encode(image: Image.Image, quality: int) -> bytes:
    image.info = {}  # Pillow would write the comment that it finds here
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()
