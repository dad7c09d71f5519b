"""Sums of integers that are integers on every database."""

from typing import Any

from sqlalchemy import BigInteger, Label, cast, func


def sum_of(column: Any) -> Label[int]:
    """Return the sum of a column as an integer, with its name; PostgreSQL returns sums as decimals."""
    return cast(func.sum(column), BigInteger).label(column.key)
