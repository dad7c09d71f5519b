"""The mail server: sends one message over SMTP."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

#: the longest that a step of the conversation may take
TIMEOUT_SECONDS = 15.0


class Undeliverable(Exception):
    """The server rejects the message for good, so there is no point in sending it again."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server at ``smtp://user:password@host:port``, or ``smtps://`` with TLS from the start."""

    url: str = field(repr=False)

    def send(self, message: EmailMessage) -> None:
        """Send a message. Raises Undeliverable, or OSError or SMTPException for what may pass."""
        sender, recipient = (parseaddr(str(message[name]))[1] for name in ("From", "To"))
        with self._connect() as connection:
            try:
                connection.send_message(message, sender, [recipient])
            except smtplib.SMTPNotSupportedError as error:
                raise Undeliverable("the server does not support this address") from error
            except smtplib.SMTPRecipientsRefused as error:
                [(code, _)] = error.recipients.values()
                if code >= 500:
                    raise Undeliverable(f"the server rejects the recipient ({code})") from error
                raise
            except smtplib.SMTPDataError as error:
                if error.smtp_code >= 500:
                    raise Undeliverable(f"the server rejects the message ({error.smtp_code})") from error
                raise

    def _connect(self) -> smtplib.SMTP:
        """Connect, and sign in if the URL has a user. A password goes over TLS only."""
        url = urlsplit(self.url)
        context = ssl.create_default_context()
        connection: smtplib.SMTP
        if url.scheme == "smtps":
            connection = smtplib.SMTP_SSL(
                url.hostname or "", url.port or 465, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            connection = smtplib.SMTP(url.hostname or "", url.port or 587, timeout=TIMEOUT_SECONDS)
        try:
            connection.ehlo()
            if url.scheme == "smtp" and (url.username or connection.has_extn("starttls")):
                connection.starttls(context=context)
                connection.ehlo()
            if url.username:
                connection.login(unquote(url.username), unquote(url.password or ""))
        except BaseException:
            connection.close()
            raise
        return connection
