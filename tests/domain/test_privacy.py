"""What managers may learn of when a visit was."""

from datetime import datetime

import pytest

from api.domain.privacy import blurred, part_of_day


@pytest.mark.parametrize(
    ("clock", "part"),
    [
        ("00:00", "night"),
        ("05:59", "night"),
        ("06:00", "morning"),
        ("11:59", "morning"),
        ("12:00", "afternoon"),
        ("17:59", "afternoon"),
        ("18:00", "evening"),
        ("23:59", "evening"),
    ],
)
def test_a_time_is_told_as_a_part_of_the_day(clock: str, part: str) -> None:
    assert part_of_day(datetime.fromisoformat(f"2026-01-01T{clock}:00")) == part
    assert blurred("time", clock) == part


@pytest.mark.parametrize("type_", ["yes_no", "scale", "choice", "duration", "number", "text", "photo"])
def test_no_other_answer_is_blurred(type_: str) -> None:
    for value in ("12:34", 5, None, ["a", "b"]):
        assert blurred(type_, value) == value


def test_a_whole_number_is_told_alike_by_every_phone() -> None:
    assert repr(blurred("number", 5.0)) == "5"
    assert repr(blurred("number", -0.0)) == "0"
    assert repr(blurred("number", 5.5)) == "5.5"


def test_a_time_left_out_stays_left_out() -> None:
    assert blurred("time", None) is None
