"""Totals: the integers that scores are calculated from, by location, subject and month."""

import uuid

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, one_of

SUBJECT_KINDS = ("visit", "section", "fundamental", "question")
#: Answers that questions of any type can have. The totals of a question count how often each occurs.
SHARED_ANSWERS = ("yes", "no", "answered", "not_applicable")


class Subject(Base):
    """What a total is about: the visits of a checklist, or one of its sections, fundamentals or questions."""

    __tablename__ = "subjects"
    __table_args__ = (UniqueConstraint("checklist_id", "kind", "key"), one_of("kind", SUBJECT_KINDS))

    id: Mapped[int] = mapped_column(primary_key=True)
    checklist_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("checklists.id"))
    kind: Mapped[str]
    key: Mapped[str]


class Total(Base):
    """The sums over the accepted visits of a location in a month, as docs/scoring.md explains.

    ``month`` is year · 12 + month − 1.

    ``asked`` counts the visits whose checklist version has the subject, ``visits`` those with possible points
    in it. ``critical_failures`` and ``passed`` are counted for visits, ``SHARED_ANSWERS`` for questions. They
    are zero for other subjects. In the order of the primary key, the rows for the score of a location are
    adjacent, and the rows that one visit changes are close to each other.
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
    """How often a question was answered with one value of its scale or one of its options.

    Counts the accepted visits of a location in a month. ``SHARED_ANSWERS`` are counted in the totals.
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


class DisputeEffect(Base):
    """What decided disputes changed in the points of a location's accepted visits in a month.

    ``earned`` and ``possible`` are the points with disputes minus those without. The subject is the visits of
    a checklist. There is a row only where a dispute changed something.
    """

    __tablename__ = "dispute_effects"
    __table_args__ = {"sqlite_with_rowid": False}

    location_number: Mapped[int] = mapped_column(
        ForeignKey("locations.number"), primary_key=True, autoincrement=False
    )
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True, autoincrement=False)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    earned: Mapped[int] = mapped_column(BigInteger)
    possible: Mapped[int] = mapped_column(BigInteger)
