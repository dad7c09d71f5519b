"""Searches: a text anywhere in one of several columns, in upper or lower case."""

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_


def contains(text: Any, *columns: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return the condition that a column contains ``text``: a pattern from ``escape``, or its parameter."""
    return or_(*(func.lower(column).like(text, escape="/") for column in columns))


def escape(text: str) -> str:
    """Return the pattern for ``contains`` that finds exactly this text. Spaces around it do not count."""
    for character in "/%_":
        text = text.replace(character, f"/{character}")
    return f"%{text.strip().lower()}%"
