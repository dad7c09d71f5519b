"""Files that callers order: ``report/`` is the report of a place as PDF."""
