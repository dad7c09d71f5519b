"""Drafts of checklists for tests."""

import copy
import json
from pathlib import Path
from typing import Any

from api.domain.checklist import Checklist, fill_defaults

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "score-vectors.json").read_text())

YES_NO = {"key": "greeting", "text": "Greeted?", "type": "yes_no", "points": 2}
SCALE = {
    "key": "sincerity",
    "text": "How sincere?",
    "type": "scale",
    "minimum": 1,
    "maximum": 5,
    "scale_points": [0, 1, 2, 3, 4],
}
CHOICE = {
    "key": "till",
    "text": "Which till?",
    "type": "choice",
    "options": [{"key": "left", "label": "Left"}, {"key": "right", "label": "Right", "points": 3}],
}
DURATION = {
    "key": "wait",
    "text": "How long?",
    "type": "duration",
    "bands": [{"up_to": 30, "points": 4}, {"up_to": 120, "points": 2}, {"points": 0}],
}
PHOTO = {"key": "receipt", "text": "Receipt", "type": "photo", "photos": {"minimum": 1, "maximum": 1}}
STORY = {"key": "story", "text": "Tell the story", "type": "text"}
ALL_TYPES = [
    YES_NO,
    SCALE,
    CHOICE,
    DURATION,
    PHOTO,
    STORY,
    {"key": "spent", "text": "Spent?", "type": "number", "unit": "GBP"},
    {"key": "when", "text": "When?", "type": "time"},
    {"key": "best-before", "text": "Best before?", "type": "date"},
]


def document(*questions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    section = {"key": "welcome", "title": "Welcome", "questions": list(questions)}
    draft = {"key": "store-visit", "title": "Visit", "channel": "in_person", "sections": [section]}
    return copy.deepcopy(draft | fields)


def published(*questions: dict[str, Any], version: int = 1) -> Checklist:
    return Checklist.from_document(fill_defaults(document(*questions)), version)
