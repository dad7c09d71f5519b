"""The installation: one database, with its photo store and its tokens."""

from functools import lru_cache

from api.database.engines import Database
from api.models.installation import Installation


@lru_cache(maxsize=8)
def read_token_issuer(database: Database) -> str:
    """Return the name in tokens of the installation with this database. It never changes."""
    with database.read_snapshot() as session:
        return f"urn:uuid:{session.get_one(Installation, 1).token_issuer}"
