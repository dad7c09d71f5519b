"""Example values of fields, by name, for the OpenAPI document.

A name has the same meaning in nearly every schema. Enums, IDs, days, times and booleans need no example. A
field's own ``metadata={"example": …}`` takes precedence. The example of an object consists of those of its
fields, unless ``OBJECTS`` has one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from api.domain.checklist import fill_defaults

_PHOTO_ID = "0b8f4a52-6a3e-4c47-8f0c-7f1f4d8f2a90"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_SCORED_ANSWERS = {
    "greeting": {
        "value": "yes",
        "not_applicable": False,
        "comment": None,
        "photos": [],
        "points_earned": 2,
        "points_possible": 2,
    }
}

_BY_NAME: Mapping[str, Any] = {
    # accounts
    "client_secret": "wJ3n9Qm2x7Lr5Tz8Vb1Kc4Yd6Hf0Gs",
    "scope": "scores:read visits:read",
    "access_token": "eyJhbGciOiJIUzI1NiIs…",
    "email": "ana@example.com",
    "expires_in": 900,
    "new_password": "four-random-words",
    "old_password": "four-older-words",
    "organization": "Harbour Stores",
    "password": "four-random-words",
    "refresh_token": "eyJhbGciOiJIUzI1NiIs…",
    "role": "shopper",
    # organization and places
    "accent_color": "#0b6b5c",
    "address": "1 High Street, London",
    "code": "LDN-01",
    "external_id": "4711",
    "latitude": 51.5072,
    "lockout_days": 30,
    "longitude": -0.1276,
    "accuracy_m": 12,
    "name": "London Bridge",
    "phone": "+44 20 7946 0018",
    "time_zone": "Europe/London",
    "imported": 12,
    # checklists
    "channel": "in_person",
    "checklist": "store-visit",
    "checklist_key": "store-visit",
    "fundamental": "greet-the-customer",
    "good_answer": "yes",
    "help": "Count from the moment you enter.",
    "introduction": "Visit the store as you would on any other day.",
    "key": "store-visit",
    "kind": "daily",
    "label": "Left",
    "is": ["yes"],
    "month": "2026-01",
    "pass_mark": 0.8,
    "question": "greeting",
    "question_count": 13,
    "review": "automatic",
    "scale_points": [0, 1, 2, 3, 4],
    "section": "welcome",
    "text": "Did someone greet you within 30 seconds?",
    "title": "Store visit",
    "unit": "GBP",
    # visits and submissions
    "answers": {"greeting": {"value": "yes"}, "wait": {"value": 45, "comment": "Two tills were closed."}},
    "clock_shift": 0,
    "comment": "Two tills were closed.",
    "content_sha256": _SHA256,
    "decision": "accept",
    "decline_reason": "I cannot travel that day.",
    "detail": "The visit finished 12 minutes after the window closed.",
    "distance_m": 40,
    "make": "Fairphone",
    "missing": [_PHOTO_ID],
    "other_question": "greeting",
    "outcome": "visited",
    "part_of_day": "morning",
    "photos": [_PHOTO_ID],
    "question_reasons": {"receipt": "The total cannot be read."},
    "reason": "The total cannot be read.",
    "return_reason": "The total cannot be read.",
    "reviewer_name": "Rosa Ortiz",
    "sha256": _SHA256,
    "size": 301234,
    "status": "accepted",
    "unusable": [],
    "value": "yes",
    "width": 1920,
    "height": 2560,
    # webhooks
    "duration_ms": 120,
    "event": "visit.accepted",
    "events": ["visit.accepted", "visit.withdrawn"],
    "failure": None,
    "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD5iRmVZ1bN0M=",
    "url": "https://hooks.example.com/survey",
    # scores
    "best": 1,
    "critical_failures": 2,
    "made": {"2026-01": 6},
    "trend": {"2026-01": 0.858333},
    "by": ["location"],
    "difference": 0.031,
    "high": 0.893506,
    "include": ["change"],
    "low": 0.823161,
    "passed": 30,
    "points_earned": 412,
    "points_possible": 480,
    "previous_visits": 35,
    "score": 0.858333,
    "spread": 0.0912,
    "visits": 37,
    "worst": 9,
}
#: names with another meaning in one schema, as ``Schema.field``
_BY_SCHEMA: Mapping[str, Any] = {
    "ApiClient.name": "Data warehouse",
    "ApiClientNew.name": "Data warehouse",
    "ApiClientsQuery.name": "Data warehouse",
    "Band.points": 4,
    "ConfirmedPhoto.status": "stored",
    "DeclaredPhoto.status": "awaiting_upload",
    "Delivery.status": "delivered",
    "DeliveriesQuery.status": "failed",
    "DeliveryAttempt.status": 204,
    "DeliveryWithBody.body": '{"type":"webhook.test","timestamp":"2026-01-31T09:30:00Z","data":{}}',
    "DeliveryWithBody.status": "delivered",
    "Export.download": "https://survey.example.com/api/v1/exports/6f1c0c9e-52a4-4b53-9d0b-3f6f7a1f2c11/file?"
    "token=awsj0w.KUOCQV3GEUB59Z24mw9AxNWl",
    "Export.failure": None,
    "Export.kind": "visits",
    "Export.location_id": None,
    "Export.status": "ready",
    "ExportNew.by": None,
    "ExportNew.include": None,
    "ExportNew.kind": "visits",
    "ExportNew.location_id": None,
    "ExportProgress.done": 37000,
    "ExportProgress.of": 37000,
    "FileQuery.token": "awsj0w.KUOCQV3GEUB59Z24mw9AxNWl",
    "Fundamental.key": "greet-the-customer",
    "Fundamental.title": "Greet the customer",
    "FundamentalName.key": "greet-the-customer",
    "FundamentalName.title": "Greet the customer",
    "Flag.code": "late",
    "Health.status": "live",
    "Me.name": "Ana Silva",
    "NamedOrganization.name": "Harbour Stores",
    "Option.key": "left",
    "Organization.name": "Harbour Stores",
    "Problem.detail": "The request has errors",
    "Problem.instance": "/api/v1/regions",
    "Problem.request_id": "5f0c9a1e6a5b4f0e9b1c2d3e4f5a6b7c",
    "Problem.status": 422,
    "Problem.title": "The request has errors",
    "Problem.type": "/problems/invalid",
    "ProblemFieldError.detail": "Missing data for required field.",
    "ProblemFieldError.pointer": "/name",
    "Question.key": "greeting",
    "QuestionFigures.answers": {"yes": 31, "no": 4, "not_applicable": 2},
    "QuestionName.key": "greeting",
    "CommentedQuestion.key": "greeting",
    "Section.key": "welcome",
    "Section.title": "Welcome",
    "SectionName.key": "welcome",
    "SectionName.title": "Welcome",
    "ReviewsQuery.status": "waiting",
    "AssignedVisit.status": "assigned",
    "OwnVisit.status": "returned",
    "Region.code": "UK-S",
    "Region.name": "South England",
    "RegionWrite.code": "UK-S",
    "RegionWrite.name": "South England",
    "RegionsQuery.code": "UK-S",
    "RegionsQuery.name": "South England",
    "ScoredSubmission.checklist_version": 3,
    "Shopper.name": "Sam Lee",
    "UploadLink.headers": {"Content-Type": "image/jpeg"},
    "UploadLink.method": "PUT",
    "UploadLink.url": "https://survey.example/photo-store/eyJrZXkiOiJ1cGxvYWQifQ",
    "User.name": "Ana Silva",
    "UserNew.name": "Ana Silva",
    "UsersQuery.name": "Ana Silva",
    "ScoredSubmission.answers": _SCORED_ANSWERS,
    "Webhook.disabled_reason": None,
    "Webhook.status": "enabled",
    "WebhookCreator.type": "user",
    "WebhookEdit.status": "enabled",
    "WebhookWithSecret.disabled_reason": None,
    "WebhookWithSecret.status": "enabled",
    "VisitQuery.include": "checklist",
    "VisitScore.critical_failures": ["apology"],
    "VisitScore.passed": False,
    "Window.closes_at": "2026-02-07T18:00:00Z",
    "WatchedVisit.answers": _SCORED_ANSWERS,
    "WorstSection.key": "goodbye",
    "WorstSection.title": "Goodbye",
}


_LOCATION = {"id": "6f1c0c9e-52a4-4b53-9d0b-3f6f7a1f2c11", "code": "LDN-01", "name": "London Bridge"}
_REGION = {"id": "b2a5c7de-0f3b-4a55-8c0a-6d1c5f0e9a77", "code": "UK-S", "name": "South England"}
_FIGURES = {
    "visits": 37,
    "points_earned": 412,
    "points_possible": 480,
    "score": 0.858333,
    "spread": 0.0912,
    "interval": {"low": 0.823161, "high": 0.893506},
    "indicative": False,
    "critical_failures": 2,
    "passed": 30,
}
_DRAFT = {
    "key": "store-visit",
    "title": {"en": "Store visit", "es": "Visita a la tienda"},
    "channel": "in_person",
    "introduction": "Visit the store as you would on any other day.",
    "review": "automatic",
    "pass_mark": 0.8,
    "sections": [
        {
            "key": "welcome",
            "title": "Welcome",
            "questions": [
                {
                    "key": "greeting",
                    "text": "Did someone greet you within 30 seconds?",
                    "type": "yes_no",
                    "points": 2,
                    "fundamental": "greet-the-customer",
                    "comment": "when_points_lost",
                },
                {
                    "key": "wait",
                    "text": "How long until you were served?",
                    "type": "duration",
                    "bands": [{"up_to": 30, "points": 4}, {"up_to": 120, "points": 2}, {"points": 0}],
                },
                {
                    "key": "receipt",
                    "text": "Your receipt",
                    "type": "photo",
                    "private": True,
                    "photos": {"minimum": 1, "maximum": 1},
                },
            ],
        }
    ],
}

#: examples of whole objects, by schema, where an example of each field would not add up to a sensible object
OBJECTS: Mapping[str, Any] = {
    "ApiClientEdit": {"scopes": ["scores:read", "visits:read"]},
    "ChecklistDraft": _DRAFT,
    "ChecklistVersion": {**fill_defaults(_DRAFT), "version": 3},
    "Child": {**_FIGURES, "region": _REGION},
    "DecisionNew": {"revision": 1, "decision": "accept"},
    "LocationEdit": {"phone": "+44 20 7946 0018"},
    "Login": {"email": "ana@example.com", "password": "four-random-words"},
    "RegionEdit": {"name": "South of England"},
    "Row": {"location": _LOCATION, **_FIGURES, "rank": 4, "rank_range": {"best": 1, "worst": 9}},
    "Submission": {
        "revision": 1,
        "checklist_version": 3,
        "started_at": "2026-01-31T09:30:00Z",
        "finished_at": "2026-01-31T09:48:00Z",
        "position": {"latitude": 51.5072, "longitude": -0.1276, "accuracy_m": 12},
        "answers": {
            "greeting": {"value": "yes"},
            "wait": {"value": 45, "comment": "Two tills were closed."},
            "receipt": {"photos": [_PHOTO_ID]},
        },
        "comment": None,
    },
    "UserEdit": {"disabled": True},
    "UserNew": {
        "email": "sam@example.com",
        "name": "Sam Lee",
        "role": "shopper",
        "password": "four-random-words",
    },
    "VisitNew": {
        "location_id": _LOCATION["id"],
        "shopper_id": "d4b1f0a3-7c0e-4b7e-a6f1-2f9b1c3d5e70",
        "checklist_key": "store-visit",
        "window": {"opens_at": "2026-01-31T09:00:00Z", "closes_at": "2026-02-07T18:00:00Z"},
        "external_id": "4711",
    },
}


def get_example(schemas: Iterable[type], name: str) -> Any:
    """Return the example of a field, or None. ``schemas`` are its schema and the bases of that."""
    keys = (f"{schema.__name__}.{name}" for schema in schemas)
    key = next((key for key in keys if key in _BY_SCHEMA), None)
    return _BY_NAME.get(name) if key is None else _BY_SCHEMA[key]
