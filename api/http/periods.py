"""The period of a query: whole months."""

from typing import Any

from api.domain import problems
from api.domain.months import Period


def parse_period(query: dict[str, Any]) -> Period:
    """Return the period from ``from`` to ``to`` of a query; by default the last twelve months.

    Raises INVALID if the period ends before it begins or is too long.
    """
    try:
        return Period.of(query.get("from"), query.get("to"))
    except ValueError as error:
        raise problems.invalid_field("/from", f"{error}.") from None
