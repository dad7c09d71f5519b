"""Drafts of checklists: their revisions, and previews of publishing."""

from marshmallow import fields

from schemas.base import Day, Id, Integer, NamedPlace, Schema, Time, page_of
from schemas.checklists import ChecklistChange, ChecklistDraft, LatestChange
from schemas.problems import ProblemFieldError
from schemas.scores import Interval


class DraftRevision(LatestChange):
    """What a draft was after the edits of one person within ten minutes."""

    id = Id(required=True)
    created_at = Time(required=True)


class DraftRevisionWithDocument(DraftRevision):
    """A revision of a draft with its document."""

    document = fields.Nested(ChecklistDraft(), required=True)


class PreviewNew(Schema):
    """What to preview."""

    visits = Integer(0, 1000, load_default=200)


class VisitsNowAndThen(Schema):
    """A number of visits under the current version and under the draft."""

    now = fields.Integer(required=True)
    then = fields.Integer(required=True)


class ScoreNowAndThen(Schema):
    """A score under the current version and under the draft."""

    now = fields.Float(required=True, allow_none=True)
    then = fields.Float(required=True, allow_none=True)
    difference = fields.Float(required=True, allow_none=True)


class ReplayedScore(ScoreNowAndThen):
    """The score of all replayed visits. Without a visit, each field is null."""

    interval = fields.Nested(Interval(), required=True, allow_none=True)
    lowest = fields.Float(required=True, allow_none=True)
    highest = fields.Float(required=True, allow_none=True)


class ReplayedLocation(ScoreNowAndThen):
    """The score of the replayed visits to a location."""

    location = fields.Nested(NamedPlace(), required=True)
    visits = fields.Integer(required=True)


class UnansweredQuestion(Schema):
    """A question of the draft whose answers would count, but are not known."""

    question = fields.String(required=True)
    visits = fields.Integer(required=True)
    points_possible = fields.Integer(required=True)


class Replay(Schema):
    """What the last accepted visits to open stores would have scored under the draft."""

    visits = fields.Integer(required=True)
    skipped = fields.Integer(required=True)
    first_day = Day(required=True, allow_none=True)
    last_day = Day(required=True, allow_none=True)
    score = fields.Nested(ReplayedScore(), required=True)
    passed = fields.Nested(VisitsNowAndThen(), required=True)
    critical_failures = fields.Nested(VisitsNowAndThen(), required=True)
    locations = fields.List(fields.Nested(ReplayedLocation()), required=True)
    unanswered = fields.List(fields.Nested(UnansweredQuestion()), required=True)


class Preview(Schema):
    """What publishing a draft would do."""

    version = fields.Integer(required=True, allow_none=True)
    retired = fields.Boolean(required=True)
    has_changes = fields.Boolean(required=True)
    errors = fields.List(fields.Nested(ProblemFieldError()), required=True)
    changes = fields.List(fields.Nested(ChecklistChange()), required=True)
    replay = fields.Nested(Replay(), required=True, allow_none=True)
    visits_out = fields.Integer(required=True)


REVISION_PAGE = page_of(DraftRevision())
