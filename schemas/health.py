"""Health checks."""

from schemas.base import Schema, Word


class Health(Schema):
    """The state of the program, if it is healthy; otherwise the response is a problem document."""

    status = Word(["live", "ready"], required=True)
