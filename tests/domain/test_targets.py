"""Targets: met, missed or unsure, and how many visits would tell."""

from api.domain.planning import expected_half_width
from api.domain.scoring import NO_VISITS, Points, Sums, visit_interval, wilson_interval
from api.domain.targets import judge_part, judge_visits


def visits(count: int, earned: int = 8) -> Sums:
    """Return the sums of visits with equal points of ten."""
    return sum((Sums.of(Points(earned, 10)) for _ in range(count)), NO_VISITS)


def test_target_is_met_from_the_low_end_of_the_interval_on() -> None:
    interval = visit_interval(visits(10))
    assert interval is not None
    assert judge_visits(interval.low, visits(10), lambda: 0).status == "met"
    assert judge_visits(interval.low + 1e-9, visits(10), lambda: 0).status == "unsure"
    assert judge_visits(interval.high, visits(10), lambda: 0).status == "unsure"
    assert judge_visits(interval.high + 1e-9, visits(10), lambda: 0) == ("missed", None)


def test_section_is_judged_by_wilsons_interval() -> None:
    interval = wilson_interval(visits(40))
    assert interval is not None
    assert judge_part(interval.low, visits(40)) == ("met", None)
    assert judge_part(interval.high + 1e-9, visits(40)) == ("missed", None)
    status, further = judge_part(0.7, visits(40))
    assert status == "unsure"
    assert further is not None
    assert judge_part(0.7, visits(40 + further)).status == "met"
    assert judge_part(0.7, visits(40 + further - 1)).status == "unsure"


def test_visits_to_tell_are_the_least_that_leave_the_target_outside() -> None:
    status, further = judge_visits(0.9, visits(6), lambda: 0.01)
    assert status == "unsure"
    assert further is not None
    assert expected_half_width(0.01, 6 + further) < 0.1
    assert expected_half_width(0.01, 6 + further - 1) >= 0.1


def test_visits_to_tell_are_unknown_if_they_are_out_of_reach() -> None:
    assert judge_visits(0.9, NO_VISITS, lambda: 0.01) == ("unsure", None)
    assert judge_visits(0.8, visits(6), lambda: 0.01) == ("unsure", None)  # exactly the score
    # That takes more visits than a store has in years, but not more than a region has.
    assert judge_visits(0.82, visits(6), lambda: 0.01) == ("unsure", None)
    region = visits(50, 6) + visits(50, 10)
    assert judge_visits(0.82, region, lambda: 0.01) == ("unsure", 8)
    assert 50 < (judge_visits(0.815, region, lambda: 0.01).visits_to_tell or 0) < 100
