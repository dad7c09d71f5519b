"""Phones that send visits to a running server, and remember what it acknowledged."""

import hashlib
import io
import json
import random
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from api import migrations
from api.app import create_app
from api.models.photos import Photo
from api.models.reviews import Decision
from api.models.submissions import Submission
from api.services import photo_keys, photo_sweep
from api.settings import Settings
from tests.support.pictures import jpeg
from tests.support.running import ROOT, environment
from tests.support.world import API, World, ok

SECRET = "k" * 32
ATTEMPTS = 200


class ResponseLost(Exception):
    """No complete response arrived, so the result of the request is unknown."""


class Unavailable(Exception):
    """The server responded with 503 or 429; it asks to wait for ``retry_after`` seconds."""

    def __init__(self, problem_type: str, status: int, retry_after: float) -> None:
        super().__init__(problem_type)
        self.status, self.retry_after = status, retry_after


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response."""

    status: int
    headers: Any
    data: bytes

    def json(self) -> Any:
        return json.loads(self.data)


def call(base: str, method: str, address: str, body: bytes = b"", **headers: str) -> Response:
    """Send a request on a new connection. Raises ResponseLost."""
    url = urlsplit(address if "://" in address else base + address)
    connection = HTTPConnection(url.netloc, timeout=60)
    try:
        connection.request(method, f"{url.path}?{url.query}".rstrip("?"), body, headers)
        response = connection.getresponse()
        complete = Response(response.status, response.headers, response.read())
    except (OSError, HTTPException) as error:
        raise ResponseLost(str(error)) from error
    finally:
        connection.close()
    if complete.status in (502, 504):  # from nginx
        raise ResponseLost("The proxy got no response.")
    return complete


@dataclass
class Picture:
    """A photo to send; ``uploaded`` and ``stored`` are what the server acknowledged."""

    data: bytes
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    uploaded: bool = False
    stored: bytes | None = None

    def declaration(self) -> dict[str, Any]:
        sha256 = hashlib.sha256(self.data).hexdigest()
        return {
            "question": "greeting",
            "sha256": sha256,
            "size": len(self.data),
            "content_type": "image/jpeg",
        }


@dataclass
class Delivery:
    """A visit that a phone sends in steps. A step that was acknowledged is not repeated."""

    visit_id: str
    token: str
    content: bytes
    pictures: list[Picture]
    receipt: bytes | None = None

    @property
    def path(self) -> str:
        return f"{API}/visits/{self.visit_id}"

    def call(self, base: str, method: str, path: str, body: bytes = b"") -> Response:
        """Send a request as the shopper. Raises ResponseLost and Unavailable."""
        response = call(
            base,
            method,
            path,
            body,
            **{
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Device-Time": datetime.now(UTC).isoformat(),
            },
        )
        raise_if_busy(response)
        return response

    def run(self, base: str, on_acknowledged: Callable[[], None] = lambda: None) -> None:
        """Run the remaining steps in random order; call ``on_acknowledged`` after each."""
        steps: list[Callable[[str], None]] = [
            lambda base, picture=picture: self.send_picture(base, picture)  # type: ignore[misc]
            for picture in self.pictures
        ]
        steps.append(self.send_answers)
        random.shuffle(steps)
        for step in steps:
            step(base)
            on_acknowledged()

    def send_answers(self, base: str) -> None:
        if self.receipt is None:
            response = self.call(base, "PUT", f"{self.path}/submission", self.content)
            assert response.status in (200, 201), response
            self.receipt = response.data

    def send_picture(self, base: str, picture: Picture) -> None:
        path = f"{self.path}/photos/{picture.id}"
        if picture.stored is not None:
            return
        if not picture.uploaded:
            declared = self.call(base, "PUT", path, json.dumps(picture.declaration()).encode())
            assert declared.status in (200, 201), declared
            link = declared.json().get("upload")
            if link is not None:  # None if it was confirmed and the response was lost
                sent = call(base, link["method"], link["url"], picture.data, **link["headers"])
                raise_if_busy(sent)
                assert sent.status in (200, 412), sent
            picture.uploaded = True
        for _ in range(ATTEMPTS):
            confirmed = self.call(base, "POST", f"{path}/confirm")
            if confirmed.status != 202:
                break
        assert confirmed.status == 200, confirmed
        picture.stored = confirmed.data

    def verify(self, base: str) -> None:
        """Check that everything that was acknowledged is stored, and that replays are equal."""
        if self.receipt is not None:
            replay = self.call(base, "PUT", f"{self.path}/submission", self.content)
            assert (replay.status, replay.data) == (200, self.receipt)
        for picture in self.pictures:
            if picture.stored is not None:
                path = f"{self.path}/photos/{picture.id}"
                replay = self.call(base, "POST", f"{path}/confirm")
                assert (replay.status, replay.data) == (200, picture.stored)
                shown = self.call(base, "GET", path)
                assert shown.status == 302, shown
                picture_response = call(base, "GET", shown.headers["Location"])
                assert picture_response.status == 200, picture_response
                decode(picture_response.data)

    @property
    def is_complete(self) -> bool:
        return self.receipt is not None and all(picture.stored for picture in self.pictures)


def raise_if_busy(response: Response) -> None:
    """Raise Unavailable for a 503 or 429, after checking its problem document and Retry-After."""
    if response.status in (429, 503):
        assert response.headers["Content-Type"] == "application/problem+json", response
        assert response.json()["status"] == response.status
        retry_after = int(response.headers["Retry-After"])
        assert retry_after > 0
        raise Unavailable(response.json()["type"], response.status, retry_after)


def decode(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as image:
        image.load()


@dataclass
class Survey:
    """An organization with shoppers, each with a phone."""

    folder: Path
    settings: dict[str, str]
    app: Flask
    phones: int = 4

    def __post_init__(self) -> None:
        self.world = World(self.app)
        self.shoppers = [self.world.person("shopper") for _ in range(self.phones)]
        self.deliveries: list[Delivery] = []

    def assign(self, count: int, pictures: Sequence[int] = (0, 1, 1, 2)) -> list[Delivery]:
        """Assign ``count`` visits, each with one of these numbers of pictures. Return their deliveries."""
        if not count:
            return []
        world, now = self.world, datetime.now(UTC)
        assert world.checklist
        window = {"opens_at": "2026-01-01T00:00:00Z", "closes_at": now.replace(year=now.year + 1).isoformat()}
        shoppers = [self.shoppers[index % self.phones] for index in range(count)]
        orders = [
            {
                "location_id": world.location["id"],
                "shopper_id": shopper.id,
                "checklist_key": "visit",
                "window": window,
                "override": True,
            }
            for shopper in shoppers
        ]
        visits = ok(world.admin.post("/visits", orders), 201)["items"]
        deliveries = [
            self._delivery(visit["id"], shopper.token or "", random.choice(pictures))
            for visit, shopper in zip(visits, shoppers, strict=True)
        ]
        self.deliveries += deliveries
        return deliveries

    def _delivery(self, visit_id: str, token: str, count: int) -> Delivery:
        pictures = [Picture(jpeg(160, 120, seed=random.getrandbits(60))) for _ in range(count)]
        body = self.world.submission()
        body["answers"]["greeting"] = {"value": "yes", "photos": [picture.id for picture in pictures]}
        return Delivery(visit_id, token, json.dumps(body).encode(), pictures)

    # Checks of the database and the store.

    def verify(self) -> None:
        """Check that each visit is stored once, that rows and objects refer to each other, and the totals."""
        store = self.world.store
        with self.world.database.read_snapshot() as session:
            for delivery in self.deliveries:
                visit_id = uuid.UUID(delivery.visit_id)
                receipts = list(
                    session.scalars(select(Submission.receipt).where(Submission.visit_id == visit_id))
                )
                if delivery.receipt is not None:
                    assert [receipt.encode() for receipt in receipts] == [delivery.receipt.strip()]
                assert len(receipts) <= 1
                decisions = select(func.count()).select_from(Decision).where(Decision.visit_id == visit_id)
                assert session.scalar(decisions) in (0, 1)
            photos = list(session.scalars(select(Photo).where(Photo.status == "stored")))
        for photo in photos:
            assert photo.key and photo.thumbnail_key
            for key in (photo.key, photo.thumbnail_key):
                decode(store.read(key, 2**26))
        stored = {str(photo.id) for photo in photos}
        assert stored >= {
            picture.id for delivery in self.deliveries for picture in delivery.pictures if picture.stored
        }
        assert "Every stored total equals its recount." in self.recount()
        verify_store(self.world)

    def recount(self) -> str:
        """Run `flask scores recount`, which must find no difference."""
        result = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "scores", "recount"],
            cwd=ROOT,
            env=environment(self.folder, **self.settings),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert result.returncode == 0, result
        return result.stdout


def verify_store(world: World) -> None:
    """Check that, after two sweeps, every object has its row, and no stored photo is missing."""
    for _ in range(2):
        assert photo_sweep.sweep(world.database, world.store).missing == []
    with world.database.read_snapshot() as session:
        photos = {(photo.visit_id, photo.id): photo for photo in session.scalars(select(Photo))}
    for prefix in (photo_keys.UPLOAD_PREFIX, photo_keys.PICTURE_PREFIX):
        for key, _ in world.store.list(prefix):
            photo_id = photo_keys.find_photo_id(key)
            assert photo_id and photo_keys.is_named(photos[photo_id], key), key


@contextmanager
def create_survey(folder: Path, **settings: str) -> Iterator[Survey]:
    """Create a database with these settings, and an organization in it."""
    settings = {
        "DEMO": "0",
        "ACCEPT_EVERY_MINUTES": "0",
        "API_RATE_LIMIT": "1000000",
        "SECRET_KEY": SECRET,
        **settings,
    }
    app = create_app(Settings.from_environment({**settings, "DATA_DIR": str(folder)}))
    database = app.extensions["survey"].database
    try:
        migrations.upgrade(database)
        yield Survey(folder, settings, app)
    finally:
        database.close()


@dataclass
class Traffic:
    """Phones that send without a pause until everything is sent or the server is gone."""

    base: str
    deliveries: Sequence[Delivery]
    phones: int = 4

    def __post_init__(self) -> None:
        self._acknowledged = threading.Semaphore(0)
        self._remaining = iter(self.deliveries)
        self._lock = threading.Lock()
        self.lost = 0
        self.unavailable: list[str] = []
        self.errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._send) for _ in range(self.phones)]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()
        assert not self.errors, self.errors

    def wait_for(self, acknowledged: int) -> None:
        """Wait until this many more steps were acknowledged."""
        for _ in range(acknowledged):
            assert self._acknowledged.acquire(timeout=60), (self.lost, self.unavailable[:3], self.errors)

    def _send(self) -> None:
        while True:
            with self._lock:
                delivery = next(self._remaining, None)
            if delivery is None:
                return
            try:
                delivery.run(self.base, self._acknowledged.release)
            except ResponseLost:
                self.lost += 1
                return
            except Unavailable as error:
                self.unavailable.append(str(error))
            except BaseException as error:
                self.errors.append(error)
                return


def until_done(base: str, deliveries: Sequence[Delivery]) -> list[str]:
    """Send everything that remains, with retries after a 503; return the types of those problems."""
    problems: list[str] = []
    for delivery in deliveries:
        for _ in range(ATTEMPTS):
            try:
                delivery.run(base)
                break
            except Unavailable as error:
                problems.append(str(error))
        assert delivery.is_complete
    return problems
