"""What managers can read does not disclose who the shoppers are, and does not link two of their visits.

The names, phones and positions of the shoppers are markers. An attacker with a manager's account fetches
everything (``tests/support/attacker.py``), and no byte of it may contain a marker.
"""

import base64
import hashlib
import io
import json
import random
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from api.http.etags import compute_etag
from tests.conftest import BACKENDS
from tests.support.attacker import Attacker, Fetched, Known, Markers
from tests.support.extent import FULL
from tests.support.marked_phone import Phone
from tests.support.world import ALL_WELL, CHECKLIST, Caller, World, ok

#: visits are made yesterday or earlier, so that no other time in a test is similar
MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

QUESTIONS = {
    **CHECKLIST,
    "sections": [
        *CHECKLIST["sections"],
        {
            "key": "more",
            "title": "More",
            "questions": [
                {"key": "loyalty-card", "text": "Card", "type": "text", "private": True, "required": False},
                {"key": "greeting-by", "text": "By whom", "type": "text", "required": False},
                {"key": "spent", "text": "Spent", "type": "number", "required": False},
                {
                    "key": "shelf",
                    "text": "The shelf",
                    "type": "photo",
                    "required": False,
                    "photos": {"minimum": 0, "maximum": 5},
                },
            ],
        },
    ],
}


# The organization under attack.


class Programme:
    """An organization with markers in everything about its shoppers, and visits in every status."""

    def __init__(self, app: Flask) -> None:
        self.markers, self.self_check_markers = Markers(), Markers()
        self.world = world = World(app)
        world.checklist = world.publish(QUESTIONS)
        world.publish({**QUESTIONS, "key": "own-eyes", "channel": "self_check"})
        self.north = world.new_region(code="NORTH", external_id="ERP-1")
        self.coast = world.new_region(code="COAST", parent_id=self.north["id"])
        self.south = world.new_region(code="SOUTH")
        self.stores = [
            world.new_location(code=f"{region['code']}-{number}", region_id=region["id"])
            for region in (self.north, self.coast, self.south)
            for number in range(2)
        ]
        self.reviewer = self.add_markers("reviewer", world.person("reviewer"))
        self.zoe, self.ben, self.cara = (self.shopper(name) for name in ("Zoe-Quill", "Benedikt", "Caradoc"))
        self.managers = {
            "region": world.person("manager", "m-region", region_ids=[self.north["id"]]),
            "store": world.person("manager", "m-store", location_ids=[self.stores[0]["id"]]),
            "self-check": world.person("manager", "m-self", region_ids=[self.north["id"]]),
            "client": world.client("scores:read", "visits:read", region_ids=[self.north["id"]]),
        }
        self.fetched: dict[str, list[Fetched]] = {}
        self.accepted: list[str] = []
        self.hidden: dict[str, str] = {}
        self.photos: list[tuple[str, str]] = []
        self.numbers = iter(range(1, 1000))
        self._visits()

    def add_markers(self, kind: str, caller: Caller) -> Caller:
        """Add the ID and the email address of a person to the markers."""
        for text in (caller.id, caller.email):
            assert text is not None
            self.markers.add(kind, text)
        return caller

    def shopper(self, name: str) -> Phone:
        """Add a shopper as administrators do, and sign them in on their phone."""
        email, password = f"{name}@telefon.example", f"the password of {name}"
        phone = Phone(self.world.app, name=name, markers=self.markers, email=email)
        person = {"email": email, "name": f"{name} Öfterschön", "role": "shopper", "password": password}
        user = ok(self.world.admin.post("/users", person), 201)
        phone.id = self.markers.add("shopper", user["id"])
        for attribute in ("email", "name", "created_at"):
            self.markers.add(attribute, user[attribute])
        phone.token = ok(phone.post("/auth/login", {"email": email, "password": password}))["access_token"]
        assert phone.token
        self.markers.add("token", phone.token)
        return phone

    def assign(self, phone: Caller, store: int, days_ago: int, **values: Any) -> dict[str, Any]:
        """Assign a visit on a day, with an external ID that is a marker."""
        external_id = self.markers.add("external id", f"Auftrag-{next(self.numbers):04}")
        opens_at = MIDNIGHT - timedelta(days=days_ago)
        window = {"opens_at": opens_at.isoformat(), "closes_at": (opens_at + timedelta(hours=23)).isoformat()}
        values = {"window": window, "external_id": external_id, **values}
        visit = self.world.visit(phone, self.stores[store], **values)
        return {**visit, "began": opens_at + timedelta(hours=13, minutes=47, seconds=7 * days_ago + store)}

    def photo(self, phone: Phone, visit: Mapping[str, Any], question: str | None, format: str) -> str:
        """Send a photo with all metadata of the phone and its camera."""
        number = next(self.numbers)
        taken_at = visit["began"] + timedelta(minutes=3, seconds=11)
        latitude, longitude = phone.position(number)
        data = phone.picture(format, taken_at, number, number)
        photo_id = self.world.photo(
            visit,
            data,
            phone,
            question=question,
            content_type=format,
            taken_at=taken_at.isoformat(),
            position={"latitude": latitude, "longitude": longitude},
        )
        self.photos.append((visit["id"], photo_id))
        return photo_id

    def submission(self, phone: Phone, visit: Mapping[str, Any], **values: Any) -> dict[str, Any]:
        """Return a submission with valid answers, and with the phone's own times and position."""
        latitude, longitude = phone.position(next(self.numbers))
        begin = visit["began"]
        for moment in (begin, begin + timedelta(minutes=17, seconds=5)):
            self.markers.add("time", str(int(moment.timestamp())))
        return {
            "revision": 1,
            "checklist_version": 1,
            "started_at": begin.isoformat(),
            "finished_at": (begin + timedelta(minutes=17, seconds=5)).isoformat(),
            "position": {"latitude": latitude, "longitude": longitude, "accuracy_m": 12.625},
            "answers": {**ALL_WELL, "clock": {"value": "15:52"}, **values.pop("answers", {})},
            **values,
        }

    def send(self, phone: Phone, visit: Mapping[str, Any], **values: Any) -> None:
        """Send answers that include a private one."""
        answers = values.setdefault("answers", {})
        secret = self.markers.add("private answer", f"Kundenkarte {next(self.numbers):04}")
        answers.setdefault("loyalty-card", {"value": secret, "comment": f"{secret}, said {phone.name}"})
        now = datetime.now(UTC) + timedelta(milliseconds=123)
        headers = {"Device-Time": now.isoformat()}
        ok(self.world.send(visit, self.submission(phone, visit, **values), phone, headers=headers), 201)

    def decide(self, visit: Mapping[str, Any], decision: str) -> None:
        """Decide on revision 1, or replace the decision, with reasons that only the shopper may see."""
        reasons = [self.markers.add("reason", f"Begründung {next(self.numbers):04}") for _ in range(2)]
        decisions = ok(self.world.admin.get(f"/visits/{visit['id']}"))["decisions"]
        message = self.markers.add("message", f"Nachricht {next(self.numbers):04}")
        body = {
            "reason": reasons[0],
            "question_reasons": {"wait": reasons[1]},
            "message_to_shopper": message,
        }
        replaces = decisions[-1]["id"] if decisions else None
        stored = ok(self.world.review(visit, decision, self.reviewer, replaces=replaces, **body))
        self.markers.add("decision", stored["id"])

    def _visits(self) -> None:
        # Two visits of one shopper in two stores, two of other shoppers, and one in another region.
        for phone, store, days_ago, format in (
            (self.zoe, 0, 5, "image/jpeg"),
            (self.zoe, 2, 4, "image/heic"),
            (self.ben, 0, 3, "image/png"),
            (self.cara, 2, 3, "image/webp"),
            (self.zoe, 4, 6, "image/jpeg"),
        ):
            visit = self.assign(phone, store, days_ago)
            shelf = [self.photo(phone, visit, "shelf", form) for form in (format, "image/jpeg")]
            receipt = self.photo(phone, visit, "receipt", format)
            unnamed = self.photo(phone, visit, "greeting", "image/jpeg")  # no answer names it
            for private in (receipt, unnamed):
                self.markers.add("private photo", private)
            answers = {"shelf": {"photos": shelf}, "receipt": {"photos": [receipt]}}
            self.send(phone, visit, answers=answers)
            if (status := self.status(visit)) != "accepted":
                raise AssertionError(f"{status}: {self.world.flags(visit)}")
            self.accepted.append(visit["id"])
        # Flagged and accepted; returned, corrected and accepted; an acceptance that was replaced twice.
        late = self.assign(self.cara, 0, 9)
        self.send(self.cara, late, position=None, finished_at=_after(late), comment="Late, and the same fish")
        self.decide(late, "accept")
        corrected = self.assign(self.ben, 1, 8)
        self.send_and_return(self.ben, corrected)
        self.send(self.ben, corrected, revision=2)
        replaced = self.assign(self.cara, 1, 7)
        self.send(self.cara, replaced)
        self.decide(replaced, "reject")
        self.decide(replaced, "accept")
        # A closed store, with a photo of it.
        closed = self.assign(self.zoe, 0, 10)
        shutters = [self.photo(self.zoe, closed, None, "image/jpeg")]
        self.send(self.zoe, closed, outcome="store-closed", photos=shutters, comment="Shutters down")
        self.decide(closed, "accept")
        self.accepted += [late["id"], corrected["id"], replaced["id"], closed["id"]]
        # The reviewer asks about an accepted visit, and the shopper answers.
        question, answer = (self.markers.add("message", f"Kasse {next(self.numbers):04}?") for _ in range(2))
        asked = self.reviewer.post(f"/visits/{late['id']}/messages", {"text": question})
        self.message_id = self.markers.add("message", ok(asked, 201)["id"])
        ok(self.cara.put(f"/me/messages/{self.message_id}/answer", {"text": answer}))
        # A manager makes a self-check of their own store.
        manager = self.managers["self-check"]
        own = self.assign(manager, 0, 2, checklist_key="own-eyes")
        for text in (manager.id, manager.email):
            self.self_check_markers.add("manager", str(text))
        phone = Phone(
            manager.app, manager.id, manager.email, manager.token, "selfphone", self.self_check_markers
        )
        body = self.submission(phone, own)
        ok(self.world.send(own, body, phone), 201)
        self.accepted.append(own["id"])
        # Visits that are in progress, or are never counted.
        for name, days_ago in (("assigned", 11), ("declined", 12), ("cancelled", 13), ("submitted", 14),
                               ("returned", 15), ("rejected", 16), ("cancelled late", 17)):  # fmt: skip
            visit = self.assign(self.zoe, 0, days_ago)
            self.hidden[name] = self.markers.add(f"visit that is {name}", visit["id"])
            if name == "declined":
                reason = self.markers.add("reason", "Absage: mein Knie")
                ok(self.zoe.post(f"/visits/{visit['id']}/decline", {"reason": reason}))
            elif name in ("cancelled", "cancelled late"):
                ok(self.world.admin.post(f"/visits/{visit['id']}/cancel"))
                if name == "cancelled late":
                    self.send(self.zoe, visit)
            elif name != "assigned":
                late_by = {"finished_at": _after(visit)}
                self.send(self.zoe, visit, **late_by)
                if name in ("returned", "rejected"):
                    self.decide(visit, name.removesuffix("ed"))

    def send_and_return(self, phone: Phone, visit: Mapping[str, Any]) -> None:
        self.send(phone, visit)
        self.decide(visit, "return")

    def status(self, visit: Mapping[str, Any]) -> str:
        status: str = ok(self.world.admin.get(f"/visits/{visit['id']}"))["status"]
        return status

    def read_by(self, role: str) -> list[Fetched]:
        """Return everything that a manager can fetch; each manager fetches once."""
        if role not in self.fetched:
            self.fetched[role] = Attacker(self.managers[role], self.known).read()
        return self.fetched[role]

    @property
    def known(self) -> Known:
        """What the attacker knows: everything."""
        return Known(
            region_id=[self.north["id"], self.coast["id"], self.south["id"]],
            location_id=[store["id"] for store in self.stores],
            user_id=[str(who.id) for who in (self.zoe, self.ben, self.reviewer)],
            client_id=[str(self.managers["client"].id)],
            visit_id=[*self.accepted, *self.hidden.values()],
            message_id=[self.message_id],
            photos=self.photos,
            key=("visit", "own-eyes"),
            codes=("NORTH", "SOUTH-0"),
            external_ids=("ERP-1", "Auftrag-0001"),
            emails=[str(self.zoe.email)],
            days=[f"{MIDNIGHT - timedelta(days=days):%Y-%m-%d}" for days in (3, 9)],
            months=[f"{MIDNIGHT:%Y-%m}"],
        )


def _after(visit: Mapping[str, Any]) -> str:
    """Return a time after the visit's window, on the same day."""
    began: datetime = visit["began"]
    return began.replace(hour=23, minute=48).isoformat()


@pytest.fixture(params=BACKENDS if FULL else BACKENDS[1:])
def app(request: pytest.FixtureRequest) -> Flask:
    """In `make test` only on PostgreSQL with S3: what is tested here hardly depends on the database."""
    return request.getfixturevalue(f"{request.param}_app")


@pytest.fixture(scope="module")
def programmes() -> dict[int, Programme]:
    return {}


@pytest.fixture
def programme(app: Flask, programmes: dict[int, Programme]) -> Programme:
    """One programme for each application and all tests that only read."""
    if id(app) not in programmes:
        programmes[id(app)] = Programme(app)
    return programmes[id(app)]


@pytest.mark.parametrize("role", ["region", "self-check", "client", *["store"] * FULL])
def test_nothing_that_a_manager_can_read_contains_a_marker(programme: Programme, role: str) -> None:
    fetched = programme.read_by(role)
    # 302: the type of a problem leads to its explanation.
    assert {item.status for item in fetched} == {200, 302, 303, 304, 403, 404, 422}
    assert any("/photos/" in item.target for item in fetched if item.status == 200)
    assert programme.markers.within(fetched) == []
    if role != "self-check":
        assert programme.self_check_markers.within(fetched) == []
        assert [item.name for item in fetched if _contains_time(item)] == []


def test_no_error_response_to_a_manager_contains_a_marker(programme: Programme) -> None:
    known = programme.known
    known.visit_id = [*programme.accepted[:2], *programme.hidden.values()]
    known.photos = programme.photos[:3]
    fetched = Attacker(programme.managers["region"], known).try_to_change()
    # Token requests are forms, not JSON (415). Editing one's own account requires If-Match (428). Setting up
    # a second factor starts without a body (201).
    assert {item.status for item in fetched} == {201, 401, 403, 404, 405, 410, 415, 422, 428}
    assert programme.markers.within(fetched) == []


def _contains_time(fetched: Fetched) -> bool:
    """Return whether a response about visits, comments or scores contains a time, also in a cursor."""
    is_picture = fetched.body[:2] == b"\xff\xd8"
    if is_picture or not re.search(r"/visits|/score|/comments|/photos|/progress", fetched.target):
        return False
    return re.search(rb"\d\d:\d\d|t\d{6}", b"".join(fetched.content)) is not None


def test_search_finds_planted_markers() -> None:
    markers, secret = Markers(), "Zoë 5f0c8a52"
    marker = markers.add("name", secret)
    person = markers.add("person", "0d9a4f0e-6c1f-4f6e-9d0a-2b8f7c1a5e33")
    hidden = (
        marker.encode(),
        json.dumps([marker]).encode(),
        base64.urlsafe_b64encode(json.dumps(["2026-01-01", person]).encode()).rstrip(b"="),
        base64.b64encode(uuid.UUID(person).bytes),
        marker.encode().hex().encode(),
        b"%5a%6f%c3%ab%205f0c8a52",
        marker.encode("utf-16-le"),
        hashlib.sha256(person.encode()).hexdigest().encode(),
        uuid.UUID(person).hex.encode(),
    )
    head = (("X-Request-ID", "0" * 32),)
    for body in hidden:
        assert markers.within([Fetched("GET", "/x", "", 200, head, b'{"x": "' + body + b'"}')]), body
        in_a_header = (*head, ("Location", body.decode("latin-1")))
        assert markers.within([Fetched("GET", "/x", "", 200, in_a_header, b"")]) or not body.isascii(), body
    assert markers.within([Fetched("GET", f"/users/{person}", "", 404, head, person.encode())]) == []
    assert markers.within([Fetched("GET", "/x", "", 200, head, b"nothing of it")]) == []


# Links between visits: two worlds differ only in who made which visit, and must look the same.


@dataclass
class Twin:
    """A world in which two visits are made by one shopper or by two. Everything else is the same."""

    app: Flask
    same: bool
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = world = World(self.app)
        world.checklist = world.publish(QUESTIONS)
        self.region = world.new_region(code="R")
        self.stores = [world.new_location(code=f"S{n}", region_id=self.region["id"]) for n in range(2)]
        self.manager = world.person("manager", "m-region", region_ids=[self.region["id"]])
        people = {name: world.person("shopper", name) for name in ("zoe", "ben", "caradoc")}
        self.phones = {
            name: Phone(item.app, item.id, item.email, item.token, name) for name, item in people.items()
        }
        zoe, ben, cara = self.phones.values()
        self.visits = [
            self.visit(phone, number)
            for number, phone in enumerate((zoe, zoe if self.same else ben, ben if self.same else cara))
        ]
        self.names = {
            world.name: "organization",
            self.region["id"]: "region",
            **{str(store["id"]): f"store {number}" for number, store in enumerate(self.stores)},
            str(self.manager.id): "manager",
            **{visit_id: f"visit {number}" for number, visit_id in enumerate(self.visits)},
            str(zoe.id): "shopper",
        }

    def visit(self, phone: Phone, number: int) -> str:
        """Make a visit. Its place, time, answers and pixels depend only on its number."""
        opens_at = MIDNIGHT - timedelta(days=4 - number)
        window = {"opens_at": opens_at.isoformat(), "closes_at": (opens_at + timedelta(hours=23)).isoformat()}
        visit = self.world.visit(phone, self.stores[number % 2], window=window)
        begun = opens_at + timedelta(hours=13)
        rng = random.Random(number)
        shelf = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(2)]
        for photo_id, seed in zip(shelf, (number * 10 + 1, number * 10 + 2), strict=True):
            # One phone sends PNG and another WebP: the pixels are the same, everything else differs.
            format = "image/png" if phone.name == "zoe" else "image/webp"
            data = phone.picture(format, begun + timedelta(minutes=3), seed, seed)
            self.world.photo(visit, data, phone, id=photo_id, question="shelf", content_type=format)
        answers = {
            **ALL_WELL,
            "shelf": {"photos": shelf},
            "clock": {"value": "15:52"},
            "loyalty-card": {"value": f"card of {phone.name}"},
            # Phones encode the same answer differently.
            "spent": {"value": 12, "comment": None} if phone.name == "zoe" else {"value": 12.0},
            "problem": {"value": "no", "comment": ""} if phone.name == "ben" else {"value": "no"},
            "story": {"value": f"Story {number}"},
            **({"greeting-by": {"value": None}} if phone.name == "ben" else {}),
        }
        latitude, longitude = phone.position(number)
        body = {
            "revision": 1,
            "checklist_version": 1,
            "started_at": (begun + timedelta(seconds=len(phone.name))).isoformat(),
            "finished_at": (begun + timedelta(minutes=10, seconds=len(phone.name))).isoformat(),
            "position": {"latitude": latitude, "longitude": longitude, "accuracy_m": len(phone.name)},
            "answers": answers,
            **({"comment": "", "outcome": "visited", "photos": []} if phone.name == "ben" else {}),
        }
        ok(self.world.send(visit, body, phone), 201)
        visit_id: str = visit["id"]
        assert ok(self.world.admin.get(f"/visits/{visit_id}"))["status"] == "accepted"
        return visit_id

    def fetch_all(self) -> Iterator[tuple[str, str]]:
        """Yield everything that the manager can fetch, with names in place of random IDs."""
        known = Known(
            region_id=[self.region["id"]],
            location_id=[store["id"] for store in self.stores],
            user_id=[item for item, name in self.names.items() if name == "shopper"],
            visit_id=self.visits,
            photos=[],
            days=[f"{MIDNIGHT - timedelta(days=3):%Y-%m-%d}"],
            months=[f"{MIDNIGHT:%Y-%m}"],
        )
        for visit_id in self.visits:
            answers = ok(self.manager.get(f"/visits/{visit_id}"))["answers"]
            known.photos = [*known.photos, *((visit_id, photo) for photo in answers["shelf"]["photos"])]
        for item in Attacker(self.manager, known, "/visits|/score|/comments|/locations|/regions").read():
            yield self.plain(item.name), self.plain(_get_full_text(item))

    def plain(self, text: str) -> str:
        """Return a text without values that are random."""
        text = re.sub(r'"changes_token":\s*"[^"]+"', '"changes_token":"…"', text)
        text = re.sub(r"cursor=([\w-]+)", lambda match: f"cursor={_decode_cursor(match[1])}", text)
        for item, name in self.names.items():
            text = text.replace(item, name)
        text = re.sub(r'"created_at":"[^"]+"', "", text)  # only places have one
        return re.sub(r'("request_id":|X-Request-ID: )"?[0-9a-f]{32}"?|"[0-9a-f]{32}"', "", text)


def _get_full_text(fetched: Fetched) -> str:
    head = "".join(f"{name}: {value}\n" for name, value in fetched.headers)
    return f"{fetched.status}\n{head}\n{fetched.body.decode('latin-1')}"


def _decode_cursor(cursor: str) -> str:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("latin-1")


def test_two_visits_of_one_shopper_look_like_visits_of_two_shoppers(app: Flask) -> None:
    same, different = (list(Twin(app, is_same).fetch_all()) for is_same in (True, False))
    assert len(same) == len(different) > 100
    assert [request for request, _ in same] == [request for request, _ in different]
    assert [
        request
        for (request, response), (_, other_response) in zip(same, different, strict=True)
        if response != other_response
    ] == []


def test_hidden_facts_do_not_change_anything_that_managers_see(app: Flask) -> None:
    twin = Twin(app, same=True)
    world, (visit_id, *_) = twin.world, twin.visits
    before = dict(twin.fetch_all())
    # The shopper's name, email address and password change, and their account is disabled and enabled.
    shopper = ok(world.admin.get(f"/visits/{visit_id}"))["shopper"]["id"]
    credentials = {"email": f"{uuid.uuid4()}@example.org", "password": "another password"}
    ok(world.admin.patch(f"/users/{shopper}", {"name": "Another", "disabled": True, **credentials}))
    ok(world.admin.patch(f"/users/{shopper}", {"disabled": False}))
    # The visit is returned, and the same answers are sent again with another time and no position.
    details = ok(world.admin.get(f"/visits/{visit_id}"))
    decision = details["decisions"][-1]["id"]
    ok(world.review({"id": visit_id}, "return", replaces=decision))
    phone = twin.phones["zoe"]
    phone.token = None
    phone.token = ok(phone.post("/auth/login", credentials))["access_token"]
    body = ok(phone.get(f"/visits/{visit_id}/submission"))
    later = datetime.fromisoformat(body["finished_at"]) + timedelta(minutes=7)
    body |= {"revision": 2, "finished_at": later.isoformat(), "position": None}
    ok(world.send({"id": visit_id}, body, phone), 201)
    assert ok(world.admin.get(f"/visits/{visit_id}"))["status"] == "accepted"
    # Other visits are assigned, declined, cancelled, sent and waiting, returned and rejected.
    for step in (None, "decline", "cancel", "send", "return", "reject"):
        assigned = world.visit(phone, twin.stores[0])
        if step == "decline":
            ok(phone.post(f"/visits/{assigned['id']}/decline", {"reason": "Ill"}))
        elif step == "cancel":
            ok(world.admin.post(f"/visits/{assigned['id']}/cancel"))
        elif step is not None:
            now = datetime.now(UTC).isoformat()
            ok(world.send(assigned, world.submission(started_at=now, finished_at=now), phone), 201)
            if step != "send":
                ok(world.review(assigned, step))
    after = dict(twin.fetch_all())
    changed = {request for request, response in before.items() if after[request] != response}
    # Managers may know how many visits are outstanding by region and month, and that one was corrected.
    assert changed
    assert all("/progress" in request or "changed_after" in request for request in changed), changed


def test_visit_that_is_not_accepted_looks_like_a_missing_one(programme: Programme) -> None:
    nothing = _fetch_responses(programme, str(uuid.uuid4()))
    for status, visit_id in programme.hidden.items():
        assert _fetch_responses(programme, visit_id) == nothing, status


def _fetch_responses(programme: Programme, visit_id: str) -> list[tuple[str, str]]:
    photo_id = next((photo for visit, photo in programme.photos if visit == visit_id), str(uuid.uuid4()))
    known = Known(user_id=[str(programme.zoe.id)], visit_id=[visit_id], photos=[(visit_id, photo_id)])
    attacker = Attacker(programme.managers["region"], known)
    for rule in ("", "/submission", "/photos/<uuid:photo_id>", "/photos/<uuid:photo_id>/thumbnail"):
        for path in attacker.paths(f"/api/v1/visits/<uuid:visit_id>{rule}"):
            attacker.get_pages(path, [{}])
            attacker.vary_request(path, [{}])
            for method in ("PUT", "PATCH", "DELETE"):
                attacker.send(method, path, programme.world.submission())
    for action, body in (
        ("decline", {"reason": "x"}),
        ("cancel", {}),
        ("reassign", {"shopper_id": str(programme.zoe.id)}),
        ("review", {"revision": 1, "decision": "accept"}),
        (f"photos/{photo_id}/confirm", {}),
    ):
        attacker.send("POST", f"/api/v1/visits/{visit_id}/{action}", body)

    def plain(text: str) -> str:
        text = text.replace(visit_id, "visit").replace(photo_id, "photo")
        return re.sub(r"[0-9a-f]{32}|[0-9]{4}-[0-9-]+T[0-9:.+]+", "", text)

    return [(plain(item.name), plain(_get_full_text(item))) for item in attacker.fetched]


# Beyond the content: ETags, cursors, order, and the encoding of pictures.


def test_etag_depends_only_on_the_visible_bytes(programme: Programme) -> None:
    count = 0
    for response in programme.read_by("region"):
        headers = dict(response.headers)
        if (
            response.status == 200
            and response.method == "GET"
            and "ETag" in headers
            and "/static/" not in response.target
        ):
            assert headers["ETag"] == f'"{compute_etag(response.body)}"'
            count += 1
        assert "/static/" in response.target or "Last-Modified" not in headers
    assert count > 100


def test_list_of_visits_does_not_disclose_the_order_of_arrival(world: World) -> None:
    sent = [world.accepted_visit()["id"] for _ in range(12)]
    ids = [row["id"] for row in world.manager.list_all("/visits", limit=5)]
    assert ids == sorted(sent)
    assert {uuid.UUID(visit_id).version for visit_id in ids} == {4}


def test_cursor_contains_only_values_of_its_page(programme: Programme) -> None:
    manager = programme.managers["region"]
    page = ok(manager.get("/visits?limit=1"))
    (row,) = page["items"]
    cursor = re.search(r"cursor=([\w-]+)", page["next"])
    assert cursor is not None
    assert json.loads(_decode_cursor(cursor[1])) == [row["day"], row["id"]]


def test_pictures_of_different_phones_differ_only_in_their_pixels(programme: Programme) -> None:
    manager = programme.managers["region"]
    for suffix in ("", "/thumbnail"):
        heads = set()
        for visit_id in programme.accepted:
            answers = (
                ok(manager.get(f"/visits/{visit_id}"), 200)["answers"] if _can_see(manager, visit_id) else {}
            )
            for photo_id in answers.get("shelf", {}).get("photos", ()):
                response = manager.get(f"/visits/{visit_id}/photos/{photo_id}{suffix}")
                assert {name for name, _ in response.headers} == PICTURE_HEADERS
                heads.add(_before_the_pixels(response.data))
                image = Image.open(io.BytesIO(response.data))
                assert set(image.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
                assert (image.mode, len(image.getexif())) == ("RGB", 0)
        assert len(heads) == 1


PICTURE_HEADERS = {
    *("Content-Type", "Content-Length", "Cache-Control", "X-Request-ID", "X-Content-Type-Options"),
    *("Referrer-Policy", "Content-Security-Policy", "Content-Disposition"),
}


def _can_see(caller: Caller, visit_id: str) -> bool:
    return caller.get(f"/visits/{visit_id}").status_code == 200


def _before_the_pixels(data: bytes) -> bytes:
    """Return a JPEG up to its scan: segments, tables, subsampling and size. The scan must end the file."""
    place, kinds = 2, []
    while data[place + 1] != 0xDA:
        kinds.append(data[place + 1])
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    assert kinds == [0xE0, 0xDB, 0xDB, 0xC0, 0xC4, 0xC4, 0xC4, 0xC4]
    assert data.endswith(b"\xff\xd9")
    assert data.count(b"\xff\xd9") == 1
    return data[:place]
