"""Photos: what they cost beside the work of Pillow, and what memory they take."""

import hashlib
import io
import json
import random
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from http.client import HTTPConnection
from urllib.parse import urlsplit

from PIL import Image

from tests.benchmarks import submissions
from tests.benchmarks.load import cpu_seconds, measure, pss_mib, whole
from tests.benchmarks.program import Program
from tests.benchmarks.report import Report, Target

LARGE, SMALL = (4000, 3000), (1600, 1200)
LARGE_COUNT, PAIRS, ROUNDS = 8, 12, 5
#: all the memory that may be used, in MiB: at rest, and while visits and photos come in
AT_REST, UNDER_LOAD = 220, 380


def picture(size: tuple[int, int], quality: int) -> bytes:
    """Return the JPEG of soft blotches and a camera's grain, another one each time."""
    blotches = Image.frombytes("RGB", (12, 9), random.randbytes(12 * 9 * 3)).resize(size, Image.BICUBIC)
    stream = io.BytesIO()
    Image.blend(blotches, _grain(size), 0.25).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


@cache
def _grain(size: tuple[int, int]) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise(size, 40) for _ in range(3)])


def bare_pillow(data: bytes) -> float:
    """Decode, resize, encode, and make a thumbnail; return the CPU in milliseconds."""
    started = time.process_time()
    image = Image.open(io.BytesIO(data))
    for side, quality in ((2560, 82), (480, 78)):
        image.thumbnail((side, side))
        image.save(io.BytesIO(), "JPEG", quality=quality)
    return (time.process_time() - started) * 1000


class Phone:
    """A phone that sends photos to a running program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def declare(self, visit_id: str, data: bytes) -> tuple[str, dict[str, object]]:
        """Declare a photo; return its address and where its bytes go."""
        path = f"/api/v1/visits/{visit_id}/photos/{uuid.uuid4()}"
        declared = {
            "question": "question-0",
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "content_type": "image/jpeg",
        }
        return path, self._call("PUT", path, declared)["upload"]

    def upload(self, link: dict[str, object], data: bytes) -> None:
        """Send the bytes to the photo store."""
        parts = urlsplit(str(link["url"]))
        connection = HTTPConnection(parts.netloc, timeout=120)
        connection.request("PUT", f"{parts.path}?{parts.query}", body=data, headers=link["headers"])
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        connection.close()

    def confirm(self, path: str) -> None:
        """Have a photo looked at, asking again while others are."""
        while self._call("POST", f"{path}/confirm")["status"] != "stored":
            pass

    def _call(self, method: str, path: str, body: object = None) -> dict[str, object]:
        headers = {
            "Authorization": f"Bearer {self.program.world.shopper.token}",
            "Content-Type": "application/json",
        }
        connection = HTTPConnection("127.0.0.1", self.program.port, timeout=120)
        connection.request(method, path, body=json.dumps(body) if body else None, headers=headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status < 300, text
        found: dict[str, object] = json.loads(text)
        return found


def measure_photos(program: Program, report: Report) -> None:
    """Measure confirming large photos, and all of two small ones, beside bare Pillow's work on them."""
    phone = Phone(program)
    visit_id, *others = program.ground.assigned(1 + PAIRS)
    confirmed, bare = [], []
    for number in range(1 + LARGE_COUNT):
        data = picture(LARGE, 88)
        path, link = phone.declare(visit_id, data)
        phone.upload(link, data)
        before = cpu_seconds(program.pids)
        phone.confirm(path)
        if number:  # the first one loads what the others have
            confirmed.append((cpu_seconds(program.pids) - before) * 1000)
            bare.append(bare_pillow(data))
    ratio = sum(confirmed) / sum(bare)
    mean, pillow = sum(confirmed) / LARGE_COUNT, sum(bare) / LARGE_COUNT
    report.other(
        f"confirming a photo of 12 megapixels, {len(data) / 1e6:.1f} MB",
        program.host,
        f"{mean:.0f} ms of CPU, {ratio:.2f}× bare Pillow ({pillow:.0f} ms)",
        Target("≤ 1.2× bare Pillow", ratio, 1.2),
    )
    beside = []
    for visit_id in others:
        pair = [picture(SMALL, 77) for _ in range(2)]
        before = cpu_seconds(program.pids)
        for data in pair:
            path, link = phone.declare(visit_id, data)
            phone.upload(link, data)
            phone.confirm(path)
        beside.append((cpu_seconds(program.pids) - before) * 1000 - sum(map(bare_pillow, pair)))
    mean = sum(beside) / PAIRS
    report.other(
        f"two photos of {len(data) / 1000:.0f} KB, declared, uploaded, confirmed",
        program.host,
        f"{mean:.1f} ms of CPU beside Pillow's",
        Target("≤ 30 ms", mean, 30),
    )


def measure_at_rest(program: Program, report: Report) -> None:
    """Measure the memory of server and worker before anything is asked of them."""
    memory = pss_mib([program.pid])
    report.other(
        "memory at rest", program.host, f"{memory:.0f} MiB", Target(f"≤ {AT_REST} MiB", memory, AT_REST)
    )


def measure_under_load(program: Program, report: Report) -> None:
    """Measure the most memory while six clients send submissions and two phones large photos."""
    visits, photos = program.ground.assigned(2), [picture(LARGE, 88) for _ in range(4)]
    with _sending(program, visits, photos) as sent, _highest(program.pid) as found:
        loads = []
        for _ in range(ROUNDS):
            loads.append(measure(program.port, submissions.rendered(program, 200), 6, program.pids))
    load = whole(loads)
    report.other(
        "memory, the most while six clients send submissions and two photos of 12 megapixels",
        program.host,
        f"{max(found):.0f} MiB; {sum(map(len, sent))} photos came, submissions with "
        f"p95 {load.percentile(0.95):.0f} ms",
        Target(f"≤ {UNDER_LOAD} MiB", max(found), UNDER_LOAD),
    )


@contextmanager
def _sending(program: Program, visits: Sequence[str], photos: Sequence[bytes]) -> Iterator[list[list[str]]]:
    """Have a phone for each visit send photos; yields what each has sent, as it goes."""
    stop, sent = threading.Event(), [[] for _ in visits]

    def send(visit_id: str, mine: list[str]) -> None:
        phone = Phone(program)
        while not stop.is_set():
            data = photos[len(mine) % len(photos)]
            path, link = phone.declare(visit_id, data)
            phone.upload(link, data)
            phone.confirm(path)
            mine.append(path)

    threads = [threading.Thread(target=send, args=each) for each in zip(visits, sent, strict=True)]
    for thread in threads:
        thread.start()
    try:
        yield sent
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def _highest(pid: int) -> Iterator[list[float]]:
    """Take the memory of a process and those below it five times a second."""
    stop, found = threading.Event(), [pss_mib([pid])]

    def look() -> None:
        while not stop.wait(0.2):
            found.append(pss_mib([pid]))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()
