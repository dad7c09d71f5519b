"""The languages of the pages, mails and reports."""

#: language tags, the default first
LANGUAGES = ("en", "es")
DEFAULT_LANGUAGE = LANGUAGES[0]
