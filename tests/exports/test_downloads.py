"""Downloads: the link, the deadline of the file, and rights that change in the meantime."""

import time
import uuid
from datetime import timedelta

import pytest
from itsdangerous import TimestampSigner
from sqlalchemy import select

from api.models.base import now
from api.models.changes import Change
from api.models.exports import Export
from api.services import exports, photo_store, photo_sweep
from tests.support.exports import build_all, change_export, download, follow, request_export
from tests.support.world import Caller, World, ok, problem

pytestmark = pytest.mark.one_database


@pytest.fixture
def ready(world: World) -> str:
    """An export of the manager of a region, with one visit."""
    world.accepted_visit()
    export_id = request_export(world.manager)
    build_all(world)
    return export_id


def link_of(caller: Caller, export_id: str) -> str:
    link: str = ok(caller.get(f"/exports/{export_id}"))["download"]
    return link


def test_a_file_has_its_type_name_and_length(world: World, ready: str) -> None:
    response = download(world.manager, ready)
    export = ok(world.manager.get(f"/exports/{ready}"))
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="visits-{export["from"]}-{export["to"]}.csv"'
    )
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert int(response.headers["Content-Length"]) == len(response.data) > 100
    assert "Content-Encoding" not in response.headers


def test_an_export_that_is_ready_is_recorded_for_webhooks(world: World, ready: str) -> None:
    with world.database.read_snapshot() as session:
        change = session.scalars(
            select(Change).where(
                Change.organization_id == world.organization_id, Change.kind == "export.ready"
            )
        ).one()
    assert change.data["export"]["id"] == ready
    assert change.data["requested_by"] == world.manager.id
    assert not change.is_published


def test_a_file_can_be_downloaded_again(world: World, ready: str) -> None:
    link = link_of(world.manager, ready)
    assert follow(world.manager, link).data == follow(world.manager, link).data


def test_a_link_needs_no_authentication_but_rejects_that_of_others(world: World, ready: str) -> None:
    link = link_of(world.manager, ready)
    assert follow(world.anonymous, link).data == follow(world.manager, link).data
    for caller in (world.admin, world.person("manager", region_ids=[world.region["id"]])):
        problem(follow(caller, link), 404, "export-not-found")


def test_a_link_is_for_one_export_for_ten_minutes(
    world: World, ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_of(world.manager, ready)
    other = request_export(world.manager)
    build_all(world)
    for forged in (link.replace(ready, other), link[:-1], f"{link.partition('=')[0]}=forged"):
        problem(follow(world.manager, forged), 410, "export-link-expired")
    problem(world.manager.get(f"/exports/{ready}/file"), 422, "invalid")
    for seconds, status in ((9 * 60, 200), (11 * 60, 410)):
        later = int(time.time()) + seconds
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _signer, later=later: later)
        assert follow(world.manager, link).status_code == status


def test_an_export_that_is_not_ready_has_no_file(world: World, ready: str) -> None:
    link = link_of(world.manager, ready)
    for status in ("queued", "running", "failed"):
        change_export(world, ready, status=status)
        problem(follow(world.manager, link), 409, "export-not-ready")
        assert ok(world.manager.get(f"/exports/{ready}"))["download"] is None
    change_export(world, ready, status="ready")


def test_a_file_expires_after_a_day(world: World, ready: str) -> None:
    expires_at = ok(world.manager.get(f"/exports/{ready}"))["expires_at"]
    day = timedelta(days=1)
    assert (now() + day - timedelta(minutes=5)).isoformat() < expires_at < (now() + day).isoformat()
    link = link_of(world.manager, ready)
    change_export(world, ready, expires_at=now() - timedelta(seconds=1))
    export = ok(world.manager.get(f"/exports/{ready}"))
    assert (export["status"], export["download"]) == ("expired", None)
    problem(follow(world.manager, link), 410, "export-expired")
    world.database.write(exports.expire)
    assert ok(world.manager.get(f"/exports/{ready}"))["status"] == "expired"


def test_old_exports_are_forgotten_and_unfinished_ones_kept(world: World) -> None:
    old, waiting, young = (request_export(world.manager) for _ in range(3))
    for export_id, status in ((old, "failed"), (waiting, "queued")):
        change_export(world, export_id, status=status, created_at=now() - timedelta(days=31))
    change_export(world, young, status="failed")
    world.database.write(exports.expire)
    assert [item["id"] for item in world.manager.list_all("/exports")] == [waiting, young]
    change_export(world, waiting, status="failed")


def test_the_sweep_keeps_files_until_they_expire(world: World) -> None:
    world.accepted_visit()
    export_id = request_export(world.manager)
    build_all(world)
    with world.database.read_snapshot() as session:
        key = session.get_one(Export, uuid.UUID(export_id)).key
    assert key is not None
    orphan = f"{exports.KEY_PREFIX}{export_id}.9.csv"
    world.store.write(orphan, b"of an attempt that was killed", "text/csv")
    running_id = request_export(world.manager)
    change_export(world, running_id, status="running", attempts=2)
    running, earlier = (f"{exports.KEY_PREFIX}{running_id}.{attempt}.csv" for attempt in (2, 1))
    for written in (running, earlier):
        world.store.write(written, b"of an attempt", "text/csv")
    photo_store.claim(world.database, world.store)

    def sweep_twice() -> set[str]:
        """Return the keys of the files that two sweeps keep."""
        for _ in range(2):
            photo_sweep.sweep(world.database, world.store)
        return {key for key, _ in world.store.list(exports.KEY_PREFIX)}

    assert sweep_twice() & {key, orphan, running, earlier} == {key, running}
    assert download(world.manager, export_id).status_code == 200
    link = link_of(world.manager, export_id)
    change_export(world, export_id, expires_at=now() - timedelta(seconds=1))
    change_export(world, running_id, status="failed")
    assert sweep_twice() & {key, running} == set()
    problem(follow(world.manager, link), 410, "export-expired")


def test_a_file_that_was_lost_counts_as_expired(world: World, ready: str) -> None:
    link = link_of(world.manager, ready)
    change_export(world, ready, key=f"{exports.KEY_PREFIX}lost.csv")
    problem(follow(world.manager, link), 410, "export-expired")


def test_a_manager_who_loses_a_region_cannot_fetch_it(world: World, ready: str) -> None:
    link = link_of(world.manager, ready)
    other = world.new_region()
    ok(world.admin.patch(f"/users/{world.manager.id}", {"region_ids": [other["id"]]}))
    response = follow(world.manager, link)
    body = problem(response, 409, "export-rights-changed")
    assert "new export" in body["detail"]
    ok(world.admin.patch(f"/users/{world.manager.id}", {"region_ids": [other["id"], world.region["id"]]}))
    assert follow(world.manager, link).status_code == 200


def test_a_location_that_moves_away_takes_the_file_with_it(world: World, ready: str) -> None:
    link = link_of(world.manager, ready)
    elsewhere = world.new_region()
    ok(world.admin.patch(f"/locations/{world.location['id']}", {"region_id": elsewhere["id"]}))
    problem(follow(world.manager, link), 409, "export-rights-changed")


def test_another_role_counts_at_the_download(world: World) -> None:
    world.accepted_visit()
    reviewer = world.person("reviewer")
    export_id = request_export(reviewer)
    build_all(world)
    link = link_of(reviewer, export_id)
    ok(world.admin.patch(f"/users/{reviewer.id}", {"role": "manager"}))
    problem(follow(reviewer, link), 409, "export-rights-changed")
    ok(world.admin.patch(f"/users/{reviewer.id}", {"region_ids": [], "role": "shopper"}))
    problem(follow(reviewer, link), 409, "export-rights-changed")
    ok(world.admin.patch(f"/users/{reviewer.id}", {"role": "reviewer", "disabled": True}))
    problem(follow(reviewer, link), 409, "export-rights-changed")


def test_a_narrowed_token_gets_no_link_to_what_it_does_not_cover(world: World) -> None:
    client = world.client("visits:read", "scores:read")
    visits, scores = request_export(client), request_export(client, kind="scores")
    build_all(world)
    link = link_of(client, visits)
    ok(world.admin.patch(f"/api-clients/{client.id}", {"scopes": ["scores:read"]}))
    problem(client.get(f"/exports/{visits}"), 403, "insufficient-scope")
    assert [export["id"] for export in ok(client.get("/exports"))["items"]] == [scores]
    problem(follow(client, link), 409, "export-rights-changed")


def test_a_client_whose_regions_or_scopes_shrink_cannot_fetch(world: World) -> None:
    world.accepted_visit()
    client = world.client("visits:read", "scores:read")
    export_id = request_export(client)
    build_all(world)
    link = link_of(client, export_id)
    assert follow(client, link).status_code == 200
    ok(world.admin.patch(f"/api-clients/{client.id}", {"region_ids": [world.new_region()["id"]]}))
    problem(follow(client, link), 409, "export-rights-changed")
    ok(world.admin.patch(f"/api-clients/{client.id}", {"scopes": ["scores:read"], "region_ids": []}))
    problem(follow(client, link), 409, "export-rights-changed")
    ok(world.admin.patch(f"/api-clients/{client.id}", {"scopes": ["visits:read"]}))
    assert follow(world.anonymous, link).status_code == 200
    ok(world.admin.call("DELETE", f"/api-clients/{client.id}"), 204)
    problem(follow(world.anonymous, link), 409, "export-rights-changed")


def test_an_export_of_a_place_that_became_invisible_fails_in_words(world: World) -> None:
    export_id = request_export(world.manager, region_id=world.region["id"])
    ok(world.admin.patch(f"/users/{world.manager.id}", {"region_ids": []}))
    build_all(world)
    export = ok(world.manager.get(f"/exports/{export_id}"))
    assert (export["status"], export["failure"]) == ("failed", "The region does not exist.")
