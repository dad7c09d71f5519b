"""Totals: the whole numbers that every score is divided out of, kept by location, subject and month."""

import uuid

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, one_of

SUBJECT_KINDS = ("visit", "section", "fundamental", "question")
#: the answers that questions of any type share; how often each was given stands beside a question's sums
SHARED_ANSWERS = ("yes", "no", "answered", "not_applicable")


class Subject(Base):
    """What a total is about: a checklist's whole visits, a section, a fundamental or a question of it."""

    __tablename__ = "subjects"
    __table_args__ = (UniqueConstraint("checklist_id", "kind", "key"), one_of("kind", SUBJECT_KINDS))

    id: Mapped[int] = mapped_column(primary_key=True)
    checklist_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("checklists.id"))
    kind: Mapped[str]
    key: Mapped[str]


class Total(Base):
    """The sums of ``scoring.md`` over the accepted visits of a location in a month (year · 12 + month − 1).

    ``asked`` counts the visits whose checklist version holds the subject, ``visits`` those that could score
    in it; ``critical_failures`` and ``passed`` are of whole visits, ``SHARED_ANSWERS`` of questions, and zero
    for the rest. In the order of the key all that a place's score is made of lies side by side, month after
    month, and so does not much apart what a visit adds to.
    """

    __tablename__ = "totals"
    __table_args__ = {"sqlite_with_rowid": False}

    location_number: Mapped[int] = mapped_column(
        ForeignKey("locations.number"), primary_key=True, autoincrement=False
    )
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True, autoincrement=False)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    asked: Mapped[int]
    visits: Mapped[int]
    earned: Mapped[int] = mapped_column(BigInteger)
    possible: Mapped[int] = mapped_column(BigInteger)
    earned_squared: Mapped[int] = mapped_column(BigInteger)
    product: Mapped[int] = mapped_column(BigInteger)
    possible_squared: Mapped[int] = mapped_column(BigInteger)
    critical_failures: Mapped[int]
    passed: Mapped[int]
    yes: Mapped[int]
    no: Mapped[int]
    answered: Mapped[int]
    not_applicable: Mapped[int]


class Tally(Base):
    """How often a question was answered with one point of its scale or one of its options.

    In the accepted visits of a location in a month; ``SHARED_ANSWERS`` are counted in the totals.
    """

    __tablename__ = "tallies"
    __table_args__ = {"sqlite_with_rowid": False}

    location_number: Mapped[int] = mapped_column(
        ForeignKey("locations.number"), primary_key=True, autoincrement=False
    )
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True, autoincrement=False)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    answer: Mapped[str] = mapped_column(primary_key=True)
    times: Mapped[int]
