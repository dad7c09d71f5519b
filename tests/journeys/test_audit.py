"""The audit log: who did what, over the API."""

import csv
import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DBAPIError

from api.domain.audit import ACTIONS, RETENTION
from api.jobs.worker import Worker
from api.models import Base
from api.models.audit import AuditEntry
from api.models.base import now
from api.services.audit import reading
from api.services.audit.register import REGISTER
from tests.support.exports import build_all, follow, request_export
from tests.support.world import ALL_WELL, CHECKLIST, PASSWORD, World, ok, pointers, problem


@pytest.fixture
def world(servers_app: Any) -> World:
    """On PostgreSQL. The listeners are the same on both databases; triggers have a test of their own."""
    return World(servers_app)


def entries(world: World, **filters: str) -> list[Any]:
    """Return the log, oldest first."""
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    items: list[Any] = world.admin.list_all(f"/audit?{query}" if query else "/audit")
    return items[::-1]


def changes(entry: Any) -> dict[str, tuple[Any, Any]]:
    return {change["field"]: (change["before"], change["after"]) for change in entry["changes"]}


def test_a_change_has_its_author_its_request_and_the_values_before_and_after(world: World) -> None:
    location = world.location
    response = world.admin.patch(f"/locations/{location['id']}", {"name": "Renamed", "address": "1 High St"})
    created, updated = entries(world, subject=location["id"])
    assert created["action"] == "location.created"
    assert changes(created)["code"] == (None, location["code"])
    assert updated["action"] == "location.updated"
    assert updated["actor"] == {
        "type": "user",
        "id": world.admin.id,
        "name": ok(world.admin.get("/me"))["name"],
    }
    assert updated["subject"] == {"type": "location", "id": location["id"], "name": "Renamed", "count": 1}
    assert changes(updated) == {"name": (location["name"], "Renamed"), "address": (None, "1 High St")}
    assert updated["request_id"] == response.headers["X-Request-ID"]


def test_publishing_and_retiring_a_checklist_are_recorded(world: World) -> None:
    world.checklist  # noqa: B018
    world.publish({**CHECKLIST, "title": "Another title"})
    ok(world.admin.post("/checklists/visit/retire"))
    (created,) = [
        entry for entry in entries(world, action="checklist.created") if entry["subject"]["name"] == "visit"
    ]
    mine = entries(world, subject=created["subject"]["id"])
    assert [entry["action"].partition(".")[2] for entry in mine] == [
        "created",
        "published",
        "published",
        "retired",
    ]
    assert changes(mine[2]) == {"version": (1, 2)}


def test_an_edit_that_changes_nothing_leaves_no_entry(world: World) -> None:
    ok(world.admin.patch(f"/locations/{world.location['id']}", {"name": world.location["name"]}))
    assert [entry["action"] for entry in entries(world, subject=world.location["id"])] == ["location.created"]


def test_a_rejected_change_leaves_no_entry(world: World) -> None:
    taken = world.new_region()["code"]
    problem(world.admin.patch(f"/regions/{world.region['id']}", {"code": taken}), 409, "already-exists")
    assert [entry["action"] for entry in entries(world, subject=world.region["id"])] == ["region.created"]


def test_regions_of_a_manager_are_named(world: World) -> None:
    north, south = world.new_region(name="North"), world.new_region(name="South")
    manager = world.person("manager", region_ids=[north["id"]])
    ok(world.admin.patch(f"/users/{manager.id}", {"region_ids": [south["id"]]}))
    *_, last = entries(world, subject=manager.id)
    assert changes(last) == {"region_ids": ([north["id"]], [south["id"]])}
    assert last["names"] == {north["id"]: "North", south["id"]: "South"}


def test_a_change_of_role_and_password_shows_the_role_but_no_secret(world: World) -> None:
    person = world.person("shopper")
    ok(world.admin.patch(f"/users/{person.id}", {"role": "reviewer", "password": "another long secret"}))
    *_, last = entries(world, subject=person.id)
    assert (last["action"], changes(last)) == (
        "user.updated",
        {"role": ("shopper", "reviewer"), "password": (None, None)},
    )
    assert "argon2" not in world.admin.get("/audit?limit=500").text


def test_logins_are_recorded_without_a_trace_in_other_organizations(world: World) -> None:
    person, other = world.person("manager"), World(world.app)
    email = str(person.email)
    ok(
        other.admin.post(
            "/users", {"email": email, "name": "Twin", "role": "shopper", "password": "another long secret"}
        )
    )
    problem(
        world.anonymous.post("/auth/login", {"email": email, "password": "wrong"}), 401, "wrong-credentials"
    )
    ok(world.anonymous.post("/auth/login", {"email": email, "password": PASSWORD}))
    body = {"old_password": "wrong", "new_password": "another long password"}
    problem(person.post("/me/password", body), 403, "wrong-password")
    ok(person.post("/me/password", {**body, "old_password": PASSWORD}))
    ok(person.post("/auth/logout"))
    while Worker(world.database, world.store).work():  # records the failed login, which may be anyone's
        pass
    mine = [
        (entry["action"], entry["actor"] and entry["actor"]["id"])
        for entry in entries(world, subject=person.id)
    ]
    assert mine[2:] == [
        ("user.login_failed", None),
        ("user.logged_in", person.id),
        ("user.login_failed", person.id),
        ("user.password_changed", person.id),
        ("user.logged_out", person.id),
    ]
    # The first failure may have been theirs; everything else was not.
    assert [entry["action"] for entry in entries(other, subject="user")][-1] == "user.login_failed"
    assert "user.logged_in" not in {entry["action"] for entry in entries(other, subject="user")[-2:]}


def test_many_that_are_created_at_once_share_an_entry_with_what_they_have_in_common(world: World) -> None:
    world.checklist  # noqa: B018
    window = {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-02T00:00:00Z"}
    order = {
        "location_id": world.location["id"],
        "shopper_id": world.shopper.id,
        "checklist_key": "visit",
        "window": window,
        "override": True,
    }
    orders = [{**order, "external_id": str(number)} for number in range(21)]
    batch = ok(world.admin.post("/visits", orders), 201)["items"]
    ok(world.admin.post("/visits", orders[:2]), 201)
    ok(world.admin.post(f"/visit-batches/{batch[0]['batch_id']}/cancel"))
    first, *others = entries(world, action="visit.assigned")
    subject = {"type": "visit", "id": batch[0]["batch_id"], "name": None, "count": 21}
    assert first["subject"] == subject
    (cancelled,) = entries(world, action="visit.cancelled")
    assert (cancelled["subject"], changes(cancelled)) == (subject, {"status": ("assigned", "cancelled")})
    assert entries(world, subject=batch[5]["id"]) == [first, cancelled]
    shared = changes(first)
    assert shared["shopper_id"] == (None, world.shopper.id)
    assert shared["checklist"] == (None, {"key": "visit", "version": 1})
    assert "external_id" not in shared
    assert [entry["subject"]["count"] for entry in others] == [1, 1]


def test_photos_that_somebody_else_sees_are_recorded_once_for_a_visit(world: World) -> None:
    visit = world.visit()
    photos = [world.photo(visit), world.photo(visit)]
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": photos}}
    ok(world.send(visit, world.submission(answers)), 201)
    for caller in (world.shopper, world.reviewer, world.manager):
        for photo in photos:
            for size in ("", "/thumbnail"):
                assert caller.get(f"/visits/{visit['id']}/photos/{photo}{size}").status_code in (200, 302)
    seen = entries(world, action="visit.photos_viewed")
    assert [(entry["actor"]["id"], entry["subject"]["id"]) for entry in seen] == [
        (world.reviewer.id, visit["id"]),
        (world.manager.id, visit["id"]),
    ]
    assert world.location["name"] in seen[0]["subject"]["name"]


def test_exports_are_recorded_with_their_download(world: World) -> None:
    export_id = request_export(world.manager)
    build_all(world)
    follow(world.anonymous, ok(world.manager.get(f"/exports/{export_id}"))["download"]).get_data()
    found = [(entry["action"], entry["actor"]["id"]) for entry in entries(world, subject=export_id)]
    assert found == [("export.requested", world.manager.id), ("export.downloaded", world.manager.id)]


def test_filters_and_pages(world: World) -> None:
    for number in range(3):
        world.new_region(name=f"Region {number}")
    by_admin = entries(world, actor_id=world.admin.id, action="region.created")
    assert [entry["subject"]["name"] for entry in by_admin] == ["Region 0", "Region 1", "Region 2"]
    assert entries(world, subject="region") == by_admin
    assert world.admin.list_all("/audit?subject=region", limit=1) == by_admin[::-1]
    at, today = by_admin[1]["at"], now().date()
    assert entries(world, subject="region", **{"from": at}) == by_admin[1:]
    assert entries(world, subject="region", to=at) == by_admin[:2]
    assert entries(world, subject="region", **{"from": str(today), "to": str(today)}) == by_admin
    assert entries(world, subject="region", to=str(today - timedelta(days=1))) == []
    assert entries(world, subject=str(uuid.uuid4())) == []
    for query in ("subject=stores", "action=region", "from=2026-13-01", "to=yesterday"):
        body = problem(world.admin.get(f"/audit?{query}"), 422, "invalid")
        assert pointers(body) == [f"/{query.partition('=')[0]}"]


def test_csv_has_all_entries_with_names_for_people(world: World) -> None:
    north, south = world.new_region(name="North"), world.new_region(name="=South")
    location = world.new_location(region_id=north["id"])
    ok(world.admin.patch(f"/locations/{location['id']}", {"region_id": south["id"]}))
    response = world.admin.get("/audit?action=location.updated", headers={"Accept": "text/csv"})
    assert response.mimetype == "text/csv"
    assert response.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    (row,) = csv.DictReader(io.StringIO(response.text))
    assert (row["field"], row["before"], row["after"]) == ("region_id", "North", "'=South")
    assert (row["actor_id"], row["subject_id"]) == (world.admin.id, location["id"])
    whole = list(csv.DictReader(io.StringIO(world.admin.get("/audit", headers={"Accept": "text/csv"}).text)))
    assert len(whole) == sum(len(entry["changes"]) or 1 for entry in entries(world))


@pytest.fixture
def entry_id(world: World) -> uuid.UUID:
    return uuid.UUID(entries(world, subject=world.region["id"])[0]["id"])


def test_every_table_is_in_the_register_or_has_a_reason_not_to_be() -> None:
    tables = {mapper.class_ for mapper in Base.registry.mappers}
    reasons = {table for table in tables if table.__name__ in NOT_RECORDED}
    assert len(reasons) == len(NOT_RECORDED)
    assert tables == REGISTER.keys() | reasons
    assert not REGISTER.keys() & reasons


#: table → why the log does not contain its changes
NOT_RECORDED = {
    "Payment": "follows from visit.reviewed and visit.payment_changed",
    "PaymentItem": "the field fee of the visit, and visit.payment_changed",
    "AccountLink": "user.invited and user.password_forgotten",
    "ApiClientRegion": "the field region_ids of the API client",
    "ApiClientSecret": "api_client.secret_replaced",
    "Announcement": "follows from decisions",
    "AuditEntry": "the log itself",
    "Change": "the change feed, which follows from decisions",
    "ChecklistVersion": "checklist.published",
    "CommentFingerprint": "follows from the submission",
    "Decision": "visit.reviewed",
    "DisputedQuestion": "kept with its dispute: dispute.opened and dispute.decided",
    "DisputeEffect": "follows from disputes",
    "DraftRevision": "every revision is its own record",
    "Event": "what the worker has to do",
    "Flag": "follows from the submission",
    "Installation": "belongs to no organization",
    "UnneededObject": "belongs to no organization",
    "LatestWrite": "says only which replica has what the caller wrote",
    "Notice": "which mails people want concerns only themselves",
    "Message": "visit.shopper_asked and visit.message_withdrawn; an answer is the shopper's own record",
    "OrganizationLogo": "the field logo of the organization",
    "Photo": "the shopper's own record, like their submissions",
    "RecoveryCode": "user.recovery_code_used and user.recovery_codes_replaced",
    "ReviewClaim": "expires by itself, and prevents nothing",
    "SavedView": "a bookmark, which changes nothing for others but a list of links",
    "SecondFactor": "user.second_factor_enabled, …_disabled and …_reset",
    "SignInFailure": "user.login_failed",
    "StoredResponse": "the response to a request that is in the log",
    "Subject": "follows from the checklist",
    "Submission": "every revision is its own record",
    "TokenFamily": "user.logged_in and user.logged_out",
    "RegionDisputeEffect": "follows from disputes",
    "RegionTally": "follows from decisions",
    "RegionTotal": "follows from decisions",
    "RegionTotalsVersion": "changes whenever the worker has added up",
    "Tally": "follows from decisions",
    "Total": "follows from decisions",
    "TotalChange": "follows from decisions and edits of places",
    "VisitTotal": "follows from decisions",
    "UserLocation": "the field location_ids of the person",
    "UserRegion": "the field region_ids of the person",
    "WebhookDelivery": "kept with its attempts; webhook.tested and webhook.redelivered",
    "WebhookRegion": "the field region_ids of the webhook",
}


@pytest.mark.parametrize("backend", ["embedded", "servers"])
def test_the_database_keeps_entries_from_being_changed(backend: str, request: pytest.FixtureRequest) -> None:
    world = World(request.getfixturevalue(f"{backend}_app"))
    world.person("shopper", "Robin")
    old_at = now() - RETENTION - timedelta(minutes=1)
    old = {"organization_id": world.organization_id, "action": ACTIONS[0], "subject_type": "organization"}
    world.database.write(lambda session: session.execute(insert(AuditEntry), [{**old, "at": old_at}]))
    mine = AuditEntry.organization_id == world.organization_id
    for statement in (
        update(AuditEntry).where(mine).values(action="user.created"),
        update(AuditEntry).where(mine).values(personal_changes=[]),
        delete(AuditEntry).where(mine),
    ):
        with pytest.raises(DBAPIError, match="never change"):
            world.database.write(lambda session, statement=statement: session.execute(statement))
    assert "Robin" in world.admin.get("/audit?subject=user").text
    before = len(entries(world))
    world.database.write(reading.delete_old)
    assert len(entries(world)) == before - 1
    # What identifies a person can be removed.
    clear = update(AuditEntry).where(mine).values(personal_changes=None)
    world.database.write(lambda session: session.execute(clear))
    assert "Robin" not in str([entry["changes"] for entry in entries(world)])
    assert len(entries(world)) == before - 1
