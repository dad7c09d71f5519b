"""The form of the texts of notices, and how they write numbers and times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NoticeText:
    """The texts of one kind of notice: two subjects, for one and for several, and what follows.

    Both subjects and ``introduction`` may contain {count}. ``link`` is the label of the button.
    """

    one: str
    many: str
    introduction: str
    link: str

    def get_subject(self, count: int) -> str:
        """Return the subject for a number of things."""
        return (self.one if count == 1 else self.many).format(count=count)


@dataclass(frozen=True, slots=True)
class Words:
    """All texts of notices in one language.

    ``month_format`` contains {month} and {year}, ``time_format`` also {day} and {time}, ``percent`` {n},
    ``more`` {count}, ``footer`` {organization}, and the title of a reason may contain {days}.
    """

    notices: Mapping[str, NoticeText]
    reasons: Mapping[str, str]
    columns: Mapping[str, str]
    webhook_states: Mapping[bool, str]
    months: tuple[str, ...]
    month_format: str
    time_format: str
    decimal_mark: str
    percent: str
    more: str
    footer: str
    unsubscribe: str

    def format_month(self, month: str) -> str:
        """Return a month ``YYYY-MM`` in words."""
        year, number = month.split("-")
        return self.month_format.format(month=self.months[int(number) - 1], year=int(year))

    def format_time(self, local: datetime) -> str:
        """Return a local time to the minute."""
        return self.time_format.format(
            day=local.day, month=self.months[local.month - 1], year=local.year, time=f"{local:%H:%M}"
        )

    def format_score(self, score: float) -> str:
        """Return a score with one decimal, rounded half up: 0.8765 → "87.7%"."""
        tenths = (round(score * 1_000_000) + 500) // 1000
        return self.percent.format(n=f"{tenths // 10}{self.decimal_mark}{tenths % 10}")
