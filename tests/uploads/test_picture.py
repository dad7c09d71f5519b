"""Cleaning the pictures that phones send, and rejecting those that cannot be used."""

import io
import struct
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from tests.support import pictures
from uploads.picture import FORMATS, Picture, UnusablePicture, clean

pytestmark = pytest.mark.filterwarnings(r"ignore::Warning:PIL\..*")
ROOT = Path(__file__).parents[2]
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
EVERYTHING = {
    "taken_at": "2026:03:01 14:30:00",
    "offset": "+02:00",
    "position": (51.5, -0.125),
    "make": "Acme",
    "model": "Phone 7",
}


def open_image(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def clean_image(image: Image.Image, format: str = "PNG", **options: object) -> Image.Image:
    """Return the clean picture of an image that is sent in a format."""
    return open_image(clean(pictures.encoded(image, format, **options), TYPES[format]).data)


def is_close(pixel: object, expected: tuple[int, int, int], tolerance: int = 12) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, expected, strict=True))


def corners(image: Image.Image) -> list[str]:
    """Return the colours of ``pictures.quarters``: top left and right, bottom left and right."""
    names = {(True, False, False): "red", (False, True, False): "green", (False, False, True): "blue"}
    width, height = image.size
    places = [(x, y) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    colours = [tuple(value > 128 for value in image.getpixel(place)) for place in places]  # type: ignore[union-attr]
    return [names.get(colour, "white") for colour in colours]


def linear_profile() -> bytes:
    """Return the sRGB profile with linear tone curves."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(struct.unpack_from(">I", profile, 128)[0]):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * number)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            assert size >= 16
            struct.pack_into(">4sIHHi", profile, offset, b"para", 0, 0, 0, 1 << 16)  # gamma 1
        if name == b"desc":
            at = profile.index("sRGB".encode("utf-16-be"), offset)
            profile[at : at + 8] = "line".encode("utf-16-be")
    return bytes(profile)


class TestFormats:
    @pytest.mark.parametrize("format", TYPES)
    def test_each_format_becomes_a_jpeg(self, format: str) -> None:
        picture = clean(pictures.encoded(pictures.quarters(), format), TYPES[format])
        main, thumbnail = open_image(picture.data), open_image(picture.thumbnail)
        assert (main.format, main.mode, main.size) == ("JPEG", "RGB", (80, 60))
        assert (picture.width, picture.height) == (80, 60)
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (80, 60))
        assert corners(main) == corners(thumbnail) == ["red", "green", "blue", "white"]

    def test_heic(self) -> None:
        exif = pictures.exif(**EVERYTHING)
        picture = clean(pictures.heic(pictures.quarters(320, 240), exif=exif), "image/heic")
        assert corners(open_image(picture.data)) == ["red", "green", "blue", "white"]
        assert picture.make == "Acme Phone 7"
        assert picture.position == pytest.approx((51.5, -0.125))

    def test_heic_is_turned_upright_once(self) -> None:
        sent = pictures.heic(pictures.quarters(320, 240), exif=pictures.exif(orientation=6))
        upright = clean(sent, "image/heic")
        assert (upright.width, upright.height) == (240, 320)
        assert corners(open_image(upright.data)) == ["blue", "red", "white", "green"]

    def test_a_jpeg_with_several_pictures_is_accepted(self) -> None:
        first, second = pictures.quarters(), Image.new("RGB", (80, 60), "black")
        mpo = pictures.encoded(first, "MPO", save_all=True, append_images=[second])
        assert open_image(mpo).format == "MPO"
        assert corners(open_image(clean(mpo, "image/jpeg").data)) == ["red", "green", "blue", "white"]

    def test_a_broken_index_of_several_pictures_is_ignored(self) -> None:
        mpo = pictures.encoded(pictures.quarters(), "MPO", save_all=True, append_images=[pictures.quarters()])
        at = mpo.index(b"MPF\0")
        clean(mpo[: at + 8] + b"\xff" * 40 + mpo[at + 48 :], "image/jpeg")

    @pytest.mark.parametrize("format", ["PNG", "WEBP"])
    def test_the_first_frame_of_an_animation_is_used(self, format: str) -> None:
        later = [Image.new("RGB", (80, 60), colour) for colour in ("black", "yellow")]
        result = clean_image(pictures.quarters(), format, save_all=True, append_images=later, duration=100)
        assert corners(result) == ["red", "green", "blue", "white"]

    @pytest.mark.parametrize("declared", FORMATS)
    def test_the_format_must_match_the_declared_type(self, declared: str) -> None:
        for format, content_type in TYPES.items():
            if content_type != declared:
                with pytest.raises(UnusablePicture, match="not the"):
                    clean(pictures.encoded(pictures.quarters(), format), declared)

    @pytest.mark.parametrize("content_type", ["image/gif", "image/tiff", "text/html", ""])
    def test_other_formats_are_rejected(self, content_type: str) -> None:
        with pytest.raises(UnusablePicture, match="Only JPEG"):
            clean(pictures.encoded(pictures.quarters(), "GIF"), content_type)


class TestDamage:
    @pytest.mark.parametrize("content_type", FORMATS)
    @pytest.mark.parametrize(
        "data", [b"", b"x", b"<html></html>", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"]
    )
    def test_other_files_are_rejected(self, data: bytes, content_type: str) -> None:
        with pytest.raises(UnusablePicture):
            clean(data, content_type)

    @pytest.mark.parametrize("proportion", [0.2, 0.6, 0.95])
    @pytest.mark.parametrize("format", [*TYPES, "PROGRESSIVE", "HEIC"])
    def test_truncated_files_are_rejected(self, format: str, proportion: float) -> None:
        data, content_type = {
            "HEIC": lambda: (pictures.heic(pictures.scene()), "image/heic"),
            "PROGRESSIVE": lambda: (pictures.jpeg(progressive=True), "image/jpeg"),
        }.get(format, lambda: (pictures.encoded(pictures.scene(), format), TYPES[format]))()
        with pytest.raises(UnusablePicture):
            clean(data[: int(len(data) * proportion)], content_type)

    def test_corrupt_bytes_are_accepted_or_rejected_but_never_crash(self) -> None:
        for format, content_type in TYPES.items():
            data = pictures.encoded(pictures.scene(160, 120), format, exif=pictures.exif(**EVERYTHING))
            for offset in range(0, len(data), max(1, len(data) // 300)):
                corrupt = bytearray(data)
                corrupt[offset] ^= 0xFF
                try:
                    assert clean(bytes(corrupt), content_type).data
                except UnusablePicture as error:
                    assert error.reason

    def test_a_missing_palette_is_rejected_as_damage(self) -> None:
        data = pictures.encoded(pictures.quarters().quantize(8), "PNG")
        at = data.index(b"PLTE") - 4
        without = data[:at] + data[at + 12 + int.from_bytes(data[at : at + 4], "big") :]
        with pytest.raises(UnusablePicture, match="damaged"):
            clean(without, "image/png")

    def test_a_heic_with_invalid_item_names_does_not_crash_the_process(self) -> None:
        data = pictures.heic(pictures.quarters(64, 64), exif=pictures.exif(make="Acme"))
        at = data.index(b"Exif")
        clean(data, "image/heic")
        with pytest.raises(UnusablePicture):
            clean(data[: at + 3] + b"\xfd" + data[at + 4 :], "image/heic")

    def test_the_reason_is_a_message_for_shoppers(self) -> None:
        with pytest.raises(UnusablePicture) as error:
            clean(pictures.jpeg()[:5000], "image/jpeg")
        assert error.value.reason == "The picture is damaged or incomplete"


class TestSize:
    def test_the_long_side_is_limited(self) -> None:
        for size, expected, thumbnail in (
            ((3000, 1000), (2560, 853), (480, 160)),
            ((1000, 3000), (853, 2560), (160, 480)),
            ((6000, 4000), (2560, 1707), (480, 320)),
            ((2560, 1440), (2560, 1440), (480, 270)),
            ((9000, 2), (2560, 1), (480, 1)),
        ):
            picture = clean(pictures.encoded(Image.new("RGB", size, "teal"), "JPEG"), "image/jpeg")
            assert open_image(picture.data).size == (picture.width, picture.height) == expected
            assert open_image(picture.thumbnail).size == thumbnail

    def test_a_small_picture_is_not_enlarged(self) -> None:
        picture = clean(pictures.encoded(Image.new("RGB", (1, 1), "teal"), "PNG"), "image/png")
        assert (picture.width, picture.height) == open_image(picture.thumbnail).size == (1, 1)

    def test_a_jpeg_of_120_megapixels_is_accepted(self) -> None:
        picture = clean(pictures.encoded(Image.new("L", (12_000, 10_000), 90), "JPEG"), "image/jpeg")
        assert (picture.width, picture.height) == (2560, 2133)

    def test_a_jpeg_of_120_megapixels_needs_little_memory(self, tmp_path: Path) -> None:
        (tmp_path / "large").write_bytes(
            pictures.encoded(Image.new("RGB", (12_000, 10_000), "teal"), "JPEG", quality=50)
        )
        measure = (
            "import pathlib, sys; from uploads.picture import clean;"
            "clean(pathlib.Path(sys.argv[1]).read_bytes(), 'image/jpeg');"
            "print(pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
        )
        child = subprocess.run(
            [sys.executable, "-c", measure, tmp_path / "large"], cwd=ROOT, capture_output=True, check=True
        )
        assert int(child.stdout) < 250_000  # kB; at its full size it would take 480,000

    @pytest.mark.parametrize(
        ("size", "content_type"),
        [
            ((10_000, 5_001), "image/png"),
            ((50_000, 50_000), "image/png"),
            ((2**31 - 1, 2**31 - 1), "image/png"),
            ((16_000, 16_000), "image/webp"),
            ((12_001, 10_000), "image/jpeg"),
            ((65_000, 65_000), "image/jpeg"),
        ],
    )
    def test_a_decompression_bomb_is_rejected_by_its_header(
        self, size: tuple[int, int], content_type: str
    ) -> None:
        with pytest.raises(UnusablePicture, match="too many pixels"):
            clean(bomb(*size, content_type), content_type)

    def test_a_large_progressive_jpeg_is_rejected(self) -> None:
        large = pictures.encoded(Image.new("L", (10_000, 5_001)), "JPEG", progressive=True)
        with pytest.raises(UnusablePicture, match="too many pixels"):
            clean(large, "image/jpeg")

    def test_a_large_jpeg_with_one_scan_per_colour_is_rejected(self) -> None:
        data = bytearray(pictures.encoded(Image.new("RGB", (10_000, 5_001)), "JPEG", quality=30))
        scan = data.index(b"\xff\xda")
        data[scan + 2 : scan + 12] = b"\0\x08\x01\x01\0\0\x3f\0"
        with pytest.raises(UnusablePicture, match="too many pixels"):
            clean(bytes(data), "image/jpeg")

    def test_a_jpeg_with_too_many_scans_is_rejected(self) -> None:
        data = pictures.jpeg(progressive=True)
        scan = data.rindex(b"\xff\xda")
        with pytest.raises(UnusablePicture):
            clean(data[:scan] + data[scan:-2] * 300 + data[-2:], "image/jpeg")


def bomb(width: int, height: int, content_type: str) -> bytes:
    """Return a small file that declares a large picture."""
    if content_type == "image/png":
        header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
            for chunk in (header, b"IDAT" + zlib.compress(bytes(10_000)), b"IEND")
        )
    if content_type == "image/jpeg":
        data = pictures.encoded(pictures.quarters(), "JPEG")
        frame = data.index(b"\xff\xc0") + 5
        return data[:frame] + struct.pack(">HH", height, width) + data[frame + 4 :]
    data = bytearray(pictures.encoded(pictures.quarters(), "WEBP", exif=pictures.exif(orientation=1)))
    canvas = data.index(b"VP8X") + 12
    data[canvas : canvas + 6] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


class TestPixels:
    @pytest.mark.parametrize(
        ("orientation", "upright"),
        [
            (1, ["red", "green", "blue", "white"]),
            (2, ["green", "red", "white", "blue"]),
            (3, ["white", "blue", "green", "red"]),
            (4, ["blue", "white", "red", "green"]),
            (5, ["red", "blue", "green", "white"]),
            (6, ["blue", "red", "white", "green"]),
            (7, ["white", "green", "blue", "red"]),
            (8, ["green", "white", "red", "blue"]),
            (0, ["red", "green", "blue", "white"]),
            (9, ["red", "green", "blue", "white"]),
        ],
    )
    @pytest.mark.parametrize("format", TYPES)
    def test_the_picture_is_turned_upright(self, format: str, orientation: int, upright: list[str]) -> None:
        result = clean_image(pictures.quarters(), format, exif=pictures.exif(orientation=orientation))
        assert result.size == ((60, 80) if 5 <= orientation <= 8 else (80, 60))
        assert corners(result) == upright

    def test_16_bit_grey_keeps_its_brightness(self) -> None:
        grey = Image.new("I;16", (64, 64))
        grey.putdata([1028 * (number % 64) for number in range(64 * 64)])
        result = clean_image(grey)
        for x in (5, 30, 60):
            assert is_close(result.getpixel((x, 30)), (4 * x,) * 3)

    def test_a_large_16_bit_grey_picture_is_resized(self) -> None:
        assert is_close(clean_image(Image.new("I;16", (3000, 300), 128 * 257)).getpixel((9, 9)), (128,) * 3)

    def test_cmyk(self) -> None:
        result = clean_image(pictures.quarters().convert("CMYK"), "JPEG", quality=95)
        assert corners(result) == ["red", "green", "blue", "white"]

    def test_grey(self) -> None:
        assert is_close(clean_image(Image.new("L", (40, 40), 77), "JPEG").getpixel((9, 9)), (77,) * 3)

    def test_black_and_white(self) -> None:
        image = Image.new("1", (3000, 40))
        image.paste(1, (0, 0, 1500, 40))
        result = clean_image(image)
        assert is_close(result.getpixel((9, 9)), (255,) * 3)
        assert is_close(result.getpixel((2500, 9)), (0,) * 3)

    def test_a_palette(self) -> None:
        assert corners(clean_image(pictures.quarters(3000, 600).quantize(8))) == [
            "red",
            "green",
            "blue",
            "white",
        ]

    def test_transparency_becomes_white(self) -> None:
        half = Image.new("RGBA", (80, 60), (0, 0, 0, 0))
        half.paste((200, 0, 0, 255), (0, 0, 40, 60))
        palette = Image.new("P", (80, 60), 0)
        palette.putpalette([0, 0, 0, 200, 0, 0])
        palette.paste(1, (0, 0, 40, 60))
        grey = Image.new("LA", (80, 60), (0, 0))
        grey.paste((90, 255), (0, 0, 40, 60))
        for image, options, left in (
            (half, {}, (200, 0, 0)),
            (half.resize((3000, 600)), {}, (200, 0, 0)),
            (palette, {"transparency": 0}, (200, 0, 0)),
            (half.convert("RGB"), {"transparency": (0, 0, 0)}, (200, 0, 0)),
            (grey, {}, (90, 90, 90)),
            (grey.convert("L"), {"transparency": 0}, (90, 90, 90)),
        ):
            result = clean_image(image, "PNG", **options)
            assert is_close(result.getpixel((9, 30)), left)
            assert is_close(result.getpixel((result.width - 9, 30)), (255, 255, 255))
        assert is_close(clean_image(half, "WEBP", lossless=True).getpixel((70, 30)), (255, 255, 255))

    def test_an_embedded_profile_is_converted_to_srgb(self) -> None:
        linear = ImageCms.ImageCmsProfile(io.BytesIO(linear_profile()))
        result = clean_image(Image.new("RGB", (40, 40), (55, 55, 55)), "PNG", icc_profile=linear.tobytes())
        assert is_close(result.getpixel((9, 9)), (128, 128, 128))

    def test_a_broken_or_wrong_profile_is_ignored(self) -> None:
        for profile in (b"nonsense", linear_profile()[:200], b"\0" * 5000):
            for image in (pictures.quarters(), pictures.quarters().convert("LA")):
                clean_image(image, "PNG", icc_profile=profile)
        clean_image(pictures.quarters().convert("LA"), "PNG", icc_profile=linear_profile())


class TestMetadata:
    def test_metadata_is_read_from_every_format(self) -> None:
        for format, content_type in TYPES.items():
            sent = pictures.encoded(pictures.scene(), format, exif=pictures.exif(**EVERYTHING))
            picture = clean(sent, content_type)
            assert picture.taken_at == datetime(2026, 3, 1, 14, 30, tzinfo=timezone(timedelta(hours=2)))
            assert picture.position == pytest.approx((51.5, -0.125))
            assert picture.make == "Acme Phone 7"

    @pytest.mark.parametrize("profile", [None, linear_profile()], ids=["plain", "profile"])
    @pytest.mark.parametrize("orientation", [1, 6])
    @pytest.mark.parametrize("width", [600, 3000])
    def test_no_metadata_of_a_jpeg_remains(self, width: int, orientation: int, profile: bytes | None) -> None:
        sent = pictures.jpeg(
            width,
            exif=pictures.exif(**EVERYTHING, orientation=orientation),
            comment=b"secret comment",
            xmp=b"<x:xmpmeta>secret</x:xmpmeta>",
            icc_profile=profile,
            dpi=(300, 300),
        )
        picture = clean(sent + b"<html>secret</html>", "image/jpeg")
        for data in (picture.data, picture.thumbnail):
            assert not set(open_image(data).info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
            assert data.endswith(b"\xff\xd9")
            for trace in (b"secret", b"Exif", b"Acme", b"2026", b"ICC_PROFILE", b"http", b"html"):
                assert trace not in data

    def test_metadata_is_read_from_palette_and_grey_pictures(self) -> None:
        for image in (pictures.quarters().quantize(8), Image.new("I;16", (80, 60), 999)):
            sent = pictures.encoded(image, "PNG", exif=pictures.exif(**EVERYTHING, orientation=6))
            picture = clean(sent, "image/png")
            assert (picture.make, picture.width) == ("Acme Phone 7", 60)

    def test_no_metadata_of_a_png_remains(self) -> None:
        from PIL.PngImagePlugin import PngInfo

        notes = PngInfo()
        notes.add_text("Comment", "secret")
        notes.add_itxt("XML:com.adobe.xmp", "secret")
        sent = pictures.encoded(pictures.quarters(), "PNG", pnginfo=notes, exif=pictures.exif(**EVERYTHING))
        picture = clean(sent, "image/png")
        assert b"secret" not in picture.data
        assert "comment" not in open_image(picture.data).info

    def test_a_picture_without_metadata_has_none(self) -> None:
        picture = clean(pictures.jpeg(), "image/jpeg")
        assert (picture.taken_at, picture.position, picture.make) == (None, None, None)

    @pytest.mark.parametrize(
        ("taken_at", "offset", "read"),
        [
            ("2026:03:01 14:30:00", None, datetime(2026, 3, 1, 14, 30)),  # noqa: DTZ001
            ("2026:03:01 14:30:00", "Z", datetime(2026, 3, 1, 14, 30, tzinfo=UTC)),
            ("2026:03:01 14:30:00", "soon", datetime(2026, 3, 1, 14, 30)),  # noqa: DTZ001
            ("2026:03:01 14:30:00", "+99:00", None),
            ("2026:13:01 14:30:00", None, None),
            ("0000:00:00 00:00:00", None, None),
            ("    :  :     :  :  ", None, None),
            ("yesterday", "+02:00", None),
        ],
    )
    def test_times(self, taken_at: str, offset: str | None, read: datetime | None) -> None:
        assert sent_with(taken_at=taken_at, offset=offset).taken_at == read

    @pytest.mark.parametrize(
        ("position", "read"),
        [
            ((-33.8688, 151.2093), (-33.8688, 151.2093)),
            ((40.7128, -74.006), (40.7128, -74.006)),
            ((0.0, 0.0), None),
            ((95.0, 10.0), None),
            ((10.0, 190.0), None),
        ],
    )
    def test_positions(self, position: tuple[float, float], read: tuple[float, float] | None) -> None:
        found = sent_with(position=position).position
        assert found == (pytest.approx(read, abs=1e-5) if read else None)

    @pytest.mark.parametrize(
        ("make", "model", "read"),
        [
            ("Apple", "iPhone 17", "Apple iPhone 17"),
            ("Canon", "Canon EOS R5", "Canon EOS R5"),
            ("Acme\0\0", None, "Acme"),
            (None, "Phone\x07 7", "Phone 7"),
            ("  ", None, None),
            ("x" * 5000, None, "x" * 100),
        ],
    )
    def test_makes(self, make: str | None, model: str | None, read: str | None) -> None:
        assert sent_with(make=make, model=model).make == read

    def test_broken_exif_is_ignored(self) -> None:
        good = pictures.exif(**EVERYTHING, orientation=6)
        broken = [b"", b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0" + b"\xff" * 500, good[: len(good) // 2]]
        for at in range(6, len(good), 5):
            broken += [good[:at] + bytes([value]) + good[at + 1 :] for value in (0, 0x7F, 0xFF)]
        for block in broken:
            for format, content_type in TYPES.items():
                picture = clean(pictures.encoded(pictures.quarters(), format, exif=block), content_type)
                assert sorted((picture.width, picture.height)) == [60, 80]


def sent_with(**facts: object) -> Picture:
    return clean(pictures.encoded(pictures.quarters(), "JPEG", exif=pictures.exif(**facts)), "image/jpeg")  # type: ignore[arg-type]
