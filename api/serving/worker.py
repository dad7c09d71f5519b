"""The worker of a program, with the parts that its settings configure."""

from flask import Flask

from api.http.context import AppContext
from api.jobs.mails.sender import MailSender
from api.jobs.mails.server import MailServer
from api.jobs.webhooks import WebhookSender
from api.jobs.worker import Worker


def create_worker(app: Flask) -> Worker:
    """Return a worker for the app's database and photo store, which counts in the app's metrics."""
    context: AppContext = app.extensions["survey"]
    metrics, settings = app.extensions["metrics"], context.settings
    database = context.database.in_background()
    sender = WebhookSender(
        database,
        metrics,
        keys=settings.keys,
        allow_private=settings.webhook_allow_private,
    )
    mail_sender = MailSender(
        database,
        metrics,
        MailServer(settings.smtp_url) if settings.smtp_url else None,
        keys=settings.keys,
        sender=settings.mail_from or "",
        public_url=settings.public_url or "",
    )
    return Worker(database, context.store, metrics, sender, mail_sender, settings.database_read_url)
