"""The words of the report in each language, and how it writes numbers, days and answers."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from types import ModuleType
from typing import Any

from api.domain.checklist import Question
from api.domain.fields import Text
from api.domain.fundamentals import FUNDAMENTALS_BY_KEY
from api.domain.languages import MONTH_NAMES
from api.domain.question_types import Choice, Date, Duration, Number, Scale, TimeOfDay, YesNo
from api.exports.report.words import en, es

LANGUAGES: Mapping[str, ModuleType] = {"en": en, "es": es}
DEFAULT_LANGUAGE = "en"
NONE = "–"
_MINUS = "−"
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


class Words:
    """The words of one language. An unknown language is English."""

    def __init__(self, language: str) -> None:
        base = language.partition("-")[0].lower()
        self.language = base if base in LANGUAGES else DEFAULT_LANGUAGE
        self._texts = LANGUAGES[self.language].TEXTS
        self._months = MONTH_NAMES[self.language]

    def __call__(self, key: str, **values: Any) -> str:
        """Return the text of a key. ``{name}`` is replaced from ``values``; ``n`` selects one or several."""
        text = self._texts[key]
        if isinstance(text, tuple):
            text = text[0] if values["n"] == 1 else text[1]
        shown = {name: self.count(value) if type(value) is int else value for name, value in values.items()}
        return re.sub(r"\{(\w+)\}", lambda match: str(shown[match[1]]), text)

    def localize(self, text: Text | None) -> tuple[str, str | None]:
        """Return a text of a checklist in this language, or in another one if that is missing.

        Also returns the language of the text, or None if it is not known. The pages have the same fallback:
        the language, its regional variants, English, any.
        """
        if text is None or isinstance(text, str):
            return text or "", None
        variants = (tag for tag in text if tag.split("-")[0] == self.language)
        tag = next(tag for tag in (self.language, *variants, DEFAULT_LANGUAGE, *text) if tag in text)
        return text[tag], tag

    def fundamental(self, key: str) -> str:
        """Return the title of a fundamental."""
        return LANGUAGES[self.language].FUNDAMENTALS.get(key) or FUNDAMENTALS_BY_KEY[key].title

    # Numbers.

    def count(self, number: int) -> str:
        """Return a whole number, with separators from 10,000 on."""
        if abs(number) < 10_000:
            return str(number)
        return f"{number:,}".replace(",", self("thousands"))

    def percent(self, proportion: float | None) -> str:
        """Return a proportion in per cent with one decimal, rounded half up: 0.8765 → "87.7%"."""
        return NONE if proportion is None else self("percent", n=self._decimal(_tenths(proportion)))

    def range(self, interval: Mapping[str, float] | None) -> str:
        """Return an interval of proportions: "82.3–89.4%"."""
        if interval is None:
            return NONE
        return f"{self._decimal(_tenths(interval['low']))}–{self.percent(interval['high'])}"

    def points(self, difference: float | None) -> str:
        """Return a difference of proportions in percentage points with its sign: "+3.1"."""
        if difference is None:
            return NONE
        tenths = _tenths(difference)
        sign = "+" if tenths > 0 else _MINUS if tenths < 0 else ""
        return sign + self._decimal(tenths)

    def points_range(self, interval: Mapping[str, float] | None) -> str:
        """Return an interval of differences: "−1.2 to +7.4"."""
        if interval is None:
            return ""
        return self("fromTo", low=self.points(interval["low"]), high=self.points(interval["high"]))

    def _decimal(self, tenths: int) -> str:
        whole, tenth = divmod(abs(tenths), 10)
        return f"{whole}{self('decimalMark')}{tenth}"

    # Days.

    def day(self, day: date) -> str:
        """Return a day: "3 March 2026"."""
        return self("day", day=str(day.day), month=self._months[day.month - 1], year=str(day.year))

    def month(self, month: str) -> str:
        """Return a month ``YYYY-MM``: "March 2026"."""
        year, number = month.split("-")
        return self("monthYear", month=self._months[int(number) - 1], year=str(int(year)))

    def short_month(self, month: str) -> str:
        """Return a month ``YYYY-MM`` for the axis of a chart: "Mar 26"."""
        year, number = month.split("-")
        return f"{self._months[int(number) - 1][:3]} {year[2:]}"

    def period(self, first: str, last: str) -> str:
        """Return a period of months ``YYYY-MM``."""
        if first == last:
            return self.month(first)
        return self("period", first=self.month(first), last=self.month(last))

    # Answers.

    def value(self, question: Question, value: Any) -> str:
        """Return the value of an answer as managers see it; empty for free text and for no value."""
        if value is None or question.type.get_text(value) is not None:
            return ""
        match question.type:
            case YesNo():
                return self("yes" if value == "yes" else "no")
            case Scale(maximum=maximum):
                return self("scaleOf", value=str(value), maximum=str(maximum))
            case Choice() as choice:
                labels = {option.key: self.localize(option.label)[0] for option in choice.options}
                return ", ".join(
                    labels.get(key) or key for key in (value if isinstance(value, list) else [value])
                )
            case Duration():
                return self.duration(value)
            case Number(unit=unit):
                number = str(value).replace(".", self("decimalMark"))
                return f"{number}{_NO_BREAK_SPACE}{self.localize(unit)[0]}" if unit else number
            case Date():
                return self.day(date.fromisoformat(value))
            case TimeOfDay():
                return self(f"part-{value}")
        return ""

    def duration(self, seconds: int) -> str:
        """Return a duration: "45 s", "2 min", "1:30 min" or "2:05 h"."""
        if seconds < 60:
            return self("seconds", n=seconds)
        if seconds < 3600:
            return self("minutes", time=_divide(seconds))
        return self("hours", time=_divide(seconds // 60))

    def good_answer(self, question: Question) -> str:
        """Return the answer that earns the most points; empty for a type that names none."""
        match question.type:
            case YesNo(good_answer=answer):
                return self("yes" if answer == "yes" else "no")
            case Scale(minimum=minimum, maximum=maximum, scale_points=points):
                best = [str((minimum or 0) + step) for step, p in enumerate(points) if p == max(points)]
                return self("scaleOf", value=self._join(best), maximum=str(maximum))
            case Choice(multiple=True, options=options):
                return ", ".join(self.localize(option.label)[0] for option in options if option.points)
            case Choice(options=options):
                most = max(option.points for option in options)
                return self._join(
                    self.localize(option.label)[0] for option in options if option.points == most
                )
            case Duration(bands=bands):
                return self._join(self._best_bands(bands))
        return ""

    def _best_bands(self, bands: Iterable[Any]) -> list[str]:
        bands = list(bands)
        most = max(band.points for band in bands)
        best, limit = [], None
        for band in bands:
            if band.points == most:
                if band.up_to is None:
                    best.append(self("over", time=self.duration(limit or 0)))
                elif limit is None:
                    best.append(self("upTo", time=self.duration(band.up_to)))
                else:
                    best.append(self("fromTo", low=self.duration(limit + 1), high=self.duration(band.up_to)))
            limit = band.up_to
        return best

    def _join(self, answers: Iterable[str]) -> str:
        *first, last = answers
        return self("or", first=", ".join(first), last=last) if first else last


def _tenths(proportion: float) -> int:
    """Return a proportion of at most six decimals as tenths of a per cent, rounded half up."""
    millionths = round(proportion * 1_000_000)
    tenths = (abs(millionths) + 500) // 1000
    return -tenths if millionths < 0 else tenths


def _divide(number: int) -> str:
    whole, rest = divmod(number, 60)
    return f"{whole}:{rest:02d}" if rest else f"{whole}"
