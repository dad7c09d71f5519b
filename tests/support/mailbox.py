"""A real mail server for tests, which keeps the messages that it receives."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SmtpSession

from api.jobs.mails.sender import MailSender
from api.jobs.mails.server import MailServer
from api.metrics import Metrics
from tests.support.running import free_port
from tests.support.world import World

#: the address of the pages in the mails of tests
PUBLIC_URL = "https://survey.example"


class Mailbox:
    """The messages that arrived. An address that begins with ``rejected`` gets the answer 550."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.url = ""

    async def handle_RCPT(
        self, _server: SMTP, _session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("rejected"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: SmtpSession, envelope: Envelope) -> str:
        message: Any = message_from_bytes(envelope.content or b"", policy=default)
        self.messages.append(message)
        return "250 OK"

    def find(self, address: str) -> list[EmailMessage]:
        """Return the messages to an address, in the order in which they arrived."""
        return [message for message in self.messages if address in str(message["To"])]

    def wait_for(self, address: str, count: int = 1) -> EmailMessage:
        """Wait for the message to an address with this number, and return it."""
        deadline = time.monotonic() + 20
        while len(messages := self.find(address)) < count:
            assert time.monotonic() < deadline, f"{len(messages)} messages to {address} arrived"
            time.sleep(0.05)
        return messages[count - 1]


def read_text(message: EmailMessage, kind: str = "plain") -> str:
    """Return the plain text or the HTML of a message."""
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


def find_link(message: EmailMessage) -> str:
    """Return the link of a message, which is the same in both of its forms."""
    links = [re.findall(r"https?://[^\s\"<]+", read_text(message, kind)) for kind in ("plain", "html")]
    assert len(links[0]) == 1 and links[0] == links[1]
    return links[0][0]


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    """Run a mail server on a free port of this machine."""
    mailbox = Mailbox()
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    mailbox.url = f"smtp://127.0.0.1:{port}"
    yield mailbox
    controller.stop()


def send_mails(world: World, url: str | None) -> None:
    """Send all mails that are due, as the worker does."""
    sender = MailSender(
        world.database,
        Metrics(),
        MailServer(url) if url else None,
        keys=world.app.extensions["survey"].settings.keys,
        sender="Survey <survey@survey.example>",
        public_url=PUBLIC_URL,
    )
    while sender.work():
        pass
