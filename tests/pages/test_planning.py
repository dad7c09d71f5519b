"""The modules of planning that know no page: sharing out visits, and the days of a location."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "api/pages/static/admin/planning"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed.")


def run(module: str, script: str) -> Any:
    """Run a script after a module, which imports nothing, and return the value that it evaluates to."""
    assert NODE
    source = f"{(FOLDER / module).read_text('utf-8')}\nconsole.log(JSON.stringify({script}))"
    command = [NODE, "--input-type=module", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_visits_are_shared_out_to_whoever_has_the_fewest() -> None:
    """The location that few may visit comes first, so that they are not given to another one before."""
    shares = run(
        "share-out.js",
        """(() => {
          const visits = ["a", "b", "c", "d", "none"].map((id) => ({ id, location_id: id }));
          const shoppers = [
            { id: "busy", visits_in_progress: 3 },
            { id: "free", visits_in_progress: 0 },
            { id: "new" },
          ];
          // Only "new" may go to "d", and nobody to "none".
          const isFree = (place, shopper) => place !== "none" && (place !== "d" || shopper === "new");
          return [...shareOut(visits, shoppers, isFree)];
        })()""",
    )
    assert shares == [["none", None], ["d", "new"], ["a", "free"], ["b", "free"], ["c", "new"]]


def test_many_visits_are_shared_out_evenly() -> None:
    counts = run(
        "share-out.js",
        """(() => {
          const row = (_, index) => ({ id: `${index}`, location_id: `${index}` });
          const list = (n) => Array.from({ length: n }, row);
          const counts = {};
          for (const id of shareOut(list(1000), list(30), () => true).values())
            counts[id] = (counts[id] ?? 0) + 1;
          return Object.values(counts);
        })()""",
    )
    assert sorted(counts) == [33] * 20 + [34] * 10


def test_visits_to_one_location_go_to_different_shoppers_as_long_as_there_are_any() -> None:
    shares = run(
        "share-out.js",
        """(() => {
          const visits = ["v1", "v2", "v3"].map((id) => ({ id, location_id: "a" }));
          const shoppers = [{ id: "new" }, { id: "busy", visits_in_progress: 9 }];
          return [...shareOut(visits, shoppers, () => true)];
        })()""",
    )
    assert shares == [["v1", "new"], ["v2", "busy"], ["v3", "new"]]


@pytest.mark.parametrize(
    ("parts", "between", "days"),
    [
        (1, 0, [("01", "10")]),
        (2, 0, [("01", "05"), ("06", "10")]),
        (3, 0, [("01", "03"), ("04", "06"), ("07", "10")]),
        (2, 4, [("01", "03"), ("08", "10")]),
        # There is no room for so many days between them.
        (2, 30, [("01", "01"), ("10", "10")]),
    ],
)
def test_days_are_split_into_windows(parts: int, between: int, days: list[tuple[str, str]]) -> None:
    windows = run("days.js", f"splitDays({{ from: '2026-03-01', to: '2026-03-10' }}, {parts}, {between})")
    assert windows == [{"from": f"2026-03-{first}", "to": f"2026-03-{last}"} for first, last in days]


@pytest.mark.parametrize(
    ("first", "last", "zone", "opens_at", "closes_at"),
    [
        ("2026-12-01", "2026-12-31", "Europe/Madrid", "2026-11-30T23:00", "2026-12-31T22:59:59"),
        ("2026-12-01", "2026-12-31", "America/New_York", "2026-12-01T05:00", "2027-01-01T04:59:59"),
        # The clocks change within the window.
        ("2026-03-01", "2026-03-31", "Europe/London", "2026-03-01T00:00", "2026-03-31T22:59:59"),
        # The day of the change has 23 hours, and in Santiago it begins at 1:00.
        ("2026-03-29", "2026-03-29", "Europe/Madrid", "2026-03-28T23:00", "2026-03-29T21:59:59"),
        ("2026-09-06", "2026-09-06", "America/Santiago", "2026-09-06T04:00", "2026-09-07T02:59:59"),
        ("2026-10-25", "2026-10-25", "Europe/Madrid", "2026-10-24T22:00", "2026-10-25T22:59:59"),
        ("2026-06-01", "2026-06-01", "Pacific/Kiritimati", "2026-05-31T10:00", "2026-06-01T09:59:59"),
    ],
)
def test_days_begin_and_end_in_the_time_zone_of_the_location(
    first: str, last: str, zone: str, opens_at: str, closes_at: str
) -> None:
    window, days = run(
        "days.js",
        f"(() => {{ const window = windowOf('{first}', '{last}', '{zone}');"
        f" return [window, daysOf(window, '{zone}')] }})()",
    )
    assert window == {"opens_at": f"{opens_at}:00.000Z", "closes_at": f"{closes_at}.000Z"}
    assert days == {"from": first, "to": last}


def test_window_that_closes_as_a_day_begins_ends_on_the_day_before() -> None:
    window = json.dumps({"opens_at": "2026-01-31T23:00:00Z", "closes_at": "2026-02-28T23:00:00Z"})
    assert run("days.js", f"daysOf({window}, 'Europe/Madrid')") == {
        "from": "2026-02-01",
        "to": "2026-02-28",
    }


def test_days_are_added_over_the_ends_of_months() -> None:
    assert run("days.js", "[addDays('2028-02-28', 1), addDays('2026-01-01', -1)]") == [
        "2028-02-29",
        "2025-12-31",
    ]
