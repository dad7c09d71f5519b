"""Colours and their contrast."""

import re

COLOR = re.compile("#[0-9a-f]{6}")
#: the contrast that WCAG 2.2 requires between text and its background (1.4.3, level AA)
MIN_CONTRAST = 4.5


def measure_contrast_with_white(color: str) -> float:
    """Return the contrast ratio between a colour ``#rrggbb`` and white, from 1 to 21.

    Source: WCAG 2.2, "contrast ratio" and "relative luminance".
    """
    channels = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
