"""The colours of the heat table can be read, and told apart without their hue."""

import re
from itertools import pairwise

import pytest

from api.domain.colors import measure_contrast_with_white
from api.pages.files import STATIC

CSS = (STATIC / "dashboard/dashboard.css").read_text()
TONES = [re.findall(r"--tone-\d: (#\w+)", line) for line in CSS.splitlines() if "--tone-0:" in line]
TEXTS = [re.findall(r"--on-\d: (#\w+)", line) for line in CSS.splitlines() if "--on-0:" in line]


def get_contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG between two colours."""
    ratios = [measure_contrast_with_white(color.replace("#fff", "#ffffff")) for color in (one, other)]
    return max(ratios) / min(ratios)


@pytest.mark.parametrize(
    ("tones", "texts"), list(zip(TONES, TEXTS, strict=True)), ids=["light", "dark", "print"]
)
def test_colors_of_the_heat_table(tones: list[str], texts: list[str]) -> None:
    assert len(tones) == len(texts) == 7
    for tone, text in zip(tones, texts, strict=True):
        assert get_contrast(tone, text) >= 4.5, (tone, text)
    # Signs tell greens (0 to 2) from reds (4 to 6); within each, the lightness differs.
    for side in (tones[:3], tones[4:]):
        for one, other in pairwise(side):
            assert get_contrast(one, other) >= 1.2, (one, other)
