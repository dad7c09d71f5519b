"""The contrast of colours."""

import pytest

from api.domain.colors import measure_contrast_with_white


@pytest.mark.parametrize(
    ("color", "contrast"),
    [("#000000", 21.0), ("#ffffff", 1.0), ("#767676", 4.54), ("#777777", 4.48), ("#0b6b5c", 6.42)],
)
def test_contrast_with_white(color, contrast):
    assert measure_contrast_with_white(color) == pytest.approx(contrast, abs=0.01)
