"""Visits: what administrators assign, and what shoppers, reviewers and managers see.

These are three separate schemas, never one schema that is filtered.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from api.domain import flags
from api.domain.amendments import HIDDEN
from api.domain.disputes import AMENDED, SET_ASIDE
from api.domain.money import MAX_AMOUNT
from api.domain.privacy import PARTS_OF_DAY
from api.domain.times import FIRST_YEAR, LAST_YEAR
from api.domain.visits import DECISIONS, ORDER_PROBLEMS, OUTCOMES, STATUSES
from schemas.base import (
    TEXT_PATTERN,
    UUID_PATTERN,
    Boolean,
    Constant,
    Day,
    Enum,
    Id,
    Integer,
    PageQuery,
    Position,
    Query,
    QueryBoolean,
    Schema,
    Text,
    Time,
)
from schemas.payments import OwnPayment, Payment


def _check_year(moment: date) -> None:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ma.ValidationError(f"The year must be between {FIRST_YEAR} and {LAST_YEAR}.")


class ByQuestion(fields.Dict):
    """An object with one value per question key. The pointers of its errors name the key itself."""

    def __init__(self, values: fields.Field[Any], *, max_items: int | None = None, **kwargs: Any) -> None:
        key_format = {"propertyNames": {"pattern": TEXT_PATTERN}}
        metadata: dict[str, Any] = {"allOf": [key_format], **kwargs.pop("metadata", {})}
        if kwargs.get("allow_none"):
            metadata["type"] = ["object", "null"]
        if max_items is not None:
            metadata["maxProperties"] = max_items
        super().__init__(keys=fields.String(), values=values, metadata=metadata, **kwargs)
        self.max_items = max_items

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if self.max_items is not None and isinstance(value, Mapping) and len(value) > self.max_items:
            raise ma.ValidationError(f"At most {self.max_items} entries are allowed.")
        try:
            return super()._deserialize(value, attr, data, **kwargs)
        except ma.ValidationError as error:
            # marshmallow separates the errors of a "key" and its "value". Here, any string is a valid key.
            messages: Any = error.messages
            if isinstance(messages, Mapping):
                messages = {key: nested["value"] for key, nested in messages.items()}
            raise ma.ValidationError(messages) from None


class Window(Schema):
    """The time within which a visit must be made."""

    opens_at = Time(required=True, validate=_check_year)
    closes_at = Time(required=True, validate=_check_year)


class VisitNew(Schema):
    """A visit to assign. `override` ignores the rotation lockout."""

    location_id = Id(required=True)
    shopper_id = Id(required=True)
    checklist_key = Text(64, required=True)
    window = fields.Nested(Window(), required=True)
    external_id = Text(200, allow_none=True)
    override = Boolean()
    override_reason = Text(2000, allow_none=True)
    fee = Integer(
        0,
        MAX_AMOUNT,
        allow_none=True,
        metadata={
            "description": "What the shopper is paid for the visit, in the smallest unit of the "
            "organization's currency. Null for the fee in its settings. API clients cannot set it."
        },
    )


class VisitProblem(Schema):
    """What prevents a visit from being assigned."""

    code = Enum(ORDER_PROBLEMS, required=True)
    detail = fields.String(required=True)
    free_from = Day(required=True, allow_none=True)


class CheckedVisit(Schema):
    """The problems of a visit that is not assigned yet."""

    index = fields.Integer(required=True)
    problems = fields.List(fields.Nested(VisitProblem()), required=True)


class VisitsCheck(Schema):
    """The result of a check: the visits in their order."""

    items = fields.List(fields.Nested(CheckedVisit()), required=True)


class CancelledBatch(Schema):
    """How many visits of a batch are cancelled, and how many are not."""

    cancelled = fields.Integer(required=True)
    kept = fields.Integer(required=True)


class PlanningQuery(Query):
    """The first and the last day of the window to plan."""

    from_ = Day(data_key="from", attribute="from", required=True, validate=_check_year)
    to = Day(required=True, validate=_check_year)


class LocationVisits(Schema):
    """The visits of a location so far."""

    location_id = Id(required=True)
    last_visit = Day(required=True, allow_none=True)
    visits_in_progress = fields.Integer(required=True)


class Lockout(Schema):
    """A shopper to whom no visit to a location can be assigned within the window."""

    location_id = Id(required=True)
    shopper_id = Id(required=True)
    free_from = Day(required=True, allow_none=True)


class Planning(Schema):
    """What to know before visits are assigned. Self-checks do not count."""

    locations = fields.List(fields.Nested(LocationVisits()), required=True)
    lockouts = fields.List(fields.Nested(Lockout()), required=True)


class Reassignment(Schema):
    """The new shopper of a visit. `override` ignores the rotation lockout."""

    shopper_id = Id(required=True)
    override = Boolean(load_default=False)
    override_reason = Text(2000, allow_none=True)


class WindowEdit(Window):
    """A change of a window. An end that is omitted stays as it is."""


class VisitEdit(Schema):
    """Changes of a visit. `override` ignores the rotation lockout."""

    window = fields.Nested(WindowEdit(partial=True))
    override = Boolean()
    override_reason = Text(2000, allow_none=True)


class Decline(Schema):
    """The reason why a shopper declines a visit."""

    reason = Text(2000, allow_none=True, load_default=None)


class VisitsQuery(PageQuery):
    """Filters of the list of visits. `from` and `to` are days."""

    status = Enum(STATUSES)
    location_id = Id()
    region_id = Id()
    checklist_key = Text(64)
    shopper_id = Id()
    external_id = Text(200)
    batch_id = Id()
    q = Text(200)
    from_ = Day(data_key="from", attribute="from")
    to = Day()
    sort = Enum(("day", "-day"), load_default="day")
    mine = QueryBoolean(load_default=False)
    changed_after = fields.String(
        metadata={
            "description": "The `changes_token` of the previous page of the change feed, or an empty text to "
            "begin with the first change. Cannot be combined with filters"
        }
    )


class VisitQuery(Query):
    """What to return in addition to the visit itself."""

    include = fields.String(validate=validate.OneOf(["checklist"]))


class VisitLocation(Schema):
    """The location of a visit."""

    id = Id(attribute="location_id", required=True)
    code = fields.String(attribute="location_code", required=True)
    name = fields.String(attribute="location_name", required=True)
    address = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    time_zone = fields.String(required=True)
    latitude = fields.Float(required=True, allow_none=True)
    longitude = fields.Float(required=True, allow_none=True)


PINNED_CHECKLIST = fields.Raw(
    required=True,
    metadata={
        "description": "The version that the visit uses: only its key and version, or with "
        "`include=checklist` the whole document.",
        "example": {"key": "store-visit", "version": 3},
        "anyOf": [{"$ref": "#/components/schemas/ChecklistVersion"}],
    },
)


class PhotoCounts(Schema):
    """The number of photos that the answers name, and the IDs of those that are not stored."""

    expected = fields.Integer(required=True)
    stored = fields.Integer(required=True)
    missing = fields.List(fields.String(), required=True)
    unusable = fields.List(fields.String(), required=True)


class OwnVisit(Schema):
    """A visit as the person who makes it sees it."""

    view = Constant("own", required=True)
    id = Id(attribute="visit.id", required=True)
    status = Enum(STATUSES, attribute="visit.status", required=True)
    location = fields.Nested(VisitLocation(), required=True)
    checklist = PINNED_CHECKLIST
    window = fields.Nested(Window(), attribute="visit", required=True)
    day = Day(attribute="visit.day", required=True)
    revision = fields.Integer(attribute="visit.revision", required=True)
    return_reason = fields.String(attribute="visit.return_reason", required=True, allow_none=True)
    question_reasons = ByQuestion(fields.String(), attribute="visit.question_reasons", allow_none=True)
    message_to_shopper = fields.String(attribute="visit.message_to_shopper", required=True, allow_none=True)
    photos = fields.Nested(PhotoCounts(), required=True)
    payment = fields.Nested(OwnPayment(), required=True, allow_none=True)


class AssignedVisit(Schema):
    """A visit as an API client sees it that assigns, reassigns or cancels it."""

    view = Constant("assigned", required=True)
    id = Id(attribute="visit.id", required=True)
    status = Enum(STATUSES, attribute="visit.status", required=True)
    location = fields.Nested(VisitLocation(), required=True)
    checklist = PINNED_CHECKLIST
    window = fields.Nested(Window(), attribute="visit", required=True)
    external_id = fields.String(attribute="visit.external_id", required=True, allow_none=True)
    batch_id = Id(attribute="visit.batch_id", required=True, allow_none=True)


class Shopper(Schema):
    """The shopper of a visit. Only reviewers and administrators see them."""

    id = Id(attribute="shopper_id", required=True)
    name = fields.String(
        attribute="shopper_name",
        required=True,
        allow_none=True,
        metadata={
            "description": "Their name. Null if they were deleted, or if the organization no longer keeps it."
        },
    )


_FLAGS = "\n".join(f"- `{kind.code}`: {kind.raised_when}" for kind in flags.FLAG_KINDS.values())
FLAG_CODE = {"enum": list(flags.FLAG_KINDS), "description": f"When each flag is raised:\n\n{_FLAGS}"}


class Flag(Schema):
    """A reason for a reviewer to look at a visit, and what it refers to.

    Fields that begin with `other_` refer to the earlier visit with the same photo or comment. A flag about a
    comment without a question refers to the comment on the visit as a whole.
    """

    code = fields.String(required=True, metadata=FLAG_CODE)
    detail = fields.String(required=True)
    revision = fields.Integer(required=True, metadata={"description": "The revision that has the flag."})
    photo_id = Id(allow_none=True)
    question = fields.String(allow_none=True)
    other_visit_id = Id(allow_none=True)
    other_photo_id = Id(allow_none=True)
    other_question = fields.String(allow_none=True)


class Decision(Schema):
    """A decision on a revision. If `reviewer_id` is null, the visit was accepted automatically."""

    id = Id(required=True)
    revision = fields.Integer(required=True)
    decision = Enum(DECISIONS, required=True)
    reason = fields.String(required=True, allow_none=True)
    question_reasons = ByQuestion(fields.String(), allow_none=True)
    message_to_shopper = fields.String(required=True, allow_none=True)
    reviewer_id = Id(required=True, allow_none=True)
    replaces_id = Id(data_key="replaces", required=True, allow_none=True)
    decided_at = Time(required=True)


class PastDecision(Decision):
    """A decision with the name of the reviewer, who may have undone it."""

    reviewer_name = fields.String(required=True, allow_none=True)
    undone_at = Time(required=True, allow_none=True)


class PhotoEvidence(Schema):
    """The metadata of a photo, by the phone's clock. Only reviewers and administrators see it."""

    id = Id(required=True)
    question = fields.String(required=True, allow_none=True)
    taken_at = Time(required=True, allow_none=True)
    position = fields.Nested(Position(), required=True, allow_none=True)
    make = fields.String(required=True, allow_none=True)


class EvidenceVisit(OwnVisit):
    """A visit with all its evidence, as reviewers and administrators see it."""

    view = Constant("evidence", required=True)
    external_id = fields.String(attribute="visit.external_id", required=True, allow_none=True)
    batch_id = Id(attribute="visit.batch_id", required=True, allow_none=True)
    override_reason = fields.String(attribute="visit.override_reason", required=True, allow_none=True)
    shopper = fields.Nested(Shopper(), required=True)
    started_at = Time(attribute="visit.started_at", required=True, allow_none=True)
    finished_at = Time(attribute="visit.finished_at", required=True, allow_none=True)
    decline_reason = fields.String(attribute="visit.decline_reason", required=True, allow_none=True)
    outcome = Enum(
        OUTCOMES,
        attribute="visit.outcome",
        required=True,
        allow_none=True,
        metadata={
            "description": "The outcome of the latest revision: `visited`, or `store-closed` if the "
            "shopper found the store closed. Null without a revision."
        },
    )
    flags = fields.List(fields.Nested(Flag()), required=True)
    payment = fields.Nested(Payment(), required=True, allow_none=True)
    decisions = fields.List(
        fields.Nested(PastDecision()),
        metadata={"description": "The decisions on its revisions, oldest first. Only for a single visit."},
    )
    photo_evidence = fields.List(
        fields.Nested(PhotoEvidence()),
        metadata={"description": "The metadata of its stored photos. Only for a single visit."},
    )


class VisitScore(Schema):
    """The score of a visit."""

    points_earned = fields.Integer(required=True)
    points_possible = fields.Integer(required=True)
    score = fields.Float(required=True, allow_none=True)
    passed = fields.Boolean(required=True)
    critical_failures = fields.List(fields.String(), required=True)


class SentAnswer(Schema):
    """An answer as the shopper sent it."""

    value = fields.Raw(required=True, allow_none=True)
    not_applicable = fields.Boolean(required=True)


class Amendment(Schema):
    """What a decided dispute changed in an answer."""

    outcome = Enum(
        [SET_ASIDE, AMENDED, HIDDEN],
        required=True,
        metadata={
            "description": "`set_aside`: the answer does not count. `amended`: another value counts. "
            "`hidden`: the answer does not count, because another amended answer hides its question."
        },
    )
    sent = fields.Nested(SentAnswer(), required=True)


class ScoredAnswer(Schema):
    """An answer with its points. Instead of a time of day, managers see the part of the day.

    `value` and the points are those that count after a dispute. `amendment` is what was sent instead.
    """

    value = fields.Raw(allow_none=True)
    not_applicable = fields.Boolean(required=True)
    comment = fields.String(required=True, allow_none=True)
    photos = fields.List(fields.String(), required=True)
    points_earned = fields.Integer(required=True)
    points_possible = fields.Integer(required=True)
    amendment = fields.Nested(Amendment(), required=True, allow_none=True)


class WatchedVisit(Schema):
    """An accepted visit as managers and API clients see it. Nothing identifies the shopper."""

    view = Constant("watched", required=True)
    id = Id(attribute="visit.id", required=True)
    status = Enum(["accepted"], attribute="visit.status", required=True)
    location = fields.Nested(VisitLocation(), required=True)
    checklist = PINNED_CHECKLIST
    day = Day(attribute="visit.day", required=True)
    part_of_day = Enum(PARTS_OF_DAY, attribute="visit.part_of_day", required=True)
    outcome = Enum(OUTCOMES, attribute="visit.outcome", required=True)
    score = fields.Nested(VisitScore(), required=True)
    answers = ByQuestion(
        fields.Nested(ScoredAnswer()),
        metadata={
            "description": "The answers with their points, by the key of their question, without those to "
            "private questions. Only for a single visit."
        },
    )
    photos = fields.List(
        fields.String(),
        metadata={
            "description": "The IDs of photos that show that the store was closed. Only for a single visit."
        },
    )
    comment = fields.String(allow_none=True)


class AcceptedVisitChange(WatchedVisit):
    """A visit that became accepted, or that changed while it was accepted, as it is now."""

    change = Enum(
        ["accepted", "amended"],
        required=True,
        metadata={
            "description": "`amended`: accepted again with a corrected submission, a photo arrived later, or "
            "a dispute changed answers"
        },
    )
    answers = ByQuestion(
        fields.Nested(ScoredAnswer()),
        required=True,
        metadata={"description": "The answers by question key, with their points"},
    )
    photos = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The IDs of photos that show that the store was closed"},
    )
    comment = fields.String(
        required=True, allow_none=True, metadata={"description": "The comment on the visit as a whole"}
    )


class WithdrawnVisitChange(Schema):
    """A visit that is no longer accepted. Remove it from your copy, if it is there."""

    id = Id(required=True)
    change = Enum(["withdrawn"], required=True, metadata={"description": "Always `withdrawn`"})


_SHAPES = {
    "own": "OwnVisit",
    "watched": "WatchedVisit",
    "evidence": "EvidenceVisit",
    "assigned": "AssignedVisit",
}


def _one_of(*views: str) -> dict[str, Any]:
    references = {view: f"#/components/schemas/{_SHAPES[view]}" for view in views}
    return {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "view", "mapping": references},
    }


#: components of the OpenAPI document that are alternatives of schemas, and lists of them
COMPONENTS: Mapping[str, Mapping[str, Any]] = {
    "Visit": {
        "description": "A visit, in one of three shapes that depend on who asks. `view` names the shape: "
        "`own` for the person who makes the visit, `watched` for managers and API clients, and `evidence` "
        "for reviewers and administrators.",
        **_one_of("own", "watched", "evidence"),
    },
    "ChangedVisit": {
        "description": "A visit after a change: with its evidence, or for API clients without its shopper.",
        **_one_of("evidence", "assigned"),
    },
    "NewVisit": {
        "description": "A visit that was assigned: with its evidence, or for API clients without its "
        "shopper. Administrators who assigned it to themselves see it as their own visit.",
        **_one_of("evidence", "assigned", "own"),
    },
    "VisitChange": {
        "description": "A change of a visit: what it is now, or that it is no longer accepted.",
        "oneOf": [
            {"$ref": "#/components/schemas/AcceptedVisitChange"},
            {"$ref": "#/components/schemas/WithdrawnVisitChange"},
        ],
        "discriminator": {
            "propertyName": "change",
            "mapping": {
                "accepted": "#/components/schemas/AcceptedVisitChange",
                "amended": "#/components/schemas/AcceptedVisitChange",
                "withdrawn": "#/components/schemas/WithdrawnVisitChange",
            },
        },
    },
    "VisitChangePage": {
        "description": "A page of the change feed.",
        "type": "object",
        "properties": {
            "items": {
                "description": "The changed visits, the earliest change first. Each appears once in a page.",
                "type": "array",
                "items": {"$ref": "#/components/schemas/VisitChange"},
            },
            "changes_token": {
                "description": "Send it as `changed_after` to continue after this page.",
                "type": "string",
            },
            "more": {
                "description": "Whether there are more changes now. If not, ask again later.",
                "type": "boolean",
            },
        },
        "required": ["items", "changes_token", "more"],
        "additionalProperties": False,
    },
    "NewVisits": {
        "description": "The visits of a list that was assigned, in the same order.",
        "type": "object",
        "properties": {
            "batch_id": {
                "description": "The ID of the batch, which all visits of the list have.",
                "type": "string",
                "format": "uuid",
                "pattern": UUID_PATTERN,
            },
            "items": {
                "description": "The visits.",
                "type": "array",
                "items": {"$ref": "#/components/schemas/ChangedVisit"},
            },
        },
        "required": ["batch_id", "items"],
        "additionalProperties": False,
    },
    "VisitPage": {
        "description": "A page of visits. All of them have the same view.",
        "type": "object",
        "properties": {
            "items": {
                "description": "The visits of this page, in the order of the list.",
                "type": "array",
                "items": {"$ref": "#/components/schemas/Visit"},
            },
            "next": {
                "description": "The URL of the next page, as in the `Link` header. Null on the last page.",
                "type": ["string", "null"],
                "format": "uri",
            },
        },
        "required": ["items", "next"],
        "additionalProperties": False,
    },
}
