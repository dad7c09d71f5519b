"""Which notices a person wants by mail."""

from marshmallow import fields

from schemas.base import Boolean, Schema


class NoticeSwitches(Schema):
    """Notices, each on or off. Only those for the caller's role are included."""

    weekly_digest = Boolean()
    alerts = Boolean()
    dispute_outcomes = Boolean()
    reviews_waiting = Boolean()
    disputes_opened = Boolean()
    webhooks_failing = Boolean()
    quotas_short = Boolean()
    visits_assigned = Boolean()
    visits_closing = Boolean()
    visits_returned = Boolean()


class NoticesEdit(Schema):
    """The notices to switch on or off."""

    notices = fields.Nested(NoticeSwitches(), required=True)


class Notices(Schema):
    """Which notices the caller wants, and whether this installation can send mails."""

    sends_mail = Boolean(required=True)
    notices = fields.Nested(NoticeSwitches(), required=True)
