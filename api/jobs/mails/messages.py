"""Builds mails, in plain text and in HTML, in the language of the reader."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from uuid import UUID

from sqlalchemy.orm import Session

from api.domain.access import SHOPPER
from api.domain.languages import DEFAULT_LANGUAGE
from api.domain.people import INVITATION, INVITATION_MAIL, PASSWORD_RESET, PASSWORD_RESET_MAIL
from api.jobs.mails.words import Text, get_text
from api.keys import Keys
from api.models.account_links import AccountLink
from api.models.base import now
from api.models.events import Event
from api.models.organizations import Organization
from api.models.users import User
from api.services.people import links

#: kind of event → the purpose of the link in the mail
_PURPOSES = {INVITATION_MAIL: INVITATION, PASSWORD_RESET_MAIL: PASSWORD_RESET}

_HTML = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{subject}</title>
</head>
<body style="margin: 0; padding: 24px; font: 16px/1.5 sans-serif; color: #1b1b1b; background: #ffffff">
<div style="max-width: 560px">
{before}
<p><a href="{url}" style="display: inline-block; padding: 12px 20px; border-radius: 6px; \
background: {color}; color: #ffffff; font-weight: bold; text-decoration: none">{link}</a></p>
{after}
</div>
</body>
</html>
"""
#: the colour of links, unless the organization has one of its own
_COLOR = "#0b6b5c"


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
    url = _find_url(session, event.kind, user, keys, public_url)
    if url is None:
        return None
    organization = session.get_one(Organization, user.organization_id)
    # Headers are single lines.
    values = {
        name: " ".join(value.split())
        for name, value in (
            ("name", user.name),
            ("email", user.email),
            ("organization", organization.name),
        )
    }
    language = user.language or DEFAULT_LANGUAGE
    text = get_text(language, event.kind, values)
    message = EmailMessage()
    message["From"] = sender
    message["To"] = _build_address(values["name"], user.email)
    message["Subject"] = text.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = _build_message_id(event.id, sender)
    message["Content-Language"] = language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_write_text(text, url))
    color = organization.accent_color or _COLOR
    message.add_alternative(_write_html(text, url, language, color), subtype="html")
    return message


def _find_url(session: Session, kind: str, user: User, keys: Keys, public_url: str) -> str | None:
    """Return where the link of a mail leads, or None if its link was used, has expired or was replaced."""
    purpose = _PURPOSES.get(kind)
    if purpose is None:
        return public_url + ("/" if user.role == SHOPPER else "/dashboard")
    link = session.get(AccountLink, (user.id, purpose))
    if link is None or link.expires_at <= now():
        return None
    return links.build_url(link, keys, public_url)


def _build_address(name: str, email: str) -> Address:
    try:
        return Address(name, addr_spec=email)
    except (ValueError, IndexError) as error:  # what the parser of the standard library raises
        raise ValueError("no mail can go to this address") from error


def _build_message_id(event_id: UUID, sender: str) -> str:
    return f"<{event_id}@{sender.rpartition('@')[2].rstrip('>')}>"


def _write_text(text: Text, url: str) -> str:
    return "\n\n".join([*text.before, f"{text.link}:\n{url}", *text.after]) + "\n"


def _write_html(text: Text, url: str, language: str, color: str) -> str:
    def paragraphs(parts: tuple[str, ...]) -> str:
        return "\n".join(f"<p>{escape(part)}</p>" for part in parts)

    return _HTML.format(
        language=language,
        subject=escape(text.subject),
        before=paragraphs(text.before),
        url=escape(url),
        color=color,
        link=escape(text.link),
        after=paragraphs(text.after),
    )
