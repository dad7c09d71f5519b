"""Payments of the demo: the visits of the last weeks have a fee, and some of them expenses."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.domain.access import SHOPPER, Actor
from api.domain.checklist import SELF_CHECK
from api.models.organizations import Organization
from api.models.payments import Payment, PaymentItem
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.checklists import get_version
from api.services.payments import claims, items

CURRENCY, FEE, MAX_EXPENSES = "EUR", 1500, 3000
#: the demo has begun to pay its shoppers so many days ago
PAID_FOR = timedelta(days=45)
BRIEFING = {
    "en": "Visit the store as any customer would. Do not say that you are a mystery shopper, and do not "
    "write anything down where others see it.\n"
    "Buy something small and keep the receipt. Answer the questions as soon as you have left the store.",
    "es": "Visite la tienda como cualquier cliente. No diga que es cliente misterioso ni tome notas donde "
    "otros puedan verlo.\n"
    "Compre algo pequeño y guarde el recibo. Responda a las preguntas en cuanto salga de la tienda.",
}
#: kind, amount and words of the expenses, which are claimed in this order
EXPENSES = (
    ("purchase", 349, "A notebook"),
    ("travel", 480, "Bus there and back"),
    ("parking", 250, None),
    ("purchase", 195, "A pen"),
)


def pay_recent_visits(
    session: Session, organization_id: uuid.UUID, visits: Sequence[Visit], moment: datetime
) -> None:
    """Let an organization pay its shoppers, and give the visits of the last weeks their fee."""
    organization = session.get_one(Organization, organization_id)
    organization.currency, organization.default_fee = CURRENCY, FEE
    organization.max_expenses = MAX_EXPENSES
    organization.briefing, organization.briefing_version = BRIEFING, 1
    paid = [
        visit
        for visit in visits
        if visit.opens_at > moment - PAID_FOR
        and get_version(session, visit.checklist_version_id).document.channel != SELF_CHECK
    ]
    for visit in paid:
        visit.currency = CURRENCY
    items.add_fees(session, [(visit, FEE) for visit in paid])


def claim_expenses(session: Session, organization_id: uuid.UUID, rng: Random) -> None:
    """Claim expenses of some paid visits that have answers."""
    query = (
        select(Visit)
        .where(
            Visit.organization_id == organization_id,
            Visit.currency.is_not(None),
            Visit.status.in_(["submitted", "accepted"]),
        )
        .order_by(Visit.day.desc(), Visit.id)
    )
    visits = sorted(session.scalars(query).all(), key=lambda visit: visit.status == "accepted")
    for visit, (kind, amount, description) in zip(visits, EXPENSES, strict=False):
        actor = Actor(visit.shopper_id, organization_id, SHOPPER)
        expense_id = uuid.UUID(int=rng.getrandbits(128), version=4)
        values = {"kind": kind, "amount": amount, "description": description, "receipts": []}
        claims.claim_expense(session, actor, visit.id, expense_id, values)


def backdate_payments(session: Session) -> None:
    """Set the time of each payment, and of what was claimed for it, to when the answers were received."""
    for column in (Payment.approved_at, PaymentItem.claimed_at):
        table = column.class_
        received_at = (
            select(Submission.received_at)
            .where(Submission.visit_id == table.visit_id, Submission.revision == 1)
            .scalar_subquery()
        )
        has_answers = select(Submission.visit_id).where(Submission.visit_id == table.visit_id)
        session.execute(
            update(table)
            .where(has_answers.exists())
            .values({column: received_at})
            .execution_options(synchronize_session=False)
        )
