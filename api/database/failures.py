"""What the errors of the database drivers mean: which of them pass, and which need another connection."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

#: The kinds of errors, as metrics count them: the database is unreachable, locked, full or read-only; no
#: connection or turn to write is free; the transaction has to run again; a constraint is violated; anything
#: else, a bug.
ERROR_KINDS = ("unavailable", "pool-exhausted", "try-again", "constraint", "other")
#: SQLSTATEs of PostgreSQL after which a transaction may run again: serialization failure and deadlock
RETRYABLE = frozenset({"40001", "40P01"})
#: The transaction is read-only: the server is a standby, or was one when the connection began.
_READ_ONLY = "25006"
#: What psycopg does not make an OperationalError: the server is read-only, or ended a transaction that was
#: idle, or lasted, for too long
_UNAVAILABLE = frozenset({_READ_ONLY, "25P03", "25P04"})
#: The server is read-only, or shuts down, or has crashed, or does not accept connections.
_SERVER_GONE = frozenset({_READ_ONLY, "57P01", "57P02", "57P03"})


def classify(error: BaseException) -> str:
    """Return the kind of a driver's error, one of ERROR_KINDS.

    Each driver has its own classes, with the names of PEP 249.
    """
    state = _get_sqlstate(error)
    if state in RETRYABLE:
        return "try-again"
    names = {base.__name__ for base in type(error).__mro__}
    if "IntegrityError" in names:
        return "constraint"
    is_unavailable = state in _UNAVAILABLE or names & {"OperationalError", "InterfaceError"}
    return "unavailable" if is_unavailable else "other"


def passes(error: SQLAlchemyError) -> bool:
    """Return whether the same statement may succeed later: the error is of the moment, and not a bug."""
    return isinstance(error, DBAPIError) and classify(error.orig or error) in ("unavailable", "try-again")


def is_retryable(error: DBAPIError) -> bool:
    """Return whether PostgreSQL asks to run the transaction again."""
    return _get_sqlstate(error.orig) in RETRYABLE


def needs_another_server(error: BaseException | None) -> bool:
    """Return whether the connections to this server are of no use, as after a failover."""
    return _get_sqlstate(error) in _SERVER_GONE


def get_message(error: SQLAlchemyError) -> str:
    """Return the first line of the driver's message for an error, or of the error's own message."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]


def _get_sqlstate(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or ""
