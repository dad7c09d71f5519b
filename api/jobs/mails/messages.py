"""Builds the messages of mails, in plain text and in HTML, in the language of the reader."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.domain.languages import DEFAULT_LANGUAGE
from api.domain.people import NOTICE_MAIL
from api.jobs.mails import accounts, notices
from api.jobs.mails.layout import COLOR, Content, write_html, write_text
from api.keys import Keys
from api.models.base import now
from api.models.events import Event
from api.models.organizations import Organization
from api.models.users import User


def build_message(
    session: Session, event: Event, *, keys: Keys, public_url: str, sender: str
) -> EmailMessage | None:
    """Return the mail of an event, or None if there is nothing to say any more.

    ``public_url`` is the address of the pages. ``sender`` is who the mail comes from. The mail of an event
    always has the same ID, so that programs recognize one that was sent twice.

    Raises ValueError if no mail can go to the address of the person.
    """
    user = session.get(User, event.user_id)
    if user is None or user.disabled:
        return None
    organization = session.get_one(Organization, user.organization_id)
    content: Content | None
    if event.kind == NOTICE_MAIL:
        content = notices.build_content(session, event.data or {}, user, organization, keys, public_url)
    else:
        content = accounts.build_content(session, event.kind, user, organization, keys, public_url)
    if content is None:
        return None
    language = user.language or DEFAULT_LANGUAGE
    message = EmailMessage()
    message["From"] = sender
    message["To"] = _build_address(user)
    message["Subject"] = content.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = _build_message_id(event.id, sender)
    message["Content-Language"] = language
    message["Auto-Submitted"] = "auto-generated"
    if content.footer:
        message["List-Unsubscribe"] = f"<{content.footer.one_click_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(write_text(content))
    color = organization.accent_color or COLOR
    message.add_alternative(write_html(content, language, color), subtype="html")
    return message


def _build_address(user: User) -> Address:
    try:
        # Headers are single lines.
        return Address(" ".join(user.name.split()), addr_spec=user.email)
    except (ValueError, IndexError) as error:  # what the parser of the standard library raises
        raise ValueError("no mail can go to this address") from error


def _build_message_id(event_id: UUID, sender: str) -> str:
    return f"<{event_id}@{sender.rpartition('@')[2].rstrip('>')}>"
