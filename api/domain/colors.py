"""Colours, and whether text can be read on them."""

import re

COLOR = re.compile("#[0-9a-f]{6}")
#: what WCAG 2.2 asks between text and what it stands on (1.4.3, level AA)
MIN_CONTRAST = 4.5


def measure_contrast_with_white(color: str) -> float:
    """Return the contrast of a colour ``#rrggbb`` with white, from 1 to 21.

    Source: WCAG 2.2, "contrast ratio" and "relative luminance".
    """
    shares = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
