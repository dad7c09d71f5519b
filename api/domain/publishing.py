"""What stands against publishing a draft of a checklist: faults, and keys that changed their meaning."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from api.domain import fundamentals
from api.domain.checklist import (
    CHANNELS,
    COMMENT_RULES,
    GOOD_ANSWERS,
    KEY,
    LANGUAGE,
    MAX_CONDITION_ANSWERS,
    MAX_OPTIONS,
    MAX_PHOTOS,
    MAX_POINTS,
    MAX_POINTS_OF_QUESTION,
    MAX_QUESTIONS,
    MAX_SCALE_STEPS,
    MAX_SECTIONS,
    MAX_TEXT,
    QUESTION_TYPES,
    REVIEWS,
    SELF_CHECK,
    TYPE_FIELDS,
    TYPES_OF_CONDITIONS,
    Checklist,
    Question,
    Text,
    choices_of,
    complete_question,
    given,
    most_points,
    pointer,
    rows_of,
)
from api.domain.problems import Fault


def faults(document: Mapping[str, Any]) -> list[Fault]:
    """Return everything that stands against publishing a draft whose JSON types are right already."""
    drafts = list(_places(document))
    if len(rows_of(document, "sections")) > MAX_SECTIONS or len(drafts) > MAX_QUESTIONS:
        # Said alone: with the number of questions bounded, so is the work of looking at them.
        limits = f"At most {MAX_SECTIONS} sections and {MAX_QUESTIONS} questions"
        return [Fault("/sections", limits)]
    questions = [(at, complete_question(draft)) for at, draft in drafts]
    found = [*_faults_of_the_whole(document), *_faults_of_sections(document)]
    found += _faults_of_keys((f"{at}/key", question["key"]) for at, question in questions)
    for (at, draft), (_, question) in zip(drafts, questions, strict=True):
        found += _faults_of_question(at, question)
        found += _faults_of_foreign_fields(at, draft)
    found += _faults_of_conditions(questions)
    if sum(_possible(question) for _, question in questions) > MAX_POINTS:
        found.append(Fault("/sections", f"All questions together bring at most {MAX_POINTS} points"))
    return found


def _places(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for s, section in enumerate(rows_of(document, "sections")):
        for q, question in enumerate(rows_of(section, "questions")):
            yield pointer("sections", s, "questions", q), question


def _faults_of_the_whole(document: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _faults_of_keys([("/key", document.get("key"))])
    yield from _faults_of_text("/title", document.get("title"))
    yield from _faults_of_text("/introduction", document.get("introduction"), optional=True)
    yield from _faults_of_word("/channel", document.get("channel"), CHANNELS)
    yield from _faults_of_word("/review", given(document, "review", "automatic"), REVIEWS)
    if not 0 <= given(document, "pass_mark", 0) <= 1:
        yield Fault("/pass_mark", "A pass mark lies between 0 and 1")


def _faults_of_sections(document: Mapping[str, Any]) -> Iterator[Fault]:
    sections = rows_of(document, "sections")
    if not sections:
        yield Fault("/sections", "A checklist has at least one section")
    yield from _faults_of_keys(
        (f"/sections/{s}/key", section.get("key")) for s, section in enumerate(sections)
    )
    for s, section in enumerate(sections):
        yield from _faults_of_text(f"/sections/{s}/title", section.get("title"))
        if not rows_of(section, "questions"):
            yield Fault(f"/sections/{s}/questions", "A section has at least one question")


def _faults_of_question(at: str, question: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _faults_of_text(f"{at}/text", question["text"])
    yield from _faults_of_text(f"{at}/help", question["help"], optional=True)
    yield from _faults_of_text(f"{at}/unit", question.get("unit"), optional=True)
    yield from _faults_of_word(f"{at}/type", question["type"], QUESTION_TYPES)
    yield from _faults_of_word(f"{at}/comment", question["comment"], COMMENT_RULES)
    if question["fundamental"] is not None:
        yield from _faults_of_word(f"{at}/fundamental", question["fundamental"], tuple(fundamentals.BY_KEY))
    match question["type"]:
        case "yes_no":
            yield from _faults_of_word(f"{at}/good_answer", question["good_answer"], GOOD_ANSWERS)
        case "scale":
            yield from _faults_of_scale(at, question)
        case "choice":
            yield from _faults_of_options(at, question["options"])
        case "duration":
            yield from _faults_of_bands(at, question["bands"])
    yield from _faults_of_photos(at, question)
    yield from _faults_of_points(at, question)


def _faults_of_scale(at: str, question: Mapping[str, Any]) -> Iterator[Fault]:
    minimum, maximum = question["minimum"], question["maximum"]
    for end in ("minimum", "maximum"):
        if question[end] is None:
            yield Fault(f"{at}/{end}", "A scale needs both its ends")
    if minimum is None or maximum is None:
        return
    steps = maximum - minimum + 1
    if steps < 2:
        yield Fault(f"{at}/maximum", "The maximum lies above the minimum")
    elif steps > MAX_SCALE_STEPS:
        yield Fault(f"{at}/maximum", f"A scale has at most {MAX_SCALE_STEPS} steps")
    elif question["scale_points"] and len(question["scale_points"]) != steps:
        yield Fault(f"{at}/scale_points", f"One number of points for each of the {steps} steps")


def _faults_of_options(at: str, options: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    if not 1 <= len(options) <= MAX_OPTIONS:
        yield Fault(f"{at}/options", f"A choice has 1 to {MAX_OPTIONS} options")
        return
    yield from _faults_of_keys((f"{at}/options/{o}/key", option["key"]) for o, option in enumerate(options))
    for o, option in enumerate(options):
        yield from _faults_of_text(f"{at}/options/{o}/label", option["label"])
        if option["key"] == "not_applicable":
            # Answers are counted by option key, and not applicable is counted beside them.
            yield Fault(f"{at}/options/{o}/key", "This key is taken by what every question can be")


def _faults_of_bands(at: str, bands: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    if len(bands) > MAX_OPTIONS:
        yield Fault(f"{at}/bands", f"A duration has at most {MAX_OPTIONS} bands")
    reached = 0
    for b, band in enumerate(bands):
        up_to, is_last = band.get("up_to"), b == len(bands) - 1
        if is_last and up_to is not None:
            yield Fault(f"{at}/bands/{b}/up_to", "The last band takes all that is longer and has no up_to")
        elif not is_last and up_to is None:
            yield Fault(f"{at}/bands/{b}/up_to", "Every band but the last says up to how many seconds")
        elif up_to is not None:
            if up_to <= reached:
                yield Fault(f"{at}/bands/{b}/up_to", f"This lies above {reached}")
            reached = max(up_to, reached)


def _faults_of_photos(at: str, question: Mapping[str, Any]) -> Iterator[Fault]:
    minimum, maximum = question["photos"]["minimum"], question["photos"]["maximum"]
    if minimum < 0:
        yield Fault(f"{at}/photos/minimum", "The minimum is 0 or more")
    if maximum < minimum:
        yield Fault(f"{at}/photos/maximum", "The maximum is not below the minimum")
    elif maximum > MAX_PHOTOS:
        yield Fault(f"{at}/photos/maximum", f"An answer takes at most {MAX_PHOTOS} photos")
    elif maximum < 1 and question["type"] == "photo":
        yield Fault(f"{at}/photos/maximum", "A photo question takes at least one photo")


def _faults_of_points(at: str, question: Mapping[str, Any]) -> Iterator[Fault]:
    for place, points in _worths(question):
        if points is None or points < 0:
            yield Fault(at + place, "Points are whole and never negative")
    if _possible(question) > MAX_POINTS_OF_QUESTION:
        yield Fault(at, f"A question brings at most {MAX_POINTS_OF_QUESTION} points")
    if question["private"]:
        if any(points for _, points in _worths(question)):
            yield Fault(f"{at}/private", "A private question has no points")
        if question["critical"]:
            yield Fault(f"{at}/critical", "A private question is in no score, so it cannot be critical")
    elif question["critical"] and _possible(question) <= 0:
        yield Fault(f"{at}/critical", "Without points to lose, a question cannot be critical")


def _worths(question: Mapping[str, Any]) -> Iterator[tuple[str, int | None]]:
    """Every number of points in a completed question, with its place."""
    if "points" in question:
        yield "/points", question["points"]
    for step, points in enumerate(question.get("scale_points", ())):
        yield f"/scale_points/{step}", points
    for name in ("options", "bands"):
        for place, part in enumerate(question.get(name, ())):
            yield f"/{name}/{place}/points", part["points"]


def _possible(question: Mapping[str, Any]) -> int:
    return most_points((points or 0 for _, points in _worths(question)), question.get("multiple", False))


def _faults_of_foreign_fields(at: str, draft: Mapping[str, Any]) -> Iterator[Fault]:
    type_ = draft.get("type")
    if type_ not in QUESTION_TYPES:
        return
    for owner, fields in TYPE_FIELDS.items():
        for name, default in fields.items():
            # Saying the default of a field that is not there says nothing, and harms nobody.
            if name not in TYPE_FIELDS[type_] and draft.get(name) not in (None, default, []):
                yield Fault(f"{at}/{name}", f"Only a {owner} question has this field")


def _faults_of_conditions(questions: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Fault]:
    order: dict[str | None, int] = {}
    for index, (_, question) in enumerate(questions):
        order.setdefault(question["key"], index)
    leads_to = {
        question["key"]: question["only_if"]["question"] for _, question in questions if question["only_if"]
    }
    for index, (at, question) in enumerate(questions):
        if question["only_if"] is None:
            continue
        key, named = question["key"], question["only_if"]["question"]
        place = f"{at}/only_if/question"
        if named is None:
            yield Fault(place, "Name the question that this one depends on")
        elif named not in order:
            yield Fault(place, "There is no such question")
        elif circle := _circle(key, leads_to):
            yield Fault(place, "These questions wait for one another: " + " → ".join(circle))
        elif order[named] > index:
            yield Fault(place, "A question depends on an earlier one only")
        else:
            yield from _faults_of_condition(at, question, questions[order[named]][1])
        if not question["only_if"]["is"]:
            yield Fault(f"{at}/only_if/is", "At least one answer")
        elif len(question["only_if"]["is"]) > MAX_CONDITION_ANSWERS:
            yield Fault(f"{at}/only_if/is", f"At most {MAX_CONDITION_ANSWERS} answers")


def _faults_of_condition(at: str, question: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Fault]:
    if other["private"] and not question["private"]:
        # Whoever sees that this one was asked would know the private answer.
        yield Fault(f"{at}/only_if/question", "Only a private question depends on a private one")
    if other["type"] not in TYPES_OF_CONDITIONS:
        yield Fault(f"{at}/only_if/question", "A question depends on a yes_no, a scale or a choice")
        return
    # Too many of either are told elsewhere, and not looked at here.
    options = (option["key"] for option in other.get("options", ())[:MAX_OPTIONS])
    possible = choices_of(other["type"], other.get("minimum"), other.get("maximum"), options)
    seen = set()
    for i, answer in enumerate(question["only_if"]["is"][:MAX_CONDITION_ANSWERS]):
        if answer not in possible:
            yield Fault(f"{at}/only_if/is/{i}", f"{other['key']} has no such answer")
        elif answer in seen:
            yield Fault(f"{at}/only_if/is/{i}", "This answer is there already")
        seen.add(answer)


def _circle(start: str | None, leads_to: Mapping[str | None, str | None]) -> list[str]:
    """Return the way that conditions lead from a question back to itself, or nothing."""
    way: dict[str | None, None] = {}
    key = start
    while key in leads_to and key not in way:
        way[key] = None
        key = leads_to[key]
    return [str(step) for step in (*way, start)] if way and key == start else []


def _faults_of_keys(keys: Iterable[tuple[str, str | None]]) -> Iterator[Fault]:
    """Yield what is wrong with keys that stand side by side, each given with its place."""
    taken = set()
    for at, key in keys:
        if not key:
            yield Fault(at, "A key is missing")
        elif not KEY.fullmatch(key):
            yield Fault(at, "A key is 1 to 64 of a-z, 0-9, - and _, a letter or digit first")
        elif key in taken:
            yield Fault(at, "This key is taken already")
        taken.add(key)


def _faults_of_word(at: str, word: str | None, words: Sequence[str]) -> Iterator[Fault]:
    if word not in words:
        yield Fault(at, f"One of {', '.join(words)}")


def _faults_of_text(at: str, text: Text | None, *, optional: bool = False) -> Iterator[Fault]:
    if text is None or isinstance(text, str):
        if text is None or not text.strip():
            if not optional:
                yield Fault(at, "A text is missing")
        elif len(text) > MAX_TEXT:
            yield Fault(at, f"At most {MAX_TEXT} characters")
        return
    if not text:
        yield Fault(at, "A text in at least one language")
    for language, words in text.items():
        if not LANGUAGE.fullmatch(language):
            yield Fault(at + pointer(language), "A language is written like en or pt-BR")
        yield from _faults_of_text(at + pointer(language), words)


# What a key meant before, it means for ever: scores of all versions add up by key.


def changed_meanings(document: Mapping[str, Any], earlier: Sequence[Checklist]) -> list[Fault]:
    """Return where a question of the draft means something else than its key meant in earlier versions.

    Nor does a checklist become or stop being a self-check: what a location says of itself is kept apart from
    what shoppers saw, checklist by checklist.
    """
    found: dict[str, Fault] = {}
    if earlier and (document.get("channel") == SELF_CHECK) != (earlier[-1].channel == SELF_CHECK):
        found["/channel"] = Fault(
            "/channel", "A checklist is for self-checks from the first version, or never"
        )
    for at, draft in _places(document):
        question = complete_question(draft)
        for version in earlier:
            before = version.by_key.get(question["key"])
            for place in _changes(question, before) if before else ():
                detail = f"Version {version.version} had this otherwise; what is new needs a new key"
                found.setdefault(at + place, Fault(at + place, detail))
    return list(found.values())


def _changes(question: Mapping[str, Any], before: Question) -> Iterator[str]:
    if question["private"] != before.private:
        yield "/private"
    if question["type"] != before.type:
        yield "/type"
        return
    for name in ("good_answer", "minimum", "maximum", "multiple"):
        if name in question and question[name] != getattr(before, name):
            yield f"/{name}"
    labels = {option.key: option.label for option in before.options}
    for o, option in enumerate(question.get("options", ())):
        label = labels.get(option["key"])
        if label is not None and not _same_meaning(option["label"], label):
            yield f"/options/{o}/label"


def _same_meaning(label: Text | None, before: Text) -> bool:
    if label is None:
        return True  # A missing label is a fault of its own.
    if isinstance(label, Mapping) and isinstance(before, Mapping):
        return all(
            _folded(label[language]) == _folded(before[language]) for language in label.keys() & before
        )
    # A plain label names no language; it goes on as one of those that take its place.
    return not _wordings(label).isdisjoint(_wordings(before))


def _wordings(label: Text) -> set[str]:
    return {_folded(words) for words in (label.values() if isinstance(label, Mapping) else [label])}


def _folded(words: str | None) -> str:
    """Return the words without case, punctuation and spaces; signs that stand alone are kept."""
    plain = unicodedata.normalize("NFKC", words or "").casefold()
    kept = (char for char in plain if unicodedata.category(char)[0] not in "PZC")
    return "".join(kept) or plain.strip()
