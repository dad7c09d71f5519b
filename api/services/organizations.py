"""Organizations: created with the built-in checklists, with their settings and their logo."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import Actor
from api.domain.problems import FieldError
from api.models.organizations import Organization, OrganizationLogo
from api.services import checklists


def create_organization(session: Session, name: str) -> Organization:
    """Create an organization with the built-in checklists."""
    organization = Organization(name=name)
    session.add(organization)
    session.flush()
    checklists.publish_built_in_checklists(session, organization.id)
    return organization


def get_organization(session: Session, actor: Actor, *, lock: bool = False) -> Organization:
    """Return the actor's organization; ``lock`` locks its row for an update."""
    query = select(Organization).where(Organization.id == actor.organization_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(query).one()


def update_organization(
    session: Session, organization: Organization, values: Mapping[str, Any]
) -> Organization:
    """Update a locked organization; ``values`` maps column names to values.

    Raises ALREADY_EXISTS for a name that is in use, and INVALID for another currency without its amounts.
    """
    _check_amounts(organization, values)
    if "briefing" in values and values["briefing"] != organization.briefing:
        organization.briefing_version += 1
    for column, value in values.items():
        setattr(organization, column, value)
    try:
        session.flush()
    except IntegrityError:
        raise problems.ALREADY_EXISTS("An organization with this name already exists.") from None
    return organization


def _check_amounts(organization: Organization, values: Mapping[str, Any]) -> None:
    """Reject another currency for amounts of the former one: 15 euros are not 15 yen."""
    currency = values.get("currency", organization.currency)
    if currency in (None, organization.currency):
        return
    errors = [
        FieldError(f"/{name}", "Send this amount, too: the stored one is in another currency.")
        for name in ("default_fee", "max_expenses")
        if getattr(organization, name) and name not in values
    ]
    if errors:
        raise problems.INVALID(errors=errors)


def get_acceptance_period(session: Session, organization_id: uuid.UUID, default: int) -> int:
    """Return the length of an organization's acceptance periods, in minutes; ``default`` is the program's."""
    query = select(Organization.accept_every_minutes).where(Organization.id == organization_id)
    own: int | None = session.scalar(query)
    return default if own is None else own


def get_logo(session: Session, actor: Actor) -> bytes:
    """Return the logo of the actor's organization, as PNG. Raises LOGO_NOT_FOUND."""
    logo = session.get(OrganizationLogo, actor.organization_id)
    if logo is None:
        raise problems.LOGO_NOT_FOUND()
    return logo.data


def replace_logo(session: Session, organization: Organization, data: bytes) -> None:
    """Store the logo of a locked organization, as PNG."""
    organization.logo_sha256 = hashlib.sha256(data).hexdigest()
    session.merge(OrganizationLogo(organization_id=organization.id, data=data))
    session.flush()


def delete_logo(session: Session, organization: Organization) -> None:
    """Delete the logo of a locked organization, if it has one."""
    organization.logo_sha256 = None
    session.execute(delete(OrganizationLogo).where(OrganizationLogo.organization_id == organization.id))
    session.flush()


def lock_organization(session: Session, organization_id: uuid.UUID) -> None:
    """Lock an organization until the end of the transaction, so that others that lock it wait."""
    session.execute(
        select(Organization.id).where(Organization.id == organization_id).with_for_update(key_share=True)
    )
