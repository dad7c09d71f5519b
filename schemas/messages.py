"""Messages: what reviewers ask shoppers, and the answers. Reviewers and shoppers have a schema each."""

from marshmallow import fields

from api.domain.messages import MAX_ANSWER_LENGTH, MAX_TEXT_LENGTH, STATUSES
from schemas.base import Enum, Id, Localized, NamedPlace, PageQuery, QueryBoolean, Schema, Text, Time, page_of


class MessageNew(Schema):
    """A question to the shopper of a visit, about the visit or about one question of its checklist."""

    text = Text(MAX_TEXT_LENGTH, required=True)
    question = Text(64, allow_none=True, load_default=None)


class MessageAnswer(Schema):
    """The answer to a message."""

    text = Text(MAX_ANSWER_LENGTH, required=True)


class OwnMessagesQuery(PageQuery):
    """Filters of the list of messages to the caller."""

    status = Enum(STATUSES)


class MessagesQuery(OwnMessagesQuery):
    """Filters of the list of messages to shoppers."""

    visit_id = Id()
    mine = QueryBoolean(load_default=False)


class MessageSubject(Schema):
    """A question of the checklist, with the text that it has in the checklist version of the visit."""

    key = fields.String(required=True)
    text = Localized(required=True)


class OwnMessage(Schema):
    """A message as its shopper sees it. It does not say who asks."""

    id = Id(attribute="message.id", required=True)
    visit_id = Id(attribute="message.visit_id", required=True)
    location = fields.Nested(NamedPlace(), required=True)
    question = fields.Nested(MessageSubject(), required=True, allow_none=True)
    text = fields.String(attribute="message.text", required=True)
    status = Enum(STATUSES, attribute="message.status", required=True)
    asked_at = Time(attribute="message.asked_at", required=True)
    answer = fields.String(attribute="message.answer", required=True, allow_none=True)
    answered_at = Time(attribute="message.answered_at", required=True, allow_none=True)


class Message(OwnMessage):
    """A message as reviewers and administrators see it."""

    reviewer_id = Id(attribute="message.reviewer_id", required=True)
    reviewer_name = fields.String(required=True, allow_none=True)


MESSAGE_PAGE, OWN_MESSAGE_PAGE = page_of(Message()), page_of(OwnMessage())
