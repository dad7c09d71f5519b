"""A phone that leaves markers in everything that it sends: a test that looks for them finds every trace."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from PIL import ExifTags, Image, PngImagePlugin
from werkzeug.test import TestResponse

from tests.support.attacker import Markers
from tests.support.pictures import encoded, heic, scene
from tests.support.world import Caller


@dataclass
class Phone(Caller):
    """A shopper with their phone: each request contains markers of it."""

    name: str = ""
    markers: Markers = field(default_factory=Markers)

    @cached_property
    def agent(self) -> str:
        return self.markers.add("user agent", f"Feldforscher/9.71 ({self.name}phone)")

    @cached_property
    def address(self) -> str:
        return self.markers.add("address", f"198.51.100.{100 + len(self.name) * 7}")

    @cached_property
    def make(self) -> dict[str, str]:
        """The texts that its camera writes into pictures."""
        words = ("Marke", "Modell", "Programm", "Seriennummer", "Besitzer", "Rechner", "Notiz", "Titel")
        return {word: self.markers.add("camera", f"{word}-of-{self.name}") for word in words}

    def position(self, number: int) -> tuple[float, float]:
        """Return the reported latitude and longitude, within 100 metres of the store."""
        rng = random.Random(f"{self.name}{number}")
        latitude, longitude = (
            self.markers.add("position", f"{begin}{rng.randrange(10, 90)}") for begin in ("51.500", "0.100")
        )
        return float(f"{latitude}25"), -float(f"{longitude}25")

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        headers = {"User-Agent": self.agent, **options.pop("headers", {})}
        environment = {"REMOTE_ADDR": self.address}
        return super().call(method, path, body, headers=headers, environ_overrides=environment, **options)

    def exif(self, taken_at: datetime, number: int) -> bytes:
        """Return Exif metadata about the phone, the time and the place."""
        make, (latitude, longitude) = self.make, self.position(number)
        tags = Image.Exif()
        tags.update(
            {
                ExifTags.Base.Make: make["Marke"],
                ExifTags.Base.Model: make["Modell"],
                ExifTags.Base.Software: make["Programm"],
                ExifTags.Base.HostComputer: make["Rechner"],
                ExifTags.Base.ImageDescription: make["Titel"],
                ExifTags.Base.DateTime: f"{taken_at:%Y:%m:%d %H:%M:%S}",
            }
        )
        tags.get_ifd(ExifTags.IFD.Exif).update(
            {
                ExifTags.Base.DateTimeOriginal: f"{taken_at:%Y:%m:%d %H:%M:%S}",
                ExifTags.Base.OffsetTimeOriginal: "+00:00",
                ExifTags.Base.BodySerialNumber: make["Seriennummer"],
                ExifTags.Base.CameraOwnerName: make["Besitzer"],
                ExifTags.Base.MakerNote: make["Notiz"].encode(),
                ExifTags.Base.UserComment: b"ASCII\0\0\0" + make["Notiz"].encode(),
            }
        )
        tags.get_ifd(ExifTags.IFD.GPSInfo).update(
            {
                ExifTags.GPS.GPSLatitudeRef: "N",
                ExifTags.GPS.GPSLatitude: (51.0, 0.0, (latitude - 51) * 3600),
                ExifTags.GPS.GPSLongitudeRef: "W",
                ExifTags.GPS.GPSLongitude: (0.0, 0.0, -longitude * 3600),
            }
        )
        return tags.tobytes()

    def picture(self, format: str, taken_at: datetime, seed: int, number: int) -> bytes:
        """Return a picture file with metadata in every place that its format offers."""
        image, block = scene(320, 240, seed), self.exif(taken_at, number)
        note = self.make["Notiz"]
        xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{note}</x:xmpmeta>'.encode()
        if format == "image/png":
            pnginfo = PngImagePlugin.PngInfo()
            pnginfo.add_text("Author", note)
            pnginfo.add_text("Comment", note, zip=True)
            pnginfo.add_itxt("XML:com.adobe.xmp", xmp.decode())
            return encoded(image, "PNG", exif=block, pnginfo=pnginfo)
        if format == "image/webp":
            return encoded(image, "WEBP", exif=block, xmp=xmp, lossless=True)
        if format == "image/heic":
            return heic(image, exif=block, xmp=xmp)
        # Each phone has its own quality and subsampling, with a comment, IPTC, and bytes after the end.
        rng = random.Random(self.name)
        file = encoded(
            image,
            "JPEG",
            exif=block,
            xmp=xmp,
            comment=note,
            quality=rng.randrange(70, 96),
            subsampling=rng.randrange(3),
            progressive=rng.random() < 0.5,
        )
        return file[:2] + _iptc(self.make["Besitzer"]) + file[2:] + note.encode()


def _iptc(by_line: str) -> bytes:
    """Return an IPTC segment that names the photographer."""
    record = b"\x1c\x02\x50" + len(by_line).to_bytes(2) + by_line.encode()
    block = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + len(record).to_bytes(4) + record
    return b"\xff\xed" + (len(block) + 2).to_bytes(2) + block
