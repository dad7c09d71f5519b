"""Submissions: the revisions that shoppers sent, and their scores and flags."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from api.domain.visits import OUTCOMES, VISITED
from api.models.base import Base, now, one_of


class Submission(Base):
    """A stored revision. What was sent never changes, except that personal data is removed from it.

    ``content`` is the request body, without times and position once these are removed. ``outcome`` is whether
    the store was visited or closed. ``receipt`` is the text of the response. ``photos`` are the IDs of its
    photos. ``commented`` are the questions with a comment that managers may read (null is the visit as a
    whole). ``amendments`` are what the decided dispute about the current acceptance changed in the answers;
    see ``api.domain.amendments``. ``result`` is the score by question, with the amendments. ``clock_shift``
    is what was added to the phone's times, in seconds.
    """

    __tablename__ = "submissions"
    __table_args__ = (one_of("outcome", OUTCOMES),)

    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]
    outcome: Mapped[str] = mapped_column(default=VISITED)
    content_sha256: Mapped[str]
    receipt: Mapped[str]
    photos: Mapped[list[Any]]
    commented: Mapped[list[Any]]
    result: Mapped[dict[str, Any]]
    amendments: Mapped[dict[str, Any] | None]
    clock_shift: Mapped[float] = mapped_column(default=0.0)
    received_at: Mapped[datetime] = mapped_column(default=now)


class CommentFingerprint(Base):
    """The fingerprint of a long comment, with the first visit of the organization that had the comment.

    ``print`` is the SHA-256 of the comment. ``question`` is null for the comment on the visit as a whole.
    """

    __tablename__ = "comment_prints"

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    print: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"))
    question: Mapped[str | None]


class Flag(Base):
    """A reason for a reviewer to look at a revision.

    ``other_…`` refers to the earlier visit with the same photo or comment.
    """

    __tablename__ = "flags"

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    revision: Mapped[int]
    code: Mapped[str]
    detail: Mapped[str]
    photo_id: Mapped[uuid.UUID | None]
    question: Mapped[str | None]
    other_visit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("visits.id"))
    other_photo_id: Mapped[uuid.UUID | None]
    other_question: Mapped[str | None]
