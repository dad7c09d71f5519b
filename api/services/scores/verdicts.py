"""Verdicts on rows and reports, by the rule of ``api.domain.verdicts``.

The comparison is always everything that the caller may see, whatever region or location was asked for. A
location therefore has the same verdict on every page.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.domain.months import Period
from api.domain.scoring import Sums, visit_interval, wilson_interval
from api.domain.verdicts import Verdict, judge, verdict_figures
from api.services.scores.aggregates import PeriodAggregate, aggregate_totals
from api.services.scores.coverage import Coverage, cover_everything
from api.services.scores.region_totals import Regions
from api.services.scores.subjects import CountedChecklists


class Comparisons:
    """The scores that verdicts compare with: the sums of all visits in a period, by subject ID.

    Without any, because no verdicts were asked for, ``format_verdict`` returns no fields.
    """

    def __init__(self, sums: Mapping[int, Sums] | None = None) -> None:
        self._sums = sums

    def judge(self, aggregate: PeriodAggregate, kind: str) -> Verdict:
        """Return the verdict on an aggregate of one kind of subject, such as "visit" or "question"."""
        comparison = None
        if len(aggregate.subject_ids) == 1:
            (subject_id,) = aggregate.subject_ids
            comparison = (self._sums or {}).get(subject_id)
        interval_of = visit_interval if kind == "visit" else wilson_interval
        return judge(aggregate.total.sums, comparison, interval_of)

    def format_verdict(self, aggregate: PeriodAggregate, kind: str) -> dict[str, Any]:
        """Return the verdict on an aggregate: the fields of ``schemas.scores.VerdictFigures``."""
        return {} if self._sums is None else verdict_figures(self.judge(aggregate, kind))

    def format_visits(self, aggregate: PeriodAggregate) -> dict[str, Any]:
        """Return the score of whole visits and the verdict on it."""
        return {**aggregate.total.format_visits(), **self.format_verdict(aggregate, "visit")}


NO_COMPARISONS = Comparisons()


def get_comparisons(
    session: Session, actor: Actor, checklists: CountedChecklists, period: Period, *kinds: str
) -> Comparisons:
    """Return what to compare subjects of these kinds with: all visits that the actor may see."""
    regions = Regions(session, actor.organization_id)
    coverage = cover_everything(session, actor, regions, period)
    return read_comparisons(session, checklists, coverage, period, *kinds)


def read_comparisons(
    session: Session, checklists: CountedChecklists, coverage: Coverage, period: Period, *kinds: str
) -> Comparisons:
    """Return what to compare subjects of these kinds with, from what covers all visits of the actor."""
    groups = aggregate_totals(session, coverage, checklists.subject_ids(*kinds), period, "subject_id")
    return Comparisons({subject_id: aggregate.sums for (subject_id,), aggregate, _ in groups})
