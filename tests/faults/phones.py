"""Phones that send visits to a running program, and remember what it acknowledged."""

import hashlib
import io
import json
import os
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
from api.settings import Settings
from tests.support.pictures import jpeg
from tests.support.running import ROOT, environment
from tests.support.world import API, World, ok

#: FAULTS=full, as `make faults` has it, tries for longer
FULL = os.environ.get("FAULTS") == "full"
SECRET = "k" * 32
TRIES = 200


class Lost(Exception):
    """No answer came, or only a part of one: nobody knows what became of the request."""


class Refused(Exception):
    """The program said that it cannot do this right now."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that came whole."""

    status: int
    headers: Any
    data: bytes

    def json(self) -> Any:
        return json.loads(self.data)


def call(base: str, method: str, address: str, body: bytes = b"", **headers: str) -> Answer:
    """Make one request on a connection of its own."""
    parts = urlsplit(address if "://" in address else base + address)
    connection = HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    except (OSError, HTTPException) as error:
        raise Lost(str(error)) from error
    finally:
        connection.close()


@dataclass
class Picture:
    """A photo to send; ``uploaded`` and ``stored`` are what was acknowledged of it."""

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
class Errand:
    """A visit that a phone sends step by step; a step that was acknowledged is not taken again."""

    visit_id: str
    token: str
    content: bytes
    pictures: list[Picture]
    receipt: bytes | None = None

    @property
    def path(self) -> str:
        return f"{API}/visits/{self.visit_id}"

    def call(self, base: str, method: str, path: str, body: bytes = b"") -> Answer:
        """Speak as the shopper; raises Lost and Refused."""
        answer = call(
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
        refuse_503(answer)
        return answer

    def run(self, base: str, told: Callable[[], None] = lambda: None) -> None:
        """Take the steps that are left, in any order; calls ``told`` after each acknowledgement."""
        steps: list[Callable[[str], None]] = [
            lambda base, picture=picture: self.send_picture(base, picture)  # type: ignore[misc]
            for picture in self.pictures
        ]
        steps.append(self.send_answers)
        random.shuffle(steps)
        for step in steps:
            step(base)
            told()

    def send_answers(self, base: str) -> None:
        if self.receipt is None:
            answer = self.call(base, "PUT", f"{self.path}/submission", self.content)
            assert answer.status in (200, 201), answer
            self.receipt = answer.data

    def send_picture(self, base: str, picture: Picture) -> None:
        path = f"{self.path}/photos/{picture.id}"
        if picture.stored is not None:
            return
        if not picture.uploaded:
            declared = self.call(base, "PUT", path, json.dumps(picture.declaration()).encode())
            assert declared.status in (200, 201), declared
            link = declared.json().get("upload")
            if link is not None:  # None: it was confirmed, and that answer was lost
                sent = call(base, link["method"], link["url"], picture.data, **link["headers"])
                refuse_503(sent)
                assert sent.status in (200, 412), sent
            picture.uploaded = True
        for _ in range(TRIES):
            confirmed = self.call(base, "POST", f"{path}/confirm")
            if confirmed.status != 202:
                break
        assert confirmed.status == 200, confirmed
        picture.stored = confirmed.data

    def hold(self, base: str) -> None:
        """Make sure that whatever was acknowledged is there, and answered again in the same words."""
        if self.receipt is not None:
            again = self.call(base, "PUT", f"{self.path}/submission", self.content)
            assert (again.status, again.data) == (200, self.receipt)
        for picture in self.pictures:
            if picture.stored is not None:
                path = f"{self.path}/photos/{picture.id}"
                again = self.call(base, "POST", f"{path}/confirm")
                assert (again.status, again.data) == (200, picture.stored)
                shown = self.call(base, "GET", path)
                assert shown.status == 302, shown
                found = call(base, "GET", shown.headers["Location"])
                assert found.status == 200, found
                decode(found.data)

    @property
    def done(self) -> bool:
        return self.receipt is not None and all(picture.stored for picture in self.pictures)


def refuse_503(answer: Answer) -> None:
    """Raise Refused for a 503, which says in a problem document when to come again."""
    if answer.status == 503:
        assert answer.headers["Content-Type"] == "application/problem+json", answer
        assert answer.json()["status"] == 503
        assert int(answer.headers["Retry-After"]) > 0
        raise Refused(answer.json()["type"])


def decode(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as image:
        image.load()


@dataclass
class Field:
    """An organization whose shoppers are out, each with a phone."""

    folder: Path
    settings: dict[str, str]
    app: Flask
    phones: int = 4

    def __post_init__(self) -> None:
        self.world = World(self.app)
        self.shoppers = [self.world.person("shopper") for _ in range(self.phones)]
        self.errands: list[Errand] = []

    def assign(self, count: int) -> list[Errand]:
        """Assign so many visits, and return what is to be sent of them."""
        world, now = self.world, datetime.now(UTC)
        assert world.checklist
        window = {"opens_at": "2026-01-01T00:00:00Z", "closes_at": now.replace(year=now.year + 1).isoformat()}
        turns = [self.shoppers[index % self.phones] for index in range(count)]
        orders = [
            {
                "location_id": world.location["id"],
                "shopper_id": shopper.id,
                "checklist_key": "visit",
                "window": window,
                "override": True,
            }
            for shopper in turns
        ]
        made = ok(world.admin.post("/visits", orders), 201)["items"]
        fresh = [
            self._errand(visit["id"], shopper.token or "") for visit, shopper in zip(made, turns, strict=True)
        ]
        self.errands += fresh
        return fresh

    def _errand(self, visit_id: str, token: str) -> Errand:
        pictures = [
            Picture(jpeg(160, 120, seed=random.getrandbits(60))) for _ in range(random.choice((0, 1, 1, 2)))
        ]
        body = self.world.submission()
        body["answers"]["greeting"] = {"value": "yes", "photos": [picture.id for picture in pictures]}
        return Errand(visit_id, token, json.dumps(body).encode(), pictures)

    # What is held against the database and the store themselves.

    def hold(self) -> None:
        """Make sure that each visit is there once, that no row points at nothing, and of the totals."""
        store = self.world.store
        with self.world.database.read_snapshot() as session:
            for errand in self.errands:
                visit_id = uuid.UUID(errand.visit_id)
                receipts = list(
                    session.scalars(select(Submission.receipt).where(Submission.visit_id == visit_id))
                )
                if errand.receipt is not None:
                    assert [receipt.encode() for receipt in receipts] == [errand.receipt.strip()]
                assert len(receipts) <= 1
                decided = select(func.count()).select_from(Decision).where(Decision.visit_id == visit_id)
                assert session.scalar(decided) in (0, 1)
            photos = list(session.scalars(select(Photo).where(Photo.status == "stored")))
        for photo in photos:
            assert photo.key and photo.thumbnail_key
            for key in (photo.key, photo.thumbnail_key):
                decode(store.read(key, 2**26))
        stored = {str(photo.id) for photo in photos}
        assert stored >= {
            picture.id for errand in self.errands for picture in errand.pictures if picture.stored
        }
        assert "Every stored total equals its recount." in self.recount()

    def recount(self) -> str:
        """Run `flask scores recount`, which has to find nothing."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "scores", "recount"],
            cwd=ROOT,
            env=environment(self.folder, **self.settings),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done
        return done.stdout


@contextmanager
def field_of(folder: Path, **settings: str) -> Iterator[Field]:
    """Make a new database of these settings, and an organization in it."""
    settings = {"DEMO": "0", "ACCEPT_EVERY_MINUTES": "0", "SECRET_KEY": SECRET, **settings}
    app = create_app(Settings.from_environment({**settings, "DATA_DIR": str(folder)}))
    database = app.extensions["survey"].database
    try:
        migrations.upgrade(database)
        yield Field(folder, settings, app)
    finally:
        database.close()


@dataclass
class Traffic:
    """Phones that send without a pause, until the program is gone or all is sent."""

    base: str
    errands: Sequence[Errand]
    phones: int = 4

    def __post_init__(self) -> None:
        self._acknowledged = threading.Semaphore(0)
        self._left = iter(self.errands)
        self._taking = threading.Lock()
        self.lost = 0
        self.refused: list[str] = []
        self.faults: list[BaseException] = []
        self._threads = [threading.Thread(target=self._send) for _ in range(self.phones)]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()
        assert not self.faults, self.faults

    def wait_for(self, acknowledged: int) -> None:
        """Wait until so many steps more were acknowledged."""
        for _ in range(acknowledged):
            assert self._acknowledged.acquire(timeout=60), (self.lost, self.refused[:3], self.faults)

    def _send(self) -> None:
        while True:
            with self._taking:
                errand = next(self._left, None)
            if errand is None:
                return
            try:
                errand.run(self.base, self._acknowledged.release)
            except Lost:
                self.lost += 1
                return
            except Refused as refused:
                self.refused.append(str(refused))
            except BaseException as fault:
                self.faults.append(fault)
                return


def until_done(base: str, errands: Sequence[Errand]) -> list[str]:
    """Send whatever is left, coming again as the program says; return what it refused meanwhile."""
    refused: list[str] = []
    for errand in errands:
        for _ in range(TRIES):
            try:
                errand.run(base)
                break
            except Refused as refusal:
                refused.append(str(refusal))
        assert errand.done
    return refused
