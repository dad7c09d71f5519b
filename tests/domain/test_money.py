"""Amounts of money in the main unit of their currency."""

import pytest

from api.domain.money import DECIMALS, format_amount


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (1250, "EUR", "12.50"),
        (5, "EUR", "0.05"),
        (-5, "EUR", "-0.05"),
        (-1250, "EUR", "-12.50"),
        (1250, "JPY", "1250"),
        (1250, "KWD", "1.250"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: int, currency: str, words: str) -> None:
    assert format_amount(amount, currency) == words


def test_every_currency_has_a_code_of_three_letters_once() -> None:
    assert all(len(code) == 3 and code.isupper() for code in DECIMALS)
    assert {DECIMALS[code] for code in ("EUR", "CLP", "TND")} == {2, 0, 3}
