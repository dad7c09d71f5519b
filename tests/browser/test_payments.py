"""Fees, expenses and the briefing: in the form, beside the visit, and on the page for the payroll."""

import codecs
import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import expect
from sqlalchemy import update

from api.models.payments import Payment
from tests.browser.axe import Axe
from tests.browser.dashboard import go, wait_for_state
from tests.browser.phone import Phone, Spy, cut, lose_response
from tests.support.pictures import jpeg
from tests.support.world import CHECKLIST, World, ok


def test_an_expense_is_claimed_without_a_signal_approved_and_exported(phone: Phone, world: World) -> None:
    world.pay(briefing={"en": "Buy something small.\nKeep the receipt.", "es": "Compre algo."})
    world.publish({**CHECKLIST, "key": "manual", "review": "manual"})
    visit = world.visit(checklist_key="manual")
    page = phone.page
    phone.start_visit(world.shopper, visit)
    # The briefing comes before the first question, and once.
    expect(page.locator("[data-testid=briefing] p").first).to_have_text("Buy something small.")
    expect(page.locator("[data-question]")).to_have_count(0)
    phone.context.set_offline(True)
    page.get_by_role("button", name="I have read this").click()
    phone.wait_until_saved()
    page.reload()
    phone.answer_all_required()
    phone.send()
    # What is written survives a reload, and nothing is claimed that is too much.
    page.get_by_role("button", name="Add an expense").click()
    page.get_by_label("Amount (EUR)").fill("30")
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("alert").filter(has_text="at most €20.00")).to_be_visible()
    page.get_by_label("Amount (EUR)").fill("3,50")
    page.get_by_label("Amount (EUR)").press("Tab")
    # The list leads back to what is written and not claimed.
    page.goto("/")
    page.locator("[data-testid=begun-expense] a").click()
    receipt = {"name": "receipt.jpg", "mimeType": "image/jpeg", "buffer": jpeg(seed=8)}
    page.locator("[data-testid=expense] input[type=file]").set_input_files(receipt)  # type: ignore[arg-type]
    expect(page.locator("[data-testid=expense] .photos img")).to_have_count(1)
    page.reload()
    expect(page.get_by_label("Amount (EUR)")).to_have_value("3,50")
    page.get_by_role("button", name="Claim").click()
    expect(page.locator("[data-testid=expense][data-state=waiting]")).to_be_visible()
    assert not Axe().run(page).response["violations"]
    # A broken connection and a lost response: it is claimed once.
    spy = Spy(phone, "PUT", "**/expenses/*", cut, lose_response)
    phone.context.set_offline(False)
    expect(page.locator("[data-testid=payment-item]")).to_have_count(2, timeout=30_000)
    assert len(spy.requests) == 3
    _, expense = ok(world.reviewer.get(f"/visits/{visit['id']}"))["payment"]["items"]
    assert (expense["amount"], [photo["status"] for photo in expense["receipts"]]) == (350, ["stored"])
    assert ok(world.reviewer.get(f"/visits/{visit['id']}/submission"))["briefing_version"] == 1
    assert phone.errors == []


def test_a_reviewer_sets_amounts_and_an_administrator_saves_the_payroll(
    desk: Phone, world: World, tmp_path: Path
) -> None:
    world.pay()
    visit = world.late_visit()
    world.claim(visit, 350, description="A pen")
    backdated = update(Payment).values(approved_at=datetime.now(UTC) - timedelta(days=1, hours=1))
    page = desk.page
    desk.sign_in(world.admin, f"/dashboard/visits/{visit['id']}")
    wait_for_state(page)
    item = page.locator("[data-testid=payment-item][data-kind=purchase]")
    item.get_by_label("To pay (EUR)").fill("3.00")
    page.get_by_role("button", name="Save the amounts").click()
    expect(item.get_by_role("alert")).to_have_text("Enter a reason for another amount.")
    item.get_by_label("Why another amount?").fill("Without the bag.")
    page.get_by_role("button", name="Save the amounts").click()
    expect(item).to_contain_text("€3.00 will be approved with the visit")
    page.locator("[data-decision=accept]").click()
    expect(item).to_contain_text("€3.00 approved")
    world.claim(visit, 200, kind="parking")
    today = datetime.now(UTC).date()
    go(page, f"/dashboard/payments?approved_from={today}&approved_to={today}")
    expect(page.locator("[data-testid=payroll] li")).to_contain_text("€18.00")
    # A day that is not over cannot be downloaded: what is approved later would be missing.
    expect(page.locator("[data-testid=payroll]")).to_contain_text("More can still be approved")
    assert not Axe().run(page).response["violations"]
    page.locator("[data-testid=claims] a").click()
    page.get_by_role("button", name="Approve these amounts").click()
    expect(page.locator("[data-testid=payment-item][data-kind=parking]")).to_contain_text("Approved")
    world.database.write(lambda session: session.execute(backdated))
    go(page, "/dashboard/payments")
    with page.expect_download() as download:
        page.click("[data-testid=payroll-csv]")
    data = Path(download.value.path()).read_bytes()
    assert data.startswith(codecs.BOM_UTF8)
    assert [row["total"] for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig")))] == ["20.00"]
    assert desk.errors == []
