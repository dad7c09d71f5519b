"""The pages of staff are small: what a screen needs until it is ready, as it is sent."""

import pytest
from flask import Flask

from api.pages.files import FILES, JOINED, STATIC, get_languages

#: the most bytes of HTML (which contains the styles) and scripts, compressed
BUDGET = 60_000
ROOTS = {"dashboard": "/dashboard", "admin": "/dashboard/admin"}
SCREENS = [(page, path.stem) for page in ROOTS for path in sorted((STATIC / page / "screens").glob("*.js"))]


@pytest.mark.parametrize(("page", "screen"), SCREENS)
def test_screen_needs_at_most_sixty_kilobytes(app: Flask, page: str, screen: str) -> None:
    for language in get_languages(page):
        headers = {"Accept-Encoding": "gzip", "Accept-Language": language}
        html = app.test_client().get(ROOTS[page], headers=headers)
        assert html.headers["Content-Encoding"] == "gzip"
        modules = (f"{page}/words/{language}.js", f"{page}/screens/{screen}.js")
        names = (f"{page}/main.js", *(JOINED[page].get_address(name, language) for name in modules))
        sizes = [len(html.data), *(len(FILES[name].gzipped) for name in names)]
        assert sum(sizes) <= BUDGET, sizes
