"""The content of mails about accounts: invitations, new passwords, changed passwords."""

from sqlalchemy.orm import Session

from api.domain.access import SHOPPER
from api.domain.people import INVITATION, INVITATION_MAIL, PASSWORD_RESET, PASSWORD_RESET_MAIL
from api.jobs.mails.layout import Content
from api.jobs.mails.words import get_text
from api.keys import Keys
from api.models.account_links import AccountLink
from api.models.base import now
from api.models.organizations import Organization
from api.models.users import User
from api.services.people import links

#: kind of event → the purpose of the link in the mail
_PURPOSES = {INVITATION_MAIL: INVITATION, PASSWORD_RESET_MAIL: PASSWORD_RESET}


def build_content(
    session: Session, kind: str, user: User, organization: Organization, keys: Keys, public_url: str
) -> Content | None:
    """Return the content of a mail, or None if its link was used, has expired or was replaced."""
    url = _find_url(session, kind, user, keys, public_url)
    if url is None:
        return None
    values = {"name": user.name, "email": user.email, "organization": organization.name}
    # The subject is a single line.
    values = {name: " ".join(value.split()) for name, value in values.items()}
    text = get_text(user.language, kind, values)
    return Content(text.subject, text.before, text.link, url, text.after)


def _find_url(session: Session, kind: str, user: User, keys: Keys, public_url: str) -> str | None:
    purpose = _PURPOSES.get(kind)
    if purpose is None:
        return public_url + ("/" if user.role == SHOPPER else "/dashboard")
    link = session.get(AccountLink, (user.id, purpose))
    if link is None or link.expires_at <= now():
        return None
    return links.build_url(link, keys, public_url)
