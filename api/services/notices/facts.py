"""The facts that notices report, and their readers."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from api.domain.access import Actor


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who wants a notice."""

    id: uuid.UUID
    organization_id: uuid.UUID
    role: str

    @property
    def actor(self) -> Actor:
        """The reader as an actor, for what they may see."""
        return Actor(self.id, self.organization_id, self.role)


@dataclass(frozen=True, slots=True)
class Fact:
    """What is the case for a subject: its state, since when, and the data that the mail shows of it."""

    state: str
    since: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


#: subject → fact
Facts = Mapping[str, Fact]
#: Returns the facts for each of some readers of one organization at a moment, by the ID of the reader. A
#: reader for whom there are none may be missing.
Finder = Callable[[Session, Sequence[Reader], datetime], Mapping[uuid.UUID, Facts]]


def share_facts(readers: Sequence[Reader], facts: Facts) -> dict[uuid.UUID, Facts]:
    """Return the same facts for every reader."""
    return {reader.id: facts for reader in readers}
