"""The eighteen fundamentals of customer service: what visits measure, independently of the checklist.

Each scored question of a built-in checklist names the fundamental that it observes, and scores can be grouped
by fundamental. The ``daily`` ones are what employees do with each customer. The ``organization`` ones are
what the organization allows them to do. A key never changes, because questions and scores are stored under
it. A title is for people to read.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["daily", "organization"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Fundamental:
    """One of the basics of customer service that a question can observe."""

    key: str
    title: str
    kind: Kind


FUNDAMENTALS: tuple[Fundamental, ...] = (
    Fundamental("answer-the-phone", "Answer the phone", "daily"),
    Fundamental("respond-fast", "Reply quickly", "daily"),
    Fundamental("keep-promises", "Keep your word", "daily"),
    Fundamental("right-first-time", "Settle it the first time", "daily"),
    Fundamental("fix-fast", "Put problems right quickly", "daily"),
    Fundamental("no-blame", "Blame nobody", "daily"),
    Fundamental("listen-first-time", "Listen the first time", "daily"),
    Fundamental("use-the-name", "Use the customer's name", "daily"),
    Fundamental("eye-contact", "Look the customer in the eye", "daily"),
    Fundamental("be-sincere", "Mean what you say", "daily"),
    Fundamental("thank-the-customer", "Thank the customer", "daily"),
    Fundamental("have-fun", "Be cheerful and likeable", "daily"),
    Fundamental("greet-the-customer", "Greet the customer", "daily"),
    Fundamental("faith-not-fear", "Trust the customer", "organization"),
    Fundamental("consistency-and-decisiveness", "Be definite and consistent", "organization"),
    Fundamental("authenticity", "Be yourself", "organization"),
    Fundamental("custom-service", "Fit the service to the customer", "organization"),
    Fundamental("radical-sincerity", "Put the relationship first", "organization"),
)

FUNDAMENTALS_BY_KEY: dict[str, Fundamental] = {fundamental.key: fundamental for fundamental in FUNDAMENTALS}
