"""Deleting a person: visits, answers and scores stay, and nothing else of them is left anywhere."""

import gzip
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from api.domain import problems
from api.domain.access import SHOPPER, Actor
from api.http import access
from api.models import Base
from api.models.users import User
from api.models.visits import Visit
from api.services import submissions
from api.services.people.deletion import ANONYMIZED, DELETED, EMPTIED, delete_person
from schemas.submissions import Submission
from tests.support.attacker import Markers
from tests.support.exports import build_all, request_export
from tests.support.marked_phone import Phone
from tests.support.world import ALL_WELL, PASSWORD, Caller, World, ok, problem


def delete(world: World, person: Caller, caller: Caller | None = None, **headers: str) -> TestResponse:
    caller = caller or world.admin
    headers = headers or {"If-Match": caller.get(f"/users/{person.id}").headers["ETag"]}
    return caller.call("DELETE", f"/users/{person.id}", headers=headers)


def read_everything(world: World) -> bytes:
    """Return every byte of the database and the store of a program."""
    url = world.database.url
    if url.startswith("sqlite"):
        folder = Path(url.removeprefix("sqlite:///")).parent
        return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    with psycopg.connect(url) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        tables = []
        for name in names:
            with connection.cursor().copy(f"COPY {name} TO STDOUT") as copy:
                tables += [bytes(block) for block in copy]
    objects = [world.store.read(key, 2**26) for key, _ in world.store.list("")]
    return b"\n".join([*tables, *objects])


def read_backup(world: World, folder: Path) -> bytes:
    """Make a backup, and return every byte of its files."""
    result = world.app.test_cli_runner().invoke(args=["backup", str(folder)])
    assert result.exit_code == 0, result.output
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data for data in files)


def find_rows_with(world: World, value: str) -> set[str]:
    """Return the tables and columns that contain a text, in any form of an ID."""
    forms = (value, value.replace("-", ""))
    found = set()
    with world.database.read_snapshot() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                for column, content in row.items():
                    if any(form in json.dumps(content, default=str) for form in forms):
                        found.add(f"{table.name}.{column}")
    return found


@dataclass
class MarkedPerson:
    """A shopper who has done everything that a shopper can do, with markers in all of it."""

    world: World
    name: str = "Magdalena-Quittenbaum"
    markers: Markers = field(default_factory=Markers)

    def __post_init__(self) -> None:
        self.phone = self._add_and_log_in()
        self.accepted = self._send_visit()
        self.open = self.world.visit(self.phone)
        self._decline_visit()
        self._leave_upload()
        self._answer_message()

    def _add_and_log_in(self) -> Phone:
        world, mark = self.world, self.markers.add
        email = mark("email", f"{self.name}@telefon.example")
        former_name = mark("former name", f"{self.name} alt-mädchenname")
        phone = Phone(world.app, name=self.name, markers=self.markers, email=email)
        body = {"email": email, "name": former_name, "role": "shopper", "password": PASSWORD}
        phone.id = ok(world.admin.post("/users", body, headers={"Idempotency-Key": uuid.uuid4().hex}), 201)[
            "id"
        ]
        ok(world.admin.patch(f"/users/{phone.id}", {"name": mark("name", f"{self.name} öfterschön")}))
        ok(world.admin.post(f"/users/{phone.id}/invitation"))  # a mail and a link
        login = phone.call(
            "POST",
            "/auth/login",
            {"email": email, "password": PASSWORD},
            headers={"User-Agent": "SamsungBrowser/9 iPad"},
        )
        mark("device", "Samsung Internet on iPad")
        phone.token = ok(login)["access_token"]
        return phone

    def _send_visit(self) -> Any:
        """Send a visit that was assigned in spite of the lock-out, with a photo that has all metadata."""
        world, mark, phone = self.world, self.markers.add, self.phone
        began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=41)
        taken_at = began + timedelta(minutes=3)
        for moment in (began, taken_at):
            mark("time", f"{moment:%Y-%m-%dT%H:%M:%S}")
            mark("time", f"{moment:%Y-%m-%d %H:%M:%S}")
        order = {
            "location_id": world.location["id"],
            "shopper_id": phone.id,
            "checklist_key": world.checklist["key"],
            "window": {
                "opens_at": (began - timedelta(hours=1)).isoformat(),
                "closes_at": (began + timedelta(hours=9)).isoformat(),
            },
            "override": True,
            "override_reason": mark("reason", f"{self.name} wohnt nebenan"),
        }
        visit = ok(world.admin.post("/visits", order, headers={"Idempotency-Key": uuid.uuid4().hex}), 201)
        latitude, longitude = phone.position(1)
        photo_id = world.photo(
            visit,
            phone.picture("image/jpeg", taken_at, 1, 1),
            phone,
            taken_at=taken_at.isoformat(),
            position={"latitude": latitude, "longitude": longitude},
        )
        answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo_id]}}
        body = world.submission(
            answers,
            started_at=began.isoformat(),
            finished_at=(began + timedelta(minutes=17)).isoformat(),
            position={"latitude": latitude, "longitude": longitude, "accuracy_m": 9.5},
            comment="The fish was fresh.",
        )
        ok(world.send(visit, body, phone), 201)
        return {**visit, "photo": photo_id}

    def _decline_visit(self) -> None:
        visit = self.world.visit(self.phone)
        reason = self.markers.add("reason", f"Absage: {self.name} hat ein Knie")
        ok(self.phone.post(f"/visits/{visit['id']}/decline", {"reason": reason}))

    def _answer_message(self) -> None:
        """Answer a reviewer, who has addressed them by name in a message and in a decision."""
        world, mark = self.world, self.markers.add
        path = f"/visits/{self.accepted['id']}/messages"
        body = {"text": mark("message", f"Welche Kasse, {self.name}?")}
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        message_id = ok(world.reviewer.post(path, body, headers=headers), 201)["id"]
        answer = mark("message", f"Kasse zwei, sagt {self.name} gern")
        ok(self.phone.put(f"/me/messages/{message_id}/answer", {"text": answer}))
        decision = ok(world.admin.get(f"/visits/{self.accepted['id']}"))["decisions"][-1]["id"]
        thanks = mark("message", f"Danke schön, {self.name}!")
        ok(world.review(self.accepted, "reject", replaces=decision, message_to_shopper=thanks))
        decision = ok(world.admin.get(f"/visits/{self.accepted['id']}"))["decisions"][-1]["id"]
        ok(world.review(self.accepted, "accept", replaces=decision, message_to_shopper=thanks))

    def _leave_upload(self) -> None:
        """Upload a photo and never confirm it: the file is in the store as it was taken."""
        taken_at = datetime.now(UTC) - timedelta(minutes=5)
        data = self.phone.picture("image/jpeg", taken_at, 2, 2)
        declared = self.world.declare(self.open, data, self.phone)
        assert self.world.upload(declared["upload"], data) == 200


@pytest.fixture
def world(own_app: Flask) -> World:
    return World(own_app)


#: One test deletes on both databases. In the others, the database makes no difference.
on_servers = pytest.mark.parametrize("own_app", ["servers"], indirect=True)


def test_nothing_of_a_deleted_person_is_left(world: World, tmp_path: Path) -> None:
    person = MarkedPerson(world)
    phone, visit = person.phone, person.accepted
    mine = f"/visits/{visit['id']}"
    ok(world.reviewer.get(f"{mine}"))
    seen = [ok(world.manager.get(path)) for path in (mine, f"{mine}/submission")]
    score = ok(world.admin.get(f"/locations/{world.location['id']}/score"))
    # Some are never stored: the token, all that the server removes from photos, and headers.
    before = person.markers.find_in(read_everything(world))
    assert len(person.markers.find_in(read_backup(world, tmp_path / "backup"))) > 10
    for kind in ("email", "name", "former name", "device", "time", "reason", "message", "position", "camera"):
        assert any(marker.startswith(f"{kind} ") for marker in before), f"There was no {kind} to delete."

    assert delete(world, phone).status_code == 204

    assert person.markers.find_in(read_everything(world)) == []
    # A backup in the same folder removes what the earlier one had.
    assert person.markers.find_in(read_backup(world, tmp_path / "backup")) == []
    # Of the ID, only the actor and the subject of entries of the audit log are left.
    assert find_rows_with(world, str(phone.id)) <= {"audit_entries.actor_id", "audit_entries.subject_id"}
    assert [ok(world.manager.get(path)) for path in (mine, f"{mine}/submission")] == seen
    assert ok(world.admin.get(f"/locations/{world.location['id']}/score")) == score
    evidence = ok(world.reviewer.get(mine))
    assert evidence["shopper"]["name"] is None
    assert evidence["shopper"]["id"] != phone.id
    assert evidence["started_at"] is None
    assert evidence["photo_evidence"] == [
        {"id": visit["photo"], "question": "greeting", "taken_at": None, "position": None, "make": None}
    ]
    answers = ok(world.reviewer.get(f"{mine}/submission"))
    assert (answers["position"], answers["started_at"], answers["distance_m"]) == (None, None, None)
    assert world.reviewer.get(f"{mine}/photos/{visit['photo']}").status_code == 302
    assert ok(world.admin.get(f"/visits/{person.open['id']}"))["status"] == "cancelled"
    assert phone.get("/visits").status_code == 401
    login = world.anonymous.post("/auth/login", {"email": phone.email, "password": PASSWORD})
    problem(login, 401, "wrong-credentials")


def test_stored_responses_of_imports_do_not_name_a_deleted_person(world: World) -> None:
    for row in ("wanda@example.org,Wanda Quittenbaum,shopper", "wanda@example.org,Wanda Zwetschge,shopper"):
        headers = {"Content-Type": "text/csv", "Idempotency-Key": uuid.uuid4().hex}
        path = "/users/import?mode=update&include=lines"
        ok(world.admin.call("POST", path, data=f"email,name,role\n{row}\n", headers=headers))
    wanda = ok(world.admin.get("/users?q=wanda@example.org"))["items"][0]
    assert delete(world, Caller(world.app, id=wanda["id"])).status_code == 204
    for mark in ("wanda@example.org", "Quittenbaum", "Zwetschge"):
        assert find_rows_with(world, mark) == set()


@on_servers
def test_the_deletion_is_in_the_audit_log_without_the_person(world: World) -> None:
    person = world.person("shopper", "Kunigunde")
    ok(world.admin.patch(f"/users/{person.id}", {"name": "Kunigunde the Second"}))
    assert delete(world, person).status_code == 204
    entries = ok(world.admin.get(f"/audit?subject={person.id}"))["items"]
    assert entries[0]["action"] == "user.deleted"
    assert entries[0]["actor"]["id"] == world.admin.id
    assert {entry["subject"]["name"] for entry in entries} == {None}
    assert "Kunigunde" not in str(entries)
    assert {"field": "role", "before": None, "after": "shopper"} in entries[-1]["changes"]


@on_servers
def test_a_deleted_person_is_in_no_list(world: World) -> None:
    person = world.person("shopper")
    visit = world.accepted_visit(shopper=person)
    assert delete(world, person).status_code == 204
    problem(delete(world, person, **{"If-Match": "*"}), 404, "user-not-found")
    anonymous_id = ok(world.admin.get(f"/visits/{visit['id']}"))["shopper"]["id"]
    for user_id in (person.id, anonymous_id):
        problem(world.admin.get(f"/users/{user_id}"), 404, "user-not-found")
    people = world.admin.list_all("/users")
    assert all(user["email"] for user in people)
    csv = f"email,name,role\n{people[0]['email']},New,admin\n"
    response = world.admin.call(
        "POST", "/users/import?mode=update", data=csv, headers={"Content-Type": "text/csv"}
    )
    assert ok(response)["changed"] == 1
    # Nothing can be assigned to them, so they are locked out of nothing.
    today = datetime.now(UTC).date()
    assert ok(world.admin.get(f"/visits/planning?from={today}&to={today}"))["lockouts"] == []
    problem(world.admin.post("/visits", {**_order(world), "shopper_id": anonymous_id}), 422, "invalid")


def _order(world: World) -> dict[str, Any]:
    now = datetime.now(UTC)
    window = {"opens_at": now.isoformat(), "closes_at": (now + timedelta(days=1)).isoformat()}
    return {"location_id": world.location["id"], "checklist_key": "visit", "window": window}


@on_servers
def test_visits_of_two_deleted_people_belong_together(world: World) -> None:
    """Nobody can tell any more which of them made which visit."""
    people = [world.person("shopper") for _ in range(2)]
    visits = [world.accepted_visit(shopper=person) for person in people]
    for person in people:
        assert delete(world, person).status_code == 204
    shoppers = [ok(world.admin.get(f"/visits/{visit['id']}"))["shopper"] for visit in visits]
    assert shoppers[0] == shoppers[1]


@on_servers
def test_decisions_of_a_deleted_reviewer_stay(world: World) -> None:
    visit = world.late_visit()
    reviewer = world.person("reviewer")
    ok(world.review(visit, "accept", reviewer))
    assert delete(world, reviewer).status_code == 204
    (decision,) = ok(world.admin.get(f"/visits/{visit['id']}"))["decisions"]
    assert (decision["decision"], decision["reviewer_name"]) == ("accept", None)
    # Null would be an automatic acceptance.
    assert decision["reviewer_id"] not in (None, reviewer.id)


@on_servers
def test_messages_of_a_deleted_reviewer_stay(world: World) -> None:
    reviewer = world.person("reviewer")
    ok(reviewer.post(f"/visits/{world.late_visit()['id']}/messages", {"text": "Which till?"}), 201)
    assert delete(world, reviewer).status_code == 204
    (message,) = ok(world.reviewer.get("/messages"))["items"]
    assert (message["text"], message["reviewer_name"]) == ("Which till?", None)
    assert message["reviewer_id"] != reviewer.id
    assert len(ok(world.shopper.get("/me/messages"))["items"]) == 1


@on_servers
def test_what_a_deleted_administrator_made_stays(world: World) -> None:
    admin = world.person("admin")
    world.checklist  # noqa: B018
    draft = admin.get("/checklists/visit/draft")
    document = {**draft.json, "title": "Another title"}
    ok(admin.put("/checklists/visit/draft", document, headers={"If-Match": draft.headers["ETag"]}))
    ok(admin.post("/checklists/visit/publish"), 201)
    webhook = world.webhook(admin)
    assert delete(world, admin).status_code == 204
    assert ok(world.admin.get(f"/webhooks/{webhook['id']}"))["created_by"]["id"] != admin.id
    for path in ("/checklists/visit/versions", "/checklists/visit/draft/revisions"):
        assert ok(world.admin.get(path))["items"][0]["changed_by"] is None
    assert find_rows_with(world, str(admin.id)) <= {"audit_entries.actor_id", "audit_entries.subject_id"}


@on_servers
def test_exports_of_a_deleted_person_are_deleted_with_their_files(world: World) -> None:
    manager = world.manager
    world.accepted_visit()
    ready = request_export(manager)
    build_all(world)
    request_export(manager)
    link = urlsplit(ok(manager.get(f"/exports/{ready}"))["download"])
    assert list(world.store.list("exports/"))
    assert delete(world, manager).status_code == 204
    assert list(world.store.list("exports/")) == []
    problem(world.anonymous.get(f"/{link.path}?{link.query}"), 404, "export-not-found")
    assert find_rows_with(world, str(manager.id)) <= {"audit_entries.actor_id", "audit_entries.subject_id"}


@on_servers
def test_rules_of_deletion(world: World) -> None:
    person, admin = world.person("shopper"), world.admin
    problem(admin.call("DELETE", f"/users/{person.id}"), 428, "if-match-required")
    tag = admin.get(f"/users/{person.id}").headers["ETag"]
    ok(admin.patch(f"/users/{person.id}", {"name": "Edited"}))
    problem(delete(world, person, **{"If-Match": tag}), 412, "stale")
    foreign = World(world.app).admin
    problem(delete(world, person, foreign, **{"If-Match": "*"}), 404, "user-not-found")
    # Someone disabled is no administrator.
    other = world.person("admin")
    ok(admin.patch(f"/users/{other.id}", {"disabled": True}))
    problem(delete(world, admin), 409, "last-admin")
    assert delete(world, other).status_code == 204
    successor = world.person("admin")
    assert delete(world, admin).status_code == 204
    assert admin.get("/me").status_code == 401
    assert delete(world, person, successor).status_code == 204


@on_servers
def test_a_submission_that_is_stored_after_the_deletion_is_rejected(world: World) -> None:
    """It was checked before. Nothing else of the visit has changed, because returned visits stay returned."""
    visit = world.late_visit()
    ok(world.review(visit, "return"))
    body = world.submission(revision=2)
    actor = Actor(uuid.UUID(str(world.shopper.id)), world.organization_id, SHOPPER)
    prepared = world.database.write(
        lambda session: submissions.prepare(
            session, actor, uuid.UUID(visit["id"]), body, Submission().load(body), datetime.now(UTC)
        )
    )
    assert isinstance(prepared, submissions.PreparedSubmission)
    assert delete(world, world.shopper).status_code == 204
    with pytest.raises(problems.ProblemError) as error:
        world.database.write(lambda session: submissions.store(session, actor, prepared, 0))
    assert error.value.problem is problems.VISIT_NOT_FOUND


@on_servers
def test_who_is_deleted_in_the_middle_of_a_request_is_no_longer_signed_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, reviewer, count_request = world.late_visit(), world.person("reviewer"), access._count_request

    def count_and_delete(actor: Actor, permission: str) -> None:
        count_request(actor, permission)
        if str(actor.id) == reviewer.id:
            world.database.write(lambda session: delete_person(session, session.get_one(User, actor.id)))

    monkeypatch.setattr(access, "_count_request", count_and_delete)
    problem(world.review(visit, "accept", reviewer), 401, "not-signed-in")
    assert ok(world.admin.get(f"/visits/{visit['id']}"))["status"] == "submitted"
    reviewer = world.person("reviewer")
    problem(reviewer.post("/auth/logout"), 401, "not-signed-in")


def test_every_reference_to_a_person_is_deleted_or_replaced() -> None:
    handled = {column.property.columns[0] for column in (*DELETED, *EMPTIED, *ANONYMIZED, Visit.shopper_id)}
    references = {
        key.parent
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column is User.__table__.c.id
    }
    assert references <= handled
