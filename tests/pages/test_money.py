"""The pages and the API agree on the decimals of each currency. Browsers alone have other numbers."""

import re

from api.domain.money import DECIMALS
from api.pages.files import STATIC

SCRIPT = (STATIC / "shared/money.js").read_text()


def test_the_pages_have_the_decimals_of_the_api() -> None:
    without, three = (
        set(re.search(rf'{name} =\s*"([^"]+)"', SCRIPT)[1].split())  # type: ignore[index]
        for name in ("WITHOUT_DECIMALS", "WITH_THREE")
    )
    assert without == {code for code, decimals in DECIMALS.items() if decimals == 0}
    assert three == {code for code, decimals in DECIMALS.items() if decimals == 3}
