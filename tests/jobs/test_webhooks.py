"""Webhooks from the change to the receiver: what is sent to whom, retries, order, and deliveries twice."""

import logging
import socket
import ssl
import threading
import time
import uuid
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import trustme
from flask import Flask
from sqlalchemy import delete, event, func, select, update

from api.domain.webhooks import CLIENT_REVOKED, KEEP_DELIVERIES, RETRY_WAITS
from api.jobs import webhook_requests
from api.jobs import webhooks as jobs
from api.jobs.webhooks import WebhookSender
from api.jobs.worker import Worker
from api.metrics import Metrics
from api.models.base import now
from api.models.changes import Change
from api.models.exports import Export
from api.models.webhooks import Webhook, WebhookDelivery
from api.services import backlog, changes, webhook_deliveries
from api.services.webhook_deliveries import LEASE, DueDelivery, DueWebhook
from tests.support.pictures import jpeg
from tests.support.receivers import Handler, Inbox, drip, receiver, respond, status
from tests.support.world import ALL_WELL, Caller, World, ok

pytestmark = pytest.mark.one_database

ALL_EVENTS = ["visit.accepted", "visit.withdrawn", "score.changed", "export.ready"]
SECOND = timedelta(seconds=1)


@pytest.fixture
def app(own_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A program with a database of its own, which allows receivers on this machine."""
    context = own_app.extensions["survey"]
    settings = replace(context.settings, webhook_allow_private=True)
    monkeypatch.setitem(own_app.extensions, "survey", replace(context, settings=settings))
    return own_app


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    """An organization. Its webhooks are deleted afterwards, so that they do not occupy later senders."""
    world = World(app)
    yield world
    world.database.write(lambda session: session.execute(update(Webhook).values(status="disabled")))


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def url(inbox: Inbox) -> Iterator[str]:
    with receiver(inbox) as port:
        yield f"http://localhost:{port}/hooks?key=in-the-url"


def add_webhook(caller: Caller, url: str, *events: str, **values: Any) -> Any:
    body = {"url": url, "events": list(events or ["visit.accepted"]), **values}
    return ok(caller.post("/webhooks", body), 201)


def sender(world: World, **options: Any) -> WebhookSender:
    keys = world.app.extensions["survey"].settings.keys
    options = {"allow_private": True, "metrics": Metrics(), **options}
    return WebhookSender(world.database, keys=keys, **options)


def send(world: World, rounds: int = 20, **options: Any) -> WebhookSender:
    """Publish and send everything that is due now."""
    webhook_sender = options.pop("sender", None) or sender(world, **options)
    for _ in range(rounds):
        had_work = webhook_sender.work()
        webhook_sender.wait(10)
        if not had_work:
            return webhook_sender
    raise AssertionError("There is always more to send.")


def make_due(world: World) -> None:
    """Let the waits of all retries end."""
    world.database.write(
        lambda session: session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.status == "pending")
            .values(next_attempt_at=now() - SECOND)
        )
    )


def deliveries(world: World, webhook: Any, caller: Caller | None = None) -> list[Any]:
    """Return the deliveries to a webhook, oldest first."""
    return (caller or world.admin).list_all(f"/webhooks/{webhook['id']}/deliveries")[::-1]


def accept(world: World, **values: Any) -> Any:
    """Return a visit that a reviewer accepted, with the decision."""
    visit = world.late_visit(**values)
    return {**visit, "decision": ok(world.review(visit, "accept"))["id"]}


def send_test_event(world: World, webhook: Any) -> None:
    """Add a delivery without a visit, which takes a tenth of the time."""
    ok(world.admin.post(f"/webhooks/{webhook['id']}/test"), 202)


def withdraw(world: World, visit: Any) -> None:
    ok(world.review(visit, "reject", replaces=visit["decision"]))


# What is sent.


def test_accepted_visit_is_sent_with_a_signature(world: World, inbox: Inbox, url: str) -> None:
    webhook = add_webhook(world.admin, url, "visit.accepted", "score.changed")
    visit = accept(world)
    send(world)
    by_type = {received.message["type"]: received for received in inbox.received}
    assert by_type.keys() == {"visit.accepted", "score.changed"}
    received = by_type["visit.accepted"]
    assert received.is_signed_with(webhook["secret"])
    assert not received.is_signed_with("whsec_" + "A" * 43 + "=")
    assert received.headers["content-type"] == "application/json"
    day = ok(world.admin.get(f"/visits/{visit['id']}"))["day"]
    location = {"id": world.location["id"], "code": world.location["code"]}
    assert received.message["data"] == {
        "visit_id": visit["id"],
        "location": location,
        "checklist": {"key": "visit", "version": 1},
        "day": day,
        "month": day[:7],
    }
    assert datetime.fromisoformat(received.message["timestamp"]).tzinfo is not None
    score = by_type["score.changed"].message["data"]
    assert score == {"location": location, "checklist": {"key": "visit"}, "month": day[:7]}
    for delivery in deliveries(world, webhook):
        assert (delivery["status"], delivery["next_attempt_at"]) == ("delivered", None)
        (attempt,) = delivery["attempts"]
        assert (attempt["status"], attempt["failure"]) == (204, None)
    stored = ok(world.admin.get(f"/webhooks/{webhook['id']}"))
    assert stored["last_success_at"] is not None and stored["failing_since"] is None


def test_nothing_that_is_sent_says_who_the_shopper_was(world: World, inbox: Inbox, url: str) -> None:
    shopper = world.person("shopper", "Unmistakable")
    add_webhook(world.admin, url, *ALL_EVENTS)
    withdraw(world, accept(world, shopper=shopper))
    send(world)
    sent = b"".join(received.body for received in inbox.received).decode().lower()
    assert len(inbox.received) == 4
    for secret in ("unmistakable", shopper.id or "", "started", "finished", "position", "device"):
        assert secret not in sent


@pytest.mark.both_databases
def test_events_of_a_visit_are_named_by_what_happened(world: World, inbox: Inbox, url: str) -> None:
    """A new revision is sent as an accepted visit."""
    add_webhook(world.admin, url, "visit.accepted", "visit.withdrawn")
    shopper = world.person("shopper")
    visit = world.accepted_visit(shopper=shopper)
    ok(world.review(visit, "return", replaces=visit["decisions"][0]["id"]))
    corrected = world.submission({**ALL_WELL, "thanks": {"value": "no"}}, revision=2)
    ok(world.send(visit, corrected, shopper), 201)
    send(world)
    assert inbox.types == ["visit.accepted", "visit.withdrawn", "visit.accepted"]
    assert len({received.id for received in inbox.received}) == 3


@pytest.mark.both_databases
def test_score_is_only_reported_if_it_changed(world: World, inbox: Inbox, url: str) -> None:
    add_webhook(world.admin, url, "score.changed")
    closed = world.visit()
    ok(world.send(closed, world.submission({}, outcome="store-closed")), 201)
    ok(world.review(closed, "accept"))
    photo_id = str(uuid.uuid4())
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": [photo_id]}}
    visit = world.visit()
    ok(world.send(visit, world.submission(answers)), 201)
    ok(world.review(visit, "accept"))
    world.photo(visit, jpeg(seed=1), id=photo_id)
    send(world)
    assert inbox.types == ["score.changed"]


def test_only_the_chosen_events_are_sent(world: World, inbox: Inbox, url: str) -> None:
    webhook = add_webhook(world.admin, url, "visit.withdrawn")
    withdraw(world, accept(world))
    send(world)
    assert inbox.types == ["visit.withdrawn"]
    ok(world.admin.patch(f"/webhooks/{webhook['id']}", {"events": ["visit.accepted"]}))
    withdraw(world, accept(world))
    send(world)
    assert inbox.types == ["visit.withdrawn", "visit.accepted"]


def test_webhooks_receive_nothing_of_other_organizations(world: World, inbox: Inbox, url: str) -> None:
    add_webhook(World(world.app).admin, url, *ALL_EVENTS)
    accept(world)
    send(world)
    assert inbox.received == []


@pytest.mark.both_databases
def test_changes_before_the_webhook_are_not_sent(world: World, inbox: Inbox, url: str) -> None:
    accept(world)
    send(world)
    add_webhook(world.admin, url)
    send(world)
    assert inbox.received == []


# To whom: regions and creators.


@pytest.mark.both_databases
def test_webhook_with_regions_receives_what_is_below_them(world: World, inbox: Inbox, url: str) -> None:
    north = world.new_region()
    town = world.new_region(parent_id=north["id"])
    inside, outside = world.new_location(region_id=town["id"]), world.new_location()
    add_webhook(world.admin, url, region_ids=[north["id"]])
    accept(world, location=outside)
    visit = accept(world, location=inside)
    send(world)
    assert [received.message["data"]["visit_id"] for received in inbox.received] == [visit["id"]]


@pytest.mark.both_databases
def test_webhook_of_a_client_is_limited_to_the_regions_of_the_client(
    world: World, inbox: Inbox, url: str
) -> None:
    north, south = world.new_region(), world.new_region()
    stores = [world.new_location(region_id=region["id"]) for region in (north, south)]
    client = world.client("webhooks:write", region_ids=[north["id"]])
    add_webhook(client, url)
    with receiver(narrowed := Inbox()) as port:
        add_webhook(client, f"http://localhost:{port}/", region_ids=[north["id"]])
        for store in stores:
            accept(world, location=store)
        send(world)
        ok(world.admin.patch(f"/api-clients/{client.id}", {"region_ids": [south["id"]]}))
        for store in stores:
            accept(world, location=store)
        send(world)
    codes = [received.message["data"]["location"]["code"] for received in inbox.received]
    assert codes == [stores[0]["code"], stores[1]["code"]]
    codes = [received.message["data"]["location"]["code"] for received in narrowed.received]
    assert codes == [stores[0]["code"]]


@pytest.mark.both_databases
def test_webhook_of_a_revoked_client_receives_nothing(world: World, inbox: Inbox, url: str) -> None:
    """Neither new events, nor the retry of an earlier one."""
    client = world.client("webhooks:write")
    inbox.responses = [status(500)]
    webhook, other = add_webhook(client, url), add_webhook(world.admin, url, "export.ready")
    accept(world)
    send(world)
    ok(world.admin.call("DELETE", f"/api-clients/{client.id}"), 204)
    accept(world)
    make_due(world)
    send(world)
    assert len(inbox.received) == 1
    stored = ok(world.admin.get(f"/webhooks/{webhook['id']}"))
    assert (stored["status"], stored["disabled_reason"]) == ("disabled", CLIENT_REVOKED)
    assert ok(world.admin.get(f"/webhooks/{other['id']}"))["status"] == "enabled"


def test_export_is_announced_to_administrators_and_to_who_requested_it(world: World) -> None:
    requesting, other = world.client("webhooks:write"), world.client("webhooks:write")
    export_id = uuid.uuid4()
    boxes = {name: Inbox() for name in ("admin", "requesting", "other")}
    with ExitStack() as stack:
        for name, caller in (("admin", world.admin), ("requesting", requesting), ("other", other)):
            port = stack.enter_context(receiver(boxes[name]))
            region_ids = [world.region["id"]] if name == "admin" else []
            add_webhook(caller, f"http://localhost:{port}/", "export.ready", region_ids=region_ids)
        export = Export(
            id=export_id,
            organization_id=world.organization_id,
            requester_id=uuid.UUID(requesting.id),
            kind="scores",
            format="csv",
        )
        world.database.write(lambda session: changes.record_export(session, export))
        send(world)
    assert {name: len(box.received) for name, box in boxes.items()} == {
        "admin": 1,
        "requesting": 1,
        "other": 0,
    }
    data = {"id": str(export_id), "kind": "scores", "format": "csv"}
    assert boxes["admin"].received[0].message["data"] == {"export": data}


# Retries.


@pytest.mark.both_databases
def test_failed_attempt_is_retried_with_the_same_id_and_body(world: World, inbox: Inbox, url: str) -> None:
    inbox.responses = [status(500), status(302, "Location: http://localhost:1/")]
    webhook = add_webhook(world.admin, url)
    accept(world)
    before = now()
    send(world)
    (delivery,) = deliveries(world, webhook)
    assert delivery["status"] == "pending"
    due = datetime.fromisoformat(delivery["next_attempt_at"])
    assert before + 0.8 * RETRY_WAITS[0] <= due <= now() + 1.2 * RETRY_WAITS[0]
    assert ok(world.admin.get(f"/webhooks/{webhook['id']}"))["failing_since"] is not None
    send(world)  # not due yet
    assert len(inbox.received) == 1
    time.sleep(1.1)  # so that the next timestamp is another one
    for _ in range(2):
        make_due(world)
        send(world)
    (delivery,) = deliveries(world, webhook)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 302, 204]
    assert [attempt["failure"] for attempt in delivery["attempts"]] == ["status", "status", None]
    assert {received.id for received in inbox.received} == {delivery["id"]}
    assert len({received.body for received in inbox.received}) == 1
    assert len({received.headers["webhook-timestamp"] for received in inbox.received}) >= 2
    assert all(received.is_signed_with(webhook["secret"]) for received in inbox.received)
    assert ok(world.admin.get(f"/webhooks/{webhook['id']}"))["failing_since"] is None


def test_delivery_fails_after_the_last_retry(world: World, inbox: Inbox, url: str) -> None:
    inbox.responses = [status(503)] * 20
    webhook = add_webhook(world.admin, url)
    accept(world)
    for _ in range(len(RETRY_WAITS) + 3):
        send(world)
        make_due(world)
    (delivery,) = deliveries(world, webhook)
    assert (delivery["status"], delivery["next_attempt_at"]) == ("failed", None)
    assert len(delivery["attempts"]) == len(inbox.received) == len(RETRY_WAITS) + 1
    assert ok(world.admin.get(f"/webhooks/{webhook['id']}"))["status"] == "enabled"


def test_longer_retry_after_counts(world: World, inbox: Inbox, url: str) -> None:
    inbox.responses = [status(429, "Retry-After: 3600"), status(429, "Retry-After: 1")]
    webhook = add_webhook(world.admin, url)
    accept(world)
    for wait in (timedelta(hours=1), 0.8 * RETRY_WAITS[1]):
        before = now()
        send(world)
        (delivery,) = deliveries(world, webhook)
        assert datetime.fromisoformat(delivery["next_attempt_at"]) >= before + wait
        make_due(world)


@contextmanager
def bad_certificate() -> Iterator[str]:
    """A receiver with a certificate for another name, of an authority that the sender trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("other.example").configure_cert(context)
    with receiver(Inbox(), context) as port:
        yield f"https://localhost:{port}/"


@contextmanager
def plain(handle: Handler) -> Iterator[str]:
    with receiver(handle) as port:
        yield f"http://localhost:{port}/"


AUTHORITY = trustme.CA()
BAD_RECEIVERS: dict[str, tuple[Callable[[], Any], str]] = {
    "slow headers": (lambda: plain(drip(b"HTTP/1.1 200 OK\r\n", b"X")), "timeout"),
    "slow body": (lambda: plain(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x")), "timeout"),
    "silence": (lambda: plain(drip(b"", b"", 60)), "timeout"),
    "nonsense": (lambda: plain(respond(b"hello\r\n\r\n")), "protocol"),
    "redirect": (lambda: plain(respond(status(307, "Location: http://localhost:1/"))), "status"),
    "wrong certificate": (bad_certificate, "certificate"),
}


@pytest.mark.parametrize("name", BAD_RECEIVERS)
def test_bad_receiver_is_a_failed_attempt(world: World, name: str) -> None:
    make, failure = BAD_RECEIVERS[name]
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    with make() as url:
        webhook = add_webhook(world.admin, url)
        send_test_event(world, webhook)
        send(world, context=context, timeout=SECOND)
        (delivery,) = deliveries(world, webhook)
    (attempt,) = delivery["attempts"]
    assert (delivery["status"], attempt["failure"]) == ("pending", failure)
    assert attempt["duration_ms"] < 10_000


def test_receiver_with_a_trusted_certificate_is_reached(world: World, inbox: Inbox) -> None:
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    AUTHORITY.issue_cert("localhost").configure_cert(server)
    AUTHORITY.configure_trust(client)
    with receiver(inbox, server) as port:
        webhook = add_webhook(world.admin, f"https://localhost:{port}/")
        send_test_event(world, webhook)
        send(world, context=client)
    assert inbox.received[0].is_signed_with(webhook["secret"])


def test_body_without_end_is_a_success_once_its_status_is_known(world: World) -> None:
    def handle(connection: Any) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.send(b"x" * 65536)

    with plain(handle) as url:
        webhook = add_webhook(world.admin, url)
        send_test_event(world, webhook)
        send(world)
    assert deliveries(world, webhook)[0]["status"] == "delivered"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",  # the metadata of clouds
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "::ffff:127.0.0.1",  # IPv4 in IPv6
        "::127.0.0.1",
        "fe80::1",  # link-local
        "fc00::1",  # private
        "fec0::1",  # site-local, deprecated
        "ff02::1",  # multicast
        "64:ff9b::7f00:1",  # NAT64
        "2001::1",  # Teredo
        "2001:db8::1",  # documentation
        "2002:7f00:1::",  # 6to4
        "3fff::1",  # documentation
    ],
)
def test_name_that_resolves_to_a_private_address_is_never_connected_to(
    world: World, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """It resolved to a public address when the webhook was created."""
    resolved = "93.184.216.34"
    monkeypatch.setattr(
        "api.services.host_addresses.socket.getaddrinfo",
        lambda *_args, **_options: [(0, 0, 0, "", (resolved, 443))],
    )
    connections: list[Any] = []
    monkeypatch.setattr("socket.create_connection", lambda *args, **_options: connections.append(args))
    webhook = add_webhook(world.admin, "https://hooks.example/")
    send_test_event(world, webhook)
    resolved = address
    send(world, allow_private=False)
    (delivery,) = deliveries(world, webhook)
    assert [attempt["failure"] for attempt in delivery["attempts"]] == ["address-not-public"]
    assert connections == []


def test_connection_goes_to_the_address_that_was_checked(
    world: World, inbox: Inbox, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name resolves to another address the second time that it is asked for."""
    real, asked = socket.getaddrinfo, Counter[str]()

    def getaddrinfo(host: str, *args: Any, **options: Any) -> Any:
        asked[host] += 1
        if host != "rebind.example":
            return real(host, *args, **options)
        return real("127.0.0.1" if asked[host] <= 2 else "203.0.113.1", *args, **options)

    monkeypatch.setattr("api.services.host_addresses.socket.getaddrinfo", getaddrinfo)
    add_webhook(world.admin, url.replace("localhost", "rebind.example"))
    accept(world)
    send(world)
    assert len(inbox.received) == 1
    assert asked["rebind.example"] == 2  # at creation, and for the attempt


# Disabling.


def test_410_disables_the_webhook_at_once(world: World, inbox: Inbox, url: str) -> None:
    inbox.responses = [status(410)]
    webhook = add_webhook(world.admin, url)
    first = accept(world)
    send(world)
    withdraw(world, first)
    accept(world)
    send(world)
    stored = ok(world.admin.get(f"/webhooks/{webhook['id']}"))
    assert (stored["status"], stored["disabled_reason"]) == (
        "disabled",
        "The receiver responded with 410 (Gone).",
    )
    assert len(inbox.received) == 1
    assert [delivery["status"] for delivery in deliveries(world, webhook)] == ["failed"]


@pytest.mark.both_databases
def test_pending_deliveries_of_a_disabled_webhook_fail(world: World, inbox: Inbox, url: str) -> None:
    inbox.responses = [status(500)] * 2
    webhook = add_webhook(world.admin, url)
    accept(world)
    accept(world)
    send(world)
    ok(world.admin.patch(f"/webhooks/{webhook['id']}", {"status": "disabled"}))
    make_due(world)
    send(world)
    assert {delivery["status"] for delivery in deliveries(world, webhook)} == {"failed"}
    ok(world.admin.patch(f"/webhooks/{webhook['id']}", {"status": "enabled"}))
    accept(world)
    send(world)
    assert [delivery["status"] for delivery in deliveries(world, webhook)] == [
        "failed",
        "failed",
        "delivered",
    ]
    assert len(inbox.received) == 3


@pytest.mark.parametrize(("days", "expected"), [(4.9, "enabled"), (5.1, "disabled")])
def test_five_days_of_failures_disable_the_webhook(
    world: World, inbox: Inbox, url: str, days: float, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    inbox.responses = [status(500)] * 2
    webhook = add_webhook(world.admin, url)
    accept(world)
    send(world)
    world.database.write(
        lambda session: session.execute(
            update(Webhook)
            .where(Webhook.id == uuid.UUID(webhook["id"]))
            .values(failing_since=now() - timedelta(days=days))
        )
    )
    make_due(world)
    with caplog.at_level(logging.WARNING, "api.jobs.webhooks"):
        send(world)
    stored = ok(world.admin.get(f"/webhooks/{webhook['id']}"))
    assert stored["status"] == expected
    notices = [record for record in caplog.records if getattr(record, "outcome", "") == "disabled"]
    assert len(notices) == (1 if expected == "disabled" else 0)
    if expected == "disabled":
        assert "five days" in stored["disabled_reason"]
        enabled = ok(world.admin.patch(f"/webhooks/{webhook['id']}", {"status": "enabled"}))
        assert (enabled["failing_since"], enabled["disabled_reason"]) == (None, None)


# Secrets.


def test_deliveries_carry_both_signatures_for_a_day_after_a_secret_was_replaced(
    world: World, inbox: Inbox, url: str
) -> None:
    webhook = add_webhook(world.admin, url)
    response = world.admin.post(f"/webhooks/{webhook['id']}/secret")
    new_secret = ok(response, 201)["secret"]
    assert response.headers["Cache-Control"] == "no-store"
    assert new_secret != webhook["secret"]
    accept(world)
    send(world)
    assert inbox.received[0].is_signed_with(webhook["secret"])
    assert inbox.received[0].is_signed_with(new_secret)
    world.database.write(
        lambda session: session.execute(
            update(Webhook)
            .where(Webhook.id == uuid.UUID(webhook["id"]))
            .values(secret_replacements=[(now() - timedelta(hours=24)).isoformat()])
        )
    )
    accept(world)
    send(world)
    assert not inbox.received[1].is_signed_with(webhook["secret"])
    assert inbox.received[1].is_signed_with(new_secret)


def test_unexpected_error_counts_as_a_failed_attempt(
    world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = add_webhook(world.admin, url)
    accept(world)

    def fail(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(webhook_requests, "post", fail)
    send(world)
    (delivery,) = ok(world.admin.get(f"/webhooks/{webhook['id']}/deliveries"))["items"]
    assert [attempt["failure"] for attempt in delivery["attempts"]] == ["internal"]
    assert ok(world.admin.get(f"/webhooks/{webhook['id']}"))["failing_since"] is not None


def test_secret_that_is_replaced_twice_keeps_its_whole_overlap(world: World, inbox: Inbox, url: str) -> None:
    webhook = add_webhook(world.admin, url)
    secrets = [webhook["secret"]]
    for _ in range(2):
        secrets.append(ok(world.admin.post(f"/webhooks/{webhook['id']}/secret"), 201)["secret"])
    accept(world)
    send(world)
    assert all(inbox.received[0].is_signed_with(secret) for secret in secrets)


@pytest.mark.both_databases
def test_client_that_may_not_manage_webhooks_receives_nothing(world: World, inbox: Inbox, url: str) -> None:
    client = world.client("webhooks:write")
    add_webhook(client, url)
    ok(world.admin.patch(f"/api-clients/{client.id}", {"scopes": ["visits:read"]}))
    accept(world)
    send(world)
    assert inbox.received == []
    ok(world.admin.patch(f"/api-clients/{client.id}", {"scopes": ["webhooks:write"]}))
    accept(world)
    send(world)
    assert len(inbox.received) == 1


def test_secrets_are_not_in_the_database(world: World, inbox: Inbox, url: str) -> None:
    webhook = add_webhook(world.admin, url)
    key = webhook["secret"].removeprefix("whsec_")
    with world.database.read_snapshot() as session:
        rows = [
            str(vars(row)) for table in (Webhook, WebhookDelivery) for row in session.scalars(select(table))
        ]
    assert rows
    assert not any(key in row or b64decode(key).hex() in row for row in rows)


# Order, and others that do not wait.


def test_events_of_a_visit_are_delivered_in_order(world: World, inbox: Inbox, url: str) -> None:
    inbox.responses = [status(500), status(500)]
    webhook = add_webhook(world.admin, url, "visit.accepted", "visit.withdrawn")
    visit = accept(world)
    withdraw(world, visit)
    send(world)
    assert inbox.types == ["visit.accepted"]
    other = accept(world)
    send(world)
    assert [received.message["data"]["visit_id"] for received in inbox.received] == [
        visit["id"],
        other["id"],
    ]
    for _ in range(3):
        make_due(world)
        send(world)
    of_visit = [
        received.message["type"]
        for received in inbox.received
        if received.message["data"]["visit_id"] == visit["id"]
    ]
    assert of_visit == ["visit.accepted", "visit.accepted", "visit.withdrawn"]
    assert {delivery["status"] for delivery in deliveries(world, webhook)} == {"delivered"}


@pytest.mark.both_databases
def test_later_event_of_a_visit_is_sent_after_the_earlier_one_has_failed(
    world: World, inbox: Inbox, url: str
) -> None:
    inbox.responses = [status(500)] * (len(RETRY_WAITS) + 1)
    webhook = add_webhook(world.admin, url, "visit.accepted", "visit.withdrawn")
    withdraw(world, accept(world))
    for _ in range(len(RETRY_WAITS) + 2):
        send(world)
        make_due(world)
    assert [delivery["status"] for delivery in deliveries(world, webhook)] == ["failed", "delivered"]
    assert inbox.types[-1] == "visit.withdrawn"


@pytest.mark.both_databases
def test_order_holds_with_many_visits_and_two_workers(world: World, inbox: Inbox, url: str) -> None:
    """Both publish and send at the same time; each event arrives once, as nothing fails."""
    add_webhook(world.admin, url, "visit.accepted", "visit.withdrawn")
    visits = [accept(world) for _ in range(6)]
    stopping = threading.Event()
    threads = [threading.Thread(target=sender(world).run, args=(stopping,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for visit in visits:
        withdraw(world, visit)
    wait_until(lambda: len(inbox.received) >= 12)
    stopping.set()
    for thread in threads:
        thread.join(20)
    assert len({received.id for received in inbox.received}) == len(inbox.received) == 12
    for visit in visits:
        of_visit = [
            received.message["type"]
            for received in inbox.received
            if received.message["data"]["visit_id"] == visit["id"]
        ]
        assert of_visit == ["visit.accepted", "visit.withdrawn"]


def wait_until(is_true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_slow_receivers_do_not_hold_up_others(world: World, inbox: Inbox, url: str) -> None:
    """Four receivers never answer, each with many deliveries. The others are reached all the same."""
    release = threading.Event()

    def hang(connection: Any) -> None:
        release.wait(20)

    with ExitStack() as stack:
        for _ in range(4):
            port = stack.enter_context(receiver(hang))
            slow = add_webhook(world.admin, f"http://localhost:{port}/")
            world.database.write(lambda session, slow=slow: fail_once(session, slow))
        add_webhook(world.admin, url)
        for _ in range(20):
            accept(world)
        webhook_sender = sender(world, timeout=timedelta(seconds=20))
        began = time.monotonic()
        while len(inbox.received) < 20:
            webhook_sender.work()
            assert time.monotonic() - began < 18  # the receivers hang for 20 seconds
            time.sleep(0.02)
        release.set()
        webhook_sender.wait(20)


def fail_once(session: Any, webhook: Any) -> None:
    session.execute(update(Webhook).where(Webhook.id == uuid.UUID(webhook["id"])).values(failing_since=now()))


def test_one_webhook_never_takes_all_threads(world: World) -> None:
    release = threading.Event()
    count = 0

    def hang(connection: Any) -> None:
        nonlocal count
        count += 1
        release.wait(20)

    with receiver(hang) as port:
        add_webhook(world.admin, f"http://localhost:{port}/")
        for _ in range(60):  # more than are looked at together
            accept_quickly(world)
        webhook_sender = sender(world, timeout=timedelta(seconds=20))
        webhook_sender.work()
        webhook_sender.work()
        wait_until(lambda: count == jobs.THREADS_PER_WEBHOOK)
        for _ in range(5):
            webhook_sender.work()
            time.sleep(0.05)  # for the attempts that there must not be
        assert count == jobs.THREADS_PER_WEBHOOK
        # Another webhook is served at once, although all that are looked at first belong to the slow one.
        with receiver(inbox := Inbox()) as other_port:
            other = add_webhook(world.admin, f"http://localhost:{other_port}/")
            ok(world.admin.post(f"/webhooks/{other['id']}/test"), 202)
            webhook_sender.work()
            wait_until(lambda: len(inbox.received) == 1, 15)
        release.set()
        webhook_sender.wait(20)


def accept_quickly(world: World) -> None:
    """Record an acceptance without a visit."""
    location = {"id": world.location["id"], "code": "x"}
    data = {"location": location, "checklist": {"key": "visit", "version": 1}, "day": "2026-01-01"}
    world.database.write(
        lambda session: session.add(
            Change(
                organization_id=world.organization_id,
                kind="visit.accepted",
                location_id=uuid.UUID(world.location["id"]),
                data={**data, "month": "2026-01", "changes_score": False},
            )
        )
    )


@pytest.mark.both_databases
def test_polling_reads_indexes_of_what_is_pending(world: World) -> None:
    """The worker asks every second, so that must cost the same after a year of deliveries."""
    queries: list[tuple[str, Any]] = []

    def capture(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        queries.append((statement, parameters))

    engine = world.database.reading_engine
    with world.database.read_snapshot() as session:
        event.listen(engine, "before_cursor_execute", capture)
        webhook_deliveries.has_unpublished(session)
        webhook_deliveries.list_due_webhooks(session)
        webhook_deliveries.list_due(session, DueWebhook(uuid.uuid4(), is_failing=False), 2)
        event.remove(engine, "before_cursor_execute", capture)
    is_sqlite = world.database.url.startswith("sqlite")
    plans = []
    with engine.connect() as connection:
        if not is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, parameters in queries:
            command = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
            rows = connection.exec_driver_sql(f"{command} {statement}", parameters).all()
            plans.append(" ".join(str(row[-1]) for row in rows))
    assert "ix_changes_unpublished" in plans[0]
    if is_sqlite:
        assert "ix_webhook_deliveries_due" in plans[1] and "ix_webhook_deliveries_due" in plans[2]
        assert "ix_webhook_deliveries_order" in plans[2]
    else:  # it chooses among the indexes by the numbers of rows
        assert not any("Seq Scan on webhook_deliveries" in plan for plan in plans)


# Sent again, and by whom.


def test_redelivery_has_the_same_id_and_a_new_signature(world: World, inbox: Inbox, url: str) -> None:
    webhook = add_webhook(world.admin, url)
    accept(world)
    send(world)
    (delivery,) = deliveries(world, webhook)
    time.sleep(1.1)  # so that the next timestamp is another one
    path = f"/webhooks/{webhook['id']}/deliveries/{delivery['id']}/redeliver"
    again = ok(world.admin.post(path), 202)
    assert (again["id"], again["status"]) == (delivery["id"], "pending")
    send(world)
    first, second = inbox.received
    assert (first.id, first.body) == (second.id, second.body)
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert second.is_signed_with(webhook["secret"])
    (delivery,) = deliveries(world, webhook)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [204, 204]


def test_redelivery_of_a_failed_delivery_has_all_retries(world: World, inbox: Inbox, url: str) -> None:
    inbox.responses = [status(500)] * (len(RETRY_WAITS) + 2)
    webhook = add_webhook(world.admin, url)
    accept(world)
    for _ in range(len(RETRY_WAITS) + 2):
        send(world)
        make_due(world)
    (delivery,) = deliveries(world, webhook)
    assert delivery["status"] == "failed"
    ok(world.admin.post(f"/webhooks/{webhook['id']}/deliveries/{delivery['id']}/redeliver"), 202)
    send(world)
    assert deliveries(world, webhook)[0]["status"] == "pending"
    make_due(world)
    send(world)
    assert deliveries(world, webhook)[0]["status"] == "delivered"


@pytest.mark.both_databases
def test_redelivery_while_an_attempt_runs_sends_nothing_twice(world: World) -> None:
    release, requests = threading.Event(), []

    def hang(connection: Any) -> None:
        requests.append(connection)
        release.wait(10)
        connection.sendall(status(204))

    with receiver(hang) as port:
        webhook = add_webhook(world.admin, f"http://localhost:{port}/")
        accept(world)
        webhook_sender = sender(world)
        webhook_sender.work()
        webhook_sender.work()
        wait_until(lambda: len(requests) == 1)
        (delivery,) = deliveries(world, webhook)
        ok(world.admin.post(f"/webhooks/{webhook['id']}/deliveries/{delivery['id']}/redeliver"), 202)
        webhook_sender.work()
        sender(world).work()
        time.sleep(0.2)
        assert len(requests) == 1
        release.set()
        webhook_sender.wait(10)
        send(world, sender=webhook_sender)
    assert len(requests) == 1
    assert deliveries(world, webhook)[0]["status"] == "delivered"


def test_test_event_is_signed_and_listed(world: World, inbox: Inbox, url: str) -> None:
    webhook = add_webhook(world.admin, url)
    response = world.admin.post(f"/webhooks/{webhook['id']}/test")
    delivery = ok(response, 202)
    assert (delivery["event"], delivery["status"], delivery["attempts"]) == ("webhook.test", "pending", [])
    send(world)
    (received,) = inbox.received
    assert received.message["type"] == "webhook.test"
    assert received.message["data"] == {"webhook_id": webhook["id"]}
    assert received.is_signed_with(webhook["secret"]) and received.id == delivery["id"]
    shown = ok(world.admin.get(response.headers["Location"].removeprefix("/api/v1")))
    assert (shown["status"], shown["body"]) == ("delivered", received.body.decode())


@pytest.mark.both_databases
def test_delivery_of_a_killed_worker_is_attempted_again_after_its_lease(
    world: World, inbox: Inbox, url: str
) -> None:
    webhook = add_webhook(world.admin, url)
    accept(world)
    world.database.write(webhook_deliveries.publish_changes)
    (lost,) = claim_due(world)
    send(world)
    assert inbox.received == []  # the lease has not ended
    let_leases_end(world)
    send(world)
    assert len(inbox.received) == 1
    attempt = webhook_deliveries.Attempt(now(), 500, "status", 1)
    outcome = world.database.write(
        lambda session: webhook_deliveries.record_attempt(session, lost, attempt, 0)
    )
    assert outcome == "superseded"
    assert deliveries(world, webhook)[0]["status"] == "delivered"


@pytest.mark.both_databases
def test_only_one_worker_claims_a_delivery(world: World, inbox: Inbox, url: str) -> None:
    add_webhook(world.admin, url)
    accept(world)
    world.database.write(webhook_deliveries.publish_changes)
    with world.database.read_snapshot() as session:
        due = list_all_due(session)
    before = now()
    claims = [world.database.write(lambda session: webhook_deliveries.claim(session, due)) for _ in range(2)]
    assert [len(claimed) for claimed in claims] == [1, 0]
    with world.database.read_snapshot() as session:
        leased_until = session.scalars(
            select(WebhookDelivery.leased_until).where(WebhookDelivery.id == due[0].id)
        ).one()
    assert before + LEASE <= leased_until <= now() + LEASE


def claim_due(world: World) -> list[webhook_deliveries.Claim]:
    def work(session: Any) -> list[webhook_deliveries.Claim]:
        return webhook_deliveries.claim(session, list_all_due(session))

    return world.database.write(work)


def list_all_due(session: Any) -> list[DueDelivery]:
    return [
        due
        for webhook in webhook_deliveries.list_due_webhooks(session)
        for due in webhook_deliveries.list_due(session, webhook, 10)
    ]


def let_leases_end(world: World) -> None:
    world.database.write(
        lambda session: session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.leased_until.is_not(None))
            .values(leased_until=now() - SECOND)
        )
    )


@pytest.mark.both_databases
def test_webhook_that_is_deleted_during_an_attempt_leaves_nothing(world: World) -> None:
    release, requests = threading.Event(), []

    def hang(connection: Any) -> None:
        requests.append(connection)
        release.wait(10)

    with receiver(hang) as port:
        webhook = add_webhook(world.admin, f"http://localhost:{port}/")
        accept(world)
        webhook_sender = sender(world, timeout=SECOND)
        webhook_sender.work()
        webhook_sender.work()
        wait_until(lambda: len(requests) == 1)
        ok(world.admin.call("DELETE", f"/webhooks/{webhook['id']}"), 204)
        webhook_sender.wait(10)
        release.set()
    with world.database.read_snapshot() as session:
        assert not session.scalar(
            select(func.count())
            .select_from(WebhookDelivery)
            .where(WebhookDelivery.webhook_id == uuid.UUID(webhook["id"]))
        )


# The worker.


def test_worker_sends_webhooks_and_stops_in_time_despite_a_slow_receiver(
    world: World, inbox: Inbox, url: str
) -> None:
    release, requests = threading.Event(), []

    def hang(connection: Any) -> None:
        requests.append(connection)
        release.wait(30)

    with receiver(hang) as port:
        add_webhook(world.admin, f"http://localhost:{port}/")
        add_webhook(world.admin, url)
        accept(world)
        worker = Worker(world.database, world.store, sender=sender(world))
        thread = threading.Thread(target=worker.run)
        thread.start()
        wait_until(lambda: len(requests) == 1 and len(inbox.received) == 1)
        began = time.monotonic()
        worker.stopping.set()
        thread.join(20)
        assert time.monotonic() - began < 12  # the attempt would take 15 seconds
        release.set()


@pytest.mark.both_databases
def test_old_deliveries_are_deleted(world: World, inbox: Inbox, url: str) -> None:
    webhook = add_webhook(world.admin, url)
    accept(world)
    accept(world)
    send(world)
    old, kept = deliveries(world, webhook)
    world.database.write(
        lambda session: session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.id == uuid.UUID(old["id"]))
            .values(created_at=now() - KEEP_DELIVERIES - SECOND)
        )
    )
    Worker(world.database, world.store)._remove_old_rows()
    assert [delivery["id"] for delivery in deliveries(world, webhook)] == [kept["id"]]


def test_attempts_are_counted_and_logged_without_the_url(
    world: World, inbox: Inbox, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    inbox.responses = [status(500)]
    metrics = Metrics()
    webhook = add_webhook(world.admin, url)
    accept(world)
    with caplog.at_level(logging.INFO, "api.jobs.webhooks"):
        send(world, metrics=metrics)
        make_due(world)
        send(world, metrics=metrics)
    text = metrics.text().decode()
    for outcome in ("retry", "delivered"):
        assert f'webhook_attempts_total{{event="visit.accepted",outcome="{outcome}"}} 1.0' in text
    entries = [vars(record) for record in caplog.records if record.name == "api.jobs.webhooks"]
    assert [entry["outcome"] for entry in entries] == ["retry", "delivered"]
    assert [entry["status"] for entry in entries] == [500, 204]
    assert {entry["webhook_id"] for entry in entries} == {webhook["id"]}
    assert "in-the-url" not in str(entries) and "localhost" not in str(entries)


@pytest.mark.both_databases
def test_gauges_show_what_waits(world: World) -> None:
    with plain(respond(status(500))) as url:
        add_webhook(world.admin, url)
        accept(world)
        before = read_gauges(world)
        assert before["changes_unpublished"][()] >= 1
        send(world)
    make_due(world)
    after = read_gauges(world)
    assert after["changes_unpublished"][()] == 0
    assert after["webhook_deliveries_due"][()] >= 1
    assert after["webhook_oldest_due_delivery_seconds"][()] >= 1
    assert after["webhooks"]["failing",] == 1


@pytest.mark.both_databases
def test_delivery_that_waits_for_an_earlier_one_is_not_overdue(world: World) -> None:
    # Other tests left some behind.
    world.database.write(lambda session: session.execute(delete(WebhookDelivery)))
    with plain(respond(status(500))) as url:
        add_webhook(world.admin, url, "visit.accepted", "visit.withdrawn")
        withdraw(world, accept(world))
        send(world)
    world.database.write(
        lambda session: session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.failures > 0)
            .values(next_attempt_at=now() + timedelta(hours=1))
        )
    )
    gauges = read_gauges(world)
    assert gauges["webhook_deliveries_due"][()] == 0
    assert gauges["webhook_oldest_due_delivery_seconds"][()] == 0


def read_gauges(world: World) -> Any:
    with world.database.read_snapshot() as session:
        return backlog.read_gauges(session)
