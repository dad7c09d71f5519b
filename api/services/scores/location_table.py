"""Tables of locations: all locations are sorted and ranked by few figures, and a page reads the rest."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.scoring import NO_VISITS, Rank, Ranking, Sums
from api.services.paging import decode_cursor, invalid_cursor
from api.services.scores.aggregates import Aggregate, PeriodAggregate
from api.services.scores.comparing import get_sort_values
from api.services.scores.grouping import TableRow, place_member
from api.services.scores.location_visits import find_subjects, read_months, read_sums, read_visits
from api.services.scores.places import Place, list_location_codes, read_locations
from api.services.scores.query import RowQuery
from api.services.scores.subjects import CountedChecklists

_NO_VISITS = PeriodAggregate()


class LocationTable:
    """The rows by location, in the order of the query."""

    def __init__(
        self, session: Session, actor: Actor, query: RowQuery, checklists: CountedChecklists
    ) -> None:
        """Sort the locations that the query covers."""
        self._session = session
        self._query = query
        self._subject_ids = checklists.subject_ids("visit")
        places = list_location_codes(session, actor, region_id=query.region_id, location_id=query.location_id)
        closed = [number for number, _, is_closed in places if is_closed]
        closed_visits = read_visits(session, closed, self._subject_ids, query.period) if closed else {}
        hidden = {number for number, visits in closed_visits.items() if not visits.total.asked}
        numbers = [number for number, _, _ in places if number not in hidden]
        self._sums = read_sums(session, numbers, self._subject_ids, query.period)
        previous: Mapping[int, Sums] = {}
        if query.is_sorted_by_difference:
            previous = read_sums(session, numbers, self._subject_ids, query.period.previous)
        get_values = get_sort_values(query)
        #: The sort values, the code and the number of each location
        self._order: list[tuple[Any, ...]] = []
        for number, code, _ in places:
            if number not in hidden:
                values = get_values(self._sums.get(number, NO_VISITS), previous.get(number, NO_VISITS))
                self._order.append((*values, code, number))
        self._order.sort()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._order)

    def find_start(self, cursor: str) -> int:
        """Return the index of the first row after a cursor."""
        if not self._order:
            return 0
        *values, _ = decode_cursor(cursor, len(self._order[0]))
        try:
            return bisect_right(self._order, (*values, math.inf))
        except TypeError:  # values of other types than those of the table
            raise invalid_cursor() from None

    def read(self, start: int, stop: int) -> list[TableRow]:
        """Return the rows from index ``start`` until before ``stop``."""
        session, period, subject_ids = self._session, self._query.period, self._subject_ids
        numbers = [row[-1] for row in self._order[start:stop]]
        places = read_locations(session, numbers)
        current = read_visits(session, numbers, subject_ids, period)
        previous: Mapping[int, PeriodAggregate] = {}
        months: Mapping[int, dict[int, Aggregate]] = {}
        if self._query.has_previous:
            previous = read_visits(session, numbers, subject_ids, period.previous)
        if self._query.has_months:
            months = read_months(session, numbers, subject_ids, period)
        members = {number: place_member(places[number]) for number in numbers}
        return [
            TableRow(
                (member.key,),
                (member,),
                current=current[number],
                previous=previous.get(number, _NO_VISITS),
                months=months.get(number, {}),
            )
            for number, member in members.items()
        ]

    def list_locations(self, rows: Sequence[TableRow]) -> Sequence[Place]:
        """Return the locations of rows."""
        return [row.members[0].value for row in rows]

    def rank(self, rows: Sequence[TableRow]) -> Mapping[tuple[str, ...], Rank | None]:
        """Return the ranks of rows, by row key.

        Empty if the visits of the locations with enough visits are of more than one checklist.
        """
        if self._ranking is None:
            return {}
        return {row.key: self._ranking.rank(row.current.total.sums) for row in rows}

    @cached_property
    def _ranking(self) -> Ranking | None:
        ranked = [number for number, sums in self._sums.items() if not sums.is_indicative]
        if len(self._subject_ids) > 1:
            subject_ids = find_subjects(self._session, ranked, self._subject_ids, self._query.period)
            if len(subject_ids) > 1:
                return None
        return Ranking(self._sums[number] for number in ranked)
