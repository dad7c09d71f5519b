"""Foreign IDs disclose and change nothing, wherever a request can contain them.

The fields come from the OpenAPI document, so that none can be forgotten. Each field is tried with an ID that
the caller must not know of, and with one that does not exist. Except for IDs, the two responses are equal.
"""

import base64
import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.app import create_app
from api.models.base import Base
from api.services.people import user_imports
from api.services.place_imports import LOCATION_COLUMNS, REGION_COLUMNS
from api.settings import Settings
from tests.conftest import BACKENDS
from tests.support.exports import request_export
from tests.support.extent import FULL
from tests.support.pictures import jpeg
from tests.support.world import CHECKLIST, PASSWORD, SAVED_VIEW, Caller, World, find_revision, ok

# Fields of requests.

#: names of fields that contain an identifier, in addition to all fields with the format uuid
IDENTIFIER = re.compile(
    r"(^|_)(id|ids|key|keys|code|email|cursor|token|checklist|organization|replaces|sha256)$"
)
#: fields that do not refer to anything stored, and fields that are tested elsewhere
NOT_HERE = {
    "POST /api/v1/auth/login body:email": "tests/journeys/test_sign_in.py: unknown, wrong, disabled alike",
    "POST /api/v1/auth/login body:device_token": "tests/journeys/test_login_limits.py: only counts attempts",
    "POST /api/v1/auth/login body:code": "tests/journeys/test_second_factors.py: belongs to the account",
    "POST /api/v1/me/totp/confirm body:code": "tests/journeys/test_second_factors.py",
    "POST /api/v1/me/totp/recovery-codes body:code": "tests/journeys/test_second_factors.py",
    "POST /api/v1/me/totp/disable body:code": "tests/journeys/test_second_factors.py",
    "POST /api/v1/auth/login body:organization": "tests/journeys/test_sign_in.py",
    "POST /api/v1/auth/password-reset body:email": "tests/journeys/test_accounts.py: one response for all",
    "POST /api/v1/auth/password-reset body:organization": "tests/journeys/test_accounts.py",
    "POST /api/v1/auth/invitation body:token": "tests/journeys/test_accounts.py: the token is the permission",
    "POST /api/v1/auth/password body:token": "tests/journeys/test_accounts.py",
    "POST /api/v1/unsubscribe/{token} path:token": "tests/journeys/test_notices.py: it is the permission",
    "PUT /photo-store/{token} path:token": "tests/uploads/test_stores.py: the signature is the permission",
    "GET /photo-store/{token} path:token": "tests/uploads/test_stores.py",
    "GET /api/v1/exports/{export_id}/file query:token": "tests/exports/test_downloads.py",
    "GET /api/v1/checklists/{key}/versions/{version} path:version": "a number within the key",
    "GET /api/v1/checklists/{key}/versions/{version}/changes path:version": "a number within the key",
    "GET /api/v1/fundamentals header:If-None-Match": "the same for every caller",
    "GET /api/v1/me/notices header:If-None-Match": "the same for everyone who wants the same",
    "PATCH /api/v1/me/notices header:If-Match": "the same for everyone who wants the same",
    "GET /api/v1/me/totp header:If-None-Match": "the same for everyone without a second factor",
    "GET /api/v1/me/messages header:If-None-Match": "the same for everyone without messages",
    "GET /api/v1/expenses header:If-None-Match": "the same for everyone without expenses to decide",
    "GET /api/v1/payments header:If-None-Match": "the same for everyone without payments",
    **{
        f"{route} body:{name}": "a name within the document"
        for route in ("POST /api/v1/checklists", "PUT /api/v1/checklists/{key}/draft")
        for name in ("sections[].key", "sections[].questions[].key", "sections[].questions[].options[].key")
    },
}


def identifying_fields(document: Any) -> set[str]:
    """Return every field of a request that can contain an identifier: ``METHOD path place:name``."""
    fields = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            route = f"{method.upper()} {path}"
            for parameter in [*item.get("parameters", ()), *operation.get("parameters", ())]:
                is_identifier = (
                    IDENTIFIER.search(parameter["name"]) or parameter["schema"].get("format") == "uuid"
                )
                headers = ("If-Match", "Idempotency-Key")
                if parameter["in"] == "path" or is_identifier or parameter["name"] in headers:
                    fields.add(f"{route} {parameter['in']}:{parameter['name']}")
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for field, schema in _properties(document, content["schema"]):
                    if schema.get("format") == "uuid" or (
                        IDENTIFIER.search(field.rpartition(".")[2]) and schema.get("type") != "array"
                    ):
                        fields.add(f"{route} body:{field}")
            if method == "get" and operation["security"]:
                fields.add(f"{route} header:If-None-Match")
    return fields | {
        f"POST /api/v1/{places}/import csv:{name}"
        for places, columns in (
            ("locations", LOCATION_COLUMNS),
            ("regions", REGION_COLUMNS),
            ("users", user_imports.COLUMNS),
        )
        for name in columns.names
        if IDENTIFIER.search(name)
    }


def _properties(document: Any, schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    yield path, schema
    for name, subschema in schema.get("properties", {}).items():
        yield from _properties(document, subschema, f"{path}.{name}" if path else name)
    for keyword, step in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(schema.get(keyword), dict):
            yield from _properties(document, schema[keyword], path + step)
    for keyword in ("oneOf", "anyOf", "allOf"):
        for subschema in schema.get(keyword, ()):
            yield from _properties(document, subschema, path)


# Callers and foreign objects.


@dataclass
class Scene:
    """Objects of the organization ``home``, and callers who must not know of them."""

    app: Flask

    @cached_property
    def home(self) -> World:
        return World(self.app)

    @cached_property
    def away(self) -> World:
        return World(self.app)

    @cached_property
    def fresh(self) -> tuple[World, World]:
        """Two other organizations, so that objects created in one do not conflict with the other."""
        return World(self.app), World(self.app)

    # Callers, by name.

    @cached_property
    def foreign_admin(self) -> Caller:
        return self.away.admin

    @cached_property
    def foreign_reviewer(self) -> Caller:
        return self.away.reviewer

    @cached_property
    def foreign_manager(self) -> Caller:
        return self.away.manager

    @cached_property
    def foreign_shopper(self) -> Caller:
        return self.away.shopper

    @cached_property
    def other_manager(self) -> Caller:
        return self.home.person("manager", region_ids=[self.home.new_region()["id"]])

    @cached_property
    def other_shopper(self) -> Caller:
        return self.home.person("shopper")

    @property
    def manager(self) -> Caller:
        return self.home.manager

    # Objects of ``home``.

    @cached_property
    def region(self) -> Any:
        changes = {"external_id": "region-of-ours"}
        return ok(self.home.admin.patch(f"/regions/{self.home.region['id']}", changes))

    @cached_property
    def location(self) -> Any:
        changes = {"external_id": "location-of-ours"}
        return ok(self.home.admin.patch(f"/locations/{self.home.location['id']}", changes))

    @cached_property
    def batch_id(self) -> str:
        batch_id: str = ok(self.home.admin.post("/visits", [_order(self.home)]), 201)["batch_id"]
        return batch_id

    @cached_property
    def checklist_key(self) -> str:
        key: str = self.home.publish({**CHECKLIST, "key": random_key()})["key"]
        return key

    @cached_property
    def assigned(self) -> str:
        """An assigned visit with a declared photo; managers must not know of it."""
        visit = self.home.visit(external_id="visit-of-ours")
        self.home.declare(visit, jpeg(seed=1))
        visit_id: str = visit["id"]
        return visit_id

    @cached_property
    def accepted(self) -> tuple[str, str]:
        """An accepted visit and its photo."""
        visit = self.home.visit()
        photo_id = self.home.photo(visit, jpeg(seed=2))
        answers = self.home.submission()["answers"]
        answers["greeting"] = {"value": "yes", "photos": [photo_id]}
        ok(self.home.send(visit, self.home.submission(answers, comment="All in all")), 201)
        return visit["id"], photo_id

    @cached_property
    def client_id(self) -> str:
        return self.home.client("scores:read").id or ""

    @cached_property
    def session_id(self) -> str:
        """A session of the shopper."""
        session_id: str = ok(self.home.shopper.get("/me/sessions"))["items"][0]["id"]
        return session_id

    @cached_property
    def delivery(self) -> tuple[str, str]:
        """A webhook and a delivery to it."""
        return _add_delivery(self.home)

    @cached_property
    def revision_id(self) -> str:
        """A revision of the draft of the checklist."""
        return find_revision(self.home, self.checklist_key)

    @cached_property
    def quota(self) -> str:
        return str(self.home.quota()["id"])

    @cached_property
    def own_quota(self) -> str:
        """A quota of the foreign administrator."""
        return str(self.away.quota()["id"])

    @cached_property
    def target(self) -> str:
        return str(self.home.target()["id"])

    @cached_property
    def own_webhook_id(self) -> str:
        """A webhook of the foreign administrator."""
        webhook_id: str = self.away.webhook()["id"]
        return webhook_id

    @cached_property
    def view_id(self) -> str:
        """A private view of the administrator."""
        return self.home.saved_view()["id"]

    @cached_property
    def own_view_id(self) -> str:
        """A view of the foreign administrator."""
        return self.away.saved_view()["id"]

    @cached_property
    def decision(self) -> str:
        """A current decision of a reviewer."""
        decision_id: str = ok(self.home.review(self.home.late_visit(), "reject"))["id"]
        return decision_id

    @cached_property
    def dispute(self) -> str:
        """A dispute of the manager."""
        return self.disputes[0]

    @cached_property
    def disputes(self) -> list[str]:
        """Two disputes of the manager, one open and one decided."""
        paths = [f"/visits/{self.home.accepted_visit()['id']}/disputes" for _ in range(2)]
        ids = [ok(self.home.manager.post(path, DISPUTE), 201)["id"] for path in paths]
        ok(self.home.reviewer.post(f"/disputes/{ids[1]}/decision", OUTCOMES))
        return ids

    @cached_property
    def paid(self) -> Any:
        """A visit with a fee and an expense. Visits of everyone are paid from now on."""
        self.home.pay()
        self.away.pay()
        visit = self.home.late_visit()
        self.home.claim(visit)
        return ok(self.home.admin.get(f"/visits/{visit['id']}"))

    @property
    def fee_id(self) -> str:
        """The ID of a fee."""
        return self.paid["payment"]["items"][0]["id"]

    @property
    def expense_id(self) -> str:
        """The ID of an expense."""
        return self.paid["payment"]["items"][1]["id"]

    @cached_property
    def message_id(self) -> str:
        """An open message to the shopper."""
        return self.home.message(self.home.late_visit())

    @cached_property
    def export(self) -> str:
        """An export of the administrator."""
        return self.exports[0]

    @cached_property
    def exports(self) -> list[str]:
        """Two exports of the administrator and of the manager each."""
        return [request_export(caller) for caller in (self.home.admin, self.home.manager) * 2]

    @cached_property
    def cursors(self) -> list[str]:
        return _cursors(self)

    def world_of(self, name: str) -> World:
        return self.away if name.startswith("foreign") else self.home

    def own_visit(self, name: str) -> Any:
        """Return a new visit that is assigned to the caller."""
        return self.world_of(name).visit(getattr(self, name))


def _add_delivery(world: World) -> tuple[str, str]:
    webhook_id: str = world.webhook()["id"]
    return webhook_id, ok(world.admin.post(f"/webhooks/{webhook_id}/test"))["id"]


FOREIGN_CALLERS = ("foreign_admin", "foreign_reviewer", "foreign_manager", "foreign_shopper")


def random_code() -> str:
    return uuid.uuid4().hex[:8]


def random_id() -> str:
    return str(uuid.uuid4())


def random_key() -> str:
    return f"k-{random_code()}"


@dataclass
class Trial:
    """One caller, a foreign value, and how to generate a value that does not exist."""

    name: str
    foreign: str
    call: Callable[[Caller, str, Any], TestResponse]
    missing: Callable[[], str] = random_id
    #: prepares what each of the two calls needs
    prepare: Callable[[], Any] | None = None


Trials = Callable[[Scene], Iterator[Trial]]
CASES: dict[str, Trials] = {}


def case(*fields: str) -> Callable[[Trials], Trials]:
    def keep(trials: Trials) -> Trials:
        CASES.update(dict.fromkeys(fields, trials))
        return trials

    return keep


# Paths.

WINDOW = {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-02T00:00:00Z"}
DISPUTE = {"questions": [{"question": "wait", "kind": "fact", "reason": "Because"}]}
OUTCOMES = {"outcomes": [{"question": "wait", "outcome": "kept", "reason": "Because"}]}
DECLARATION = {"question": "greeting", "sha256": "0" * 64, "size": 1, "content_type": "image/jpeg"}


def _bodies(scene: Scene, route: str) -> list[Any]:
    """Return bodies for a route: a valid one, and some with other errors."""
    method, path = route.split()
    if method == "GET":
        return [None]
    good: dict[str, Any] = {
        "reassign": {"shopper_id": scene.away.shopper.id},
        "decline": {"reason": "Ill"},
        "submission": scene.home.submission(),
        "review": {"revision": 1, "decision": "accept"},
        "claim": {"take_over": True},
        "undo": {"decision_id": random_id()},
        "disputes": DISPUTE,
        "decision": OUTCOMES,
        "messages": {"text": "Which till?"},
        "answer": {"text": "The left one."},
        "{expense_id}": {"kind": "travel", "amount": 100},
        "payment": {"items": [{"id": scene.fee_id, "approved_amount": 100, "reason": "Late"}]},
        "draft": CHECKLIST,
        "{photo_id}": DECLARATION,
        "{region_id}": {"name": "Edited"},
        "{location_id}": {"name": "Edited"},
        "{user_id}": {"name": "Edited"},
        "{client_id}": {"name": "Edited"},
        "{webhook_id}": {"events": ["score.changed"]},
        "{quota_id}": {"visits": 1},
        "{target_id}": {"score": 0.8},
        "{view_id}": {"name": "Edited"},
        "{visit_id}": {"window": WINDOW},
        "secret": {"overlap_hours": 1},
        "preview": {"visits": 1},
    }
    body = good.get(path.rpartition("/")[2])
    return [body, {"unknown": 1}, []] if body else [None, {"unknown": 1}]


HIDDEN: dict[str, Callable[[Scene], Iterator[tuple[str, str]]]] = {
    "region_id": lambda scene: ((name, scene.region["id"]) for name in (*FOREIGN_CALLERS, "other_manager")),
    "location_id": lambda scene: (
        (name, scene.location["id"]) for name in (*FOREIGN_CALLERS, "other_manager")
    ),
    "user_id": lambda scene: (
        (name, person.id or "")
        for name in FOREIGN_CALLERS
        for person in (scene.home.shopper, scene.home.admin, scene.home.manager)
    ),
    "client_id": lambda scene: ((name, scene.client_id) for name in FOREIGN_CALLERS),
    "webhook_id": lambda scene: ((name, scene.delivery[0]) for name in FOREIGN_CALLERS),
    "quota_id": lambda scene: ((name, scene.quota) for name in (*FOREIGN_CALLERS, "other_manager")),
    "target_id": lambda scene: ((name, scene.target) for name in (*FOREIGN_CALLERS, "other_manager")),
    "view_id": lambda scene: ((name, scene.view_id) for name in (*FOREIGN_CALLERS, "other_manager")),
    "session_id": lambda scene: ((name, scene.session_id) for name in (*FOREIGN_CALLERS, "other_shopper")),
    # A delivery to another webhook than that in the path.
    "delivery_id": lambda scene: (("foreign_admin", scene.delivery[1]) for _ in range(1)),
    "revision_id": lambda scene: (("foreign_admin", scene.revision_id) for _ in range(1)),
    "visit_id": lambda scene: _hidden_visits(scene),
    "batch_id": lambda scene: ((name, scene.batch_id) for name in FOREIGN_CALLERS),
    "message_id": lambda scene: ((name, scene.message_id) for name in (*FOREIGN_CALLERS, "other_shopper")),
    "key": lambda scene: ((name, scene.checklist_key) for name in FOREIGN_CALLERS),
    "export_id": lambda scene: ((name, scene.export) for name in (*FOREIGN_CALLERS, "manager")),
    "dispute_id": lambda scene: ((name, scene.dispute) for name in (*FOREIGN_CALLERS, "other_manager")),
}


def _hidden_visits(scene: Scene) -> Iterator[tuple[str, str]]:
    for name in (*FOREIGN_CALLERS, "other_shopper", "other_manager"):
        yield from ((name, scene.assigned), (name, scene.accepted[0]))
    yield "manager", scene.assigned


def _path_case(route: str, parameter: str) -> Trials:
    method, template = route.split()

    def trials(scene: Scene) -> Iterator[Trial]:
        others = {"photo_id": scene.accepted[1], "expense_id": random_id(), "version": "1"}
        others |= {"webhook_id": scene.own_webhook_id, "delivery_id": scene.delivery[1]}
        others |= {"key": "visit", "revision_id": scene.revision_id}
        tried = set()
        for name, foreign in HIDDEN[parameter](scene):
            bodies = _bodies(scene, route)
            for body in bodies[:1] if name in tried else bodies:
                tried.add(name)
                call = _at(method, template, parameter, others, body)
                yield Trial(name, foreign, call, _missing_value(parameter))

    return trials


def _missing_value(parameter: str) -> Callable[[], str]:
    """Return a function that generates a value of the same length that does not exist."""
    return random_key if parameter == "key" else random_id


def _at(method: str, template: str, parameter: str, others: dict[str, str], body: Any, **headers: str) -> Any:
    def call(caller: Caller, value: str, _prepared: Any) -> TestResponse:
        path = template.format(**{**others, parameter: value})
        all_headers = {"If-Match": '"x"', **headers} if method in ("PATCH", "PUT") else headers
        return caller.call(method, f"/{path}", body, headers=all_headers)

    return call


#: part of a visit → its ID in a visit of another person
PARTS: dict[str, Callable[[Scene], str]] = {
    "photo_id": lambda scene: scene.accepted[1],
    "expense_id": lambda scene: scene.expense_id,
}


def _part_case(route: str, parameter: str) -> Trials:
    """Request a photo or an expense of another person's visit under the ID of one's own visit."""
    method, template = route.split()

    def trials(scene: Scene) -> Iterator[Trial]:
        for name in ("foreign_shopper", "other_shopper"):
            for body in _bodies(scene, route):

                def call(caller: Caller, value: str, visit: Any, body: Any = body) -> TestResponse:
                    path = template.format(visit_id=visit["id"], **{parameter: value})
                    return caller.call(method, f"/{path}", body)

                prepare = lambda name=name: scene.own_visit(name)  # noqa: E731
                yield Trial(name, PARTS[parameter](scene), call, prepare=prepare)

    return trials


# Queries.

#: list → filter → kind of object
FILTERS: dict[str, dict[str, str]] = {
    "/regions": {"code": "region.code", "external_id": "region.external_id", "parent_id": "region.id"},
    "/locations": {
        "code": "location.code",
        "external_id": "location.external_id",
        "region_id": "region.id",
        "within": "region.id",
    },
    "/users": {"email": "email", "region_id": "region.id", "location_id": "location.id"},
    "/visits": {
        "location_id": "location.id",
        "region_id": "region.id",
        "checklist_key": "checklist_key",
        "shopper_id": "shopper",
        "external_id": "visit.external_id",
        "batch_id": "batch",
    },
    "/scores": {"checklist": "checklist_key", "region_id": "region.id", "location_id": "location.id"},
    "/comments": {"checklist": "checklist_key", "region_id": "region.id", "location_id": "location.id"},
    "/disputes": {"location_id": "location.id"},
    "/disputes/rates": {"checklist": "checklist_key"},
    "/comments/counts": {
        "checklist": "checklist_key",
        "region_id": "region.id",
        "location_id": "location.id",
    },
    "/photos": {"checklist": "checklist_key", "region_id": "region.id", "location_id": "location.id"},
    "/audit": {"actor_id": "shopper"},
    "/quotas": {"region_id": "region.id", "checklist_key": "checklist_key"},
    "/plan": {"region_id": "region.id", "checklist": "checklist_key"},
    "/targets": {
        "region_id": "region.id",
        "location_id": "location.id",
        "checklist_key": "checklist_key",
    },
    "/messages": {"visit_id": "visit"},
    "/reviews": {"region_id": "region.id", "location_id": "location.id", "checklist_key": "checklist_key"},
    "/decisions": {
        "region_id": "region.id",
        "location_id": "location.id",
        "checklist_key": "checklist_key",
        "reviewer_id": "reviewer",
    },
    "/locations/{location_id}/score": {"checklist": "checklist_key"},
    "/regions/{region_id}/score": {"checklist": "checklist_key"},
}


def _foreign(scene: Scene, kind: str) -> str:
    """Return an identifier of an object of ``home``."""
    table, _, attribute = kind.partition(".")
    if kind == "visit.external_id":
        assert scene.assigned
        return "visit-of-ours"
    if table in ("region", "location"):
        value: str = getattr(scene, table)[attribute]
        return value
    return {
        "email": scene.home.shopper.email or "",
        "shopper": scene.home.shopper.id or "",
        "reviewer": scene.home.reviewer.id or "",
        "batch": scene.batch_id,
        "visit": scene.assigned,
        "checklist_key": scene.checklist_key,
    }[kind]


def _query_case(path: str, name: str, kind: str) -> Trials:
    def trials(scene: Scene) -> Iterator[Trial]:
        is_place = kind.startswith(("region.", "location.", "visit."))
        within_home = ("other_manager",) if is_place else ()
        for caller in (*FOREIGN_CALLERS, *within_home):
            world = scene.world_of(caller)
            places = {"region_id": world.region["id"], "location_id": world.location["id"]}
            required = {
                "/scores": "by=location&",
                "/disputes/rates": "by=location&",
                "/plan": "checklist=visit&",
            }
            by = "" if path == "/plan" and name == "checklist" else required.get(path, "")

            def call(caller: Caller, value: str, _: Any, places: Any = places, by: str = by) -> TestResponse:
                return caller.get(f"{path.format(**places)}?{by}{name}={value}")

            yield Trial(caller, _foreign(scene, kind), call)

    return trials


# Cursors.

#: list → roles that read it
LISTS = {
    "/regions": ("admin", "manager"),
    "/locations": ("admin", "manager"),
    "/users": ("admin",),
    "/me/sessions": ("admin", "shopper"),
    "/api-clients": ("admin",),
    "/webhooks": ("admin",),
    "/saved-views": ("admin", "manager"),
    "/visits": ("admin", "reviewer", "manager", "shopper"),
    "/reviews": ("reviewer",),
    "/decisions": ("reviewer",),
    "/messages": ("reviewer",),
    "/me/messages": ("shopper",),
    "/expenses": ("reviewer",),
    "/payments?from=2026-01-01&to=2100-12-31": ("admin",),
    "/checklists": ("admin",),
    "/checklists?include=drafts,retired": ("admin",),
    "/fundamentals": ("admin",),
    "/audit": ("admin",),
    "/quotas": ("admin", "manager"),
    "/targets": ("admin", "manager"),
    "/comments": ("admin", "manager"),
    "/photos": ("admin", "manager"),
    "/exports": ("admin", "manager"),
    "/disputes": ("reviewer", "manager"),
    "/scores?by=location": ("admin", "manager"),
    "/scores?by=location&sort=-score": ("admin",),
}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _cursors(scene: Scene) -> list[str]:
    """Return cursors of all lists of ``home``, and some that no list returned."""
    world = scene.home
    assert scene.decision and scene.assigned and scene.accepted and scene.checklist_key and scene.exports
    assert scene.disputes
    for _ in range(2):
        world.message(world.late_visit())
        world.new_location()
        world.accepted_visit()
        world.target()
        world.quota(region_id=world.new_region(parent_id=world.region["id"])["id"])
    cursors = set()
    for path, readers in LISTS.items():
        for reader in readers:
            separator = "&" if "?" in path else "?"
            next_url = ok(getattr(world, reader).get(f"{path}{separator}limit=1"))["next"]
            if next_url:
                cursors.add(re.findall(r"cursor=([\w-]+)", next_url)[0])
    assert len(cursors) > 5
    forged: list[Any] = [["", scene.assigned], [scene.assigned], [None, None], [[], {}], [scene.assigned] * 9]
    return sorted(cursors) + [_cursor(json.dumps(values)) for values in forged]


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _with_other_ids(cursor: str) -> str:
    """Return a cursor with the next larger IDs, which do not exist, so that the position is the same."""
    text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    return _cursor(UUID.sub(lambda match: str(uuid.UUID(int=uuid.UUID(match[0]).int + 1)), text))


def _cursor_case(path: str, readers: tuple[str, ...]) -> Trials:
    def trials(scene: Scene) -> Iterator[Trial]:
        separator = "&" if "?" in path else "?"
        for reader in readers:
            callers = [f"foreign_{reader}"]
            if reader in ("manager", "shopper"):
                callers.append(f"other_{reader}")
            for name in callers:
                for cursor in scene.cursors:
                    yield Trial(
                        name,
                        cursor,
                        lambda caller, value, _: caller.get(f"{path}{separator}cursor={value}"),
                        missing=lambda cursor=cursor: _with_other_ids(cursor),
                    )

    return trials


@case("GET /api/v1/regions/{region_id}/score query:cursor")
def child_of_another_region(scene: Scene) -> Iterator[Trial]:
    path = f"/regions/{scene.away.region['id']}/score"
    for name in ("foreign_admin", "foreign_manager"):
        yield Trial(
            name,
            scene.home.location["code"],
            lambda caller, code, _: caller.get(f"{path}?cursor={_cursor(json.dumps([f'location/{code}']))}"),
        )


# Bodies: references within the organization, and values that are in use in another one.


@case("PUT /api/v1/visits/{visit_id}/expenses/{expense_id} body:receipts[]")
def receipt_of_another_visit(scene: Scene) -> Iterator[Trial]:
    assert scene.paid
    for name in ("foreign_shopper", "other_shopper"):

        def call(caller: Caller, value: str, visit: Any) -> TestResponse:
            body = {"kind": "travel", "amount": 100, "receipts": [value]}
            return caller.put(f"/visits/{visit['id']}/expenses/{random_id()}", body)

        yield Trial(name, scene.accepted[1], call, prepare=lambda name=name: scene.own_visit(name))


@case("PUT /api/v1/visits/{visit_id}/payment body:items[].id")
def item_of_another_visit(scene: Scene) -> Iterator[Trial]:
    assert scene.paid
    path = f"/visits/{scene.away.late_visit()['id']}/payment"

    def call(caller: Caller, value: str, _: Any) -> TestResponse:
        return caller.put(path, {"items": [{"id": value, "approved_amount": 100, "reason": "Late"}]})

    for name in ("foreign_admin", "foreign_reviewer"):
        yield Trial(name, scene.fee_id, call)


@case("POST /api/v1/regions body:parent_id")
def new_region_below(scene: Scene) -> Iterator[Trial]:
    def call(caller: Caller, value: str, _: Any) -> TestResponse:
        return caller.post("/regions", {"code": random_code(), "name": "New", "parent_id": value})

    yield Trial("foreign_admin", scene.region["id"], call)


@case("POST /api/v1/locations body:region_id")
def new_location_in(scene: Scene) -> Iterator[Trial]:
    def call(caller: Caller, value: str, _: Any) -> TestResponse:
        body = {"code": random_code(), "name": "New", "region_id": value, "time_zone": "UTC"}
        return caller.post("/locations", body)

    yield Trial("foreign_admin", scene.region["id"], call)


def _export_case(name: str) -> Trials:
    def trials(scene: Scene) -> Iterator[Trial]:
        def call(caller: Caller, value: str, _: Any) -> TestResponse:
            return caller.post("/exports", {"kind": "visits", "format": "csv", name: value})

        kind = {"region_id": "region.id", "location_id": "location.id", "checklist": "checklist_key"}[name]
        within_home = () if name == "checklist" else ("other_manager",)
        for caller in ("foreign_admin", "foreign_reviewer", "foreign_manager", *within_home):
            yield Trial(caller, _foreign(scene, kind), call, _missing_value(kind.partition("_")[2]))

    return trials


for _name in ("region_id", "location_id", "checklist"):
    CASES[f"POST /api/v1/exports body:{_name}"] = _export_case(_name)


@case(
    "PATCH /api/v1/regions/{region_id} body:parent_id", "PATCH /api/v1/locations/{location_id} body:region_id"
)
def moved_place(scene: Scene) -> Iterator[Trial]:
    away = scene.away
    for path, name in (
        (f"/regions/{away.region['id']}", "parent_id"),
        (f"/locations/{away.location['id']}", "region_id"),
    ):
        yield Trial(
            "foreign_admin",
            scene.region["id"],
            lambda caller, value, _, path=path, name=name: caller.patch(path, {name: value}),
        )


def _planning_case(path: str, name: str) -> Trials:
    def trials(scene: Scene) -> Iterator[Trial]:
        assert scene.away.checklist
        quota = {"region_id": scene.away.region["id"], "visits": 1, "per": "month"}
        bodies = {"/quotas": quota, "/targets": {"score": 0.9, "months": 6}}
        place = {"region_id": scene.away.region["id"]} if name == "checklist_key" else {}

        def call(caller: Caller, value: str, _: Any) -> TestResponse:
            return caller.post(path, {"checklist_key": "visit", **bodies[path], **place, name: value})

        kind = {"region_id": "region.id", "location_id": "location.id", "checklist_key": "checklist_key"}[
            name
        ]
        yield Trial("foreign_admin", _foreign(scene, kind), call, _missing_value(kind.partition("_")[2]))

    return trials


for _path, _names in (
    ("/quotas", ("region_id", "checklist_key")),
    ("/targets", ("region_id", "location_id", "checklist_key")),
):
    for _name in _names:
        CASES[f"POST /api/v1{_path} body:{_name}"] = _planning_case(_path, _name)


@case(
    "POST /api/v1/api-clients body:region_ids[]",
    "PATCH /api/v1/api-clients/{client_id} body:region_ids[]",
)
def regions_of_a_client(scene: Scene) -> Iterator[Trial]:
    own_id = scene.away.region["id"]
    client_id = scene.away.client("scores:read").id

    def create(caller: Caller, value: str, _: Any) -> TestResponse:
        body = {"name": "New", "scopes": [], "region_ids": [own_id, value]}
        return caller.post("/api-clients", body)

    def edit(caller: Caller, value: str, _: Any) -> TestResponse:
        return caller.patch(f"/api-clients/{client_id}", {"region_ids": [own_id, value]})

    for call in (create, edit):
        yield Trial("foreign_admin", scene.region["id"], call)


@case(
    "POST /api/v1/webhooks body:region_ids[]",
    "PATCH /api/v1/webhooks/{webhook_id} body:region_ids[]",
)
def regions_of_a_webhook(scene: Scene) -> Iterator[Trial]:
    own_id = scene.away.region["id"]

    def create(caller: Caller, value: str, _: Any) -> TestResponse:
        body = {"url": "https://93.184.216.34/", "events": ["visit.accepted"], "region_ids": [own_id, value]}
        return caller.post("/webhooks", body)

    def edit(caller: Caller, value: str, _: Any) -> TestResponse:
        return caller.patch(f"/webhooks/{scene.own_webhook_id}", {"region_ids": [own_id, value]})

    for call in (create, edit):
        yield Trial("foreign_admin", scene.region["id"], call)


@case(
    "GET /api/v1/checklists/{key}/versions query:cursor",
    "GET /api/v1/checklists/{key}/draft/revisions query:cursor",
)
def cursor_of_another_checklist(scene: Scene) -> Iterator[Trial]:
    assert scene.away.checklist
    world, key = scene.home, scene.checklist_key
    ok(world.admin.post(f"/checklists/{key}/draft/revisions/{scene.revision_id}/restore"))
    world.publish({**CHECKLIST, "key": key, "pass_mark": 0.1})
    for path in ("versions", "draft/revisions"):
        next_url = ok(world.admin.get(f"/checklists/{key}/{path}?limit=1"))["next"]
        cursor = re.findall(r"cursor=([\w-]+)", next_url)[0]
        yield Trial(
            "foreign_admin",
            cursor,
            lambda caller, value, _, path=path: caller.get(f"/checklists/visit/{path}?cursor={value}"),
            missing=lambda cursor=cursor: _with_other_ids(cursor),
        )


@case("GET /api/v1/webhooks/{webhook_id}/deliveries query:cursor")
def cursor_of_other_deliveries(scene: Scene) -> Iterator[Trial]:
    path = f"/webhooks/{_add_delivery(scene.away)[0]}/deliveries"
    home_path = f"/webhooks/{scene.delivery[0]}"
    ok(scene.home.admin.post(f"{home_path}/test"))
    next_url = ok(scene.home.admin.get(f"{home_path}/deliveries?limit=1"))["next"]
    yield Trial(
        "foreign_admin",
        re.findall(r"cursor=([\w-]+)", next_url)[0],
        lambda caller, value, _: caller.get(f"{path}?cursor={value}"),
        missing=lambda: _with_other_ids(re.findall(r"cursor=([\w-]+)", next_url)[0]),
    )


@case(
    "POST /api/v1/users body:region_ids[]",
    "POST /api/v1/users body:location_ids[]",
    "PATCH /api/v1/users/{user_id} body:region_ids[]",
    "PATCH /api/v1/users/{user_id} body:location_ids[]",
)
def assigned_places(scene: Scene) -> Iterator[Trial]:
    away = scene.away
    for name, foreign, own_id in (
        ("region_ids", scene.region["id"], away.region["id"]),
        ("location_ids", scene.location["id"], away.location["id"]),
    ):
        for role in ("manager", "shopper"):

            def create(
                caller: Caller, value: str, _: Any, name: str = name, own_id: str = own_id, role: str = role
            ) -> TestResponse:
                body = {
                    "email": f"{random_code()}@example.org",
                    "name": "New",
                    "role": role,
                    "password": PASSWORD,
                }
                return caller.post("/users", {**body, name: [own_id, value]})

            yield Trial("foreign_admin", foreign, create)
        for person in (away.manager, away.shopper):

            def edit(
                caller: Caller,
                value: str,
                _: Any,
                name: str = name,
                own_id: str = own_id,
                person: Caller = person,
            ) -> TestResponse:
                return caller.patch(f"/users/{person.id}", {name: [own_id, value]})

            yield Trial("foreign_admin", foreign, edit)


def _order(world: World, **values: Any) -> dict[str, Any]:
    assert world.checklist
    references = {
        "location_id": world.location["id"],
        "shopper_id": world.shopper.id,
        "checklist_key": "visit",
    }
    return {**references, "window": WINDOW, "override": True, **values}


@case(
    *(
        f"POST /api/v1/visits{check} body:{batch}{name}"
        for check in ("", "/check")
        for batch in ("", "[].")
        for name in ("location_id", "shopper_id", "checklist_key", "external_id")
    )
)
def assigned_visit(scene: Scene) -> Iterator[Trial]:
    people = (scene.home.shopper, scene.home.admin, scene.home.reviewer)
    closed = scene.home.new_location(closed=True)["id"]
    retired = scene.home.publish({**CHECKLIST, "key": random_key()})["key"]
    ok(scene.home.admin.post(f"/checklists/{retired}/retire"))
    values: list[tuple[str, str]] = [
        ("location_id", scene.location["id"]),
        ("location_id", closed),
        ("checklist_key", scene.checklist_key),
        ("checklist_key", retired),
        ("external_id", _foreign(scene, "visit.external_id")),
        *(("shopper_id", person.id or "") for person in people),
    ]
    for name, foreign in values:
        for override in (True, False):
            for batch, path in ((False, "/visits"), (True, "/visits"), (True, "/visits/check")):
                # Each call has its own window, far from all others, so that the lock-out does not apply.
                def call(
                    caller: Caller,
                    value: str,
                    window: Any,
                    name: str = name,
                    override: bool = override,
                    batch: bool = batch,
                    path: str = path,
                ) -> TestResponse:
                    order = _order(scene.away, **{name: value, "override": override, "window": window})
                    return caller.post(path, [_order(scene.away), order] if batch else order)

                yield Trial("foreign_admin", foreign, call, prepare=lambda: next(_WINDOWS))


def _windows() -> Iterator[dict[str, str]]:
    opens_at = datetime(2030, 1, 1, tzinfo=UTC)
    while True:
        yield {"opens_at": opens_at.isoformat(), "closes_at": (opens_at + timedelta(days=1)).isoformat()}
        opens_at += timedelta(days=40)


_WINDOWS = _windows()


@case("POST /api/v1/visits/{visit_id}/reassign body:shopper_id")
def reassigned_visit(scene: Scene) -> Iterator[Trial]:
    visit = scene.own_visit("foreign_shopper")
    for person in (scene.home.shopper, scene.home.admin):
        for override in (True, False):

            def call(caller: Caller, value: str, _: Any, override: bool = override) -> TestResponse:
                body = {"shopper_id": value, "override": override}
                return caller.post(f"/visits/{visit['id']}/reassign", body)

            yield Trial("foreign_admin", person.id or "", call)


@case("PUT /api/v1/visits/{visit_id}/submission body:answers.*.photos[]")
def photo_in_answers(scene: Scene) -> Iterator[Trial]:
    declared = scene.home.declare({"id": scene.assigned}, jpeg(seed=3))["id"]
    for name in ("foreign_shopper", "other_shopper"):
        for foreign in (scene.accepted[1], declared):
            for question in ("greeting", "receipt", "wait"):

                def call(caller: Caller, value: str, visit: Any, question: str = question) -> TestResponse:
                    body = scene.home.submission()
                    body["answers"][question] = {**body["answers"].get(question, {}), "photos": [value]}
                    return caller.put(f"/visits/{visit['id']}/submission", body)

                prepare = lambda name=name: scene.own_visit(name)  # noqa: E731
                yield Trial(name, foreign, call, prepare=prepare)


@case("PUT /api/v1/visits/{visit_id}/submission body:photos[]")
def photo_of_a_closed_store(scene: Scene) -> Iterator[Trial]:
    declared = scene.home.declare({"id": scene.assigned}, jpeg(seed=4), question=None)["id"]
    for name in ("foreign_shopper", "other_shopper"):
        for foreign in (scene.accepted[1], declared):
            for outcome in ("store-closed", "visited"):

                def call(caller: Caller, value: str, visit: Any, outcome: str = outcome) -> TestResponse:
                    body = scene.home.submission({}, outcome=outcome, photos=[value])
                    return caller.put(f"/visits/{visit['id']}/submission", body)

                prepare = lambda name=name: scene.own_visit(name)  # noqa: E731
                yield Trial(name, foreign, call, prepare=prepare)


@case("PUT /api/v1/visits/{visit_id}/photos/{photo_id} body:sha256")
def photo_of_the_same_bytes(scene: Scene) -> Iterator[Trial]:
    sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    ok(
        scene.home.shopper.put(
            f"/visits/{scene.assigned}/photos/{random_id()}", {**DECLARATION, "sha256": sha256}
        )
    )
    for name in ("foreign_shopper", "other_shopper"):

        def call(caller: Caller, value: str, visit: Any) -> TestResponse:
            body = {**DECLARATION, "sha256": value}
            return caller.put(f"/visits/{visit['id']}/photos/{random_id()}", body)

        prepare = lambda name=name: scene.own_visit(name)  # noqa: E731
        yield Trial(name, sha256, call, lambda: uuid.uuid4().hex * 2, prepare)


@case("POST /api/v1/visits/{visit_id}/review/undo body:decision_id")
def decision_undone(scene: Scene) -> Iterator[Trial]:
    decided = scene.away.late_visit()
    ok(scene.away.review(decided, "reject"))

    def call(caller: Caller, value: str, _: Any) -> TestResponse:
        return caller.post(f"/visits/{decided['id']}/review/undo", {"decision_id": value})

    yield Trial("foreign_reviewer", scene.decision, call)


@case("POST /api/v1/visits/{visit_id}/review body:replaces")
def decision_replaced(scene: Scene) -> Iterator[Trial]:
    undecided, decided = scene.away.late_visit(), scene.away.late_visit()
    ok(scene.away.review(decided, "reject"))
    for visit in (undecided, decided):

        def call(caller: Caller, value: str, _: Any, visit: Any = visit) -> TestResponse:
            return scene.away.review(visit, "accept", caller, replaces=value)

        yield Trial("foreign_reviewer", scene.decision, call)


@case(
    "POST /api/v1/regions body:code",
    "POST /api/v1/regions body:external_id",
    "PATCH /api/v1/regions/{region_id} body:code",
    "PATCH /api/v1/regions/{region_id} body:external_id",
    "POST /api/v1/locations body:code",
    "POST /api/v1/locations body:external_id",
    "PATCH /api/v1/locations/{location_id} body:code",
    "PATCH /api/v1/locations/{location_id} body:external_id",
)
def codes_in_use(scene: Scene) -> Iterator[Trial]:
    away = scene.away
    for path, create_place, own_place in (
        ("/regions", scene.home.new_region, away.new_region()),
        ("/locations", scene.home.new_location, away.new_location()),
    ):
        for name in ("code", "external_id"):

            def create(
                caller: Caller, value: str, _: Any, path: str = path, name: str = name
            ) -> TestResponse:
                place = {"time_zone": "UTC", "region_id": away.region["id"]} if path == "/locations" else {}
                return caller.post(path, {"code": random_code(), "name": "New", **place, name: value})

            def edit(
                caller: Caller,
                value: str,
                _: Any,
                path: str = path,
                own_place: Any = own_place,
                name: str = name,
            ) -> TestResponse:
                return caller.patch(f"{path}/{own_place['id']}", {name: value})

            for call in (create, edit):
                yield Trial("foreign_admin", create_place(external_id=random_code())[name], call, random_code)


@case("POST /api/v1/users body:email", "PATCH /api/v1/users/{user_id} body:email")
def addresses_in_use(scene: Scene) -> Iterator[Trial]:
    def create(caller: Caller, value: str, _own: Caller) -> TestResponse:
        return caller.post("/users", {"email": value, "name": "New", "role": "shopper", "password": PASSWORD})

    def edit(caller: Caller, value: str, own: Caller) -> TestResponse:
        return caller.patch(f"/users/{own.id}", {"email": value})

    for call in (create, edit):
        email = scene.home.person("shopper").email or ""
        yield Trial(
            "foreign_admin",
            email,
            call,
            lambda: f"shopper-{random_code()}@example.org",
            lambda: scene.away.person("shopper"),
        )


@case("POST /api/v1/checklists body:key", "PUT /api/v1/checklists/{key}/draft body:key")
def keys_in_use(scene: Scene) -> Iterator[Trial]:
    away = scene.away
    assert away.checklist

    def create(caller: Caller, value: str, _: Any) -> TestResponse:
        return caller.post("/checklists", {**CHECKLIST, "key": value})

    def edit(caller: Caller, value: str, _: Any) -> TestResponse:
        tag = caller.get("/checklists/visit/draft").headers["ETag"]
        body = {**CHECKLIST, "key": value}
        return caller.put("/checklists/visit/draft", body, headers={"If-Match": tag})

    for call in (create, edit):
        key = scene.home.publish({**CHECKLIST, "key": random_key()})["key"]
        yield Trial("foreign_admin", key, call, random_key)


@case(*(f"POST /api/v1/locations/import csv:{name}" for name in ("code", "region_code", "external_id")))
def imported_locations(scene: Scene) -> Iterator[Trial]:
    for name in ("code", "region_code", "external_id"):

        def call(caller: Caller, value: str, _: Any, name: str = name) -> TestResponse:
            cells = {
                "code": random_code(),
                "region_code": scene.away.region["code"],
                "external_id": "",
                name: value,
            }
            text = (
                "name,time_zone,code,region_code,external_id\n"
                f"New,UTC,{cells['code']},{cells['region_code']},{cells['external_id']}\n"
            )
            headers = {"Content-Type": "text/csv"}
            return caller.call("POST", "/locations/import", data=text, headers=headers)

        place = scene.home.new_location(external_id=random_code())
        foreign = {**place, "region_code": scene.region["code"]}[name]
        yield Trial("foreign_admin", foreign, call, random_code)


@case(*(f"POST /api/v1/regions/import csv:{name}" for name in ("code", "parent_code", "external_id")))
def imported_regions(scene: Scene) -> Iterator[Trial]:
    for name in ("code", "parent_code", "external_id"):

        def call(caller: Caller, value: str, _: Any, name: str = name) -> TestResponse:
            cells = {"code": random_code(), "parent_code": "", "external_id": "", name: value}
            text = "\n".join(["name," + ",".join(cells), "New," + ",".join(cells.values())])
            return caller.call("POST", "/regions/import", data=text, headers={"Content-Type": "text/csv"})

        region = scene.home.new_region(external_id=random_code())
        yield Trial("foreign_admin", {**region, "parent_code": region["code"]}[name], call, random_code)


@case("POST /api/v1/users/import csv:email")
def imported_people(scene: Scene) -> Iterator[Trial]:
    """The foreign values are an address, and the codes of a region and a location."""
    for name, foreign in (
        ("email", scene.home.person("shopper").email or ""),
        ("region_codes", scene.region["code"]),
        ("location_codes", scene.location["code"]),
    ):

        def call(caller: Caller, value: str, _: Any, name: str = name) -> TestResponse:
            cells = {"email": f"{random_code()}@example.org", "region_codes": "", "location_codes": ""}
            cells[name] = value
            text = "\n".join(["name,role," + ",".join(cells), "New,manager," + ",".join(cells.values())])
            return caller.call("POST", "/users/import", data=text, headers={"Content-Type": "text/csv"})

        missing = (lambda: f"shopper-{random_code()}@example.org") if name == "email" else random_code
        yield Trial("foreign_admin", foreign, call, missing)


# Headers.

EDITED = {
    "PATCH /api/v1/regions/{region_id} header:If-Match": "/regions/{region}",
    "PATCH /api/v1/locations/{location_id} header:If-Match": "/locations/{location}",
    "PATCH /api/v1/users/{user_id} header:If-Match": "/users/{user}",
    "DELETE /api/v1/users/{user_id} header:If-Match": "/users/{user}",
    "PATCH /api/v1/me header:If-Match": "/me",
    "PATCH /api/v1/visits/{visit_id} header:If-Match": "/visits/{visit}",
    "PATCH /api/v1/api-clients/{client_id} header:If-Match": "/api-clients/{client}",
    "PATCH /api/v1/webhooks/{webhook_id} header:If-Match": "/webhooks/{webhook}",
    "PATCH /api/v1/quotas/{quota_id} header:If-Match": "/quotas/{quota}",
    "PATCH /api/v1/targets/{target_id} header:If-Match": "/targets/{target}",
    "PATCH /api/v1/saved-views/{view_id} header:If-Match": "/saved-views/{view}",
    "PUT /api/v1/checklists/{key}/draft header:If-Match": "/checklists/{key}/draft",
    "PATCH /api/v1/organization header:If-Match": "/organization",
}


def _if_match_case(method: str, path: str) -> Trials:
    """Send the ETag of a foreign object for one's own, and the correct ETag for the foreign object."""
    edits: dict[str, Any] = {"/checklists/{key}/draft": CHECKLIST, "/organization": {"lockout_days": 30}}
    edits["/webhooks/{webhook}"] = {"events": ["score.changed"]}
    edits["/visits/{visit}"] = {"window": WINDOW}
    edits |= {"/quotas/{quota}": {"visits": 1}, "/targets/{target}": {"score": 0.8}}
    body = None if method == "DELETE" else edits.get(path, {"name": "Edited"})

    def trials(scene: Scene) -> Iterator[Trial]:
        home_ids = {"region": scene.region["id"], "location": scene.location["id"]}
        home_ids |= {"user": scene.home.shopper.id or "", "key": scene.checklist_key}
        home_ids |= {"client": scene.client_id, "webhook": scene.delivery[0], "visit": scene.assigned}
        home_ids |= {"quota": scene.quota, "target": scene.target}
        home_ids["view"] = scene.view_id
        away = scene.away
        assert away.checklist
        own_ids = {"region": away.region["id"], "location": away.location["id"]}
        own_ids |= {"user": away.shopper.id or "", "key": "visit"}
        own_ids |= {"client": away.client("scores:read").id or "", "webhook": scene.own_webhook_id}
        own_ids |= {"quota": scene.own_quota, "target": away.target()["id"]}
        own_ids |= {"visit": away.visit()["id"], "view": scene.own_view_id}
        etag = scene.home.admin.get(path.format(**home_ids)).headers["ETag"].strip('"')

        def call_own(caller: Caller, value: str, _: Any) -> TestResponse:
            return caller.call(method, path.format(**own_ids), body, headers={"If-Match": f'"{value}"'})

        yield Trial("foreign_admin", etag, call_own, lambda: uuid.uuid4().hex)
        if path in (
            "/organization",
            "/me",
        ):  # without an ID, callers cannot refer to those of others
            return
        (name,) = re.findall(r"{(\w+)}", path)
        for headers in ({"If-Match": f'"{etag}"'}, {"If-Match": "*"}, {"If-Match": '"x"'}, {}):

            def call_home(caller: Caller, value: str, _: Any, headers: Any = headers) -> TestResponse:
                return caller.call(method, path.format(**{name: value}), body, headers=headers)

            yield Trial("foreign_admin", home_ids[name], call_home, _missing_value(name))

    return trials


def _if_none_match_case(path: str) -> Trials:
    """Send the correct ETag of a foreign object: it causes no 304, and discloses nothing about one's own."""

    def trials(scene: Scene) -> Iterator[Trial]:
        visit_id, photo_id = scene.accepted
        home_ids = {"region_id": scene.region["id"], "location_id": scene.location["id"]}
        home_ids |= {"user_id": scene.home.shopper.id or "", "visit_id": visit_id, "photo_id": photo_id}
        home_ids |= {"key": scene.checklist_key, "version": "1", "export_id": scene.export}
        home_ids |= {"client_id": scene.client_id, "revision_id": scene.revision_id}
        home_ids |= {"dispute_id": scene.dispute}
        home_ids |= {"quota_id": scene.quota, "target_id": scene.target}
        home_ids["view_id"] = scene.view_id
        home_ids |= dict(zip(("webhook_id", "delivery_id"), scene.delivery, strict=True))
        by = {"scores": "?by=location", "rates": "?by=location", "plan": "?checklist=visit"}.get(
            path.rpartition("/")[2], ""
        )
        home_ids |= {"message_id": scene.message_id, "decision_id": scene.decision}
        # Administrators can read everything that reviewers can, and drafts.
        response = scene.home.admin.get(f"/{path}{by}".format(**home_ids))
        etag = response.headers.get("ETag", '"x"').strip('"')
        names = re.findall(r"{(\w+)}", path)
        for caller in FOREIGN_CALLERS:
            if names:

                def call_home(caller: Caller, value: str, _: Any) -> TestResponse:
                    address = f"/{path}".format(**{**home_ids, names[0]: value})
                    return caller.get(address, headers={"If-None-Match": f'"{etag}"'})

                yield Trial(caller, home_ids[names[0]], call_home, _missing_value(names[0]))
            else:

                def call_own(caller: Caller, value: str, _: Any) -> TestResponse:
                    return caller.get(f"/{path}{by}", headers={"If-None-Match": f'"{value}"'})

                yield Trial(caller, etag, call_own, lambda: uuid.uuid4().hex)

    return trials


def _requests(scene: Scene, world: World) -> dict[str, Callable[[], tuple[str, Any]]]:
    """Return, for each creating route, a function that builds the path and body of a new request."""
    assert world.checklist
    return {
        "POST /api/v1/regions": lambda: ("/regions", {"code": "the-code", "name": "New"}),
        "POST /api/v1/locations": lambda: (
            "/locations",
            {"code": "the-code", "name": "New", "region_id": world.region["id"], "time_zone": "UTC"},
        ),
        "POST /api/v1/users": lambda: (
            "/users",
            {"email": "new@example.org", "name": "New", "role": "shopper", "password": PASSWORD},
        ),
        "POST /api/v1/visits": lambda: ("/visits", _order(world)),
        "POST /api/v1/quotas": lambda: (
            "/quotas",
            {"region_id": world.region["id"], "checklist_key": "visit", "visits": 1, "per": "month"},
        ),
        "POST /api/v1/targets": lambda: (
            "/targets",
            {"region_id": world.region["id"], "checklist_key": "visit", "score": 0.9, "months": 6},
        ),
        "POST /api/v1/visits/{visit_id}/reassign": lambda: (
            f"/visits/{world.visit()['id']}/reassign",
            {"shopper_id": world.shopper.id, "override": True},
        ),
        "POST /api/v1/visits/{visit_id}/messages": lambda: (
            f"/visits/{world.late_visit()['id']}/messages",
            {"text": "Which till?"},
        ),
        "POST /api/v1/saved-views": lambda: ("/saved-views", SAVED_VIEW),
        "POST /api/v1/webhooks/{webhook_id}/test": lambda: (f"/webhooks/{world.webhook()['id']}/test", None),
        "POST /api/v1/checklists": lambda: ("/checklists", {**CHECKLIST, "key": "the-key"}),
        "POST /api/v1/checklists/{key}/publish": lambda: ("/checklists/visit/publish", None),
        "POST /api/v1/visits/{visit_id}/disputes": lambda: (
            f"/visits/{world.accepted_visit()['id']}/disputes",
            DISPUTE,
        ),
        "POST /api/v1/exports": lambda: ("/exports", {"kind": "visits", "format": "csv"}),
        "POST /api/v1/users/import": lambda: ("/users/import", "email,name,role\na@x.org,A,shopper\n"),
        "POST /api/v1/regions/import": lambda: ("/regions/import", "code,name\nanother-code,New\n"),
        "POST /api/v1/locations/import": lambda: (
            "/locations/import",
            f"code,name,region_code,time_zone\nanother-code,New,{world.region['code']},UTC\n",
        ),
    }


def _idempotency_case(route: str) -> Trials:
    """Use a key that someone else has used: it counts as new, with another body and with the same."""

    def send(caller: Caller, request: tuple[str, Any], key: str) -> TestResponse:
        path, body = request
        headers = {"Idempotency-Key": key}
        if isinstance(body, str):
            headers["Content-Type"] = "text/csv"
            return caller.call("POST", path, data=body, headers=headers)
        return caller.post(path, body, headers=headers)

    def trials(scene: Scene) -> Iterator[Trial]:
        key = random_code()
        request = _requests(scene, scene.home)[route]()
        role = "manager" if route.endswith("/disputes") else "admin"
        ok(send(getattr(scene.home, role), request, key))
        worlds = iter(scene.fresh)

        def prepare() -> tuple[Caller, tuple[str, Any]]:
            world = next(worlds)
            return getattr(world, role), _requests(scene, world)[route]()

        def call(_: Caller, value: str, prepared: Any) -> TestResponse:
            return send(*prepared, value)

        yield Trial("foreign_admin", key, call, random_code, prepare)
        colleague = scene.home.person("admin")
        if route == "POST /api/v1/regions":  # a colleague's key: rejected for the code, and not replayed
            yield Trial(
                "foreign_admin", key, lambda _, value, __: send(colleague, request, value), random_code
            )

    return trials


# The cases are built from the OpenAPI document.


def _add_cases() -> None:
    for path, filters in FILTERS.items():
        for name, kind in filters.items():
            CASES[f"GET /api/v1{path} query:{name}"] = _query_case(path, name, kind)
    for path, readers in LISTS.items():
        name = f"GET /api/v1{path.partition('?')[0]} query:cursor"
        cases = [CASES[name]] if name in CASES else []
        CASES[name] = _combine(*cases, _cursor_case(path, readers))
    for name, path in EDITED.items():
        CASES[name] = _if_match_case(name.partition(" ")[0], path)


def _combine(*cases: Trials) -> Trials:
    return lambda scene: (trial for trials_of_case in cases for trial in trials_of_case(scene))


_add_cases()


def trials_of(name: str) -> Trials | None:
    """Return the trials of a field. Those of paths, ETags and keys are the same for all routes."""
    route, _, where = name.rpartition(" ")
    place, _, parameter = where.partition(":")
    if name in CASES:
        return CASES[name]
    if place == "path":
        return _part_case(route, parameter) if parameter in PARTS else _path_case(route, parameter)
    if parameter == "If-None-Match":
        return _if_none_match_case(route.split()[1])
    if parameter == "Idempotency-Key":
        return _idempotency_case(route)
    return None


@pytest.fixture(scope="module")
def scene(own_app: Flask) -> Scene:
    """One scene for all trials: each trial compares the whole database."""
    scene = Scene(own_app)
    # What trials would otherwise add when they first need it.
    for world in (scene.home, scene.away):
        assert world.checklist and world.location
    return scene


@pytest.fixture(scope="module")
def document(embedded_app: Flask) -> Any:
    return embedded_app.test_client().get("/api/v1/openapi.json").get_json()


def test_every_identifying_field_has_trials(document: Any) -> None:
    fields = identifying_fields(document)
    assert {name for name in fields if trials_of(name) is None} == set(NOT_HERE) - {
        name for name in NOT_HERE if trials_of(name)
    }
    assert set(CASES) | set(NOT_HERE) <= fields
    assert len(fields) > 100


def _list_fields() -> list[str]:
    """Return the fields of the OpenAPI document, without a running database."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings.from_environment({"DATA_DIR": folder}))
        fields = identifying_fields(json.loads(app.extensions["openapi"]))
        app.extensions["survey"].database.close()
    # Fields with the same trials are listed under the first of them.
    first_names = {id(CASES[name]): name for name in sorted(CASES, reverse=True)}
    return sorted(
        name for name in fields - set(NOT_HERE) if first_names.get(id(CASES.get(name)), name) == name
    )


# Which rows a caller may see hardly depends on the database.
@pytest.mark.parametrize("own_app", BACKENDS if FULL else BACKENDS[:1], indirect=True)
@pytest.mark.parametrize("name", _list_fields())
def test_foreign_id_has_the_same_response_as_a_missing_id(scene: Scene, name: str) -> None:
    trials = trials_of(name)
    assert trials is not None, f"{name} has no trials"
    all_trials = list(trials(scene))
    assert all_trials, name
    callers = {trial.name: getattr(scene, trial.name) for trial in all_trials}
    before = _read_rows(scene)
    for trial in all_trials:
        _check_trial(scene, name, trial, callers[trial.name])
    if name.startswith("GET "):
        is_prepared = any(trial.prepare for trial in all_trials)
        changed_tables = {"visits", "payment_items", "audit_entries"} if is_prepared else set()
        if name.startswith("GET /api/v1/payments "):
            changed_tables.add("audit_entries")  # it records who looks
        assert {row.partition(" ")[0] for row in before ^ _read_rows(scene)} <= changed_tables


def _check_trial(scene: Scene, name: str, trial: Trial, caller: Caller) -> None:
    writes = not name.startswith("GET ")
    actual, missing = (
        _run_trial(scene, caller, trial, value, writes) for value in (trial.foreign, trial.missing())
    )
    context = (name, trial.name, trial.foreign)
    assert actual.status < 500, context
    assert (actual.status, actual.headers, actual.text) == (
        missing.status,
        missing.headers,
        missing.text,
    ), context
    assert actual.added == missing.added, context
    for outcome in (actual, missing):
        if outcome.status >= 400:
            assert not outcome.added and not outcome.gone, (context, outcome.added, outcome.gone)
    home_ids = [trial.foreign]
    if trial.name.startswith("foreign"):
        home_ids.append(str(scene.home.organization_id))
    assert not [row for row in actual.gone if any(home_id.replace("-", "") in row for home_id in home_ids)], (
        context
    )


@dataclass
class Outcome:
    """A response without IDs, and the changes in the database."""

    status: int
    headers: list[tuple[str, str]]
    text: str
    added: Counter[str]
    gone: list[str]


def _run_trial(scene: Scene, caller: Caller, trial: Trial, value: str, writes: bool) -> Outcome:
    """Run one call. For reading routes, the database is compared once for all trials instead."""
    prepared = trial.prepare() if trial.prepare else None
    before = _read_rows(scene) if writes else set()
    response = trial.call(caller, value, prepared)
    after = _read_rows(scene) if writes else set()
    text = response.get_data(as_text=True).replace(value, "…")
    headers = [
        (key, text_value.replace(value, "…")) for key, text_value in response.headers if key != "X-Request-ID"
    ]
    text = UUID.sub("…", text.replace(response.headers["X-Request-ID"], "…"))
    if response.status_code < 400:
        text = _without_generated_values(text)
        stable = [(key, text_value) for key, text_value in headers if key not in ("ETag", "Content-Length")]
        headers = [(key, _without_generated_values(UUID.sub("…", text_value))) for key, text_value in stable]
    return Outcome(
        response.status_code,
        headers,
        text,
        Counter(row.partition(" ")[0] for row in after - before) - Counter(),
        sorted(before - after),
    )


def _without_generated_values(text: str) -> str:
    """Return a successful response without generated values: IDs, times, hashes and links."""
    for pattern in (
        r'"url":"[^"]*"',
        r'"x-amz-checksum-sha256":"[^"]*"',
        r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?",
        r"\b[0-9a-f]{64}\b",
        r"\b[0-9a-f]{8}\b",
    ):
        text = re.sub(pattern, "…", text)
    return text


def _read_rows(scene: Scene) -> set[str]:
    """Return every row of every table as text, with IDs without hyphens."""
    database = scene.app.extensions["survey"].database
    selects = [f"SELECT '{table}', {table}.* FROM {table}" for table in Base.metadata.tables]
    if not database.url.startswith("sqlite"):
        # As text, the rows of all tables have the same columns, so that one statement returns them.
        texts = (f"SELECT '{table} ' || {table}::text FROM {table}" for table in Base.metadata.tables)
        selects = [" UNION ALL ".join(texts)]
    with database.read_snapshot() as session:
        connection = session.connection()
        rows = (row for select in selects for row in connection.exec_driver_sql(select))
        return {" ".join(map(str, row)).replace("-", "") for row in rows}
