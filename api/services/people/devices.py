"""Browsers and systems in words, so that people recognize their sessions."""

import re

#: By precedence: most browsers also name those that they descend from.
_BROWSERS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|Chromium|CriOS)/"),
    ("Safari", r"\bSafari/"),
)
_SYSTEMS = (
    ("Android", r"\bAndroid\b"),
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMacintosh\b"),
    ("Linux", r"\bLinux\b"),
)


def describe_device(user_agent: str) -> str | None:
    """Return a browser and its system, such as "Firefox on Windows", or None if neither is known."""
    names = [
        next((name for name, pattern in kinds if re.search(pattern, user_agent)), None)
        for kinds in (_BROWSERS, _SYSTEMS)
    ]
    return " on ".join(filter(None, names)) or None
