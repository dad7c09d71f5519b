"""Payments: fees and expenses are claimed, approved with the visit, and exported once for the payroll."""

import csv
import io
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.models.payments import Payment
from api.models.photos import Photo
from api.models.users import User
from api.services import photo_confirmation
from api.services.payments import claims
from tests.support.pictures import jpeg
from tests.support.world import CHECKLIST, World, ok, pointers, problem

TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
def world(servers_app: Flask) -> World:
    """On PostgreSQL: what is tested here hardly depends on the database. The last test runs on both."""
    return World(servers_app)


def items(world: World, visit: Any, caller: Any = None) -> dict[str, Any]:
    """Return the items of a visit by their kind, with status, approved amount and reason."""
    payment = ok((caller or world.shopper).get(f"/visits/{visit['id']}"))["payment"]
    return {
        item["kind"]: (item["status"], item["approved_amount"], item["reason"]) for item in payment["items"]
    }


def set_amount(world: World, visit: Any, kind: str, amount: int | None, reason: str | None = None) -> Any:
    payment = ok(world.reviewer.get(f"/visits/{visit['id']}"))["payment"]
    item_id = next(item["id"] for item in payment["items"] if item["kind"] == kind)
    body = {"items": [{"id": item_id, "approved_amount": amount, "reason": reason}]}
    return world.reviewer.put(f"/visits/{visit['id']}/payment", body)


def due(world: World) -> list[tuple[int, int]]:
    """Return what is due to shoppers today: the fee and the expenses of each visit."""
    page = ok(world.admin.get(f"/payments?from={TODAY}&to={TODAY}"))
    return [(row["fee"], row["expenses"]) for row in page["items"]]


def decide(world: World, visit: Any, decision: str) -> Any:
    latest = ok(world.reviewer.get(f"/visits/{visit['id']}"))
    current = [decision for decision in latest["decisions"] if not decision["undone_at"]]
    replaced = {"replaces": current[-1]["id"]} if current else {}
    return ok(world.review(visit, decision, **replaced, expense_versions=versions(latest)))


def versions(visit: Any) -> list[str]:
    """Return the versions of the expenses that a reviewer sees of a visit."""
    return [item["version"] for item in visit["payment"]["items"] if item["kind"] != "fee"]


def undo(world: World, visit: Any, decision: Any) -> None:
    ok(world.reviewer.post(f"/visits/{visit['id']}/review/undo", {"decision_id": decision["id"]}))


def backdate(world: World, days: int) -> str:
    """Move what was approved just now so many days back, and return that day."""
    moment = datetime.now(UTC) - timedelta(days=days)
    recent = Payment.approved_at > datetime.now(UTC) - timedelta(hours=1)
    organization = select(User.organization_id).where(User.id == uuid.UUID(world.admin.id)).scalar_subquery()

    def move(session: Session) -> None:
        own = Payment.organization_id == organization
        session.execute(update(Payment).where(recent, own).values(approved_at=moment))

    world.database.write(move)
    return moment.date().isoformat()


def test_without_a_currency_there_is_no_trace(world: World) -> None:
    visit = world.visit()
    assert visit["payment"] is None
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["payment"] is None
    me = ok(world.admin.get("/me"))
    assert (me["currency"], me["has_payments"]) == (None, False)
    assert ok(world.shopper.get("/me"))["briefing"] is None
    path = f"/visits/{visit['id']}/expenses/{uuid.uuid4()}"
    problem(world.shopper.put(path, {"kind": "travel", "amount": 100}), 409, "expenses-not-paid")
    body = {"items": [{"id": str(uuid.uuid4()), "approved_amount": 1}]}
    problem(world.reviewer.put(f"/visits/{visit['id']}/payment", body), 409, "visit-not-paid")


def test_a_visit_has_the_fee_it_was_assigned_with(world: World) -> None:
    world.pay()
    assert items(world, world.visit()) == {"fee": ("claimed", None, None)}
    dear, other = world.visit(fee=4000), world.person("shopper")
    assert dear["payment"]["items"][0]["amount"] == 4000
    ok(world.admin.patch("/organization", {"default_fee": 2000}))
    moved = ok(
        world.admin.post(f"/visits/{dear['id']}/reassign", {"shopper_id": other.id, "override": True}), 201
    )
    assert (moved["payment"]["currency"], moved["payment"]["items"][0]["amount"]) == ("EUR", 4000)
    world.publish({**CHECKLIST, "key": "own-check", "channel": "self_check"})
    assert world.visit(checklist_key="own-check")["payment"] is None
    client = world.client("visits:write")
    keys = ("location_id", "shopper_id", "checklist_key", "window", "override")
    own = {**dear, "location_id": world.location["id"], "shopper_id": world.shopper.id}
    order = {name: {"checklist_key": "visit", "override": True, **own}[name] for name in keys}
    assert "payment" not in ok(client.post("/visits", order), 201)
    assert pointers(problem(client.post("/visits", {**order, "fee": 1}), 422, "invalid")) == ["/fee"]


def test_an_expense_is_claimed_once_and_corrected_until_it_is_decided(world: World) -> None:
    world.pay()
    visit = world.late_visit()
    path = f"/visits/{visit['id']}/expenses/{uuid.uuid4()}"
    body = {"kind": "travel", "amount": 320, "description": "Bus"}
    claimed = ok(world.shopper.put(path, body), 201)
    assert ok(world.shopper.put(path, body), 200) == claimed
    corrected = ok(world.shopper.put(path, {**body, "amount": 300}), 200)
    assert [item["amount"] for item in corrected["items"]] == [1500, 300]
    too_much = world.shopper.put(path, {**body, "amount": 2001})
    assert pointers(problem(too_much, 422, "invalid")) == ["/amount"]
    second = world.claim(visit, 1700)
    another = world.shopper.put(f"/visits/{visit['id']}/expenses/{uuid.uuid4()}", {**body, "amount": 1})
    assert pointers(problem(another, 422, "invalid")) == ["/amount"]
    ok(world.shopper.call("DELETE", f"/visits/{visit['id']}/expenses/{second}"), 204)
    problem(
        world.shopper.call("DELETE", f"/visits/{visit['id']}/expenses/{second}"), 404, "expense-not-found"
    )
    fee = claimed["items"][0]["id"]
    problem(world.shopper.put(f"/visits/{visit['id']}/expenses/{fee}", body), 409, "expense-decided")
    decide(world, visit, "accept")
    problem(world.shopper.put(path, body), 409, "expense-decided")
    problem(world.shopper.call("DELETE", path), 409, "expense-decided")
    assert ok(world.shopper.put(path, {**body, "amount": 300}), 200)["items"][1]["status"] == "approved"


def test_an_acceptance_pays_what_was_claimed_or_what_a_reviewer_has_set(world: World) -> None:
    world.pay()
    visit = world.late_visit()
    world.claim(visit, 350)
    world.claim(visit, 400, kind="travel")
    response = set_amount(world, visit, "travel", 100)
    assert pointers(problem(response, 422, "invalid")) == ["/items/0/reason"]
    response = set_amount(world, visit, "travel", 401, "More.")
    assert pointers(problem(response, 422, "invalid")) == ["/items/0/approved_amount"]
    ok(set_amount(world, visit, "travel", 100, "A single ticket."))
    # Nothing is due before the decision, and the shopper does not see what was prepared.
    assert (due(world), items(world, visit)["travel"]) == ([], ("claimed", None, None))
    decide(world, visit, "accept")
    assert items(world, visit) == {
        "fee": ("approved", 1500, None),
        "purchase": ("approved", 350, None),
        "travel": ("changed", 100, "A single ticket."),
    }
    assert due(world) == [(1500, 450)]
    ok(set_amount(world, visit, "travel", 0, "No ticket."))
    assert (due(world), items(world, visit)["travel"][0]) == ([(1500, 350)], "not_paid")


def test_a_rejected_visit_is_not_paid_unless_a_reviewer_says_so(world: World) -> None:
    world.pay()
    visit = world.late_visit()
    world.claim(visit)
    ok(set_amount(world, visit, "purchase", 350))
    decide(world, visit, "accept")
    decide(world, visit, "reject")
    assert due(world) == []
    assert {status for status, _, _ in items(world, visit).values()} == {"not_paid"}
    ok(set_amount(world, visit, "fee", 500, "For the way."))
    assert (due(world), items(world, visit)["fee"]) == ([(500, 0)], ("changed", 500, "For the way."))
    # Another reason for the rejection changes nothing.
    decide(world, visit, "reject")
    assert (due(world), items(world, visit)["fee"]) == ([(500, 0)], ("changed", 500, "For the way."))
    decide(world, visit, "return")
    assert (due(world), items(world, visit)["fee"]) == ([], ("claimed", None, None))
    problem(set_amount(world, visit, "fee", 1), 409, "nothing-to-pay")
    problem(set_amount(world, world.visit(), "fee", 1500), 409, "nothing-to-pay")


def test_what_a_reviewer_has_set_outlasts_the_decision(world: World) -> None:
    world.pay()
    visit = world.late_visit()
    world.claim(visit, 350)
    world.claim(visit, 400, kind="travel")
    ok(set_amount(world, visit, "travel", 100, "A single ticket."))
    rejected = decide(world, visit, "reject")
    assert (due(world), items(world, visit)["travel"]) == ([], ("not_paid", 0, None))
    undo(world, visit, rejected)
    accepted = decide(world, visit, "accept")
    assert due(world) == [(1500, 450)]
    undo(world, visit, accepted)
    assert (due(world), items(world, visit)["travel"]) == ([], ("claimed", None, None))
    decide(world, visit, "accept")
    assert due(world) == [(1500, 450)]
    decide(world, visit, "return")
    decide(world, visit, "accept")
    assert due(world) == [(1500, 450)]


def test_an_acceptance_approves_only_what_the_reviewer_saw(world: World) -> None:
    world.pay()
    visit = world.late_visit()
    world.claim(visit, 100)
    raised = world.claim(visit, 200)
    world.claim(visit, 300, receipts=[str(uuid.uuid4())])
    seen = versions(ok(world.reviewer.get(f"/visits/{visit['id']}")))
    world.claim(visit, 250, id=raised)
    world.claim(visit, 400)
    ok(world.review(visit, "accept", expense_versions=seen))
    assert due(world) == [(1500, 100)]
    undecided = [row["amount"] for row in ok(world.reviewer.get("/expenses"))["items"]]
    assert sorted(undecided) == [250, 300, 400]


def test_after_an_undone_acceptance_expenses_can_be_corrected_and_withdrawn(world: World) -> None:
    world.pay()
    visit = world.late_visit()
    expense_id, other = world.claim(visit, 1500), world.claim(visit, 500, kind="travel")
    accepted = decide(world, visit, "accept")
    undo(world, visit, accepted)
    path = f"/visits/{visit['id']}/expenses"
    world.claim(visit, 300, id=expense_id)
    ok(world.shopper.call("DELETE", f"{path}/{other}"), 204)
    problem(world.shopper.call("DELETE", f"{path}/{other}"), 404, "expense-not-found")
    assert sorted(items(world, visit)) == ["fee", "purchase"]
    world.claim(visit, 1700, kind="parking")
    decide(world, visit, "accept")
    assert due(world) == [(1500, 2000)]


def test_a_receipt_that_no_expense_names_is_deleted(world: World) -> None:
    world.pay()
    visit = world.late_visit()
    kept, dropped, stray = (
        world.photo(visit, jpeg(seed=seed), question=None, receipt=True) for seed in (21, 22, 23)
    )
    expense_id = world.claim(visit, receipts=[kept, dropped])
    world.claim(visit, id=expense_id, receipts=[kept])

    def find() -> list[str]:
        paths = {photo: f"/visits/{visit['id']}/photos/{photo}" for photo in (kept, dropped, stray)}
        return [photo for photo, path in paths.items() if world.shopper.get(path).status_code == 302]

    assert find() == [kept, stray]
    world.database.write(claims.delete_stray_receipts)
    assert find() == [kept, stray]

    def age(session: Session) -> None:
        session.execute(update(Photo).values(declared_at=datetime.now(UTC) - timedelta(days=9)))

    world.database.write(age)
    world.database.write(claims.delete_stray_receipts)
    assert find() == [kept]


def test_a_receipt_may_be_withdrawn_while_it_is_checked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.pay()
    visit = world.late_visit()
    photo_id = str(uuid.uuid4())
    expense_id = world.claim(visit, receipts=[photo_id])
    check = photo_confirmation.check_upload

    def withdraw_meanwhile(*arguments: Any) -> Any:
        result = check(*arguments)
        ok(world.shopper.call("DELETE", f"/visits/{visit['id']}/expenses/{expense_id}"), 204)
        return result

    monkeypatch.setattr(photo_confirmation, "check_upload", withdraw_meanwhile)
    data = jpeg(seed=24)
    world.upload(world.declare(visit, data, id=photo_id, question=None, receipt=True)["upload"], data)
    path = f"/visits/{visit['id']}/photos/{photo_id}/confirm"
    problem(world.shopper.post(path), 404, "photo-not-found")


def test_another_currency_needs_its_own_amounts(world: World) -> None:
    world.pay()
    visit = world.late_visit()
    world.claim(visit, 100)
    response = world.admin.patch("/organization", {"currency": "JPY"})
    assert pointers(problem(response, 422, "invalid")) == ["/default_fee", "/max_expenses"]
    world.pay(currency="JPY", default_fee=2000, max_expenses=3000)
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["payment"]["max_expenses"] is None
    path = f"/visits/{visit['id']}/expenses/{uuid.uuid4()}"
    problem(world.shopper.put(path, {"kind": "travel", "amount": 100}), 409, "expenses-not-paid")
    # The page of payments stays until nothing is left to decide or to export.
    ok(world.admin.patch("/organization", {"currency": None}))
    assert ok(world.admin.get("/me"))["has_payments"] is True
    assert ok(world.manager.get("/me"))["has_payments"] is False


def test_an_automatic_acceptance_pays_the_fee_and_leaves_expenses_to_a_reviewer(world: World) -> None:
    world.pay()
    visit = world.visit()
    world.claim(visit)
    ok(world.send(visit, world.submission()), 201)
    assert (due(world), items(world, visit)["purchase"][0]) == ([(1500, 0)], "claimed")
    (claim,) = ok(world.reviewer.get("/expenses"))["items"]
    assert (claim["visit_id"], claim["amount"], claim["currency"]) == (visit["id"], 350, "EUR")
    ok(set_amount(world, visit, "purchase", 350))
    assert (due(world), ok(world.reviewer.get("/expenses"))["items"]) == ([(1500, 350)], [])


def test_receipts_are_private_photos(world: World) -> None:
    world.pay()
    visit, data = world.late_visit(), jpeg(seed=7)
    photo_id = world.photo(visit, data, question=None, receipt=True)
    expense_id = world.claim(visit, receipts=[photo_id])
    decide(world, visit, "accept")
    path = f"/visits/{visit['id']}/photos/{photo_id}"
    assert [caller.get(path).status_code for caller in (world.shopper, world.reviewer)] == [302, 302]
    problem(world.manager.get(path), 404, "photo-not-found")
    evidence = ok(world.reviewer.get(f"/visits/{visit['id']}"))
    assert evidence["photo_evidence"] == []
    assert evidence["payment"]["items"][1]["receipts"] == [
        {"id": photo_id, "status": "stored", "seen_in_visit_id": None}
    ]
    problem(
        world.shopper.call("DELETE", f"/visits/{visit['id']}/expenses/{expense_id}"), 409, "expense-decided"
    )
    # The same receipt for another visit is shown to the reviewer.
    other = world.late_visit()
    again = world.photo(other, data, question=None, receipt=True)
    expense_id = world.claim(other, receipts=[again])
    item = ok(world.reviewer.get(f"/visits/{other['id']}"))["payment"]["items"][1]
    assert item["receipts"][0]["seen_in_visit_id"] == visit["id"]
    # A receipt is not the photo of an answer, nor the other way round.
    question = world.photo(other)
    body = {"kind": "other", "amount": 1, "receipts": [question]}
    response = world.shopper.put(f"/visits/{other['id']}/expenses/{uuid.uuid4()}", body)
    assert pointers(problem(response, 422, "invalid")) == ["/receipts/0"]
    third = world.visit()
    receipt = world.photo(third, question=None, receipt=True)
    closed = world.submission({}, outcome="store-closed", photos=[receipt])
    assert pointers(problem(world.send(third, closed), 422, "invalid")) == ["/photos/0"]
    ok(world.shopper.call("DELETE", f"/visits/{other['id']}/expenses/{expense_id}"), 204)
    problem(world.shopper.get(f"/visits/{other['id']}/photos/{again}"), 404, "photo-not-found")


def test_managers_and_clients_see_no_payment(world: World) -> None:
    world.pay()
    visit = world.late_visit()
    world.claim(visit, description="Umbrella")
    decide(world, visit, "accept")
    for caller in (world.manager, world.client("visits:read")):
        for path in (f"/visits/{visit['id']}", "/visits", f"/visits/{visit['id']}/submission"):
            text = caller.get(path).get_data(as_text=True)
            assert not any(word in text for word in ("payment", "EUR", "Umbrella", "1500", "briefing"))


def test_the_payroll_is_exported_and_audited(app: Flask) -> None:
    world = World(app)
    world.pay()
    visit = world.late_visit()
    world.claim(visit, 350)
    decide(world, visit, "accept")
    world.pay(currency="JPY", default_fee=2000)
    world.accepted_visit()
    today = f"/payments?from={TODAY}&to={TODAY}"
    not_over = world.admin.get(today, headers={"Accept": "text/csv"})
    assert pointers(problem(not_over, 422, "invalid")) == ["/to"]
    day = backdate(world, 5)
    path = f"/payments?from={day}&to={day}"
    page = ok(world.admin.get(f"{path}&limit=1"))
    totals = [(row["currency"], row["visits"], row["total"]) for row in page["totals"]]
    assert totals == [("EUR", 1, 1850), ("JPY", 1, 2000)]
    assert len(world.admin.list_all(path, 1)) == 2
    assert ok(world.admin.get("/payments?from=2020-01-01&to=2020-12-31"))["items"] == []
    response = world.admin.get(path, headers={"Accept": "text/csv"})
    text = response.get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    (row,) = (row for row in rows if row["currency"] == "EUR")
    assert (row["fee"], row["expenses"], row["total"]) == ("15.00", "3.50", "18.50")
    assert (row["visit_id"], row["shopper_email"]) == (visit["id"], world.shopper.email)
    assert [row["total"] for row in rows if row["currency"] == "JPY"] == ["2000"]
    entries = ok(world.admin.get("/audit?action=organization.payments_exported"))["items"]
    assert [[change["after"] for change in entry["changes"]] for entry in entries] == [[day, day]]
    # What was taken back is a negative number, not a text.
    decide(world, visit, "reject")
    day = backdate(world, 3)
    response = world.admin.get(f"/payments?from={day}&to={day}", headers={"Accept": "text/csv"})
    assert response.get_data(as_text=True).endswith(",-15.00,-3.50,-18.50\r\n")
    backwards = world.admin.get(f"/payments?from={TODAY}&to=2020-01-01")
    assert pointers(problem(backwards, 422, "invalid")) == ["/to"]


def test_the_briefing_that_was_read_is_kept_with_the_answers(world: World) -> None:
    briefing = {"en": "Do not say who sent you.", "es": "No diga quién le envía."}
    ok(world.admin.patch("/organization", {"briefing": briefing}))
    assert ok(world.shopper.get("/me"))["briefing"] == {"version": 1, "text": briefing}
    assert ok(world.manager.get("/me"))["briefing"] is None
    ok(world.admin.patch("/organization", {"briefing": briefing, "lockout_days": 10}))
    visit = world.late_visit(briefing_version=1)
    path = f"/visits/{visit['id']}/submission"
    assert ok(world.reviewer.get(path))["briefing_version"] == 1
    assert ok(world.shopper.get(path))["briefing_version"] == 1
    ok(world.review(visit, "accept"))
    assert "briefing" not in json.dumps(ok(world.manager.get(path)))
    ok(world.admin.patch("/organization", {"briefing": "Do not say who you are."}))
    assert ok(world.shopper.get("/me"))["briefing"]["version"] == 2
    blank = world.admin.patch("/organization", {"briefing": {"en": " "}})
    assert pointers(problem(blank, 422, "invalid")) == ["/briefing"]
