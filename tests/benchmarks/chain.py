"""A chain of 10,000 locations with the totals of 500,000 visits, which is all that scores are read from.

The visits themselves are not stored: they would take longer to write than everything that is measured.
"""

import random
from collections.abc import Iterator, Sequence

from sqlalchemy import select

from api.domain.months import Period
from api.domain.scoring import score_visit
from api.models.places import Region
from api.models.scores import DisputeEffect, Total, VisitTotal
from api.services.checklists import PublishedVersion
from api.services.scores import totals
from api.services.scores.region_totals import add_up_regions, list_moves
from tests.benchmarks import seed
from tests.benchmarks.bare_sql import BareSql
from tests.support.world import ok

LOCATIONS = 10_000
#: Below the region of the world: 14 regions, and 13 in each of them, which have the locations
DIVISIONS, DISTRICTS = 14, 13
CHECKLISTS = 6
MONTHS = 24
#: Each location has one visit a month with the first checklist, and five visits with each of the others.
OTHER_VISITS = 5
VISITS = LOCATIONS * (MONTHS + (CHECKLISTS - 1) * OTHER_VISITS)
SAMPLES = 200


def build(ground: seed.Ground, bare: BareSql) -> None:
    """Add the checklists, the regions, the locations and their totals to a new world."""
    grounds = [ground]
    for number in range(2, CHECKLISTS + 1):
        key = f"{seed.KEY}-{number}"
        ground.world.publish(seed.make_checklist(key, seed.QUESTIONS))
        grounds.append(seed.Ground(ground.world, key))
    ground.add_locations(LOCATIONS, _add_regions(ground))
    numbers = [place.number for place in ground.places]
    checklists = [_Checklist(each.version) for each in grounds]
    bare.set_foreign_keys(False)  # checking them takes PostgreSQL three minutes
    for table, rows in (
        (Total, _total_rows(numbers, checklists)),
        (DisputeEffect, _effect_rows(numbers, checklists)),
    ):
        bare.insert_many(table.__tablename__, table.__table__.columns.keys(), rows)
    columns = ", ".join(VisitTotal.__table__.columns.keys())
    visit_subjects = ", ".join(str(checklist.visit_subject) for checklist in checklists)
    bare.cursor.execute(
        f"INSERT INTO visit_totals ({columns}) SELECT {columns} FROM totals "
        f"WHERE subject_id IN ({visit_subjects}) ORDER BY month, location_number"
    )
    bare.set_foreign_keys(True)
    bare.settle()
    world = ground.world
    # The totals of regions do not include the new rows yet.
    world.database.write(lambda session: list_moves(session, session.scalars(select(Region.id))))
    while world.database.write(lambda session: add_up_regions(session, world.organization_id)):
        pass
    bare.settle()


def _add_regions(ground: seed.Ground) -> list[str]:
    """Add the regions, and return the codes of those that have locations."""
    lines, districts = ["code,name,parent_code"], []
    for division in range(DIVISIONS):
        lines.append(f"D{division:02},Division {division},{ground.world.region['code']}")
        for district in range(DISTRICTS):
            code = f"D{division:02}-{district:02}"
            lines.append(f"{code},District {code},D{division:02}")
            districts.append(code)
    data, headers = "\n".join(lines), {"Content-Type": "text/csv"}
    ok(ground.world.admin.call("POST", "/regions/import", data=data, headers=headers), 201)
    return districts


class _Checklist:
    """A checklist, and what samples of visits with it add to totals, sorted by score."""

    def __init__(self, version: PublishedVersion) -> None:
        self.visit_subject = version.subjects["visit", ""]
        answers = (seed.make_answers(random.Random(number)) for number in range(SAMPLES))
        scores = [score_visit(version.document, each) for each in answers]
        scores.sort(key=lambda score: score.earned)
        #: by sample: the subject and the sums of each total
        self.sums = [
            [row[2:] for row in totals.get_contributions(version, 0, 0, score)[0]] for score in scores
        ]


def _visit_months(number: int, checklist: int) -> Sequence[int]:
    """Return the months of the visits to a location with a checklist."""
    last = Period.of(None, None).last
    months = range(last - MONTHS + 1, last + 1)
    if checklist == 0:
        return months
    step = MONTHS // OTHER_VISITS
    return months[(number + checklist) % step :: step][:OTHER_VISITS]


def _total_rows(numbers: Sequence[int], checklists: Sequence[_Checklist]) -> Iterator[tuple[int, ...]]:
    """Yield the totals in the order of their key: locations differ in how good they are, and visits too."""
    generator = random.Random(1)
    for number in numbers:
        mean = generator.uniform(0.2, 0.8) * SAMPLES
        rows: list[tuple[int, ...]] = []
        for index, checklist in enumerate(checklists):
            for month in _visit_months(number, index):
                sample = min(max(int(generator.gauss(mean, 40)), 0), SAMPLES - 1)
                rows += [(number, month, *sums) for sums in checklist.sums[sample]]
        yield from sorted(rows)


def _effect_rows(numbers: Sequence[int], checklists: Sequence[_Checklist]) -> Iterator[tuple[int, ...]]:
    """Yield the effects of disputes: one about a visit of every fifth location."""
    for number in numbers[::5]:
        month = _visit_months(number, 0)[-1 - number % 12]
        yield (number, month, checklists[0].visit_subject, 2, 0)
