"""Guides and recipes: the Markdown files in ``docs/``, as HTML for the API documentation.

A call in backticks, such as ``GET /visits``, becomes a link to its operation. So does the code of a problem.
HTML in the files is shown as text.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

FOLDER = Path(__file__).parents[3] / "docs"
#: the files in ``docs/api``, in the order of the page
GUIDES = (
    "getting-started",
    "authentication",
    "scopes",
    "journey",
    "errors",
    "lists",
    "etags",
    "idempotency",
    "rate-limits",
    "change-feed",
    "webhooks",
    "exports",
)
#: a guide's `#` heading is an h3 of the page, below the h2 of its part
_HEADING_SHIFT = 2


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide or recipe: its anchor, its title, and its text as HTML."""

    id: str
    title: str
    html: Markup


def read_guides(links: Mapping[str, str]) -> list[Guide]:
    """Return the guides in the order of the page. ``links`` maps texts in backticks to addresses."""
    return [_read(FOLDER / f"api/{name}.md", name, links) for name in GUIDES]


def read_recipes(links: Mapping[str, str]) -> list[Guide]:
    """Return the recipes, sorted by name after the first one."""
    # What all recipes build on comes first.
    paths = sorted(FOLDER.glob("recipes/*.md"), key=lambda path: (path.stem != "connect", path.stem))
    return [_read(path, f"recipe-{path.stem}", links) for path in paths]


def make_link_table(operations: Iterable[Mapping[str, Any]], codes: Iterable[str]) -> dict[str, str]:
    """Return the addresses of operations and problems on the page, by the text that guides name them with."""
    table = {code: f"#problem-{code}" for code in codes}
    for operation in operations:
        table[f"{operation['method']} {operation['short_path']}"] = f"#{operation['id']}"
    return table


def _read(path: Path, anchor: str, links: Mapping[str, str]) -> Guide:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = markdown.parse(path.read_text("utf-8"))
    if not tokens or tokens[0].tag != "h1":
        raise ValueError(f"{path}: the first line must be a title, as in `# Title`")
    title, body = tokens[1].content, tokens[3:]
    for position, token in enumerate(body):
        if token.type == "heading_open":
            token.attrSet("id", f"{anchor}-{_make_slug(body[position + 1].content)}")
        if token.type.startswith("heading_"):
            token.tag = f"h{int(token.tag[1]) + _HEADING_SHIFT}"
        if token.children:
            token.children = [*_link(token.children, links)]
    # The renderer escapes all text, and the parser rejects links with a scheme such as javascript.
    return Guide(anchor, title, Markup(markdown.renderer.render(body, markdown.options, {})))  # noqa: S704


def _link(tokens: Sequence[Token], links: Mapping[str, str]) -> Iterable[Token]:
    """Yield the tokens of a line, with links to other parts of the page."""
    depth = 0
    for token in tokens:
        if token.type == "link_open":
            depth += 1
            token.attrSet("href", _resolve(str(token.attrGet("href"))))
        elif token.type == "link_close":
            depth -= 1
        address = links.get(token.content) if token.type == "code_inline" and not depth else None
        if address:
            yield Token("link_open", "a", 1, attrs={"href": address})
        yield token
        if address:
            yield Token("link_close", "a", -1)


def _resolve(address: str) -> str:
    """Return the address on the page of a link to another guide or recipe, with or without an anchor."""
    match = re.fullmatch(
        r"(\.\./)?((?P<folder>api|recipes)/)?(?P<name>[\w-]+)\.md(#(?P<anchor>.+))?", address
    )
    if match is None:
        return address
    anchor = f"recipe-{match['name']}" if match["name"] not in GUIDES else match["name"]
    return f"#{anchor}-{match['anchor']}" if match["anchor"] else f"#{anchor}"


def _make_slug(heading: str) -> str:
    """Return the anchor of a heading, in the form that code hosts use too."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
