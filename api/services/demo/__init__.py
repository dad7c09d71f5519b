"""Demo data: a fictional organization with two years of visits, generated from a seed.

All of it goes through the same services as real visits, with times in the past. Totals, flags and decisions
are therefore what they would have been. The same seed on the same day generates the same scores.

    stores.py      the regions and the stores, and how good each store is
    people.py      the accounts
    logins.py      who can log in with the password that everyone knows, and how that ends
    schedule.py    who visits which store, when, with which checklist, and what happens to the visit
    answers.py     the answers of a visit, which follow from how good the store is
    sentences.py   the texts of these answers
    pictures.py    the photos
    filling.py     fills an empty database with all of it
"""

from api.services.demo.filling import ORGANIZATION, SEED, NotEmpty, fill, is_new
from api.services.demo.logins import disable_password, list_people
from api.services.demo.people import PASSWORD, PEOPLE, Person
from api.services.demo.schedule import PHOTOGRAPHED_VISITS

__all__ = [
    "ORGANIZATION",
    "PASSWORD",
    "PEOPLE",
    "PHOTOGRAPHED_VISITS",
    "SEED",
    "NotEmpty",
    "Person",
    "disable_password",
    "fill",
    "is_new",
    "list_people",
]
