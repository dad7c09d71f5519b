"""The tables of exports: their columns, and streams of their rows.

Columns and rows follow the checklists, not the data: each question of each version that the visits were made
with has its place, whether it was answered or not. Every role gets the same file as a manager, so nothing in
it can tell who the shopper was.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.checklist import Checklist, Question
from api.domain.exports import ANSWERS, SCORES
from api.domain.fields import Text
from api.domain.months import Period, get_month
from api.models.exports import Export
from api.models.places import Location, Region
from api.models.submissions import Submission
from api.models.visits import Visit
from api.services.accepted_visits import select_accepted_visits
from api.services.checklists import get_version
from api.services.scored_answers import get_scored_answers
from api.services.scores import tables as score_tables
from api.services.scores.query import RowQuery
from api.services.scores.results import format_visit_score
from schemas.csv_format import list_columns
from schemas.scores import ROW_FIELDS, list_row_fields

#: what a cell can contain
Value = str | int | float | bool | date | None
#: rows are read from the database in batches of this many visits
BATCH_SIZE = 50
NOT_APPLICABLE = "not_applicable"

PLACE_COLUMNS = ("region_code", "region_name", "location_code", "location_name", "location_external_id")
VISIT_COLUMNS = (
    "visit_id",
    "day",
    "part_of_day",
    *PLACE_COLUMNS,
    "checklist",
    "checklist_version",
    "outcome",
    "points_earned",
    "points_possible",
    "score",
    "passed",
    "critical_failures",
    "amended_questions",
    "comment",
)
ANSWER_COLUMNS = (
    "visit_id",
    "day",
    *PLACE_COLUMNS,
    "checklist",
    "checklist_version",
    "section",
    "question",
    "question_text",
    "type",
    "value_text",
    "value_number",
    "value_date",
    "not_applicable",
    "comment",
    "photos",
    "points_earned",
    "points_possible",
    "amendment",
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the names of its columns, the number of its rows, and the rows, which can be read once."""

    columns: Sequence[str]
    row_count: int
    rows: Iterator[Sequence[Value]]


def build_table(session: Session, export: Export, actor: Actor) -> Table:
    """Return the table of an export, as its requester may see it. ``session`` reads one snapshot."""
    if export.kind == SCORES:
        return _build_score_table(session, export, actor)
    selection = _Selection(session, export, actor)
    if export.kind == ANSWERS:
        return _build_answer_table(selection)
    return _build_visit_table(selection)


def _build_score_table(session: Session, export: Export, actor: Actor) -> Table:
    query = RowQuery(
        by=tuple(export.by or ()),
        period=Period(get_month(export.first_day), get_month(export.last_day)),
        region_id=export.region_id,
        location_id=export.location_id,
        checklist=export.checklist,
        include=frozenset(export.include or ()),
    )
    names = list_row_fields(query.by, query.include)
    rows = score_tables.list_rows(session, actor, query, names, None, None).items
    columns = list_columns({name: ROW_FIELDS[name] for name in names}, rows)
    values = (_to_cells(values) for _, values in columns)
    return Table([name for name, _ in columns], len(rows), zip(*values, strict=True))


def _to_cells(values: Sequence[Any]) -> Iterator[Value]:
    """Yield the values of a column. IDs become texts."""
    return (
        value if value is None or isinstance(value, str | int | float) else str(value) for value in values
    )


class _Selection:
    """The accepted visits of an export, and the versions of the checklists that they were made with."""

    def __init__(self, session: Session, export: Export, actor: Actor) -> None:
        self.session = session
        self.language = export.language
        self._visits = select_accepted_visits(
            session,
            actor,
            Period(get_month(export.first_day), get_month(export.last_day)),
            export.region_id,
            export.location_id,
            export.checklist,
        ).where(Visit.day.between(export.first_day, export.last_day))
        count = self._visits.with_only_columns(Visit.checklist_version_id, func.count())
        counts = session.execute(count.order_by(None).group_by(Visit.checklist_version_id)).all()
        #: the versions, the newest of each checklist first, and the number of visits of each
        self.versions: list[tuple[Checklist, int]] = sorted(
            ((get_version(session, version_id).document, count) for version_id, count in counts),
            key=lambda item: (item[0].key, -item[0].version),
        )

    def stream(self) -> Iterator[Any]:
        """Yield the visits with their places and answers, sorted by (day, ID), in constant memory."""
        statement = (
            self._visits.join(Region, Region.id == Location.region_id)
            .with_only_columns(
                Visit.id,
                Visit.day,
                Visit.part_of_day,
                Visit.checklist_version_id,
                Region.code.label("region_code"),
                Region.name.label("region_name"),
                Location.code.label("location_code"),
                Location.name.label("location_name"),
                Location.external_id.label("location_external_id"),
                Submission.outcome,
                Submission.content,
                Submission.amendments,
                Submission.result,
            )
            .order_by(None)
            .order_by(Visit.day, Visit.id)
        )
        yield from self.session.execute(statement, execution_options={"yield_per": BATCH_SIZE})

    def get_document(self, visit: Any) -> Checklist:
        """Return the version of the checklist that a visit was made with."""
        return get_version(self.session, visit.checklist_version_id).document

    def get_answers(self, visit: Any) -> Mapping[str, Mapping[str, Any]]:
        """Return the answers of a visit as managers see them, by question."""
        return get_scored_answers(self.session, visit, visit, "watched")


def _build_visit_table(selection: _Selection) -> Table:
    """Return one row for each visit, with a column for each question: ``checklist/question``."""
    # The same question in several versions is one column, in the place that the newest of them gives it.
    places: dict[tuple[str, str], int] = {}
    for document, _ in selection.versions:
        for question in _list_questions(document):
            places.setdefault((document.key, question.key), len(VISIT_COLUMNS) + len(places))
    width = len(VISIT_COLUMNS) + len(places)

    def stream() -> Iterator[Sequence[Value]]:
        for visit in selection.stream():
            document, answers = selection.get_document(visit), selection.get_answers(visit)
            score = format_visit_score(visit.result)
            row: list[Value] = [None] * width
            row[: len(VISIT_COLUMNS)] = (
                str(visit.id),
                visit.day,
                visit.part_of_day,
                *_format_place(visit),
                document.key,
                document.version,
                visit.outcome,
                score["points_earned"],
                score["points_possible"],
                score["score"],
                score["passed"],
                ", ".join(score["critical_failures"]),
                ", ".join(key for key, answer in answers.items() if answer["amendment"]),
                visit.content.get("comment") or None,
            )
            for key, answer in answers.items():
                row[places[document.key, key]] = _format_answer(document.by_key[key], answer)
            yield row

    columns = [*VISIT_COLUMNS, *(f"{checklist}/{key}" for checklist, key in places)]
    return Table(columns, sum(count for _, count in selection.versions), stream())


def _build_answer_table(selection: _Selection) -> Table:
    """Return one row for each visit and question of its version, in the order of the checklist."""
    questions_by_version = {
        (document.key, document.version): [
            (section.key, question, _choose_text(question.text, selection.language))
            for section in document.sections
            for question in section.questions
            if not question.private
        ]
        for document, _ in selection.versions
    }

    def stream() -> Iterator[Sequence[Value]]:
        for visit in selection.stream():
            document = selection.get_document(visit)
            answers = selection.get_answers(visit)
            common = (str(visit.id), visit.day, *_format_place(visit), document.key, document.version)
            for section, question, text in questions_by_version[document.key, document.version]:
                key, type_ = question.key, question.type.name
                answer = answers.get(key)
                if answer is None:
                    yield (*common, section, key, text, type_, None, None, None, False, None, 0, 0, 0, None)
                else:
                    yield (
                        *common,
                        section,
                        key,
                        text,
                        type_,
                        *_split_by_type(_format_value(question, answer["value"])),
                        answer["not_applicable"],
                        answer["comment"],
                        len(answer["photos"]),
                        answer["points_earned"],
                        answer["points_possible"],
                        answer["amendment"] and answer["amendment"]["outcome"],
                    )

    row_count = sum(
        count * len(questions_by_version[document.key, document.version])
        for document, count in selection.versions
    )
    return Table(ANSWER_COLUMNS, row_count, stream())


def _list_questions(document: Checklist) -> list[Question]:
    return [question for question in document.questions if not question.private]


def _format_place(visit: Any) -> tuple[str | None, ...]:
    return (
        visit.region_code,
        visit.region_name,
        visit.location_code,
        visit.location_name,
        visit.location_external_id,
    )


def _format_answer(question: Question, answer: Mapping[str, Any]) -> Value:
    """Return an answer in one cell: its value, that it is not applicable, or the number of its photos."""
    if answer["not_applicable"]:
        return NOT_APPLICABLE
    if question.type.answered_by_photos:
        return len(answer["photos"])
    return _format_value(question, answer["value"])


def _format_value(question: Question, value: Any) -> Value:
    """Return the value of an answer. Dates are dates, and several options are in the checklist's order."""
    if question.type.is_empty(value):
        return None
    if isinstance(value, list):
        return ", ".join(choice for choice in question.choices if choice in value)
    read: Value = question.type.read_value(value)
    return read


def _split_by_type(value: Value) -> tuple[str | None, int | float | None, date | None]:
    """Return a value as text, number and date, of which one is set."""
    if isinstance(value, str):
        return value, None, None
    if isinstance(value, date):
        return None, None, value
    return None, value, None


def _choose_text(text: Text, language: str) -> str:
    """Return a text in a language, or in the first language that it has."""
    if isinstance(text, str):
        return text
    return text.get(language) or next(iter(text.values()))
