"""Totals: the integers that scores are calculated from, by location or region, subject and month."""

import uuid

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, new_version, one_of

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


class _Sums:
    """The sums over accepted visits, as docs/scoring.md explains.

    ``asked`` counts the visits whose checklist version has the subject, ``visits`` those with possible points
    in it. ``critical_failures`` and ``passed`` are zero except for whole visits.
    """

    asked: Mapped[int]
    visits: Mapped[int]
    earned: Mapped[int] = mapped_column(BigInteger)
    possible: Mapped[int] = mapped_column(BigInteger)
    earned_squared: Mapped[int] = mapped_column(BigInteger)
    product: Mapped[int] = mapped_column(BigInteger)
    possible_squared: Mapped[int] = mapped_column(BigInteger)
    critical_failures: Mapped[int]
    passed: Mapped[int]


class _Answers:
    """How often each of ``SHARED_ANSWERS`` was given. They are zero except for questions."""

    yes: Mapped[int]
    no: Mapped[int]
    answered: Mapped[int]
    not_applicable: Mapped[int]


class _Times:
    """How often a question was answered with one value of its scale or one of its options.

    ``SHARED_ANSWERS`` are counted in the totals.
    """

    times: Mapped[int]


class _Effect:
    """What decided disputes changed in the points of accepted visits.

    ``earned`` and ``possible`` are the points with disputes minus those without. The subject is the visits of
    a checklist. There is a row only where a dispute changed something.
    """

    earned: Mapped[int] = mapped_column(BigInteger)
    possible: Mapped[int] = mapped_column(BigInteger)


class _OfLocation:
    """The key of what is added up for the visits of a location in a month.

    ``month`` is year · 12 + month − 1. In the order of the primary key, the rows that one visit changes are
    adjacent, as are those of a location in a period.
    """

    __table_args__ = {"sqlite_with_rowid": False}

    location_number: Mapped[int] = mapped_column(
        ForeignKey("locations.number"), primary_key=True, autoincrement=False, sort_order=-4
    )
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-3)
    subject_id: Mapped[int] = mapped_column(
        ForeignKey("subjects.id"), primary_key=True, autoincrement=False, sort_order=-2
    )


class _OfRegion:
    """The key of what is added up for a region and everything below it in a month.

    The worker adds up the months that have changed. Until then, ``TotalChange`` lists them, and their rows
    here must not be read.
    """

    __table_args__ = {"sqlite_with_rowid": False}

    region_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("regions.id"), primary_key=True, sort_order=-4)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-3)
    subject_id: Mapped[int] = mapped_column(
        ForeignKey("subjects.id"), primary_key=True, autoincrement=False, sort_order=-2
    )


class Total(_OfLocation, _Sums, _Answers, Base):
    """The sums of a location."""

    __tablename__ = "totals"


class VisitTotal(_Sums, Base):
    """The sums of a location's whole visits once more, which tables of locations read.

    In ``totals``, they are scattered among those of the parts of visits, which are twenty times as many.
    """

    __tablename__ = "visit_totals"
    __table_args__ = {"sqlite_with_rowid": False}

    subject_id: Mapped[int] = mapped_column(
        ForeignKey("subjects.id"), primary_key=True, autoincrement=False, sort_order=-4
    )
    location_number: Mapped[int] = mapped_column(
        ForeignKey("locations.number"), primary_key=True, autoincrement=False, sort_order=-3
    )
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-2)


class Tally(_OfLocation, _Times, Base):
    """The answers at a location."""

    __tablename__ = "tallies"

    answer: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)


class DisputeEffect(_OfLocation, _Effect, Base):
    """What disputes changed at a location."""

    __tablename__ = "dispute_effects"


class RegionTotal(_OfRegion, _Sums, _Answers, Base):
    """The sums of a region."""

    __tablename__ = "region_totals"


class RegionTally(_OfRegion, _Times, Base):
    """The answers in a region."""

    __tablename__ = "region_tallies"

    answer: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)


class RegionDisputeEffect(_OfRegion, _Effect, Base):
    """What disputes changed in a region."""

    __tablename__ = "region_dispute_effects"


class RegionTotalsVersion(Base):
    """A new version each time that regions of an organization are added up. Whoever does it locks the row."""

    __tablename__ = "region_totals_versions"

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


class TotalChange(Base):
    """A change that the totals of regions do not include yet, written in the transaction that makes it.

    Either the totals of a location changed in a month, or a region lost or gained a location or a region,
    which changes all its months. The regions above have changed too.
    """

    __tablename__ = "total_changes"
    __table_args__ = (
        CheckConstraint(
            "(month IS NULL) = (location_number IS NULL) AND (month IS NULL) = (region_id IS NOT NULL)",
            name="place",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, default=new_version)
    location_number: Mapped[int | None] = mapped_column(ForeignKey("locations.number"))
    month: Mapped[int | None]
    region_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("regions.id"))
