"""Tables, one file per subject. Importing the package registers every table in ``Base.metadata``."""

from api.models import (  # noqa: F401
    account_links,
    api_clients,
    audit,
    changes,
    checklists,
    disputes,
    events,
    exports,
    idempotency,
    installation,
    latest_writes,
    messages,
    notices,
    organizations,
    payments,
    photos,
    places,
    quotas,
    reviews,
    saved_views,
    scores,
    second_factors,
    sign_in,
    submissions,
    targets,
    users,
    visits,
    webhooks,
)
from api.models.base import Base

__all__ = ["Base"]
