"""How people get into their account: invitations, forgotten passwords, and new passwords."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain import problems
from api.domain.audit import USER_INVITED, USER_PASSWORD_FORGOTTEN
from api.domain.people import (
    INVITATION,
    INVITATION_MAIL,
    PASSWORD_CHANGED_MAIL,
    PASSWORD_FORGOTTEN,
    PASSWORD_RESET,
    PASSWORD_RESET_MAIL,
    RESET_INTERVAL,
)
from api.keys import Keys
from api.models.account_links import AccountLink
from api.models.base import now
from api.models.events import Event
from api.models.organizations import Organization
from api.models.users import User
from api.services import events
from api.services.audit.recording import act_as, record
from api.services.people import links, login_limits, passwords, sign_in


def invite(session: Session, user: User, keys: Keys) -> AccountLink:
    """Create an invitation for a locked user and mail it to them. It replaces their earlier one.

    Raises USER_DISABLED.
    """
    if user.disabled:
        raise problems.USER_DISABLED()
    events.add_mail(session, INVITATION_MAIL, user.id)
    record(session, USER_INVITED, user)
    return links.create_link(session, user, INVITATION, keys)


def invite_new(session: Session, users: Sequence[User], keys: Keys) -> None:
    """Invite users who were just created and flushed."""
    if users:
        events.add_mails(session, INVITATION_MAIL, [user.id for user in users])
        links.create_links(session, users, INVITATION, keys)


def accept_invitation(session: Session, token: str, name: str, password_hash: str, keys: Keys) -> None:
    """Let an invited person into their account, under the name that they give. Raises LINK_EXPIRED."""
    user = links.find_user(session, INVITATION, token, keys, lock=True)
    act_as(session, user.id)
    user.name = name
    change_password(session, user, password_hash)


def request_password_reset(session: Session, email: str, organization: str | None, address: str) -> None:
    """Leave it to the worker to find the accounts with this address and to mail a link to each.

    That takes the same time whether or not there are any. Too many requests from one network ``address`` have
    no effect: they would keep other mails waiting.
    """
    if not login_limits.count_reset(session, address):
        return
    data = {"email": email, "organization": organization}
    session.add(Event(kind=PASSWORD_FORGOTTEN, data=data, due_at=now()))


def start_password_reset(session: Session, email: str, organization: str | None, keys: Keys) -> None:
    """Mail a link to each enabled account with this address; an invited person gets a new invitation."""
    query = login_limits.find_accounts(select(User), email, organization).where(User.disabled.is_(False))
    for user in session.scalars(query.with_for_update(of=User)).all():
        purpose = PASSWORD_RESET if user.password_hash else INVITATION
        latest = session.get(AccountLink, (user.id, purpose))
        if latest is not None and latest.created_at > now() - RESET_INTERVAL:
            continue
        kind = PASSWORD_RESET_MAIL if purpose == PASSWORD_RESET else INVITATION_MAIL
        events.add_mail(session, kind, user.id)
        record(session, USER_PASSWORD_FORGOTTEN, user)
        links.create_link(session, user, purpose, keys)


def reset_password(session: Session, token: str, password_hash: str, keys: Keys) -> None:
    """Replace a forgotten password. Raises LINK_EXPIRED."""
    user = links.find_user(session, PASSWORD_RESET, token, keys, lock=True)
    act_as(session, user.id)
    change_password(session, user, password_hash)


def change_password(
    session: Session, user: User, password_hash: str, except_family_id: uuid.UUID | None = None
) -> None:
    """Store a new password, end all sessions except one, and let the person know by mail."""
    if user.password_hash:
        events.add_mail(session, PASSWORD_CHANGED_MAIL, user.id)
    user.password_hash = password_hash
    session.flush()
    links.delete_links(session, user.id)
    sign_in.end_sessions(session, user.id, except_family_id)


def check_password(
    session: Session, field: str, password: str, user: User, *, email: str | None = None
) -> None:
    """Raise INVALID, with the pointer ``field``, for a new password of a user that others can guess.

    ``email`` is their new address, if it changes too.
    """
    organization = session.get_one(Organization, user.organization_id)
    passwords.check_password(field, password, email or user.email, organization.name)
