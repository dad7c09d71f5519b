"""Payments to shoppers: expenses, the amounts that reviewers set, and the payroll."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from api.domain import problems
from api.domain.access import SEND_VISITS
from api.domain.money import format_amount
from api.domain.times import format_utc
from api.http.access import Routes
from api.http.context import app_context, current_actor, read_snapshot
from api.http.paging import page_response, rows_response
from api.http.responses import ETAG, empty_response, json_response
from api.http.transactions import in_transaction
from api.services import photos
from api.services.payments import claims, deciding, items, payroll
from api.services.reviews import lock_visit
from schemas import payments as schemas
from schemas.base import RANDOM_ID_PATTERN
from schemas.csv_format import format_cell

routes = Routes("payments", __name__, description="Payments to shoppers")

PAYMENT, OWN_PAYMENT, UNDECIDED = schemas.Payment(), schemas.OwnPayment(), schemas.UndecidedExpense()
VISIT_PAYMENT, TOTAL = schemas.VisitPayment(), schemas.PaymentTotal()
_EXPENSE_ID = {
    "name": "expense_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid", "pattern": RANDOM_ID_PATTERN},
    "description": "The ID of the expense: a random UUID (version 4) that the phone chooses.",
}
CSV_COLUMNS = (
    "approved_at", "visit_id", "external_id", "day", "location_code", "location_name", "shopper_name",
    "shopper_email", "currency", "fee", "expenses", "total",
)  # fmt: skip
_CSV_EXAMPLE = f"""\
{",".join(CSV_COLUMNS)}\r
2026-01-31T08:30:00Z,6f1c0c9e-52a4-4b53-9d0b-3f6f7a1f2c11,,2026-01-28,LON-1,London Bridge,Cara,\
cara@example.com,GBP,15.00,3.20,18.20\r
"""
#: spreadsheets read UTF-8 only after it
_BYTE_ORDER_MARK = "\ufeff"


@routes.put(
    "/visits/<uuid:visit_id>/expenses/<uuid:expense_id>",
    permission=SEND_VISITS,
    raises=[problems.VISIT_NOT_FOUND, problems.EXPENSES_NOT_PAID, problems.EXPENSE_DECIDED],
)
@routes.arguments(schemas.ExpenseClaim())
@routes.response(201, OWN_PAYMENT, description="Claimed. The response is what the visit is paid")
@routes.alt_response(200, schema=OWN_PAYMENT, description="Corrected, or a replay of the same expense")
@routes.doc(parameters=[_EXPENSE_ID])
def claim_expense(body: dict[str, Any], visit_id: UUID, expense_id: UUID) -> Response:
    """Claim an expense of one's own visit, before or after the answers.

    The ID is the idempotency key: sending the same expense again changes nothing. Until a reviewer decides,
    the same ID with another amount corrects the expense. Declare its photos with `"receipt": true`, before or
    afterwards. Receipts that a correction leaves out are deleted.
    """
    if expense_id.version != 4:
        raise problems.invalid_field("/expense_id", "This must be a random UUID (version 4).")

    def claim(session: Any) -> tuple[dict[str, Any], bool, list[str]]:
        visit, is_new, keys = claims.claim_expense(session, current_actor(), visit_id, expense_id, body)
        return items.describe_payments(session, [visit], for_reviewers=False)[visit.id], is_new, keys

    payment, is_new, keys = in_transaction(claim)
    _discard(keys)
    return json_response(OWN_PAYMENT.dump(payment), 201 if is_new else 200)


@routes.delete(
    "/visits/<uuid:visit_id>/expenses/<uuid:expense_id>",
    permission=SEND_VISITS,
    raises=[problems.VISIT_NOT_FOUND, problems.EXPENSE_NOT_FOUND, problems.EXPENSE_DECIDED],
)
@routes.response(204)
def withdraw_expense(visit_id: UUID, expense_id: UUID) -> Response:
    """Withdraw an expense of one's own visit that is not decided yet.

    Its receipts are deleted.
    """
    keys = in_transaction(
        lambda session: claims.withdraw_expense(session, current_actor(), visit_id, expense_id)
    )
    _discard(keys)
    return empty_response()


def _discard(keys: Iterable[str]) -> None:
    """Delete the objects of receipts that were deleted."""
    for key in keys:
        photos.discard(app_context().store, key)


@routes.put(
    "/visits/<uuid:visit_id>/payment",
    permission="review visits",
    raises=[problems.VISIT_NOT_FOUND, problems.OWN_VISIT, problems.VISIT_NOT_PAID, problems.NOTHING_TO_PAY],
)
@routes.arguments(schemas.PaymentEdit())
@routes.response(200, PAYMENT)
def change_payment(body: dict[str, Any], visit_id: UUID) -> dict[str, Any]:
    """Set what a visit is paid.

    Accepting a visit approves its fee and the expenses that the review names, in full unless an amount was
    set before. After the decision, an amount that is set is due at once. A visit that was rejected is paid
    only what is set afterwards.
    """

    def change(session: Any) -> dict[str, Any]:
        visit = lock_visit(session, current_actor(), visit_id)
        deciding.change_payment(session, current_actor(), visit, body["items"])
        return items.describe_payments(session, [visit], for_reviewers=True)[visit.id]

    return in_transaction(change)


@routes.get("/expenses", permission="review visits")
@routes.arguments(schemas.PageQuery(), location="query")
@routes.response(200, schemas.EXPENSE_PAGE())
def list_expenses(query: dict[str, Any]) -> Response:
    """List the expenses of accepted visits that no reviewer has decided, earliest first.

    Their visits were accepted automatically, or without the expense: it was claimed or changed meanwhile or
    afterwards. The caller's own are not included.
    """
    page = items.list_undecided(read_snapshot(), current_actor(), query["limit"], query.get("cursor"))
    return page_response(page, UNDECIDED, items.describe_undecided(read_snapshot(), page.items))


@routes.get("/payments", permission="administer organization")
@routes.arguments(schemas.PaymentsQuery(), location="query")
@routes.response(200, schemas.PaymentPage(), headers={"ETag": {**ETAG["ETag"], "required": False}})
@routes.doc(
    responses={"200": {"content": {"text/csv": {"schema": {"type": "string"}, "example": _CSV_EXAMPLE}}}},
)
def list_payments(query: dict[str, Any]) -> Response:
    """List what became due to shoppers, for the payroll, sorted by the day of the visit.

    `from` and `to` are days of approval in UTC. Each amount belongs to one day and stays there; if it is
    changed later, the difference belongs to the later day. So runs whose days do not overlap pay nothing
    twice. As `text/csv`, the response has all rows, with amounts in the main unit of the currency. The file
    can have a day from an hour after its end, and the download is in the audit log.
    """
    days = (query["from"], query["to"])
    if days[1] < days[0]:
        raise problems.invalid_field("/to", "The last day must not be before the first.")
    is_csv = request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv"
    response = _csv_response(days) if is_csv else _page_response(days, query["limit"], query.get("cursor"))
    response.vary.add("Accept")
    return response


def _page_response(days: tuple[date, date], limit: int, cursor: str | None) -> Response:
    page = payroll.list_payments(read_snapshot(), current_actor(), days, limit, cursor)
    totals = payroll.sum_payments(read_snapshot(), current_actor(), days)
    return rows_response(
        VISIT_PAYMENT.dump(page.items, many=True), page.cursor, totals=TOTAL.dump(totals, many=True)
    )


def _csv_response(days: tuple[date, date]) -> Response:
    last_day = payroll.find_last_day()
    if days[1] > last_day:
        detail = f"A file can have days up to {last_day}. Later days can still get payments."
        raise problems.invalid_field("/to", detail)
    actor = current_actor()
    in_transaction(lambda session: payroll.record_export(session, actor, days))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    for row in payroll.iterate_payments(read_snapshot(), actor, days):
        writer.writerow([*map(format_cell, _list_cells(row)), *_list_amounts(row)])
    response = current_app.response_class(
        _BYTE_ORDER_MARK + text.getvalue(), content_type="text/csv; charset=utf-8"
    )
    name = f"payments-{days[0]}-{days[1]}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _list_cells(row: dict[str, Any]) -> list[Any]:
    visit, location = row["visit"], row["location"]
    return [
        format_utc(row["approved_at"]),
        str(visit.id),
        visit.external_id,
        visit.day.isoformat(),
        location.code,
        location.name,
        row["shopper_name"],
        row["shopper_email"],
        visit.currency,
    ]


def _list_amounts(row: dict[str, Any]) -> list[str]:
    """Return the amounts of a row: numbers, so a minus begins no formula."""
    return [format_amount(row[name], row["visit"].currency) for name in ("fee", "expenses", "total")]
