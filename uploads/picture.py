"""Turns what a phone sent into a clean picture: decoded once, upright, smaller, without metadata."""

import ctypes
import io
import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import pi_heif
from PIL import Image, ImageCms

from uploads import heic, jpeg
from uploads.exif import read_metadata
from uploads.fingerprint import compute_difference_hash

MAX_SIDE = 2560
MAX_THUMBNAIL_SIDE = 480
MAX_PIXELS = 50_000_000
MAX_JPEG_PIXELS = 120_000_000  # for a JPEG that can be decoded at 1/2, 1/4 or 1/8 of its size
MAX_JPEG_SCANS = 200  # a progressive JPEG has about ten; thousands would take hours to decode
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}

_TOO_LARGE = "The picture has too many pixels: the limit is 50 megapixels, or 120 for a JPEG"
_DAMAGED = "The picture is damaged or incomplete"
#: by EXIF orientation: the operation that turns the picture upright
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

warnings.filterwarnings("ignore", module=r"PIL\.")  # a crafted file can cause thousands
# Pillow itself rejects twice as many pixels. The lower limits are checked below.
Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


#: parameters of glibc's mallopt, from <malloc.h>
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8


def _tune_allocator() -> None:
    """Make glibc return the memory of a picture to the system after use.

    By default, it keeps the largest block for each thread that decoded a picture: half a gigabyte for eight
    threads.
    """
    with suppress(OSError, AttributeError):  # other systems have other allocators
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 2**20)
        mallopt(_M_ARENA_MAX, 2)


_tune_allocator()


class UnusablePicture(Exception):
    """The bytes cannot be used as a picture. ``reason`` is a message for the shopper."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean picture, and the metadata of the file that it was made from.

    - ``data`` and ``thumbnail`` are JPEG in sRGB. Their long sides have at most 2,560 and 480 pixels.
    - ``width`` and ``height`` are those of ``data``, in pixels.
    - ``difference_hash`` is an unsigned 64-bit number, or None for a nearly blank picture.
    - ``taken_at`` is naive if the camera recorded no time zone.
    - ``position`` is latitude and longitude in degrees.
    - ``make`` is the make and model of the camera.
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
    """Decode a file that was declared as ``content_type`` and return a ``Picture``.

    Raises ``UnusablePicture``. The largest pictures take most of a second and some hundred megabytes, so call
    it inside ``uploads.slots.decoding_slot``.
    """
    image = decode(data, content_type)
    metadata = read_metadata(image.info.get("exif", b""))
    profile = image.info.get("icc_profile")
    image = shrink(image, MAX_SIDE)
    image = convert_to_srgb(_remove_transparency(image), profile)
    image = turn_upright(image, metadata.orientation)
    thumbnail = shrink(image, MAX_THUMBNAIL_SIDE)
    return Picture(
        _encode(image, quality=82),
        image.width,
        image.height,
        _encode(thumbnail, quality=78),
        compute_difference_hash(thumbnail),
        metadata.taken_at,
        metadata.position,
        metadata.make,
    )


def decode(data: bytes, content_type: str, max_pixels: int | None = None) -> Image.Image:
    """Return the first frame with its pixels loaded. A large JPEG is decoded at a reduced size.

    ``max_pixels`` replaces the usual limits. Raises ``UnusablePicture``.
    """
    if content_type not in FORMATS:
        raise UnusablePicture("Only JPEG, PNG, WebP and HEIC pictures are accepted")
    if content_type == "image/heic" and not heic.is_safe(data):
        raise UnusablePicture(_DAMAGED)
    try:
        image = Image.open(io.BytesIO(data), formats=(FORMATS[content_type],))
        limit = MAX_PIXELS
        if content_type == "image/jpeg":
            if jpeg.count_scans(data) > MAX_JPEG_SCANS:
                raise UnusablePicture(_DAMAGED)
            if jpeg.has_single_scan(data):
                limit = MAX_JPEG_PIXELS
        if image.width * image.height > (max_pixels or limit):
            raise UnusablePicture(_TOO_LARGE if max_pixels is None else "The picture has too many pixels")
        image.draft(None, _fit(image.size, MAX_SIDE))
        image.load()
        return _convert_mode(image)
    except (UnusablePicture, MemoryError):
        raise
    except Image.UnidentifiedImageError as error:
        raise UnusablePicture(
            f"The file is not the {content_type.removeprefix('image/')} picture that it was declared as"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnusablePicture(_TOO_LARGE) from error
    except Exception as error:  # the decoders of four formats can raise anything on damaged bytes
        raise UnusablePicture(_DAMAGED) from error


def _fit(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """Return ``size``, scaled down if one side has more than ``max_side`` pixels."""
    scale = min(1, max_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def turn_upright(image: Image.Image, orientation: int | None) -> Image.Image:
    """Return the image as the EXIF orientation says that it is viewed."""
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def shrink(image: Image.Image, max_side: int) -> Image.Image:
    """Return the image with sides of at most ``max_side`` pixels."""
    size = _fit(image.size, max_side)
    # This gap takes half the time of the usual 2, and the result differs by less than one level of 255.
    return image if size == image.size else image.resize(size, Image.Resampling.BICUBIC, reducing_gap=1.5)


def _convert_mode(image: Image.Image) -> Image.Image:
    """Return the image in a mode that can be resized: without a palette, and with 8 bits per channel."""
    if image.mode.startswith("I"):
        image.info.pop("transparency", None)
        return image.point(lambda value: value / 257).convert("L")
    if image.mode in ("1", "P", "PA") or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def _remove_transparency(image: Image.Image) -> Image.Image:
    """Return the image on a white background."""
    if not image.has_transparency_data:
        return image
    opaque = Image.new("L" if image.mode == "LA" else "RGB", image.size, "white")
    image = image.convert("RGBA")
    opaque.paste(image, mask=image.getchannel("A"))
    return opaque


def convert_to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the image as RGB in sRGB. A profile that cannot be read, or does not fit, is ignored."""
    if profile:
        try:
            embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if not ImageCms.getProfileDescription(embedded).startswith("sRGB"):
                srgb = ImageCms.createProfile("sRGB")
                image = ImageCms.profileToProfile(image, embedded, srgb, outputMode="RGB") or image
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass
    return image if image.mode == "RGB" else image.convert("RGB")


def _encode(image: Image.Image, quality: int) -> bytes:
    image.info = {}  # otherwise, Pillow writes the comment that it contains
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()
