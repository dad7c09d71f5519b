"""The languages of the pages, mails and reports."""

#: language tags, the default first
LANGUAGES = ("en", "es")
DEFAULT_LANGUAGE = LANGUAGES[0]

#: The names of the months from January to December, by language
MONTH_NAMES: dict[str, tuple[str, ...]] = {
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "es": (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
}
