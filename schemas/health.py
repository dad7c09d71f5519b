"""Health checks."""

from schemas.base import Enum, Schema


class Health(Schema):
    """The state of the program, if it is healthy; otherwise the response is a problem document."""

    status = Enum(["live", "ready"], required=True)
    replica = Enum(["available", "unavailable"])
