"""Photos: the CPU in addition to that of Pillow, and the memory."""

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
from tests.benchmarks.load import add_up, cpu_seconds, measure, pss_mib
from tests.benchmarks.program import Program
from tests.benchmarks.report import Report, Target

LARGE, SMALL = (4000, 3000), (1600, 1200)
LARGE_COUNT, PAIRS, ROUNDS = 8, 12, 5
#: Limits of memory in MiB: at rest, and while submissions and photos arrive.
AT_REST, UNDER_LOAD = 220, 380


def make_picture(size: tuple[int, int], quality: int) -> bytes:
    """Return a new JPEG with soft blotches and the grain of a camera."""
    blotches = Image.frombytes("RGB", (12, 9), random.randbytes(12 * 9 * 3)).resize(size, Image.BICUBIC)
    stream = io.BytesIO()
    Image.blend(blotches, _grain(size), 0.25).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


@cache
def _grain(size: tuple[int, int]) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise(size, 40) for _ in range(3)])


def run_bare_pillow(data: bytes) -> float:
    """Decode, resize, encode and make a thumbnail with Pillow; return the CPU in milliseconds."""
    started = time.process_time()
    image = Image.open(io.BytesIO(data))
    for side, quality in ((2560, 82), (480, 78)):
        image.thumbnail((side, side))
        image.save(io.BytesIO(), "JPEG", quality=quality)
    return (time.process_time() - started) * 1000


class Phone:
    """A phone that sends photos to a running server."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def declare(self, visit_id: str, data: bytes) -> tuple[str, dict[str, object]]:
        """Declare a photo; return its path and its upload link."""
        path = f"/api/v1/visits/{visit_id}/photos/{uuid.uuid4()}"
        declaration = {
            "question": "question-0",
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "content_type": "image/jpeg",
        }
        return path, self._call("PUT", path, declaration)["upload"]

    def upload(self, link: dict[str, object], data: bytes) -> None:
        """Upload a photo to the photo store."""
        url = urlsplit(str(link["url"]))
        connection = HTTPConnection(url.netloc, timeout=120)
        connection.request("PUT", f"{url.path}?{url.query}", body=data, headers=link["headers"])
        response = connection.getresponse()
        assert response.status == 200, response.read()
        connection.close()

    def confirm(self, path: str) -> None:
        """Confirm a photo; repeat this while the server is processing others."""
        while self._call("POST", f"{path}/confirm")["status"] != "stored":
            pass

    def _call(self, method: str, path: str, body: object = None) -> dict[str, object]:
        headers = {
            "Authorization": f"Bearer {self.program.world.shopper.token}",
            "Content-Type": "application/json",
        }
        connection = HTTPConnection("127.0.0.1", self.program.port, timeout=120)
        connection.request(method, path, body=json.dumps(body) if body else None, headers=headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        assert response.status < 300, text
        content: dict[str, object] = json.loads(text)
        return content


def measure_photos(program: Program, report: Report) -> None:
    """Measure confirming large photos, and all requests of two small ones, compared with bare Pillow."""
    phone = Phone(program)
    visit_id, *others = program.ground.assign(1 + PAIRS)
    confirmed, bare = [], []
    for number in range(1 + LARGE_COUNT):
        data = make_picture(LARGE, 88)
        path, link = phone.declare(visit_id, data)
        phone.upload(link, data)
        before = cpu_seconds(program.pids)
        phone.confirm(path)
        if number:  # the first one loads modules
            confirmed.append((cpu_seconds(program.pids) - before) * 1000)
            bare.append(run_bare_pillow(data))
    ratio = sum(confirmed) / sum(bare)
    mean, pillow = sum(confirmed) / LARGE_COUNT, sum(bare) / LARGE_COUNT
    report.other(
        f"confirming a photo of 12 megapixels, {len(data) / 1e6:.1f} MB",
        program.host,
        f"{mean:.0f} ms of CPU, {ratio:.2f}× bare Pillow ({pillow:.0f} ms)",
        Target("≤ 1.2× bare Pillow", ratio, 1.2),
    )
    additional = []
    for visit_id in others:
        pair = [make_picture(SMALL, 77) for _ in range(2)]
        before = cpu_seconds(program.pids)
        for data in pair:
            path, link = phone.declare(visit_id, data)
            phone.upload(link, data)
            phone.confirm(path)
        additional.append((cpu_seconds(program.pids) - before) * 1000 - sum(map(run_bare_pillow, pair)))
    mean = sum(additional) / PAIRS
    report.other(
        f"two photos of {len(data) / 1000:.0f} KB, declared, uploaded, confirmed",
        program.host,
        f"{mean:.1f} ms of CPU in addition to Pillow",
        Target("≤ 30 ms", mean, 30),
    )


def measure_at_rest(program: Program, report: Report) -> None:
    """Measure the memory of server and worker before the first request."""
    memory = pss_mib([program.pid])
    report.other(
        "memory at rest", program.host, f"{memory:.0f} MiB", Target(f"≤ {AT_REST} MiB", memory, AT_REST)
    )


def measure_under_load(program: Program, report: Report) -> None:
    """Measure peak memory while six clients send submissions and two phones send large photos."""
    visits, photos = program.ground.assign(2), [make_picture(LARGE, 88) for _ in range(4)]
    with _sending(program, visits, photos) as sent, _sample_memory(program.pid) as samples:
        loads = []
        for _ in range(ROUNDS):
            loads.append(measure(program.port, submissions.make_requests(program, 200), 6, program.pids))
    load = add_up(loads)
    report.other(
        "peak memory while six clients send submissions and two phones photos of 12 megapixels",
        program.host,
        f"{max(samples):.0f} MiB; {sum(map(len, sent))} photos arrived, submissions with "
        f"p95 {load.percentile(0.95):.0f} ms",
        Target(f"≤ {UNDER_LOAD} MiB", max(samples), UNDER_LOAD),
    )


@contextmanager
def _sending(program: Program, visits: Sequence[str], photos: Sequence[bytes]) -> Iterator[list[list[str]]]:
    """Send photos from one phone per visit; yield the lists of what each has sent so far."""
    stop, sent = threading.Event(), [[] for _ in visits]

    def send(visit_id: str, paths: list[str]) -> None:
        phone = Phone(program)
        while not stop.is_set():
            data = photos[len(paths) % len(photos)]
            path, link = phone.declare(visit_id, data)
            phone.upload(link, data)
            phone.confirm(path)
            paths.append(path)

    threads = [threading.Thread(target=send, args=arguments) for arguments in zip(visits, sent, strict=True)]
    for thread in threads:
        thread.start()
    try:
        yield sent
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def _sample_memory(pid: int) -> Iterator[list[float]]:
    """Measure the memory of a process and its descendants five times per second; yield the samples."""
    stop, samples = threading.Event(), [pss_mib([pid])]

    def run() -> None:
        while not stop.wait(0.2):
            samples.append(pss_mib([pid]))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()
