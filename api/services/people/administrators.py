"""What commands do for administrators, if there is no other one who could."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.access import ADMIN
from api.models.organizations import Organization
from api.models.users import User
from api.services import organizations
from api.services.people import second_factors, users


def add_administrator(
    session: Session, organization_name: str, email: str, name: str, password_hash: str
) -> User:
    """Add an administrator to the organization with this name, which is created if it does not exist.

    Raises ALREADY_EXISTS if the organization has a user with this email address.
    """
    organization = session.scalars(
        select(Organization).where(Organization.name == organization_name)
    ).one_or_none() or organizations.create_organization(session, organization_name)
    return create_administrator(session, organization.id, email, name, password_hash)


def create_administrator(
    session: Session, organization_id: uuid.UUID, email: str, name: str, password_hash: str
) -> User:
    """Create an administrator. Raises ALREADY_EXISTS for an email address that is in use."""
    user = User(
        organization_id=organization_id,
        email=users.normalize_email(email),
        name=name,
        role=ADMIN,
        password_hash=password_hash,
    )
    session.add(user)
    users.flush(session)
    return user


def reset_second_factor(session: Session, organization_name: str, email: str) -> None:
    """Remove the second factor of a person, and end their sessions. Raises USER_NOT_FOUND."""
    user = session.scalars(
        select(User)
        .join(Organization, Organization.id == User.organization_id)
        .where(Organization.name == organization_name, User.email == users.normalize_email(email))
        .with_for_update(of=User)
    ).one_or_none()
    if user is None:
        raise problems.USER_NOT_FOUND()
    second_factors.reset(session, user)
