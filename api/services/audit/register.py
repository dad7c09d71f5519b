"""The tables whose changes the audit log records, and what it says of them.

Every column is recorded under its own name, unless the register says otherwise: a new column of a table in
the register is in the log at once.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from api.domain import audit
from api.models.api_clients import ApiClient
from api.models.base import Base
from api.models.checklists import Checklist
from api.models.disputes import Dispute
from api.models.exports import Export
from api.models.organizations import Organization
from api.models.places import Location, Region
from api.models.quotas import Quota
from api.models.targets import Target
from api.models.users import User
from api.models.visits import Visit
from api.models.webhooks import Webhook
from api.services.checklists import get_version


class Change(NamedTuple):
    """The value of a field before and after a change. Null means that there is none."""

    before: Any
    after: Any


#: field → its change
Changes = Mapping[str, Change]


def _get_usual_verb(_changes: Changes) -> str:
    return "updated"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """How the log names the rows of a table and their changes.

    ``renamed`` maps columns to the fields of the API. ``values`` maps a column to the function that returns
    its value as the API shows it. Of the columns in ``secret``, the log says only that they changed; the
    fields in ``personal`` identify a person, and can be removed. Rows that share an entry may have the same
    value in the column ``group``: it is then the ID of the subject. ``get_verb`` names an update.
    """

    table: type[Base]
    kind: str
    unrecorded: frozenset[str]
    renamed: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Callable[[Session, Any], Any]] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()
    group: str | None = None
    created: str = "created"
    get_verb: Callable[[Changes], str] = _get_usual_verb

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """Each recorded column with the name of its field."""
        names = [attribute.key for attribute in inspect(self.table).column_attrs]
        return {name: self.renamed.get(name, name) for name in names if name not in self.unrecorded}


def _get_verb_for_user(changes: Changes) -> str:
    return "password_changed" if changes.keys() == {"password"} else "updated"


def _get_verb_for_checklist(changes: Changes) -> str:
    if "version" in changes:
        return "published"
    if "retired_at" in changes:
        return "retired" if changes["retired_at"].after else "restored"
    return "updated"


def _get_verb_for_visit(changes: Changes) -> str:
    return changes["status"].after if "status" in changes else "updated"


def _get_verb_for_dispute(changes: Changes) -> str:
    return str(changes["status"].after)


def _get_verb_for_client(changes: Changes) -> str:
    return "revoked" if "revoked_at" in changes else "updated"


def _get_verb_for_webhook(changes: Changes) -> str:
    return "secret_replaced" if changes.keys() == {"secret"} else "updated"


def _describe_briefing(_session: Session, briefing: str | Mapping[str, str]) -> str:
    if isinstance(briefing, str):
        return briefing
    return "\n".join(f"{language}: {text}" for language, text in briefing.items())


def _describe_version(session: Session, version_id: uuid.UUID) -> dict[str, Any]:
    document = get_version(session, version_id).document
    return {"key": document.key, "version": document.version}


def _get_checklist_key(session: Session, checklist_id: uuid.UUID) -> str:
    return session.get_one(Checklist, checklist_id).key


_COMMON = frozenset({"id", "organization_id", "created_at"})
REGISTER: Mapping[type[Base], Recorded] = {
    recorded.table: recorded
    for recorded in (
        Recorded(
            table=Organization,
            kind=audit.ORGANIZATION,
            unrecorded=_COMMON | {"place_moves", "places_version"},
            renamed={"logo_sha256": "logo"},
            values={"briefing": _describe_briefing},
            # The hash says nothing to people.
            secret=frozenset({"logo_sha256"}),
        ),
        Recorded(table=Region, kind=audit.REGION, unrecorded=_COMMON),
        Recorded(table=Location, kind=audit.LOCATION, unrecorded=_COMMON | {"number"}),
        Recorded(
            table=User,
            kind=audit.USER,
            unrecorded=_COMMON | {"last_login_at", "disabled_at"},
            renamed={"password_hash": "password"},
            secret=frozenset({"password_hash"}),
            personal=frozenset({"name", "email"}),
            get_verb=_get_verb_for_user,
        ),
        Recorded(
            table=Checklist,
            kind=audit.CHECKLIST,
            # The revisions of a draft are their own record.
            unrecorded=_COMMON | {"draft"},
            renamed={"latest_version": "version"},
            get_verb=_get_verb_for_checklist,
        ),
        Recorded(
            table=Visit,
            kind=audit.VISIT,
            # What the answers and the decisions on them change is recorded by submissions and decisions.
            unrecorded=_COMMON
            | {"day", "part_of_day", "month", "started_at", "finished_at", "revision", "waiting_since"}
            | {"return_reason", "question_reasons", "message_to_shopper"},
            renamed={"checklist_version_id": "checklist"},
            values={"checklist_version_id": _describe_version},
            personal=frozenset({"shopper_id", "override_reason", "decline_reason"}),
            group="batch_id",
            created="assigned",
            get_verb=_get_verb_for_visit,
        ),
        Recorded(
            table=Dispute,
            kind=audit.DISPUTE,
            # What was contested and decided is its own record. Who did it is the author of the entry.
            unrecorded=_COMMON
            | {"revision", "acceptance_id", "acceptance_ended", "opener_id", "decider_id", "opened_at"}
            | {"due_at", "closed_at"},
            created="opened",
            get_verb=_get_verb_for_dispute,
        ),
        Recorded(
            table=Export,
            kind=audit.EXPORT,
            # The rest is how far it is, and where its file is.
            unrecorded=_COMMON
            | {"requester_id", "requester_role", "status", "attempts", "failures", "leased_until", "done"}
            | {"of", "failure", "location_numbers", "key", "size", "expires_at"},
            renamed={"first_day": "from", "last_day": "to"},
            created="requested",
        ),
        Recorded(
            table=ApiClient,
            kind=audit.API_CLIENT,
            unrecorded=_COMMON | {"last_used_at"},
            get_verb=_get_verb_for_client,
        ),
        Recorded(
            table=Webhook,
            kind=audit.WEBHOOK,
            unrecorded=_COMMON
            | {"creator_id", "created_by_client", "failing_since", "last_success_at", "secret_replacements"},
            renamed={"secrets": "secret"},
            secret=frozenset({"secrets"}),
            get_verb=_get_verb_for_webhook,
        ),
        Recorded(
            table=Quota,
            kind=audit.QUOTA,
            # Whoever knows the seed knows which stores get extra visits.
            unrecorded=_COMMON | {"seed"},
            renamed={"checklist_id": "checklist"},
            values={"checklist_id": _get_checklist_key},
        ),
        Recorded(
            table=Target,
            kind=audit.TARGET,
            unrecorded=_COMMON,
            renamed={"checklist_id": "checklist"},
            values={"checklist_id": _get_checklist_key},
        ),
    )
}
