"""The texts of notices, one module per language."""

from api.domain.languages import DEFAULT_LANGUAGE
from api.jobs.mails.words.notices import en, es
from api.jobs.mails.words.notices.format import Words

_WORDS: dict[str, Words] = {"en": en.WORDS, "es": es.WORDS}


def get_words(language: str) -> Words:
    """Return the texts in a language, or else in the default one."""
    return _WORDS.get(language, _WORDS[DEFAULT_LANGUAGE])
