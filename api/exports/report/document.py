"""The document of a report: its content in the words of a language, as ``report.typ`` lays it out.

The document is JSON. Texts of people and checklists are objects with their text, direction and language;
everything else is a string or a number.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from api.domain.fields import Text
from api.domain.months import format_month
from api.domain.scoring import ENOUGH_VISITS
from api.exports.report.charts import lowest_tick
from api.exports.report.content import Content, count_points_lost
from api.exports.report.glyphs import (
    REPLACEMENT,
    break_long_words,
    clean,
    get_direction,
    guess_language,
    isolate,
)
from api.exports.report.words import NONE, Words
from api.services.photo_lists import VisitPhoto

#: the colour of the pages of organizations without one of their own
DEFAULT_COLOR = "#0b6b5c"
MAX_MONTHS = 24
#: so many of the best and of the lowest ranked locations are listed
_RANKED_AT_EACH_END = 30
_MAX_NAME, _MAX_TEXT, _MAX_COMMENT = 120, 300, 1200

#: in millimetres
_DRAWING_WIDTH, _NARROW_DRAWING_WIDTH = 34, 22

Json = dict[str, Any]


def compose_document(content: Content, words: Words, today: date) -> Json:
    """Return the document of a report. ``today`` is the day of its data."""
    return _Composer(content, words, today).compose()


class _Composer:
    def __init__(self, content: Content, words: Words, today: date) -> None:
        self._content, self._words, self._today = content, words, today
        self._figures = content.figures
        self._is_shortened = self._has_replacements = False

    def compose(self) -> Json:
        content, words = self._content, self._words
        document = {
            "language": words.language,
            "color": content.organization.accent_color or DEFAULT_COLOR,
            "title": words("title"),
            "place": self._text(content.place, _MAX_NAME),
            "organization": self._text(content.organization.name, _MAX_NAME),
            "period": words.period(self._figures["from"], self._figures["to"]),
            "checklist": self._name_checklists(),
            "as_of": words("asOf", day=words.day(self._today)),
            "page": words("page", n="{n}", of="{of}"),
            "headline": self._headline(),
            "months": self._months(),
            "tables": [
                *self._places(),
                *self._sections(),
                *self._fundamentals(),
                *self._questions(),
            ],
            "comments": self._comments(),
            "photos": self._photos(),
        }
        # Last, because it reports what the other parts omitted.
        return {**document, "how": self._how()}

    # Texts.

    def _text(self, text: Text | None, limit: int = _MAX_TEXT) -> Json:
        """Return a text of a person or a checklist with its direction, and its language if that is known."""
        string, language = self._words.localize(text)
        if len(string) > limit:
            string = string[: limit - 1].rstrip(" .,;:\n") + "…"
            self._is_shortened = True
        cleaned = break_long_words(clean(string))
        self._has_replacements |= REPLACEMENT in cleaned
        return {
            "text": cleaned,
            "direction": get_direction(cleaned),
            "language": language or guess_language(cleaned),
        }

    def _inline(self, text: Text | None, limit: int = _MAX_NAME) -> str:
        """Return such a text for use inside a sentence: in one line, whatever its direction."""
        return isolate(" ".join(self._text(text, limit)["text"].split()))

    def _plain(self, text: str) -> Json:
        """Return own words in the place of a text of a person."""
        return {"text": text, "direction": "ltr", "language": self._words.language}

    def _name_checklists(self) -> Json:
        key = self._figures["checklist"]
        if key is None:
            return self._plain(self._words("allChecklists"))
        return self._text(self._content.checklist_titles[key], _MAX_NAME)

    # The headline.

    def _headline(self) -> Json:
        words, total = self._words, self._figures["total"]
        if not total["visits"]:
            return {
                "score": NONE,
                "chart": None,
                "facts": [],
                "words": [words("headline-none")],
                "axis": None,
            }
        return {
            "score": words.percent(total["score"]),
            "chart": _chart(total),
            "axis": self._axis([], low=0),
            "facts": self._facts(),
            "words": [self._describe_score(), self._describe_change(), *self._describe_disputes()],
        }

    def _describe_score(self) -> str:
        total = self._figures["total"]
        key = "headline-few" if total["indicative"] else "headline"
        interval = {end: self._words.percent(total["interval"][end]) for end in ("low", "high")}
        return self._words(key, n=total["visits"], enough=ENOUGH_VISITS, **interval)

    def _describe_change(self) -> str:
        words, difference = self._words, self._figures["change"]["difference"]
        period = words.period(*self._previous_months())
        if difference is None:
            return words("change-none", period=period)
        shown = words.points(difference).lstrip("+−")
        is_same = words.points(difference) == words.points(0.0)
        key = "change-same" if is_same else "change-more" if difference > 0 else "change-less"
        before = words.percent(self._figures["previous"]["score"])
        verdict = words(f"verdict-{self._judge_change()}")
        return words(key, points=shown, before=before, period=period, verdict=verdict)

    def _describe_disputes(self) -> list[str]:
        """Return what the score would be without disputes, if they changed it."""
        total, words = self._figures["total"], self._words
        before = total["score_before_disputes"]
        if before == total["score"]:
            return []
        return [words("headline-disputes", before=NONE if before is None else words.percent(before))]

    def _judge_change(self) -> str:
        """Return the key of what a change shows, as the dashboard names it."""
        change, total, previous = (self._figures[name] for name in ("change", "total", "previous"))
        if change["significant"]:
            return "fell" if change["difference"] < 0 else "rose"
        if change["difference"] is None:
            return "nothingBefore"
        if change["significant"] is None:
            return "notComparable"
        if total["indicative"]:
            return "tooFewNow"
        return "tooFewBefore" if previous["indicative"] else "mayBeChance"

    def _previous_months(self) -> tuple[str, str]:
        previous = self._content.period.previous
        return format_month(previous.first), format_month(previous.last)

    def _facts(self) -> list[Json]:
        words, total, change = self._words, self._figures["total"], self._figures["change"]
        passed, failures = total["passed"], total["critical_failures"]
        return [
            {"name": words("interval"), "value": words.range(total["interval"]), "note": ""},
            {"name": words("visits"), "value": words.count(total["visits"]), "note": ""},
            {
                "name": words("change"),
                "value": words.points(change["difference"]),
                "note": words(self._judge_change()),
            },
            {"name": words("passed"), "value": words("ofAll", n=passed, of=total["visits"]), "note": ""},
            {
                "name": words("criticalFailures"),
                "value": words("ofAll", n=failures, of=total["visits"]),
                "note": "",
            },
        ]

    # Charts and tables.

    def _months(self) -> Json | None:
        words, months = self._words, self._figures["months"]
        visited = [month for month in months if month["visits"]]
        if len(months) == 1 or not visited:
            return None  # The headline has the figures of a single month.
        scores = [month["score"] for month in visited if month["score"] is not None]
        shown = visited[-MAX_MONTHS:]
        rows = [
            self._row(self._plain(words.month(month["month"])), month, words.range(month["interval"]))
            for month in shown
        ]
        return {
            "title": words("months"),
            "alternative": words(
                "monthsWords",
                n=len(visited),
                first=words.month(visited[0]["month"]),
                last=words.month(visited[-1]["month"]),
                low=words.percent(min(scores)),
                high=words.percent(max(scores)),
            ),
            "legend": words("monthsLegend", enough=ENOUGH_VISITS),
            "table": {
                "head": [words("month"), "", words("score"), words("interval"), words("visits")],
                "width": 0,
                "axis": None,
                "rows": rows,
                "notes": [words("monthsShown", n=len(shown), of=len(visited))]
                if len(shown) < len(visited)
                else [],
            },
        }

    def _places(self) -> list[Json]:
        """Return the tables of the regions and locations below a region."""
        content = self._content
        if not content.is_of_region:
            return []
        tables = []
        mark = self._figures["total"]["score"]
        if content.regions.items:
            tables.append(
                self._table(
                    self._words("regionsBelow"),
                    self._words("region"),
                    [self._place_row(row, "region") for row in content.regions.items],
                    content.regions.items,
                    mark=mark,
                    notes=self._more("moreRegions", content.regions.omitted),
                )
            )
        if content.ranked or content.unranked.items:
            tables.append(self._location_table(mark))
        return tables

    def _location_table(self, mark: float | None) -> Json:
        words, content = self._words, self._content
        ranked, unranked = content.ranked, content.unranked
        best, lowest = ranked, ranked[:0]
        if len(ranked) > 2 * _RANKED_AT_EACH_END:
            best, lowest = ranked[:_RANKED_AT_EACH_END], ranked[-_RANKED_AT_EACH_END:]
        between = len(ranked) - len(best) - len(lowest)
        rows = [self._place_row(row, "location") for row in best]
        if between:
            rows.append({"break": words("placesBetween", n=between)})
        rows += [self._place_row(row, "location") for row in (*lowest, *unranked.items)]
        table = self._table(
            words("locations"),
            words("location"),
            rows,
            [*best, *lowest, *unranked.items],
            mark=None if content.is_mixed else mark,
            notes=self._more("moreLocations", unranked.omitted),
        )
        if content.is_mixed:
            table["words"] = [words("mixed")]
            return table
        table["head"].append(words("rank"))
        for row, location in zip(
            (row for row in rows if "name" in row), (*best, *lowest, *unranked.items), strict=True
        ):
            row["cells"].append(self._describe_rank(location))
        table["words"] = [words("rankWords", n=len(ranked))] if ranked else []
        if unranked.items:
            table["words"].append(words("notRanked", enough=ENOUGH_VISITS))
        return table

    def _place_row(self, row: Mapping[str, Any], kind: str) -> Json:
        place = row[kind]
        result = self._row(self._text(place["name"], _MAX_NAME), row, self._words.range(row["interval"]))
        return result | {"code": self._inline(place["code"])}

    def _describe_rank(self, row: Mapping[str, Any]) -> str:
        if row["indicative"]:
            return self._words("tooFewVisits" if row["visits"] else "noVisits")
        if row["rank_range"] is None:
            return NONE
        best, worst = row["rank_range"]["best"], row["rank_range"]["worst"]
        return f"{best}" if best == worst else f"{best}–{worst}"

    def _sections(self) -> list[Json]:
        words, sections = self._words, self._content.sections
        if not sections.items:
            return []
        titles = self._content.checklist_titles
        rows: list[Json] = []
        checklists = list(dict.fromkeys(section["checklist"] for section in sections.items))
        for key in checklists:
            if len(checklists) > 1:
                rows.append({"group": self._text(titles[key], _MAX_NAME)})
            rows += [
                self._row(self._text(section["title"]), section, words.range(section["interval"]))
                for section in sections.items
                if section["checklist"] == key
            ]
        notes = self._more("moreSections", sections.omitted)
        return [self._table(words("sections"), words("section"), rows, sections.items, notes=notes)]

    def _fundamentals(self) -> list[Json]:
        words, fundamentals = self._words, self._figures["fundamentals"]
        if not fundamentals:
            return []
        rows = [
            self._row(self._plain(words.fundamental(row["key"])), row, words.range(row["interval"]))
            for row in fundamentals
        ]
        return [self._table(words("fundamentals"), words("fundamental"), rows, fundamentals)]

    def _questions(self) -> list[Json]:
        words, questions = self._words, self._content.questions
        if not self._figures["total"]["visits"]:
            return []
        rows = []
        for figures in questions.items:
            row = self._row(self._text(figures["text"]), figures, words.range(figures["interval"]))
            question = self._content.get_question(figures["checklist"], figures["key"])
            good_answer = words.good_answer(question)
            row["note"] = good_answer and words("goodAnswer", answer=self._inline(good_answer, _MAX_TEXT))
            lost = words("ofAll", n=count_points_lost(figures), of=figures["points_possible"])
            row["cells"].insert(0, lost)
            rows.append(row)
        table = self._table(
            words("worstQuestions"),
            words("question"),
            rows,
            questions.items,
            notes=self._more("moreQuestions", questions.omitted),
        )
        table["head"].insert(2, words("pointsLost"))
        table["width"] = _NARROW_DRAWING_WIDTH
        table["words"] = [words("worstWords" if rows else "noPointsLost")]
        if any(figures["indicative"] for figures in questions.items):
            table["words"].append(words("worstFew"))
        return [table]

    def _table(
        self,
        title: str,
        name: str,
        rows: list[Json],
        figures: Sequence[Mapping[str, Any]],
        *,
        mark: float | None = None,
        notes: Sequence[str] = (),
    ) -> Json:
        """Return a table of scores with their intervals, drawn on one axis that starts below ``figures``."""
        words = self._words
        return {
            "title": title,
            "words": [],
            "head": [name, "", words("score"), words("interval"), words("visits")],
            "width": _DRAWING_WIDTH,
            "axis": self._axis(figures, mark),
            "rows": rows,
            "notes": list(notes),
        }

    def _row(self, name: Json, figures: Mapping[str, Any], *cells: str) -> Json:
        """Return a row of a table: its name, the figures for its chart, and the cells after it."""
        return {
            "name": name,
            "code": "",
            "note": "",
            "chart": _chart(figures),
            "cells": [
                self._words.percent(figures["score"]),
                *cells,
                self._words.count(figures["visits"]),
            ],
        }

    def _axis(
        self, rows: Sequence[Mapping[str, Any]], mark: float | None = None, low: float | None = None
    ) -> Json:
        """Return an axis for the scores of rows, with the names of its ends and a score to mark."""
        low = lowest_tick(rows) if low is None else low
        names = [self._words("percent", n=str(round(end * 100))) for end in (low, 1)]
        return {"low": low, "names": names, "mark": mark}

    def _more(self, key: str, count: int) -> list[str]:
        return [self._words(key, n=count)] if count else []

    # Comments and photos.

    def _comments(self) -> Json:
        words, comments = self._words, self._content.comments
        return {
            "title": words("comments"),
            "words": self._describe_excerpt("Comments", comments.items, comments.count),
            "items": [self._comment(comment) for comment in comments.items],
        }

    def _comment(self, comment: Mapping[str, Any]) -> Json:
        words, question = self._words, comment["question"]
        caption = self._caption(comment["day"], comment["part_of_day"], comment["location"].name)
        answer, text = "", comment["comment"]
        if question is not None:
            definition = self._content.get_question(comment["checklist"], question["key"])
            text = text or definition.type.get_text(comment["value"])
            answer = words("notApplicable") if comment["not_applicable"] else ""
            answer = answer or self._inline(words.value(definition, comment["value"]))
        if comment["points_possible"]:
            earned, possible = comment["points_earned"], comment["points_possible"]
            caption.append(words("answerPoints", earned=earned, possible=possible))
        if comment.get("amendment"):
            caption.append(words(f"amendment-{comment['amendment']['outcome']}"))
        return {
            "caption": " · ".join(caption),
            "question": self._text(question["text"]) if question else self._plain(words("lastWord")),
            "answer": answer,
            "comment": self._text(text, _MAX_COMMENT),
        }

    def _photos(self) -> Json:
        words, photos = self._words, self._content.photos
        return {
            "title": words("photos"),
            "words": self._describe_excerpt("Photos", photos.items, photos.count),
            "missing": words("photoMissing"),
            "items": [self._photo(photo) for photo in photos.items],
        }

    def _photo(self, photo: VisitPhoto) -> Json:
        words = self._words
        caption = self._caption(photo.day, photo.part_of_day, photo.location)
        if photo.question is None:
            name = self._plain(words("photoOfClosedStore"))
            alternative = f"{name['text']}: {', '.join(caption)}"
        else:
            name = self._text(photo.question.text, _MAX_NAME)
            question = self._inline(photo.question.text)
            alternative = words("photoWords", question=question, caption=", ".join(caption))
        return {"name": name, "caption": caption, "alternative": alternative}

    def _caption(self, day: date, part_of_day: str | None, location: str) -> list[str]:
        """Return when a visit was, as far as managers may know, and for a region also where."""
        when = self._words.day(day)
        if part_of_day:
            when += f", {self._words(f'part-{part_of_day}')}"
        return [when, self._inline(location)] if self._content.is_of_region else [when]

    def _describe_excerpt(self, kind: str, items: Sequence[Any], count: int) -> str:
        if not count:
            return self._words(f"no{kind}")
        if len(items) == count:
            return self._words(f"all{kind}")
        return self._words(f"latest{kind}", n=len(items), of=count)

    # How it is calculated.

    def _how(self) -> Json:
        words, total = self._words, self._figures["total"]
        method = []
        if total["visits"]:
            spread = total["spread"]
            method = [
                words(
                    "how-points",
                    n=total["visits"],
                    earned=total["points_earned"],
                    possible=total["points_possible"],
                ),
                words("how-interval"),
                *([] if spread is None else [words("how-spread", spread=words.percent(spread))]),
                words("how-wilson"),
                words("how-indicative", enough=ENOUGH_VISITS),
                words("how-change", enough=ENOUGH_VISITS),
                *([words("how-rank")] if self._content.ranked else []),
            ]
        return {
            "title": words("how"),
            "method": method,
            "omissions_title": words("omissions"),
            "omissions": self._list_omissions(),
            "docs": words("docs"),
        }

    def _list_omissions(self) -> list[str]:
        words, key = self._words, self._figures["checklist"]
        omissions = [words("omissions-visits"), words("omissions-private"), words("omissions-shoppers")]
        if key is None:
            omissions.append(words("omissions-selfChecks"))
        else:
            title = self._inline(self._content.checklist_titles[key])
            omissions.append(words("omissions-checklists", title=title))
        omissions += self._more("moreQuestions", self._content.questions.omitted)
        omissions.append(words("omissions-months"))
        if self._is_shortened:
            omissions.append(words("omissions-long"))
        if self._has_replacements:
            omissions.append(words("omissions-glyphs"))
        return omissions


def _chart(figures: Mapping[str, Any]) -> Json | None:
    """Return what is drawn of a score: its position and its interval. None without a score."""
    if figures["score"] is None:
        return None
    return {
        "score": figures["score"],
        "low": figures["interval"]["low"],
        "high": figures["interval"]["high"],
        "indicative": figures["indicative"],
    }
