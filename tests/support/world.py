"""A factory for tests: an organization with a region, a store and people who call the API.

``world.shopper.get("/visits")`` is a request of the shopper to a path below the API's base path.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from argon2 import PasswordHasher
from flask import Flask
from flask_jwt_extended import create_access_token
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from api.jobs.worker import Worker
from api.models.organizations import Organization
from api.models.users import User
from api.services import checklists
from api.services.people import sign_in
from tests.support.pictures import jpeg

PASSWORD = "correct horse battery"
#: Hashes passwords in a thousandth of the time. The parameters are a part of each hash, so that every program
#: verifies them as quickly.
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD_HASH = QUICK_HASHER.hash(PASSWORD)
API = "/api/v1"

#: two sections, questions of most types, eight points
CHECKLIST: dict[str, Any] = {
    "key": "visit",
    "title": {"en": "A visit", "es": "Una visita"},
    "channel": "in_person",
    "introduction": "Look, listen, note.",
    "review": "automatic",
    "pass_mark": 0.8,
    "sections": [
        {
            "key": "welcome",
            "title": "Welcome",
            "questions": [
                {
                    "key": "greeting",
                    "text": "Did someone greet you?",
                    "type": "yes_no",
                    "points": 2,
                    "fundamental": "greet-the-customer",
                    "comment": "when_points_lost",
                    "photos": {"minimum": 0, "maximum": 2},
                },
                {
                    "key": "wait",
                    "text": "How long did you wait?",
                    "type": "duration",
                    "bands": [{"up_to": 30, "points": 4}, {"up_to": 120, "points": 2}, {"points": 0}],
                },
            ],
        },
        {
            "key": "goodbye",
            "title": "Goodbye",
            "questions": [
                {
                    "key": "thanks",
                    "text": "Were you thanked?",
                    "type": "yes_no",
                    "points": 2,
                    "not_applicable": True,
                    "fundamental": "thank-the-customer",
                },
                {"key": "problem", "text": "Did you have a problem?", "type": "yes_no"},
                {
                    "key": "apology",
                    "text": "Did they apologise?",
                    "type": "yes_no",
                    "points": 3,
                    "critical": True,
                    "fundamental": "fix-fast",
                    "only_if": {"question": "problem", "is": ["yes"]},
                },
                {"key": "story", "text": "Tell the story", "type": "text", "required": False},
                {"key": "clock", "text": "When did you leave?", "type": "time", "required": False},
                {
                    "key": "receipt",
                    "text": "Your receipt",
                    "type": "photo",
                    "required": False,
                    "private": True,
                    "photos": {"minimum": 0, "maximum": 1},
                },
            ],
        },
    ],
}
#: answers that earn 8 of 8 points
SAVED_VIEW: dict[str, Any] = {"name": "Stores of May", "path": "/dashboard/locations?from=2026-05&to=2026-05"}
ALL_WELL: dict[str, Any] = {
    "greeting": {"value": "yes"},
    "wait": {"value": 20},
    "thanks": {"value": "yes"},
    "problem": {"value": "no"},
}


@dataclass
class Caller:
    """A person who calls the API, or an anonymous caller."""

    app: Flask
    id: str | None = None
    email: str | None = None
    token: str | None = None

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Request a path below the API's base path, or an absolute path if it begins with ``//``."""
        headers = dict(options.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None:
            options["data"] = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        address = path[1:] if path.startswith("//") else API + path
        return self.app.test_client(use_cookies=False).open(
            address, method=method, headers=headers, **options
        )

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("PUT", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Send a PATCH with the current ETag, unless ``headers`` are passed."""
        if "headers" not in options:
            options["headers"] = {"If-Match": self.get(path).headers["ETag"]}
        return self.call("PATCH", path, body, **options)

    def list_all(self, path: str, limit: int = 500) -> list[Any]:
        """Return all items of a list, page by page."""
        items: list[Any] = []
        separator = "&" if "?" in path else "?"
        page = ok(self.get(f"{path}{separator}limit={limit}"))
        while True:
            items += page["items"]
            if page["next"] is None:
                return items
            url = urlsplit(page["next"])
            page = ok(self.get(f"/{url.path}?{url.query}"))


def request_token(app: Flask, client: Mapping[str, Any], **parameters: str) -> Any:
    """Return the token response for an API client, as it was created."""
    return ok(post_token_request(app, (client["client_id"], client["client_secret"]), **parameters))


def post_token_request(app: Flask, credentials: tuple[str, str] | None, **parameters: str) -> TestResponse:
    """Request a token for the client ID and secret in ``credentials``."""
    form = {"grant_type": "client_credentials", **parameters}
    return app.test_client(use_cookies=False).post(f"{API}/auth/token", data=form, auth=credentials)


def log_in(
    caller: Caller, password: str = PASSWORD, address: str | None = None, **fields: Any
) -> TestResponse:
    """Sign in from a random address by default, so that tests do not share their failure counts."""
    environment = {"REMOTE_ADDR": address or str(uuid.uuid4())}
    body = {"email": caller.email, "password": password, **fields}
    return Caller(caller.app).post("/auth/login", body, environ_base=environment)


def ok(response: TestResponse, status: int | None = None) -> Any:
    """Return the JSON of a successful response, or fail with its status and body."""
    is_ok = response.status_code == status if status else response.status_code < 300
    assert is_ok, f"{response.status_code}: {response.get_data(as_text=True)[:2000]}"
    return response.get_json() if response.data else None


def problem(response: TestResponse, status: int, code: str) -> Any:
    """Return the problem document of a response, or fail if it is not this problem."""
    body = response.get_json(force=True)
    assert (response.status_code, body.get("type")) == (status, f"/problems/{code}"), body
    assert response.mimetype == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance", "request_id"} <= body.keys()
    return body


def pointers(body: Any) -> list[str]:
    """Return the pointers of the field errors in a problem document."""
    return [error["pointer"] for error in body["errors"]]


def find_revision(world: "World", key: str) -> str:
    """Return the ID of the latest revision of a checklist's draft."""
    revision_id: str = ok(world.admin.get(f"/checklists/{key}/draft/revisions"))["items"][0]["id"]
    return revision_id


@dataclass
class World:
    """One organization of a running application.

    It has no built-in checklists until a test adds them: publishing them takes longer than most tests.
    """

    app: Flask
    name: str = field(default_factory=lambda: f"Organization {uuid.uuid4()}")

    def __post_init__(self) -> None:
        context = self.app.extensions["survey"]
        self.database, self.store = context.database, context.store

        def add(session: Session) -> uuid.UUID:
            organization = Organization(name=self.name)
            session.add(organization)
            session.flush()
            return organization.id

        self.organization_id = self.database.write(add)

    # People.

    def person(self, role: str, name: str | None = None, **places: Any) -> Caller:
        """Add a signed-in person; ``places`` are the ``region_ids`` and ``location_ids`` of a manager."""
        name = name or f"{role}-{uuid.uuid4().hex[:8]}"
        email = f"{name}@example.org"
        user = User(
            organization_id=self.organization_id,
            email=email,
            name=name,
            role=role,
            password_hash=PASSWORD_HASH,
        )

        def add(session: Any) -> sign_in.TokenPair:
            session.add(user)
            session.flush()
            return sign_in.begin_session(session, user.id)

        pair = self.database.write(add)
        with self.app.app_context():
            token = create_access_token(
                str(pair.user_id),
                additional_claims={"family": str(pair.family_id)},
                expires_delta=timedelta(hours=1),
            )
        caller = Caller(self.app, str(user.id), email, token)
        if places:
            ok(self.admin.patch(f"/users/{user.id}", places))
        return caller

    def client(self, *scopes: str, region_ids: Iterable[str] = ()) -> Caller:
        """Add an API client, and return it as a caller with a token."""
        body = {"name": f"Client {uuid.uuid4()}", "scopes": list(scopes), "region_ids": list(region_ids)}
        client = ok(self.admin.post("/api-clients", body), 201)
        return Caller(self.app, client["id"], token=request_token(self.app, client)["access_token"])

    def webhook(self, caller: Caller | None = None, **values: Any) -> Any:
        """Add a webhook at a public address, so that no name is looked up, and return it with its secret."""
        url = f"https://93.184.216.34/{uuid.uuid4()}"
        body = {"url": url, "events": ["visit.accepted"], **values}
        return ok((caller or self.admin).post("/webhooks", body), 201)

    def saved_view(self, caller: Caller | None = None, **values: Any) -> Any:
        """Save a view, and return it."""
        return ok((caller or self.admin).post("/saved-views", {**SAVED_VIEW, **values}), 201)

    @cached_property
    def anonymous(self) -> Caller:
        return Caller(self.app)

    @cached_property
    def admin(self) -> Caller:
        return self.person("admin")

    @cached_property
    def shopper(self) -> Caller:
        return self.person("shopper")

    @cached_property
    def reviewer(self) -> Caller:
        return self.person("reviewer")

    @cached_property
    def manager(self) -> Caller:
        """The manager of ``region``."""
        return self.person("manager", region_ids=[self.region["id"]])

    # Places.

    @cached_property
    def region(self) -> Any:
        return self.new_region()

    @cached_property
    def location(self) -> Any:
        return self.new_location()

    def new_region(self, **values: Any) -> Any:
        code = values.pop("code", uuid.uuid4().hex[:8])
        return ok(self.admin.post("/regions", {"code": code, "name": f"Region {code}", **values}))

    def new_location(self, **values: Any) -> Any:
        code = values.pop("code", uuid.uuid4().hex[:8])
        body = {
            "code": code,
            "name": f"Store {code}",
            "time_zone": "Europe/London",
            "latitude": 51.5,
            "longitude": -0.1,
            **values,
        }
        body.setdefault("region_id", values.get("region_id") or self.region["id"])
        return ok(self.admin.post("/locations", body))

    # Checklists and visits.

    @cached_property
    def checklist(self) -> Any:
        return self.publish(CHECKLIST)

    def add_built_in_checklists(self) -> None:
        """Publish the built-in checklists, as the command that creates an organization does."""
        self.database.write(
            lambda session: checklists.publish_built_in_checklists(session, self.organization_id)
        )

    def publish(self, document: Mapping[str, Any]) -> Any:
        """Publish a checklist, or its next version."""
        draft = self.admin.get(f"/checklists/{document['key']}/draft")
        if draft.status_code == 404:
            ok(self.admin.post("/checklists", document), 201)
        else:
            headers = {"If-Match": draft.headers["ETag"]}
            ok(self.admin.put(f"/checklists/{document['key']}/draft", document, headers=headers))
        return ok(self.admin.post(f"/checklists/{document['key']}/publish"))

    def visit(self, shopper: Caller | None = None, location: Any = None, **values: Any) -> Any:
        """Assign a visit of ``checklist``, open from yesterday to tomorrow, and override the lock-out."""
        self.checklist  # noqa: B018
        now = datetime.now(UTC)
        return ok(
            self.admin.post(
                "/visits",
                {
                    "location_id": (location or self.location)["id"],
                    "shopper_id": (shopper or self.shopper).id,
                    "checklist_key": "visit",
                    "window": {
                        "opens_at": (now - timedelta(days=1)).isoformat(),
                        "closes_at": (now + timedelta(days=1)).isoformat(),
                    },
                    "override": True,
                    **values,
                },
            ),
            201,
        )

    def submission(self, answers: Mapping[str, Any] | None = None, **values: Any) -> dict[str, Any]:
        """Return a submission of revision 1 without any flag: ten minutes long, finished one minute ago."""
        now = datetime.now(UTC).replace(microsecond=0)
        return {
            "revision": 1,
            "checklist_version": 1,
            "started_at": (now - timedelta(minutes=11)).isoformat(),
            "finished_at": (now - timedelta(minutes=1)).isoformat(),
            "position": {"latitude": 51.5, "longitude": -0.1, "accuracy_m": 10},
            "answers": dict(ALL_WELL if answers is None else answers),
            "comment": None,
            **values,
        }

    def send(self, visit: Any, body: Any, shopper: Caller | None = None, **options: Any) -> TestResponse:
        """Send a submission with a correct ``Device-Time``, unless ``headers`` are passed."""
        options.setdefault("headers", {"Device-Time": datetime.now(UTC).isoformat()})
        return (shopper or self.shopper).put(f"/visits/{visit['id']}/submission", body, **options)

    def pay(self, **values: Any) -> None:
        """Let the organization pay its shoppers: 15 euros for a visit, and up to 20 of expenses."""
        pay = {"currency": "EUR", "default_fee": 1500, "max_expenses": 2000}
        ok(self.admin.patch("/organization", {**pay, **values}))

    def claim(self, visit: Any, amount: int = 350, shopper: Caller | None = None, **values: Any) -> str:
        """Claim an expense, and return its ID."""
        expense_id = values.pop("id", None) or str(uuid.uuid4())
        body = {"kind": "purchase", "amount": amount, **values}
        ok((shopper or self.shopper).put(f"/visits/{visit['id']}/expenses/{expense_id}", body))
        return expense_id

    def quota(self, **values: Any) -> Any:
        """Set a quota for ``region``: two visits of ``checklist`` a year, and no extra ones."""
        self.checklist  # noqa: B018
        body = {"checklist_key": "visit", "region_id": self.region["id"], "visits": 2, "per": "year"}
        return ok(self.admin.post("/quotas", {**body, "extra": 0, **values}), 201)

    def target(self, **values: Any) -> Any:
        """Set a target of 90 % for ``location``, or for the place in ``values``."""
        self.checklist  # noqa: B018
        place = {} if "region_id" in values else {"location_id": self.location["id"]}
        body = {"checklist_key": "visit", "score": 0.9, "months": 6, **place}
        return ok(self.admin.post("/targets", {**body, **values}), 201)

    def accepted_visit(self, answers: Mapping[str, Any] | None = None, **values: Any) -> Any:
        """Assign a visit and send answers that are accepted; return the visit as administrators see it."""
        shopper = values.pop("shopper", None) or self.person("shopper")
        visit = self.visit(shopper, values.pop("location", None), **values.pop("assigned", {}))
        ok(self.send(visit, self.submission(answers, **values), shopper), 201)
        return ok(self.admin.get(f"/visits/{visit['id']}"))

    def late_visit(self, answers: Mapping[str, Any] | None = None, **values: Any) -> Any:
        """Send a visit after its window closed, so that it waits for a reviewer; return it as assigned."""
        shopper = values.pop("shopper", None) or self.shopper
        now = datetime.now(UTC)
        window = {
            "opens_at": (now - timedelta(days=3)).isoformat(),
            "closes_at": (now - timedelta(days=2)).isoformat(),
        }
        visit = self.visit(shopper, values.pop("location", None), window=window)
        ok(self.send(visit, self.submission(answers, **values), shopper), 201)
        return visit

    def review(
        self, visit: Any, decision: str, reviewer: Caller | None = None, **values: Any
    ) -> TestResponse:
        """Decide on revision 1, unless ``values`` has another revision."""
        body = {"revision": 1, "decision": decision, "reason": "Because.", **values}
        return (reviewer or self.reviewer).post(f"/visits/{visit['id']}/review", body)

    def message(self, visit: Any, text: str = "Which till did you wait at?") -> str:
        """Ask the shopper of a visit with answers, and return the ID of the message."""
        message_id: str = ok(self.reviewer.post(f"/visits/{visit['id']}/messages", {"text": text}), 201)["id"]
        return message_id

    def flags(self, visit: Any) -> dict[str, str]:
        """Return the flags of a visit: code → detail."""
        flags = ok(self.admin.get(f"/visits/{visit['id']}"))["flags"]
        return {flag["code"]: flag["detail"] for flag in flags}

    def run_due_tasks(self) -> None:
        """Run the tasks of the worker that are due, those that other tests have left too."""
        worker = Worker(self.database, self.store)
        while worker.work():
            pass

    def add_up_regions(self) -> None:
        """Add up the regions that have changed, as the worker does every few seconds."""
        Worker(self.database, self.store).add_up_regions()

    # Photos.

    def declare(self, visit: Any, data: bytes, shopper: Caller | None = None, **values: Any) -> Any:
        """Declare a photo for the greeting, and return the response with its ID."""
        photo_id = values.pop("id", None) or str(uuid.uuid4())
        declaration = {
            "question": "greeting",
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "content_type": "image/jpeg",
            **values,
        }
        return ok((shopper or self.shopper).put(f"/visits/{visit['id']}/photos/{photo_id}", declaration))

    def upload(self, link: Mapping[str, Any], data: bytes) -> int:
        """Upload a photo's bytes to a signed link, as a phone does, and return the status."""
        url = urlsplit(link["url"])
        if url.hostname == "localhost":
            return (
                self.app.test_client()
                .open(url.path, method=link["method"], data=data, headers=link["headers"])
                .status_code
            )
        connection = HTTPConnection(url.netloc, timeout=30)
        connection.request(
            link["method"], f"{url.path}?{url.query}", body=data, headers=dict(link["headers"])
        )
        status = connection.getresponse().status
        connection.close()
        return status

    def photo(
        self, visit: Any, data: bytes | None = None, shopper: Caller | None = None, **values: Any
    ) -> str:
        """Declare, upload and confirm a photo, and return its ID."""
        data = data or jpeg(seed=uuid.uuid4().int % 2**31)
        declared = self.declare(visit, data, shopper, **values)
        assert self.upload(declared["upload"], data) == 200
        ok((shopper or self.shopper).post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm"), 200)
        photo_id: str = declared["id"]
        return photo_id
