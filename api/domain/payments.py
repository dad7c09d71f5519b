"""Payments: the fee of a visit, and the expenses that its shopper claims.

Both are items of a visit. A reviewer's acceptance approves them, unless the reviewer has set another amount.
A rejected visit is not paid, unless a reviewer sets an amount afterwards.
"""

from api.domain.visits import STATUS_AFTER

FEE = "fee"
EXPENSE_KINDS = ("purchase", "travel", "parking", "other")
KINDS = (FEE, *EXPENSE_KINDS)

CLAIMED, APPROVED, CHANGED, NOT_PAID = STATUSES = ("claimed", "approved", "changed", "not_paid")

MAX_DESCRIPTION_LENGTH = 500
MAX_RECEIPTS = 5
#: how many expenses of a visit can be claimed
MAX_EXPENSES = 20

#: the statuses of a visit in which approved amounts are paid
ACCEPTED, REJECTED = DECIDED = (STATUS_AFTER["accept"], STATUS_AFTER["reject"])


def get_status(visit_status: str, amount: int, approved_amount: int | None) -> str:
    """Return the status of an item; ``approved_amount`` is None until a reviewer or an acceptance sets it.

    Before the visit is decided, nothing is approved yet, whatever a reviewer has prepared.
    """
    if visit_status not in DECIDED:
        return CLAIMED
    if approved_amount is None:
        return CLAIMED if visit_status == ACCEPTED else NOT_PAID
    if approved_amount == amount:
        return APPROVED
    return CHANGED if approved_amount else NOT_PAID
