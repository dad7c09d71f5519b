"""The period of a query: whole months."""

from typing import Any

from api.domain import problems
from api.domain.months import Period


def period_of(query: dict[str, Any]) -> Period:
    """Return the period that a query asks for, the last twelve months if it says nothing."""
    try:
        return Period.of(query.get("from"), query.get("to"))
    except ValueError as error:
        raise problems.invalid_field("/from", f"{error}.") from None
