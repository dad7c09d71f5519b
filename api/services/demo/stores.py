"""The regions and stores of the demo organization, and how good each store is."""

import random
from dataclasses import dataclass
from datetime import timedelta

#: (code, name, code of the region that contains it)
REGIONS = (
    ("ISLES", "Britain and Ireland", None),
    ("IRELAND", "Ireland", "ISLES"),
    ("SPAIN", "Spain", None),
)
#: When the ``sudden_change`` of a store happened: before most of the period that the dashboard opens on.
SUDDEN_CHANGE_AGE = timedelta(days=200)
#: The standard deviation of a store's strength in one fundamental.
STRENGTH_DEVIATION = 0.07


@dataclass(frozen=True, slots=True)
class Store:
    """A location with its quality: the probability of a good answer, before what the question adds to it.

    ``quality`` is the value two years ago. It changes by ``yearly_change`` each year. It changed by
    ``sudden_change`` 200 days ago, as if the team was replaced. A self-check of the store is better by
    ``flattery`` than what shoppers see.
    """

    code: str
    town: str
    region: str
    address: str
    #: Fictional: Ofcom and ComReg reserve these numbers for drama, and no number in Spain begins with 0.
    phone: str
    time_zone: str
    latitude: float
    longitude: float
    quality: float
    yearly_change: float = 0.0
    sudden_change: float = 0.0
    flattery: float = 0.05

    def get_quality(self, age: timedelta) -> float:
        """Return the quality that the store had this long ago."""
        years = max(0.0, 2 - age.days / 365)
        change = self.sudden_change if age < SUDDEN_CHANGE_AGE else 0.0
        return self.quality + self.yearly_change * years + change

    def get_strength(self, seed: int, fundamental: str | None) -> float:
        """Return what the store's strength in a fundamental of customer service adds to its quality.

        It depends only on the arguments and the store, not on the order in which visits are generated.
        """
        if fundamental is None:
            return 0.0
        rng = random.Random(f"{seed}/{self.code}/{fundamental}")  # noqa: S311
        return rng.gauss(0, STRENGTH_DEVIATION)


_LONDON, _DUBLIN, _MADRID = "Europe/London", "Europe/Dublin", "Europe/Madrid"
# fmt: off
STORES = (
    Store("LON", "London", "ISLES", "St Katharine Docks, London", "+44 20 7946 0101",
          _LONDON, 51.5071, -0.0713, 0.78, yearly_change=0.02),
    Store("BRS", "Bristol", "ISLES", "Harbourside, Bristol", "+44 117 496 0102",
          _LONDON, 51.4496, -2.5985, 0.94),
    Store("LIV", "Liverpool", "ISLES", "Royal Albert Dock, Liverpool", "+44 151 496 0103",
          _LONDON, 53.4003, -2.9927, 0.74),
    Store("PTM", "Portsmouth", "ISLES", "Gunwharf Quays, Portsmouth", "+44 1632 960104",
          _LONDON, 50.7953, -1.1066, 0.68, yearly_change=0.06),
    Store("LEI", "Leith", "ISLES", "The Shore, Edinburgh", "+44 131 496 0105",
          _LONDON, 55.9763, -3.1703, 0.92, sudden_change=-0.4),
    Store("DUB", "Dublin", "IRELAND", "Grand Canal Dock, Dublin", "+353 20 910 0106",
          _DUBLIN, 53.3419, -6.2382, 0.8, yearly_change=0.01),
    Store("ORK", "Cork", "IRELAND", "Lapp's Quay, Cork", "+353 20 910 0107",
          _DUBLIN, 51.8975, -8.4662, 0.46, yearly_change=-0.01, flattery=0.48),
    Store("GWY", "Galway", "IRELAND", "New Docks, Galway", "+353 20 910 0108",
          _DUBLIN, 53.2695, -9.0486, 0.83, yearly_change=0.01),
    Store("BCN", "Barcelona", "SPAIN", "Port Vell, Barcelona", "+34 000 000 109",
          _MADRID, 41.3764, 2.1837, 0.78, yearly_change=-0.02),
    Store("VLC", "Valencia", "SPAIN", "La Marina, Valencia", "+34 000 000 110",
          _MADRID, 39.4614, -0.3242, 0.55, sudden_change=0.38),
    Store("AGP", "Málaga", "SPAIN", "Muelle Uno, Málaga", "+34 000 000 111",
          _MADRID, 36.7184, -4.4136, 0.92),
    Store("BIO", "Bilbao", "SPAIN", "Ripa, Bilbao", "+34 000 000 112",
          _MADRID, 43.2622, -2.9277, 0.5, yearly_change=0.01),
)
# fmt: on
