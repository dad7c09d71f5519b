"""Webhooks over the API: who manages them, which URLs are accepted, and their deliveries."""

import socket
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from api.domain.webhooks import build_body
from api.models.base import now
from api.models.webhooks import WebhookDelivery
from api.services import webhooks
from tests.support.world import Caller, World, ok, pointers, problem

pytestmark = pytest.mark.one_database

#: A public address, so that nothing is looked up.
URL = "https://93.184.216.34/hooks"


def add_webhook(caller: Caller, **values: Any) -> Any:
    return ok(caller.post("/webhooks", {"url": URL, "events": ["visit.accepted"], **values}), 201)


def test_webhook_is_created_with_a_secret_that_is_returned_only_once(world: World) -> None:
    response = world.admin.post(
        "/webhooks", {"url": URL, "events": ["score.changed", "visit.accepted", "score.changed"]}
    )
    created = ok(response, 201)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Location"] == f"/api/v1/webhooks/{created['id']}"
    assert created["secret"].startswith("whsec_") and len(created["secret"]) == 50
    stored = ok(world.admin.get(f"/webhooks/{created['id']}"))
    assert stored == {key: value for key, value in created.items() if key != "secret"}
    assert stored["events"] == ["score.changed", "visit.accepted"]
    assert (stored["status"], stored["region_ids"]) == ("enabled", [])
    assert stored["created_by"] == {"type": "user", "id": world.admin.id}
    assert ok(world.admin.get("/webhooks"))["items"] == [stored]
    assert created["secret"] not in world.admin.get("/webhooks").text


def test_secrets_differ_between_webhooks_and_between_replacements(world: World) -> None:
    first, second = add_webhook(world.admin), add_webhook(world.admin)
    replaced = [ok(world.admin.post(f"/webhooks/{first['id']}/secret"), 201)["secret"] for _ in range(2)]
    assert len({first["secret"], second["secret"], *replaced}) == 4


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("http://93.184.216.34/", "https://"),
        ("ftp://93.184.216.34/", "https://"),
        ("hooks", "https://"),
        ("https://user:secret@93.184.216.34/", "credentials"),
        ("https://93.184.216.34/#part", "fragment"),
        ("https://93.184.216.34:22/", "port"),
        ("https://0135.0270.0330.042/", "decimal"),
        ("https://0x5db8d822/", "decimal"),
        ("https://1572395042/", "decimal"),
        ("https://127.0.0.1/", "not public"),
        ("https://169.254.169.254/latest/meta-data", "not public"),
        ("https://[::1]/", "not public"),
        ("https://[::ffff:10.0.0.1]/", "not public"),
        ("https://[64:ff9b::a00:1]/", "not public"),
        ("https://localhost/", "not public"),
        (f"https://93.184.216.34/{'x' * 2048}", "2048"),
    ],
)
def test_url_that_no_webhook_may_have_is_rejected(world: World, url: str, detail: str) -> None:
    body = {"url": url, "events": ["visit.accepted"]}
    rejected = problem(world.admin.post("/webhooks", body), 422, "invalid")
    assert pointers(rejected) == ["/url"]
    assert detail in rejected["errors"][0]["detail"]
    webhook = add_webhook(world.admin)
    rejected = problem(world.admin.patch(f"/webhooks/{webhook['id']}", {"url": url}), 422, "invalid")
    assert pointers(rejected) == ["/url"]
    assert [item["url"] for item in ok(world.admin.get("/webhooks"))["items"]] == [URL]


def test_name_with_a_private_address_is_rejected_and_an_unknown_one_is_accepted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {"inside.example": "10.0.0.1", "outside.example": "93.184.216.34"}

    def getaddrinfo(host: str, *_args: Any, **_options: Any) -> Any:
        if host not in addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(0, 0, 0, "", (addresses[host], 443))]

    monkeypatch.setattr("api.services.host_addresses.socket.getaddrinfo", getaddrinfo)
    body = {"events": ["visit.accepted"]}
    response = world.admin.post("/webhooks", {**body, "url": "https://inside.example/"})
    assert pointers(problem(response, 422, "invalid")) == ["/url"]
    for host in ("outside.example", "later.example"):
        add_webhook(world.admin, url=f"https://{host}/")


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"events": []}, "/events"),
        ({"events": ["visit.submitted"]}, "/events/0"),
        ({"events": ["webhook.test"]}, "/events/0"),
        ({"events": "visit.accepted"}, "/events"),
        ({"url": None}, "/url"),
        ({"url": 1}, "/url"),
        ({"region_ids": ["x"]}, "/region_ids/0"),
        ({"region_ids": [str(uuid.uuid4())]}, "/region_ids/0"),
        ({"secret": "whsec_mine"}, "/secret"),
        ({"status": "enabled"}, "/status"),
    ],
)
def test_bad_input_is_rejected_with_a_pointer(world: World, values: Any, pointer: str) -> None:
    body = {"url": URL, "events": ["visit.accepted"], **values}
    assert pointers(problem(world.admin.post("/webhooks", body), 422, "invalid")) == [pointer]
    assert ok(world.admin.get("/webhooks"))["items"] == []


def test_region_outside_of_what_the_caller_sees_is_rejected(world: World) -> None:
    foreign = World(world.app).region["id"]
    body = {"url": URL, "events": ["visit.accepted"], "region_ids": [world.region["id"], foreign]}
    assert pointers(problem(world.admin.post("/webhooks", body), 422, "invalid")) == ["/region_ids/1"]
    client = world.client("webhooks:write", region_ids=[world.new_region()["id"]])
    body["region_ids"] = [world.region["id"]]
    assert pointers(problem(client.post("/webhooks", body), 422, "invalid")) == ["/region_ids/0"]
    webhook = add_webhook(world.admin, region_ids=[world.region["id"]])
    assert webhook["region_ids"] == [world.region["id"]]
    response = world.admin.patch(f"/webhooks/{webhook['id']}", {"region_ids": [foreign]})
    assert pointers(problem(response, 422, "invalid")) == ["/region_ids/0"]
    edited = ok(world.admin.patch(f"/webhooks/{webhook['id']}", {"region_ids": []}))
    assert edited["region_ids"] == []


def test_number_of_webhooks_is_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MAX_WEBHOOKS", 2)
    add_webhook(world.admin)
    add_webhook(world.admin)
    body = {"url": URL, "events": ["visit.accepted"]}
    problem(world.admin.post("/webhooks", body), 409, "too-many-webhooks")
    add_webhook(World(world.app).admin)


# Who manages which.


def test_client_manages_only_the_webhooks_that_it_created(world: World) -> None:
    client, other = world.client("webhooks:write"), world.client("webhooks:write")
    own = add_webhook(client)
    assert own["created_by"] == {"type": "client", "id": client.id}
    of_admin = add_webhook(world.admin)
    assert [item["id"] for item in client.list_all("/webhooks")] == [own["id"]]
    assert other.list_all("/webhooks") == []
    assert [item["id"] for item in world.admin.list_all("/webhooks")] == [own["id"], of_admin["id"]]
    delivery = ok(client.post(f"/webhooks/{own['id']}/test"), 202)
    path = f"/webhooks/{own['id']}"
    headers = {"If-Match": "*"}
    for caller, webhook_path in ((other, path), (client, f"/webhooks/{of_admin['id']}")):
        for response in (
            caller.get(webhook_path),
            caller.patch(webhook_path, {"status": "disabled"}, headers=headers),
            caller.call("DELETE", webhook_path),
            caller.post(f"{webhook_path}/secret"),
            caller.post(f"{webhook_path}/test"),
            caller.get(f"{webhook_path}/deliveries"),
            caller.get(f"{webhook_path}/deliveries/{delivery['id']}"),
            caller.post(f"{webhook_path}/deliveries/{delivery['id']}/redeliver"),
        ):
            problem(response, 404, "webhook-not-found")
    ok(world.admin.patch(path, {"status": "disabled"}))
    ok(client.call("DELETE", path), 204)
    problem(client.get(path), 404, "webhook-not-found")


def test_client_needs_the_scope(world: World) -> None:
    reader = world.client("visits:read", "scores:read")
    problem(reader.get("/webhooks"), 403, "insufficient-scope")
    problem(reader.post("/webhooks", {"url": URL, "events": ["visit.accepted"]}), 403, "insufficient-scope")


# Changes.


def test_edit_requires_the_current_etag(world: World) -> None:
    path = f"/webhooks/{add_webhook(world.admin)['id']}"
    problem(world.admin.patch(path, {"events": ["score.changed"]}, headers={}), 428, "if-match-required")
    first = world.admin.get(path).headers["ETag"]
    response = world.admin.patch(path, {"events": ["score.changed"]}, headers={"If-Match": first})
    assert ok(response)["events"] == ["score.changed"]
    assert response.headers["ETag"] == world.admin.get(path).headers["ETag"] != first
    stale = world.admin.patch(path, {"status": "disabled"}, headers={"If-Match": first})
    problem(stale, 412, "stale")
    weak = {"If-Match": f"W/{response.headers['ETag']}"}
    ok(world.admin.patch(path, {"status": "disabled"}, headers=weak))
    problem(world.admin.patch(path, {}, headers={"If-Match": '"other"'}), 412, "stale")


def test_delivery_in_the_meantime_does_not_make_an_edit_stale(world: World) -> None:
    """But it changes the ETag, so that nobody is shown an old state from a cache."""
    webhook = add_webhook(world.admin)
    path = f"/webhooks/{webhook['id']}"
    tag = world.admin.get(path).headers["ETag"]
    assert world.admin.get(path, headers={"If-None-Match": tag}).status_code == 304
    world.database.write(
        lambda session: session.execute(
            update(webhooks.Webhook)
            .where(webhooks.Webhook.id == uuid.UUID(webhook["id"]))
            .values(last_success_at=now())
        )
    )
    assert world.admin.get(path, headers={"If-None-Match": tag}).status_code == 200
    ok(world.admin.patch(path, {"events": ["score.changed"]}, headers={"If-Match": tag}))


def test_disabled_webhook_sends_neither_tests_nor_deliveries_again(world: World) -> None:
    path = f"/webhooks/{add_webhook(world.admin)['id']}"
    delivery = ok(world.admin.post(f"{path}/test"), 202)
    disabled = ok(world.admin.patch(path, {"status": "disabled"}))
    assert (disabled["status"], disabled["disabled_reason"]) == ("disabled", None)
    problem(world.admin.post(f"{path}/test"), 409, "webhook-disabled")
    problem(world.admin.post(f"{path}/deliveries/{delivery['id']}/redeliver"), 409, "webhook-disabled")
    ok(world.admin.patch(path, {"status": "enabled"}))
    ok(world.admin.post(f"{path}/deliveries/{delivery['id']}/redeliver"), 202)


# Deliveries.


def test_test_with_an_idempotency_key_is_created_once(world: World) -> None:
    path = f"/webhooks/{add_webhook(world.admin)['id']}"
    headers = {"Idempotency-Key": "once"}
    first, second = (world.admin.post(f"{path}/test", headers=headers) for _ in range(2))
    assert ok(first, 202) == ok(second, 202)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(world.admin.list_all(f"{path}/deliveries")) == 1


def test_deliveries_are_listed_newest_first_and_filtered(world: World) -> None:
    webhook_id = add_webhook(world.admin)["id"]
    path = f"/webhooks/{webhook_id}/deliveries"

    def add(session: Any) -> list[str]:
        moment = now() - timedelta(days=1)
        rows = [
            WebhookDelivery(
                webhook_id=uuid.UUID(webhook_id),
                event="visit.accepted" if number % 2 else "score.changed",
                status="failed" if number < 3 else "delivered",
                body=build_body("visit.accepted", moment, {}),
                next_attempt_at=None,
                created_at=moment + timedelta(minutes=number // 2),
            )
            for number in range(7)
        ]
        session.add_all(rows)
        session.flush()
        return [str(row.id) for row in sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)]

    ids = world.database.write(add)
    for limit in (1, 2, 3, 500):
        assert [item["id"] for item in world.admin.list_all(path, limit=limit)] == ids
    assert len(world.admin.list_all(f"{path}?status=failed")) == 3
    assert len(world.admin.list_all(f"{path}?event=visit.accepted", limit=1)) == 3
    assert world.admin.list_all(f"{path}?status=pending") == []
    problem(world.admin.get(f"{path}?status=lost"), 422, "invalid")
    problem(world.admin.get(f"{path}?cursor=forged"), 422, "invalid")


def test_delivery_belongs_to_its_webhook(world: World) -> None:
    first, second = (f"/webhooks/{add_webhook(world.admin)['id']}" for _ in range(2))
    delivery = ok(world.admin.post(f"{first}/test"), 202)
    for path in (f"{second}/deliveries/{delivery['id']}", f"{first}/deliveries/{uuid.uuid4()}"):
        problem(world.admin.get(path), 404, "delivery-not-found")
        problem(world.admin.post(f"{path}/redeliver"), 404, "delivery-not-found")
    shown = ok(world.admin.get(f"{first}/deliveries/{delivery['id']}"))
    assert '"type":"webhook.test"' in shown.pop("body")
    assert shown == delivery


def test_deleted_webhook_is_gone_with_its_deliveries(world: World) -> None:
    path = f"/webhooks/{add_webhook(world.admin, region_ids=[world.region['id']])['id']}"
    ok(world.admin.post(f"{path}/test"), 202)
    ok(world.admin.call("DELETE", path), 204)
    for response in (world.admin.get(path), world.admin.get(f"{path}/deliveries")):
        problem(response, 404, "webhook-not-found")
    problem(world.admin.call("DELETE", path), 404, "webhook-not-found")
