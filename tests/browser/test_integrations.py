"""The pages for API clients and webhooks, and the start page of administrators."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from api.domain.webhooks import GONE
from api.models.account_links import AccountLink
from api.models.webhooks import Webhook, WebhookDelivery
from tests.browser.axe import Axe
from tests.browser.dashboard import enter, go
from tests.browser.phone import Phone
from tests.browser.test_accessibility import OVERFLOW
from tests.support.extent import take
from tests.support.world import CHECKLIST, World, ok, post_token_request, request_token

ADMIN = "/dashboard/admin"
CLIENTS, WEBHOOKS = f"{ADMIN}/api", f"{ADMIN}/webhooks"
URL = "https://93.184.216.34/hook"


def confirm(page: Page, button: str) -> str:
    """Confirm in the dialog, and return its question."""
    dialog = page.get_by_role("dialog")
    question = dialog.locator("p").first.inner_text()
    dialog.get_by_role("button", name=button).click()
    return question


def read_secret(page: Page) -> str:
    """Return the secret that is shown once, and go on."""
    secret = page.get_by_test_id("secret-once").inner_text()
    page.get_by_role("link", name="I have stored it").click()
    expect(page.get_by_test_id("secret-once")).to_have_count(0)
    assert secret not in page.content()
    return secret


# API clients.


def test_a_new_client_has_a_secret_that_is_shown_once(desk: Phone, world: World) -> None:
    region = world.region
    page = enter(desk, world.admin, CLIENTS)
    expect(page.get_by_text("There are no API clients.")).to_be_visible()
    page.get_by_role("link", name="New API client").click()
    page.get_by_role("button", name="Create API client").click()
    expect(page.get_by_role("alert")).to_contain_text("Name: enter a value.")
    page.get_by_label("Name").fill("Data warehouse")
    page.get_by_label("Read scores, places and checklists").check()
    page.get_by_label(region["name"]).check()
    page.get_by_role("button", name="Create API client").click()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: Client secret").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    secret = read_secret(page)
    assert copied == secret
    (client,) = world.admin.list_all("/api-clients")
    assert (client["scopes"], client["region_ids"]) == (["scores:read"], [region["id"]])
    assert request_token(world.app, {**client, "client_secret": secret})["scope"] == "scores:read"
    row = page.locator(f"[data-client='{client['id']}']")
    expect(row).to_contain_text("Read scores, places and checklists")
    expect(row).to_contain_text(region["name"])
    assert desk.errors == []


def test_a_secret_is_replaced_and_a_client_disabled_after_a_question(desk: Phone, world: World) -> None:
    client = ok(world.admin.post("/api-clients", {"name": "Old", "scopes": ["visits:read"]}), 201)
    page = enter(desk, world.admin, CLIENTS)
    page.get_by_role("link", name="Old").click()
    page.get_by_label("Write and publish checklists").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-client]")).to_contain_text("Write and publish checklists")
    page.get_by_role("link", name="Old").click()
    page.get_by_label("How long the current secret keeps working").select_option("0")
    page.get_by_role("button", name="Replace the secret").click()
    assert "stops working at once" in confirm(page, "Replace the secret")
    secret = read_secret(page)
    assert post_token_request(world.app, (client["client_id"], client["client_secret"])).status_code == 401
    request_token(world.app, {**client, "client_secret": secret})
    page.get_by_role("button", name="Disable permanently").click()
    confirm(page, "Cancel")
    assert not ok(world.admin.get(f"/api-clients/{client['id']}"))["revoked"]
    page.get_by_role("button", name="Disable permanently").click()
    assert "cannot be undone" in confirm(page, "Disable permanently")
    expect(page.locator("[data-client] .status")).to_have_text("Disabled")
    assert ok(world.admin.get(f"/api-clients/{client['id']}"))["revoked"]
    page.get_by_label("Status").select_option("false")
    expect(page.locator("[data-client]")).to_have_count(0)
    assert desk.errors == []


# Webhooks.


def add_delivery(world: World, webhook: Any, **values: Any) -> str:
    """Store a delivery that failed, or another one, and return its ID."""
    attempt = {"at": "2026-01-31T10:00:00Z", "status": 500, "duration_ms": 120, "failure": "status"}
    delivery = WebhookDelivery(
        webhook_id=uuid.UUID(webhook["id"]),
        event="visit.accepted",
        body="{}",
        **{"status": "failed", "next_attempt_at": None, "attempts": [attempt], **values},
    )
    world.database.write(lambda session: session.add(delivery))
    return str(delivery.id)


def update_webhook(world: World, webhook: Any, **values: Any) -> None:
    change = update(Webhook).where(Webhook.id == uuid.UUID(webhook["id"])).values(**values)
    world.database.write(lambda session: session.execute(change))


def test_a_new_webhook_has_a_secret_that_is_shown_once(desk: Phone, world: World) -> None:
    page = enter(desk, world.admin, WEBHOOKS)
    expect(page.get_by_text("There are no webhooks.")).to_be_visible()
    page.get_by_role("link", name="New webhook").click()
    page.get_by_label("Address").fill("http://example.org/hook")
    page.get_by_role("button", name="Create webhook").click()
    error = page.get_by_role("alert").get_by_role("link")
    expect(error).to_contain_text("Address: ")
    error.click()
    expect(page.get_by_label("Address")).to_be_focused()
    page.get_by_label("Address").fill(URL)
    page.get_by_label("Export ready").uncheck()
    page.get_by_role("button", name="Create webhook").click()
    assert read_secret(page).startswith("whsec_")
    (webhook,) = world.admin.list_all("/webhooks")
    assert (webhook["url"], len(webhook["events"])) == (URL, 5)
    page.get_by_role("button", name="Send a test event").click()
    expect(page.get_by_test_id("delivery")).to_contain_text("Test event")
    page.get_by_role("button", name="Replace the secret").click()
    assert "24 hours" in confirm(page, "Replace the secret")
    assert read_secret(page).startswith("whsec_")
    page.get_by_role("button", name="Delete").click()
    confirm(page, "Delete")
    expect(page.get_by_text("There are no webhooks.")).to_be_visible()
    assert desk.errors == []


def test_deliveries_are_shown_filtered_and_sent_again(desk: Phone, world: World) -> None:
    webhook = world.webhook()
    failed = add_delivery(world, webhook)
    add_delivery(world, webhook, status="delivered")
    page = enter(desk, world.admin, WEBHOOKS)
    row = page.locator(f"[data-testid=delivery][data-delivery='{failed}']")
    expect(row).to_have_attribute("data-status", "failed")
    expect(row).to_contain_text("1 attempt: response 500")
    page.get_by_role("link", name="All deliveries and settings").click()
    expect(page.get_by_test_id("delivery")).to_have_count(2)
    page.get_by_label("Status").select_option("failed")
    expect(page.get_by_test_id("delivery")).to_have_count(1)
    page.get_by_label("Status").select_option("")
    row.get_by_role("button", name=re.compile("Send again")).click()
    expect(row).to_have_attribute("data-status", "pending")
    assert desk.errors == []


@pytest.mark.full
def test_a_disabled_webhook_says_why_and_is_enabled_with_undo(desk: Phone, world: World) -> None:
    webhook = world.webhook()
    update_webhook(world, webhook, status="disabled", disabled_reason=GONE)
    page = enter(desk, world.admin, WEBHOOKS)
    expect(page.get_by_text("the address is gone (410)")).to_be_visible()
    expect(page.get_by_role("button", name="Send a test event")).to_be_disabled()
    page.get_by_role("button", name="Enable").click()
    expect(page.locator("[data-webhook] .status")).to_have_text("Enabled")
    page.get_by_test_id("toast-undo").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("An administrator disabled it.")).to_be_visible()
    assert ok(world.admin.get(f"/webhooks/{webhook['id']}"))["status"] == "disabled"
    assert desk.errors == []


# The start page.


def window(opens: int, closes: int) -> dict[str, Any]:
    """Return the window of a visit, in days from now."""
    moments = [(datetime.now(UTC) + timedelta(days=days)).isoformat() for days in (opens, closes)]
    return {"window": dict(zip(("opens_at", "closes_at"), moments, strict=True))}


@pytest.mark.full
def test_the_first_steps_tick_themselves_off(desk: Phone, world: World) -> None:
    page = enter(desk, world.admin, ADMIN)
    next_step = page.locator("[aria-current=step]")
    expect(page.locator("[data-step][data-state=open]")).to_have_count(5)
    expect(next_step).to_contain_text("Add your regions")
    world.region  # noqa: B018
    page.reload()
    expect(page.locator("[data-step][data-state=done]")).to_have_count(1)
    next_step.get_by_role("link", name="Add your locations").click()
    page.wait_for_url(f"**{ADMIN}/import")
    world.visit(**window(0, 9))
    go(page, ADMIN)
    expect(page.get_by_text("Nothing to do.")).to_be_visible()
    expect(page.locator("[data-step]")).to_have_count(0)


def test_what_needs_attention_is_listed(desk: Phone, world: World) -> None:
    world.visit(**window(-9, -2))
    world.visit(location=world.new_location(), **window(-1, 9))
    world.visit(location=world.new_location())
    ok(world.admin.post("/checklists", {**CHECKLIST, "key": "unfinished", "sections": []}), 201)
    webhook = world.webhook()
    update_webhook(world, webhook, failing_since=datetime.now(UTC))
    invited = {"email": f"{uuid.uuid4()}@example.org", "name": "New", "role": "shopper", "invite": True}
    person = ok(world.admin.post("/users", invited), 201)
    ok(world.admin.post(f"/users/{person['id']}/invitation"))
    expire = update(AccountLink).where(AccountLink.user_id == uuid.UUID(person["id"]))
    world.database.write(lambda session: session.execute(expire.values(expires_at=datetime.now(UTC))))
    page = enter(desk, world.admin, ADMIN)
    work = page.locator("[data-work] a")
    expect(work).to_have_text(
        [
            "1 visit is overdue",
            "1 visit ends soon",
            "1 webhook fails",
            "1 draft has errors",
            "1 invitation has expired",
        ]
    )
    page.get_by_role("link", name="1 webhook fails").click()
    expect(page.locator("[data-webhook] .status")).to_have_text("Failing")
    assert desk.errors == []


@pytest.mark.parametrize(
    ("width", "colors", "language"),
    take((320, "dark", "es-ES"), (1440, "light", "en-GB"), (390, "light", "en-GB")),
)
def test_pages_are_accessible_and_fit_the_screen(
    new_desk: Callable[..., Phone], world: World, width: int, colors: str, language: str
) -> None:
    world.new_region(name="Supercalifragilisticexpialidocious" * 2)
    client = world.client("scores:read", "visits:read", region_ids=[world.region["id"]])
    webhook = world.webhook(url=f"{URL}/{'x' * 90}", events=["score.changed"])
    add_delivery(world, webhook)
    add_delivery(world, webhook, status="delivered")
    update_webhook(world, world.webhook(), status="disabled", disabled_reason=GONE)
    desk = new_desk(width, color_scheme=colors, locale=language)
    page = enter(desk, world.admin, ADMIN)
    for address in (
        ADMIN,
        CLIENTS,
        f"{CLIENTS}?new=1",
        f"{CLIENTS}?client={client.id}",
        WEBHOOKS,
        f"{WEBHOOKS}?new=1",
        f"{WEBHOOKS}?webhook={webhook['id']}",
    ):
        go(page, address)
        if "webhook" in address and "new" not in address:
            expect(page.get_by_test_id("delivery").first).to_be_visible()
        elif address == CLIENTS:
            expect(page.locator("[data-client]").first).to_be_visible()
        result = Axe().run(page)
        assert result.violations_count == 0, f"{address}: {result.generate_report()}"
        assert page.evaluate(OVERFLOW) <= 0, address
    assert desk.errors == []
