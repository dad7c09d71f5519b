"""API clients: created by administrators, limited by scopes and regions, with tokens of their own."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask
from flask_jwt_extended import create_access_token
from sqlalchemy import select

from api.models.api_clients import ApiClientSecret
from api.services import api_clients
from tests.support.world import (
    API,
    Caller,
    World,
    ok,
    pointers,
    post_token_request,
    problem,
    request_token,
)

pytestmark = pytest.mark.one_database

SCOPES = ["scores:read", "visits:read"]


@pytest.fixture
def client(world: World) -> Any:
    """An API client as it was created, with its secret."""
    return ok(world.admin.post("/api-clients", {"name": "ERP", "scopes": SCOPES, "region_ids": []}), 201)


def caller(app: Flask, client: Any, **parameters: str) -> Caller:
    return Caller(app, client["id"], token=request_token(app, client, **parameters)["access_token"])


def token_problem(response: Any, status: int, error: str) -> Any:
    """Return the problem document of a rejected token request, with the members of RFC 6749."""
    body = problem(response, status, error.replace("_", "-"))
    assert (body["error"], body["error_description"]) == (error, body["detail"])
    assert response.headers["Cache-Control"] == "no-store"
    return body


# Administration.


def test_secret_is_returned_only_once_and_stored_hashed(world: World, client: Any) -> None:
    assert client["client_id"] == client["id"]
    assert len(client["client_secret"]) > 40
    stored = ok(world.admin.get(f"/api-clients/{client['id']}"))
    assert stored == {key: value for key, value in client.items() if key != "client_secret"}
    assert stored["scopes"] == SCOPES and stored["region_ids"] == [] and stored["revoked"] is False
    assert client["client_secret"] not in world.admin.get("/api-clients").text
    with world.database.read_snapshot() as session:
        hashes = session.scalars(
            select(ApiClientSecret.secret_sha256).where(ApiClientSecret.client_id == uuid.UUID(client["id"]))
        ).all()
    assert len(hashes) == 1 and client["client_secret"] not in hashes


def test_responses_with_a_secret_are_never_stored_by_caches(world: World, client: Any) -> None:
    created = world.admin.post("/api-clients", {"name": "BI", "scopes": []})
    replaced = world.admin.post(f"/api-clients/{client['id']}/secret", {})
    for response in (created, replaced):
        ok(response, 201)
        assert response.headers["Cache-Control"] == "no-store"


def test_clients_are_listed_by_name_and_found(world: World, client: Any) -> None:
    other = ok(world.admin.post("/api-clients", {"name": "BI", "scopes": ["scores:read"]}), 201)
    ok(world.admin.call("DELETE", f"/api-clients/{other['id']}"), 204)
    assert [item["name"] for item in ok(world.admin.get("/api-clients"))["items"]] == ["BI", "ERP"]
    active = ok(world.admin.get("/api-clients?revoked=false"))["items"]
    assert [item["id"] for item in active] == [client["id"]]
    assert [item["name"] for item in ok(world.admin.get("/api-clients?name=BI"))["items"]] == ["BI"]


def test_unknown_scopes_and_regions_are_rejected(world: World) -> None:
    foreign = World(world.app).region["id"]
    body = {"name": " ", "scopes": ["scores:read", "all"], "region_ids": []}
    assert pointers(problem(world.admin.post("/api-clients", body), 422, "invalid")) == ["/name", "/scopes/1"]
    body = {"name": "ERP", "scopes": [], "region_ids": [world.region["id"], foreign]}
    response = world.admin.post("/api-clients", body)
    assert pointers(problem(response, 422, "invalid")) == ["/region_ids/1"]
    assert ok(world.admin.get("/api-clients"))["items"] == []


# Tokens.


def test_token_has_the_scopes_of_the_client(world: World, client: Any) -> None:
    response = post_token_request(world.app, (client["client_id"], client["client_secret"]))
    token = ok(response, 200)
    assert token.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 900)
    assert token["scope"] == "scores:read visits:read"
    assert response.headers["Cache-Control"] == "no-store"
    ok(caller(world.app, client).get("/visits"))


def test_token_can_be_narrowed_but_not_widened(world: World, client: Any) -> None:
    narrow = request_token(world.app, client, scope="scores:read")
    assert narrow["scope"] == "scores:read"
    reader = Caller(world.app, token=narrow["access_token"])
    ok(reader.get("/scores?by=location"))
    response = reader.get("/visits")
    assert "visits:read" in problem(response, 403, "insufficient-scope")["detail"]
    assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]
    credentials = (client["client_id"], client["client_secret"])
    for scope in ("scores:read places:write", "everything", "scores:read,visits:read"):
        token_problem(post_token_request(world.app, credentials, scope=scope), 400, "invalid_scope")


def test_scope_without_a_value_counts_as_omitted(world: World, client: Any) -> None:
    assert request_token(world.app, client, scope="")["scope"] == "scores:read visits:read"


def test_wrong_credentials_are_all_rejected_alike(world: World, client: Any) -> None:
    known, secret = client["client_id"], client["client_secret"]
    wrong = [
        None,
        (known, "wrong"),
        (known, ""),
        (known, secret[:-1]),
        (str(uuid.uuid4()), secret),
        ("no-uuid", secret),
        (known.upper() + "\0", secret),
    ]
    details = set()
    for credentials in wrong:
        response = post_token_request(world.app, credentials)
        details.add(token_problem(response, 401, "invalid_client")["detail"])
        assert response.headers["WWW-Authenticate"].startswith("Basic ")
    assert len(details) == 1


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"scope": "scores:read"}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ["client_credentials", "client_credentials"]}, "invalid_request"),
        ({"grant_type": "client_credentials", "scope": ["scores:read", "visits:read"]}, "invalid_request"),
        ({"grant_type": "client_credentials", "audience": "x"}, "invalid_request"),
        ({"grant_type": "client_credentials", "client_secret": "x"}, "invalid_request"),
    ],
)
def test_malformed_token_requests_are_rejected(
    world: World, client: Any, form: dict[str, Any], error: str
) -> None:
    credentials = (client["client_id"], client["client_secret"])
    response = world.app.test_client().post(f"{API}/auth/token", data=form, auth=credentials)
    token_problem(response, 400, error)
    assert ok(world.admin.get(f"/api-clients/{client['id']}"))["last_used_at"] is None


def test_token_request_is_a_form_without_a_query(world: World, client: Any) -> None:
    credentials = (client["client_id"], client["client_secret"])
    test_client = world.app.test_client()
    body = {"grant_type": "client_credentials"}
    response = test_client.post(f"{API}/auth/token", json=body, auth=credentials)
    assert problem(response, 415, "unsupported-media-type")["error"] == "invalid_request"
    response = test_client.post(f"{API}/auth/token?scope=scores:read", data=body, auth=credentials)
    problem(response, 422, "invalid")


def test_last_use_is_recorded(world: World, client: Any) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    caller(world.app, client)
    used_at = ok(world.admin.get(f"/api-clients/{client['id']}"))["last_used_at"]
    assert before <= datetime.fromisoformat(used_at) <= datetime.now(UTC)


def test_replaced_secret_stays_valid_during_the_overlap(
    world: World, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = ok(world.admin.post(f"/api-clients/{client['id']}/secret", {"overlap_hours": 24}), 201)
    assert new["client_secret"] != client["client_secret"]
    for secret in (new, client):
        request_token(world.app, secret)
    later = datetime.now(UTC) + timedelta(hours=24, seconds=1)
    monkeypatch.setattr(api_clients, "now", lambda: later)
    request_token(world.app, new)
    credentials = (client["client_id"], client["client_secret"])
    token_problem(post_token_request(world.app, credentials), 401, "invalid_client")
    world.database.write(api_clients.delete_expired)
    request_token(world.app, new)


def test_secret_replaced_without_overlap_ends_at_once(world: World, client: Any) -> None:
    first = ok(world.admin.post(f"/api-clients/{client['id']}/secret", {}), 201)
    last = ok(world.admin.post(f"/api-clients/{client['id']}/secret", {"overlap_hours": 0}), 201)
    for old in (client, first):
        credentials = (client["client_id"], old["client_secret"])
        token_problem(post_token_request(world.app, credentials), 401, "invalid_client")
    request_token(world.app, last)


def test_revoked_client_stops_at_once(world: World, client: Any) -> None:
    reader = caller(world.app, client)
    ok(reader.get("/visits"))
    for _ in range(2):
        ok(world.admin.call("DELETE", f"/api-clients/{client['id']}"), 204)
    problem(reader.get("/visits"), 401, "not-signed-in")
    credentials = (client["client_id"], client["client_secret"])
    token_problem(post_token_request(world.app, credentials), 401, "invalid_client")
    assert ok(world.admin.get(f"/api-clients/{client['id']}"))["revoked"] is True
    problem(world.admin.patch(f"/api-clients/{client['id']}", {"name": "x"}), 409, "api-client-revoked")
    problem(world.admin.post(f"/api-clients/{client['id']}/secret", {}), 409, "api-client-revoked")


def test_scopes_and_regions_are_read_from_the_database_on_each_request(world: World, client: Any) -> None:
    reader = caller(world.app, client)
    visit = world.accepted_visit()
    ok(reader.get(f"/visits/{visit['id']}"))
    ok(world.admin.patch(f"/api-clients/{client['id']}", {"region_ids": [world.new_region()["id"]]}))
    problem(reader.get(f"/visits/{visit['id']}"), 404, "visit-not-found")
    ok(world.admin.patch(f"/api-clients/{client['id']}", {"scopes": ["scores:read"], "region_ids": []}))
    problem(reader.get(f"/visits/{visit['id']}"), 403, "insufficient-scope")


def test_forged_tokens_are_rejected(world: World, client: Any) -> None:
    with world.app.app_context():
        expired = create_access_token(
            client["id"], additional_claims={"scope": "visits:read"}, expires_delta=timedelta(seconds=-1)
        )
        of_a_person = create_access_token(str(world.admin.id), additional_claims={"scope": "visits:read"})
        with_a_family = create_access_token(client["id"], additional_claims={"family": str(uuid.uuid4())})
    for token in (expired, of_a_person, with_a_family):
        problem(Caller(world.app, token=token).get("/visits"), 401, "not-signed-in")


def test_published_oauth_library_receives_a_token(world: World, client: Any) -> None:
    """Authlib builds the request; only the transport is replaced by the test client."""
    session = OAuth2Session(client["client_id"], client["client_secret"], scope="scores:read")

    def send(request: Any, **_options: Any) -> Any:
        response = world.app.test_client().post(
            f"{API}/auth/token", data=request.body, headers=dict(request.headers)
        )
        return _as_requests_response(request, response)

    session.get_adapter("https://shop.example").send = send
    token = session.fetch_token("https://shop.example/api/v1/auth/token", grant_type="client_credentials")
    assert token["scope"] == "scores:read"
    ok(Caller(world.app, token=token["access_token"]).get("/scores?by=location"))


def _as_requests_response(request: Any, response: Any) -> Any:
    converted = requests.Response()
    converted.status_code, converted._content = response.status_code, response.data
    converted.headers.update(dict(response.headers))
    converted.request, converted.url = request, request.url
    return converted


# What a client sees and does.


def test_client_sees_visits_as_a_manager_of_its_regions_does(world: World) -> None:
    below = world.new_region(parent_id=world.region["id"])
    inside = world.accepted_visit(location=world.new_location(region_id=below["id"]))
    outside = world.accepted_visit(location=world.new_location(region_id=world.new_region()["id"]))
    waiting = world.late_visit()
    reader = world.client("visits:read", "scores:read", region_ids=[world.region["id"]])
    for path in (f"/visits/{inside['id']}", f"/visits/{inside['id']}/submission", "/visits", "/locations"):
        as_client, as_manager = reader.get(path), world.manager.get(path)
        assert ok(as_client) == ok(as_manager), path
        assert as_client.headers["ETag"] == as_manager.headers["ETag"]
    for hidden in (outside, waiting):
        problem(reader.get(f"/visits/{hidden['id']}"), 404, "visit-not-found")
    everywhere = world.client("visits:read")
    assert {item["id"] for item in ok(everywhere.get("/visits"))["items"]} == {inside["id"], outside["id"]}
    assert ok(everywhere.get("/visits?mine=true"))["items"] == []
    problem(everywhere.get(f"/visits?shopper_id={world.shopper.id}"), 422, "invalid")


def test_client_assigns_reassigns_and_cancels_visits_within_its_regions(world: World) -> None:
    world.checklist  # noqa: B018
    planner = world.client("visits:write", region_ids=[world.region["id"]])
    now = datetime.now(UTC)
    order = {
        "location_id": world.location["id"],
        "shopper_id": world.shopper.id,
        "checklist_key": "visit",
        "window": {"opens_at": now.isoformat(), "closes_at": (now + timedelta(days=1)).isoformat()},
        "external_id": "ERP-7",
    }
    key = {"Idempotency-Key": "once"}
    response = planner.post("/visits", order, headers=key)
    visit = ok(response, 201)
    assert (visit["status"], visit["external_id"]) == ("assigned", "ERP-7")
    assert str(world.shopper.id) not in response.text and str(world.shopper.email) not in response.text
    assert ok(planner.post("/visits", order, headers=key), 201) == visit
    other = world.person("shopper")
    moved = ok(planner.post(f"/visits/{visit['id']}/reassign", {"shopper_id": other.id}), 201)
    assert moved["id"] != visit["id"]
    assert ok(planner.post(f"/visits/{moved['id']}/cancel"))["status"] == "cancelled"
    assert ok(world.admin.get(f"/visits/{moved['id']}"))["shopper"]["id"] == other.id
    batch = [{**order, "override": True}, {**order, "shopper_id": other.id, "override": True}]
    items = ok(planner.post("/visits", batch), 201)["items"]
    assert [item["status"] for item in items] == ["assigned", "assigned"]
    outside = world.new_location(region_id=world.new_region()["id"])
    rejected = planner.post("/visits", {**order, "location_id": outside["id"]})
    assert pointers(problem(rejected, 422, "invalid")) == ["/location_id"]
    hidden = world.visit(location=outside)
    problem(planner.post(f"/visits/{hidden['id']}/cancel"), 404, "visit-not-found")


def test_limited_client_writes_places_only_within_its_regions(world: World) -> None:
    region, other = world.region, world.new_region()
    writer = world.client("places:write", region_ids=[region["id"]])
    new = ok(writer.post("/regions", {"code": "BELOW", "name": "Below", "parent_id": region["id"]}), 201)
    for parent_id in (None, other["id"]):
        body = {"code": "OUT", "name": "Outside", "parent_id": parent_id}
        assert pointers(problem(writer.post("/regions", body), 422, "invalid")) == ["/parent_id"]
        response = writer.patch(f"/regions/{new['id']}", {"parent_id": parent_id})
        assert pointers(problem(response, 422, "invalid")) == ["/parent_id"]
    ok(writer.patch(f"/regions/{region['id']}", {"parent_id": None, "name": "Renamed"}))
    location = {"code": "L-1", "name": "Store", "time_zone": "UTC"}
    ok(writer.post("/locations", {**location, "region_id": new["id"]}), 201)
    response = writer.post("/locations", {**location, "code": "L-2", "region_id": other["id"]})
    assert pointers(problem(response, 422, "invalid")) == ["/region_id"]
    lines = f"code,name,region_code,time_zone\nL-3,Store,{other['code']},UTC\n"
    response = writer.call("POST", "/locations/import", data=lines, headers={"Content-Type": "text/csv"})
    assert pointers(problem(response, 422, "invalid")) == ["/2/region_code"]


def test_client_publishes_a_checklist(world: World) -> None:
    writer = world.client("checklists:write")
    ok(writer.post("/checklists", {**_checklist(), "key": "from-a-client"}), 201)
    assert ok(writer.post("/checklists/from-a-client/publish"))["version"] == 1


def _checklist() -> dict[str, Any]:
    question = {"key": "greeting", "text": "Did someone greet you?", "type": "yes_no", "points": 1}
    section = {"key": "welcome", "title": "Welcome", "questions": [question]}
    return {"title": "A visit", "channel": "in_person", "pass_mark": 0.8, "sections": [section]}
