"""Tables: pages of score rows, with the fields that were selected."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.months import format_month
from api.domain.scoring import Rank, change_figures, figures, share
from api.services.paging import Page, decode_cursor, encode_cursor, invalid_cursor
from api.services.scores.aggregates import EMPTY, Aggregate
from api.services.scores.comparing import (
    find_weakest_questions,
    find_worst_sections,
    get_change,
    rank_rows,
    sort_key,
)
from api.services.scores.grouping import TableRow, group_rows
from api.services.scores.places import Place, format_place, get_location, get_region, list_locations
from api.services.scores.query import RowQuery
from api.services.scores.reports import count_answers_by_question
from api.services.scores.subjects import get_counted_checklists
from api.services.scores.verdicts import NO_COMPARISONS, get_comparisons

#: Fields that need more than the sums of a row
_RANK_FIELDS = frozenset({"rank", "rank_range"})
_MONTH_FIELDS = frozenset({"months", "trend", "made"})


def list_rows(
    session: Session,
    actor: Actor,
    query: RowQuery,
    fields: Sequence[str],
    limit: int | None,
    cursor: str | None,
) -> Page:
    """Return a page of the rows of a table, or all of them without ``limit``.

    Rows are dictionaries with ``fields``, in this order: field names from ``schemas.scores.list_row_fields``.
    The number of statements does not depend on the number of rows. Raises ``INVALID``, or ``…_NOT_FOUND`` for
    an unknown region, location or checklist.
    """
    query.validate()
    checklists = get_counted_checklists(session, actor, query.checklist)
    locations = _get_locations(session, actor, query)
    rows = group_rows(session, actor, query, checklists, locations)
    keyed_rows = sorted(((sort_key(query, row), row) for row in rows), key=lambda pair: pair[0])
    start = _find_start([key for key, _ in keyed_rows], cursor)
    page_rows = keyed_rows[start:] if limit is None else keyed_rows[start : start + limit]
    has_more = start + len(page_rows) < len(keyed_rows)
    row_ranks = {} if _RANK_FIELDS.isdisjoint(fields) else rank_rows(rows)
    places = session, actor, query, checklists, locations
    worst_sections = find_worst_sections(*places) if "worst_section" in fields else {}
    weakest_questions = find_weakest_questions(*places) if "weakest_question" in fields else {}
    answers = (
        count_answers_by_question(session, checklists, [place.number for place in locations], query.period)
        if "answers" in fields
        else {}
    )
    comparisons = (
        get_comparisons(session, actor, checklists, query.period, query.subject_kind)
        if "verdict" in query.include
        else NO_COMPARISONS
    )
    items = [
        _format_row(
            query,
            fields,
            row,
            {
                **_format_rank(row_ranks.get(row.key)),
                **comparisons.format_verdict(row.current, query.subject_kind),
                "worst_section": worst_sections.get(row.key),
                "weakest_question": weakest_questions.get(row.key),
                "answers": answers.get(row.key[0]),
            },
        )
        for _, row in page_rows
    ]
    return Page(items, encode_cursor(*page_rows[-1][0]) if has_more else None)


def _get_locations(session: Session, actor: Actor, query: RowQuery) -> Sequence[Place]:
    """Return the locations that a query covers."""
    if query.region_id is not None:
        get_region(session, actor, query.region_id)
    if query.location_id is not None:
        get_location(session, actor, query.location_id)
    return list_locations(session, actor, region_id=query.region_id, location_id=query.location_id)


def _find_start(keys: Sequence[tuple[Any, ...]], cursor: str | None) -> int:
    """Return the index of the first row after the cursor."""
    if cursor is None or not keys:
        return 0
    last_key = tuple(decode_cursor(cursor, len(keys[0])))
    try:
        return next((index for index, key in enumerate(keys) if key > last_key), len(keys))
    except TypeError:  # values of other types than those of the keys
        raise invalid_cursor() from None


def _format_row(
    query: RowQuery,
    fields: Sequence[str],
    row: TableRow,
    comparison: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the selected fields of a row. ``comparison`` has those that follow from other rows."""
    values = {
        dimension: format_place(member.value) if dimension in ("location", "region") else member.value
        for dimension, member in zip(query.by, row.members, strict=True)
    }
    values |= _format_score(query, row.current.total)
    values |= comparison
    if "change" in fields:
        values["change"] = change_figures(get_change(query, row))
    if not _MONTH_FIELDS.isdisjoint(fields):
        values |= _format_months(query, fields, row)
    values["previous_visits"] = row.previous.total.sums.visits
    return {name: values[name] for name in fields}


def _format_rank(rank: Rank | None) -> dict[str, Any]:
    if rank is None:
        return {"rank": None, "rank_range": None}
    return {"rank": rank.rank, "rank_range": {"best": rank.best, "worst": rank.worst}}


def _format_months(query: RowQuery, fields: Sequence[str], row: TableRow) -> dict[str, Any]:
    months = {format_month(month): row.months.get(month, EMPTY) for month in query.period.months}
    values: dict[str, Any] = {
        "trend": {
            name: share(aggregate.sums.earned, aggregate.sums.possible) for name, aggregate in months.items()
        },
        "made": {name: aggregate.asked for name, aggregate in months.items()},
    }
    if "months" in fields:  # an interval for each month takes time
        values["months"] = [
            {"month": name, **_format_score(query, aggregate)} for name, aggregate in months.items()
        ]
    return values


def _format_score(query: RowQuery, aggregate: Aggregate) -> dict[str, Any]:
    """Return the score of a row: of whole visits, or of a part of them."""
    return aggregate.format_visits() if query.subject_kind == "visit" else figures(aggregate.sums)
