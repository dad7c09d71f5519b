"""Tables: pages of score rows, with the fields that were selected."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from operator import itemgetter
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
    sort_key,
)
from api.services.scores.grouping import TableRow, cover_rows, group_rows
from api.services.scores.location_table import LocationTable
from api.services.scores.places import Place, format_place, get_location, get_region, list_locations
from api.services.scores.query import RowQuery
from api.services.scores.reports import count_answers_by_question
from api.services.scores.subjects import CountedChecklists, get_counted_checklists
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
    """Return a page of the rows of a ``Table``, or all of them without ``limit``."""
    table = Table(session, actor, query, fields)
    start = table.find_start(cursor)
    return table.read_page(start, len(table) if limit is None else start + limit)


class Table:
    """The rows of a query in their order, of which any part can be read.

    Rows are dictionaries with ``fields``, in this order: field names from ``schemas.scores.list_row_fields``.
    The number of statements does not depend on the number of rows.
    """

    def __init__(self, session: Session, actor: Actor, query: RowQuery, fields: Sequence[str]) -> None:
        """Read what decides the order of the rows.

        Raises ``INVALID``, or ``…_NOT_FOUND`` for an unknown region, location or checklist.
        """
        query.validate()
        self._query = query
        self._fields = fields
        checklists = get_counted_checklists(session, actor, query.checklist)
        if query.region_id is not None:
            get_region(session, actor, query.region_id)
        if query.location_id is not None:
            get_location(session, actor, query.location_id)
        self._context = session, actor, query, checklists
        self._rows = (LocationTable if query.by == ("location",) else _GroupedTable)(*self._context)
        self._comparisons = (
            get_comparisons(session, actor, checklists, query.period, query.subject_kind)
            if "verdict" in query.include
            else NO_COMPARISONS
        )

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def find_start(self, cursor: str | None) -> int:
        """Return the index of the first row after a cursor, if any. Raises ``INVALID`` for any other text."""
        return 0 if cursor is None else self._rows.find_start(cursor)

    def read_page(self, start: int, stop: int) -> Page:
        """Return the rows from index ``start`` until before ``stop``."""
        rows = self._rows.read(start, stop)
        is_last = stop >= len(self)
        return Page(self._format(rows), None if is_last else encode_cursor(*sort_key(self._query, rows[-1])))

    def _format(self, rows: Sequence[TableRow]) -> list[dict[str, Any]]:
        fields, kind = self._fields, self._query.subject_kind
        session, actor, query, checklists = self._context
        locations = self._rows.list_locations(rows)
        ranks = {} if _RANK_FIELDS.isdisjoint(fields) else self._rows.rank(rows)
        worst_sections = find_worst_sections(*self._context, locations) if "worst_section" in fields else {}
        weakest_questions = (
            find_weakest_questions(*self._context, locations) if "weakest_question" in fields else {}
        )
        answers = (
            count_answers_by_question(
                session, checklists, cover_rows(session, actor, query, locations), query.period
            )
            if "answers" in fields
            else {}
        )
        return [
            _format_row(
                self._query,
                fields,
                row,
                {
                    **_format_rank(ranks.get(row.key)),
                    **self._comparisons.format_verdict(row.current, kind),
                    "worst_section": worst_sections.get(row.key),
                    "weakest_question": weakest_questions.get(row.key),
                    "answers": answers.get(row.key[0]),
                },
            )
            for row in rows
        ]


class _GroupedTable:
    """The rows by anything else than location alone, which are all read at once."""

    def __init__(
        self, session: Session, actor: Actor, query: RowQuery, checklists: CountedChecklists
    ) -> None:
        self._locations: Sequence[Place] = ()
        if query.needs_locations:
            self._locations = list_locations(
                session, actor, region_id=query.region_id, location_id=query.location_id
            )
        rows = group_rows(session, actor, query, checklists, self._locations)
        self._keyed_rows = sorted(((sort_key(query, row), row) for row in rows), key=itemgetter(0))

    def __len__(self) -> int:
        return len(self._keyed_rows)

    def find_start(self, cursor: str) -> int:
        if not self._keyed_rows:
            return 0
        last_key = tuple(decode_cursor(cursor, len(self._keyed_rows[0][0])))
        try:
            return bisect_right(self._keyed_rows, last_key, key=itemgetter(0))
        except TypeError:  # values of other types than those of the keys
            raise invalid_cursor() from None

    def read(self, start: int, stop: int) -> list[TableRow]:
        return [row for _, row in self._keyed_rows[start:stop]]

    def list_locations(self, _rows: Sequence[TableRow]) -> Sequence[Place]:
        return self._locations

    def rank(self, _rows: Sequence[TableRow]) -> Mapping[tuple[str, ...], Rank | None]:
        return {}


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
