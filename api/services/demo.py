"""Demo data (to come)."""


def fill(database: object) -> str:
    """Do nothing yet."""
    return "no demo yet"
