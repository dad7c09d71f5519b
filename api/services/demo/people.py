"""The accounts of the demo organization."""

from dataclasses import dataclass

from api.domain.access import ADMIN, MANAGER, REVIEWER, SHOPPER

PASSWORD = "demo-harbour-stores"  # noqa: S105  (printed at every start)


@dataclass(frozen=True, slots=True)
class Person:
    """An account. ``region`` is where a shopper lives. Managers manage ``region`` or ``store``."""

    login: str
    name: str
    role: str
    region: str | None = None
    store: str | None = None

    @property
    def email(self) -> str:
        """The address to log in with."""
        return f"demo-{self.login}@example.com"


_SHOPPERS = (
    Person(f"shopper-{number}", f"Demo shopper {number}", SHOPPER, region)
    for number, region in enumerate(
        ("ISLES", "ISLES", "ISLES", "IRELAND", "IRELAND", "SPAIN", "SPAIN", "SPAIN"), start=1
    )
)
PEOPLE = (
    Person("admin", "Demo administrator", ADMIN),
    Person("reviewer", "Demo reviewer", REVIEWER),
    Person("manager-isles", "Demo manager of Britain and Ireland", MANAGER, "ISLES"),
    Person("manager-spain", "Demo manager of Spain", MANAGER, "SPAIN"),
    Person("manager-dublin", "Demo manager of the Dublin store", MANAGER, None, "DUB"),
    *_SHOPPERS,
)
