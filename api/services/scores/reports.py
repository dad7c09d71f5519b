"""Reports: the score of a location or a region over a period, with everything that explains it.

They are JSON as ``schemas.scores.Report`` describes it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.fundamentals import FUNDAMENTALS
from api.domain.months import Period, format_month
from api.domain.scoring import change, change_figures, figures, possible_tallies, share
from api.models.scores import SHARED_ANSWERS
from api.services.scores.aggregates import (
    EMPTY,
    Aggregate,
    PeriodAggregate,
    Places,
    add_up,
    aggregate_totals,
    count_answers,
    sum_dispute_effects,
)
from api.services.scores.children import list_children
from api.services.scores.coverage import cover_everything, cover_regions
from api.services.scores.places import Place, format_place
from api.services.scores.region_totals import Regions
from api.services.scores.subjects import PARTS, CountedChecklists, Subject, get_counted_checklists
from api.services.scores.verdicts import NO_COMPARISONS, Comparisons, get_comparisons, read_comparisons

#: The number of children in the report of a region, unless the caller asks for fewer
MAX_CHILDREN = 500


class RegionReport(NamedTuple):
    """The report of a region, and the cursor of the next page of its children or None."""

    figures: dict[str, Any]
    cursor: str | None


def get_location_report(
    session: Session,
    actor: Actor,
    location: Place,
    period: Period,
    checklist_key: str | None,
    include: Collection[str] = (),
) -> dict[str, Any]:
    """Return the report of a ``location`` from ``places.get_location``, with what ``include`` names.

    Raises ``CHECKLIST_NOT_FOUND`` for an unknown ``checklist_key``.
    """
    checklists = get_counted_checklists(session, actor, checklist_key)
    comparisons = NO_COMPARISONS
    if "verdict" in include:
        comparisons = get_comparisons(session, actor, checklists, period, "visit", *PARTS)
    report = _get_report(session, checklists, [location.number], period, checklist_key, comparisons, include)
    return {**report, "location": format_place(location)}


def get_region_report(
    session: Session,
    actor: Actor,
    region: Place,
    period: Period,
    checklist_key: str | None,
    include: Collection[str] = (),
    limit: int = MAX_CHILDREN,
    cursor: str | None = None,
) -> RegionReport:
    """Return the report of a ``region`` from ``places.get_region``: everything below it, and its children.

    ``include`` names what it has in addition: "verdict", "quarters". ``limit`` and ``cursor`` are for the
    page of children.

    Raises ``CHECKLIST_NOT_FOUND`` for an unknown ``checklist_key``, and INVALID for a cursor that this server
    did not issue.
    """
    checklists = get_counted_checklists(session, actor, checklist_key)
    regions = Regions(session, actor.organization_id)
    comparisons = NO_COMPARISONS
    if "verdict" in include:
        everything = cover_everything(session, actor, regions, period)
        comparisons = read_comparisons(session, checklists, everything, period, "visit", *PARTS)
    coverage = cover_regions(session, regions, [region.id], Period(period.previous.first, period.last))
    report = _get_report(session, checklists, coverage, period, checklist_key, comparisons, include)
    page = list_children(session, checklists, regions, region, period, comparisons, limit, cursor)
    report |= {"region": format_place(region), "children": page.items}
    return RegionReport(report, page.cursor)


def count_answers_by_question(
    session: Session, checklists: CountedChecklists, places: Places, period: Period
) -> dict[str, dict[str, int]]:
    """Return how often each possible answer was given: "checklist/question" → answer → times."""
    parts, answers = _get_parts(session, checklists, places, period)
    counts = {}
    for subject_id in parts:
        subject = checklists.subjects[subject_id]
        if subject.kind == "question":
            name = f"{subject.version.document.key}/{subject.key}"
            counts[name] = _format_answers(checklists, subject, answers.get(subject_id, {}))
    return counts


def format_section(checklists: CountedChecklists, subject: Subject) -> dict[str, Any]:
    """Return how scores name a section: the fields of ``schemas.scores.SectionName``."""
    section = checklists.get_wording(subject).section
    return {"checklist": subject.version.document.key, "key": section.key, "title": section.title}


def format_question(checklists: CountedChecklists, subject: Subject) -> dict[str, Any]:
    """Return how scores name a question: the fields of ``schemas.scores.QuestionName``."""
    _, section, question = checklists.get_wording(subject)
    assert question is not None
    return {
        "checklist": subject.version.document.key,
        "key": question.key,
        "text": question.text,
        "section": section.key,
        "fundamental": question.fundamental,
    }


def _get_report(
    session: Session,
    checklists: CountedChecklists,
    places: Places,
    period: Period,
    checklist_key: str | None,
    comparisons: Comparisons,
    include: Collection[str],
) -> dict[str, Any]:
    """Return what the reports of locations and regions have in common."""
    visits = _get_visits(session, checklists, places, period)
    previous = add_up(visits.by_month[month] for month in period.previous.months)
    parts, answers = _get_parts(session, checklists, places, period)
    effects = sum_dispute_effects(session, places, checklists.subject_ids("visit"), period)
    before_disputes = visits.current.total.sums.points - effects
    return {
        "from": format_month(period.first),
        "to": format_month(period.last),
        "checklist": checklist_key,
        "total": {
            **comparisons.format_visits(visits.current),
            "score_before_disputes": share(*before_disputes),
        },
        "previous": previous.format_visits(),
        "change": change_figures(
            change(visits.current.total.sums, previous.sums, comparable=visits.is_of_one_checklist)
        ),
        "sections": _format_sections(checklists, parts, comparisons),
        "fundamentals": _format_fundamentals(checklists, parts, comparisons),
        "questions": _format_questions(checklists, parts, answers, comparisons),
        "months": [
            {**visits.by_month[month].format_visits(), "month": format_month(month)}
            for month in period.months
        ],
        **({"quarters": _format_quarters(visits, period)} if "quarters" in include else {}),
    }


class _Visits(NamedTuple):
    """Whole visits of a period and the period before it, by month."""

    by_month: dict[int, Aggregate]
    current: PeriodAggregate
    is_of_one_checklist: bool


def _get_visits(session: Session, checklists: CountedChecklists, places: Places, period: Period) -> _Visits:
    both_periods = Period(period.previous.first, period.last)
    by_month = dict.fromkeys(both_periods.months, EMPTY)
    current, scored_subject_ids = PeriodAggregate(), set()
    for (subject_id, month), aggregate, _ in aggregate_totals(
        session,
        places,
        checklists.subject_ids("visit"),
        both_periods,
        "subject_id",
        "month",
        extra="outcomes",
    ):
        by_month[month] = by_month[month].plus(aggregate)
        if month >= period.first:
            current.add(aggregate, subject_id)
        if aggregate.sums.visits:
            scored_subject_ids.add(subject_id)
    return _Visits(by_month, current, len(scored_subject_ids) <= 1)


def _get_parts(
    session: Session, checklists: CountedChecklists, places: Places, period: Period
) -> tuple[dict[int, PeriodAggregate], dict[int, dict[str, int]]]:
    """Return the sections, fundamentals and questions that were asked, and how often each answer was given.

    Both are by subject ID.
    """
    parts: dict[int, PeriodAggregate] = {}
    answers: dict[int, dict[str, int]] = {}
    subject_ids = checklists.subject_ids(*PARTS)
    for (subject_id,), aggregate, counts in aggregate_totals(
        session, places, subject_ids, period, "subject_id", extra="answers"
    ):
        if aggregate.asked:
            parts[subject_id] = PeriodAggregate()
            parts[subject_id].add(aggregate, subject_id)
            answers[subject_id] = {
                answer: times for answer, times in zip(SHARED_ANSWERS, counts, strict=True) if times
            }
    for subject_id, own_counts in count_answers(session, places, subject_ids, period).items():
        answers[subject_id] |= own_counts
    return parts, answers


def _format_quarters(visits: _Visits, period: Period) -> list[dict[str, Any]]:
    """Return the score of each quarter, from its sums: scores of months cannot be averaged."""
    return [
        {
            **add_up(visits.by_month[month] for month in quarter.months).format_visits(),
            "from": format_month(quarter.first),
            "to": format_month(quarter.last),
        }
        for quarter in period.quarters
    ]


def _format_part(part: PeriodAggregate, kind: str, comparisons: Comparisons) -> dict[str, Any]:
    return {**figures(part.total.sums), **comparisons.format_verdict(part, kind)}


def _format_sections(
    checklists: CountedChecklists, parts: Mapping[int, PeriodAggregate], comparisons: Comparisons
) -> list[dict[str, Any]]:
    return [
        {
            **_format_part(parts[subject_id], "section", comparisons),
            **format_section(checklists, checklists.subjects[subject_id]),
        }
        for subject_id in _sort_subjects(checklists, parts, "section")
    ]


def _format_fundamentals(
    checklists: CountedChecklists, parts: Mapping[int, PeriodAggregate], comparisons: Comparisons
) -> list[dict[str, Any]]:
    """Return the fundamentals, each pooled over all checklists that observe it."""
    by_key: dict[str, PeriodAggregate] = {}
    for subject_id, part in parts.items():
        subject = checklists.subjects[subject_id]
        if subject.kind == "fundamental":
            by_key.setdefault(subject.key, PeriodAggregate()).add(part.total, subject_id)
    return [
        {
            **_format_part(by_key[fundamental.key], "fundamental", comparisons),
            "key": fundamental.key,
            "title": fundamental.title,
        }
        for fundamental in FUNDAMENTALS
        if fundamental.key in by_key
    ]


def _format_questions(
    checklists: CountedChecklists,
    parts: Mapping[int, PeriodAggregate],
    answers: Mapping[int, Mapping[str, int]],
    comparisons: Comparisons,
) -> list[dict[str, Any]]:
    questions = []
    for subject_id in _sort_subjects(checklists, parts, "question"):
        subject = checklists.subjects[subject_id]
        questions.append(
            {
                **_format_part(parts[subject_id], "question", comparisons),
                **format_question(checklists, subject),
                "answers": _format_answers(checklists, subject, answers.get(subject_id, {})),
            }
        )
    return questions


def _format_answers(
    checklists: CountedChecklists, subject: Subject, counts: Mapping[str, int]
) -> dict[str, int]:
    """Return how often each possible answer to a question was given, in the order of the question."""
    question = checklists.get_wording(subject).question
    assert question is not None
    # An option that a later version dropped may still have answers.
    possible = dict.fromkeys([*possible_tallies(question), *sorted(counts)], 0)
    return {**possible, **counts}


def _sort_subjects(checklists: CountedChecklists, subject_ids: Iterable[int], kind: str) -> list[int]:
    """Return the IDs of the subjects of a kind, in the order of their checklists."""
    of_kind = (subject_id for subject_id in subject_ids if checklists.subjects[subject_id].kind == kind)
    return sorted(
        of_kind, key=lambda subject_id: checklists.get_wording(checklists.subjects[subject_id]).order
    )
