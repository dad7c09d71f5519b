"""The layout of mails: their content as plain text and as HTML.

The HTML is simple enough for old programs: one column, no images, nothing from elsewhere. It has dark colours
for programs that ask for them.
"""

from dataclasses import dataclass
from html import escape

#: the colour of links, unless the organization has one of its own
COLOR = "#0b6b5c"

_HTML = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{subject}</title>
<style>
@media (prefers-color-scheme: dark) {{
body, td, th, p, h2 {{ background: #161616 !important; color: #ededed !important }}
.quiet, .quiet a {{ color: #b0b0b0 !important }}
.row {{ color: #8ed6c8 !important }}
td, th {{ border-color: #454545 !important }}
}}
</style>
</head>
<body style="margin: 0; padding: 24px; font: 16px/1.5 sans-serif; color: #1b1b1b; background: #ffffff">
<div style="max-width: 552px">
{before}
{tables}
<p><a href="{url}" style="display: inline-block; padding: 12px 20px; border-radius: 6px; \
background: {color}; color: #ffffff; font-weight: bold; text-decoration: none">{link}</a></p>
{after}
{footer}
</div>
</body>
</html>
"""
_TABLE = """\
{title}<table style="width: 100%; border-collapse: collapse">
<tr>{headers}</tr>
{rows}
</table>
"""
_CELL = "padding: 8px 12px 8px 0; border-bottom: 1px solid #d0d0d0; vertical-align: top; text-align: "


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. Its first cell leads to ``url``, if there is one."""

    cells: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under the names of their columns, with or without a title.

    ``more`` says how many rows are missing, if any are.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class Footer:
    """Why somebody gets a mail, and a link to a page that ends such mails.

    Programs end them by a POST to ``one_click_url``, as RFC 8058 describes.
    """

    reason: str
    link: str
    url: str
    one_click_url: str


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a mail. ``link`` is the label of the button that leads to ``url``."""

    subject: str
    before: tuple[str, ...]
    link: str
    url: str
    after: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    footer: Footer | None = None


def write_text(content: Content) -> str:
    """Return the content as plain text."""
    parts = [*content.before, *map(_write_table, content.tables), f"{content.link}:\n{content.url}"]
    parts += content.after
    if content.footer:
        parts.append(f"-- \n{content.footer.reason}\n{content.footer.link}:\n{content.footer.url}")
    return "\n\n".join(parts) + "\n"


def _write_table(table: Table) -> str:
    lines = []
    for row in table.rows:
        lines.append("- " + " · ".join(filter(None, row.cells)))
        if row.url:
            lines.append(f"  {row.url}")
    return "\n".join(filter(None, [table.title, *lines, table.more]))


def write_html(content: Content, language: str, color: str) -> str:
    """Return the content as HTML, with a button in the given colour."""

    def paragraphs(parts: tuple[str, ...]) -> str:
        return "\n".join(f"<p>{escape(part)}</p>" for part in parts)

    return _HTML.format(
        language=language,
        subject=escape(content.subject),
        before=paragraphs(content.before),
        tables="".join(_render_table(table, color) for table in content.tables),
        url=escape(content.url),
        color=color,
        link=escape(content.link),
        after=paragraphs(content.after),
        footer=_render_footer(content.footer) if content.footer else "",
    )


def _render_table(table: Table, color: str) -> str:
    headers = "".join(
        f'<th scope="col" style="{_CELL}{_align(index)}; font-size: 14px">{escape(column)}</th>'
        for index, column in enumerate(table.columns)
    )
    rows = "\n".join(f"<tr>{_render_cells(row, color)}</tr>" for row in table.rows)
    more = f'<p class="quiet" style="color: #595959">{escape(table.more)}</p>\n' if table.more else ""
    title = f'<h2 style="margin: 24px 0 4px; font-size: 17px">{escape(table.title)}</h2>\n'
    return _TABLE.format(title=title if table.title else "", headers=headers, rows=rows) + more


def _render_cells(row: Row, color: str) -> str:
    first, *others = map(escape, row.cells)
    if row.url:
        first = f'<a class="row" href="{escape(row.url)}" style="color: {color}">{first}</a>'
    return "".join(
        f'<td style="{_CELL}{_align(index)}">{cell}</td>' for index, cell in enumerate((first, *others))
    )


def _align(index: int) -> str:
    return "left" if index == 0 else "right"


def _render_footer(footer: Footer) -> str:
    link = f'<a href="{escape(footer.url)}" style="color: #595959">{escape(footer.link)}</a>'
    return (
        f'<p class="quiet" style="margin-top: 32px; font-size: 14px; color: #595959">{escape(footer.reason)}'
        f"<br>{link}</p>"
    )
