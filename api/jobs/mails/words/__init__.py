"""The texts of mails, one module per language."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.domain.languages import DEFAULT_LANGUAGE
from api.jobs.mails.words import en, es

_TEXTS = {"en": en.TEXTS, "es": es.TEXTS}


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a mail. Its parts may contain {name}, {email} and {organization}.

    ``link`` is the label of the link, or empty. What is in ``after`` comes below the link.
    """

    subject: str
    before: tuple[str, ...]
    link: str
    after: tuple[str, ...]


def get_text(language: str | None, kind: str, values: Mapping[str, str]) -> Text:
    """Return the text of a mail in the reader's language, with the values filled in."""
    texts = _TEXTS.get(language or DEFAULT_LANGUAGE, _TEXTS[DEFAULT_LANGUAGE])
    subject, before, link, after = texts[kind]
    fill = lambda parts: tuple(part.format_map(values) for part in parts)  # noqa: E731
    return Text(subject.format_map(values), fill(before), link, fill(after))
