"""The report of a location's or a region's period, as a PDF/UA-1 file that a manager takes to a meeting.

    content.py    the figures, comments and photos, from the services that the API uses
    words/        English and Spanish, numbers and days
    glyphs.py     replaces characters that the fonts lack
    charts.py     the chart of the months, as SVG
    document.py   the content in words, as JSON
    report.typ    the layout of that JSON
    fonts/        the fonts, with their licence

A report is written in a child process, because the compiler holds up to 300 MiB for a moment.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from sqlalchemy.orm import Session

from api.domain.access import Actor
from api.exports.report.charts import draw_months
from api.exports.report.content import STEPS, Content, ReportOrder, read_content
from api.exports.report.document import compose_document
from api.exports.report.glyphs import FONTS
from api.exports.report.words import Words
from api.models.base import now
from uploads.store import ObjectMissing, Store

__all__ = ["ReportOrder", "write_report"]

_LAYOUT = Path(__file__).parent / "report.typ"
#: Thumbnails are much smaller.
_MAX_THUMBNAIL_BYTES = 1 << 20


def write_report(
    session: Session,
    actor: Actor,
    order: ReportOrder,
    path: Path,
    store: Store,
    on_progress: Callable[[int, int], None],
) -> None:
    """Write a report to ``path``, with what ``actor`` may see in the session's snapshot.

    Calls ``on_progress`` with the steps that are done, beginning with 0, and the number of all steps.

    Raises REGION_NOT_FOUND, LOCATION_NOT_FOUND and CHECKLIST_NOT_FOUND, ValueError for a period that is not
    valid, and StoreUnavailable if a photo cannot be read.
    """
    done = 0
    on_progress(done, STEPS)

    def finish_step() -> None:
        nonlocal done
        done += 1
        on_progress(done, STEPS)

    content = read_content(session, actor, order, finish_step)
    words, moment = Words(order.language), now().replace(microsecond=0)
    document = compose_document(content, words, moment.date())
    with tempfile.TemporaryDirectory(prefix="report-") as name:
        folder = Path(name)
        shutil.copy(_LAYOUT, folder)
        if document["months"] is not None:
            chart = draw_months(words, content.figures["months"], document["color"])
            (folder / "months.svg").write_text(chart, encoding="utf-8")
        _copy_photos(store, content, document, folder)
        _compile(folder, document, path, moment)
    finish_step()


def _copy_photos(store: Store, content: Content, document: dict[str, Any], folder: Path) -> None:
    """Copy the thumbnails to files in ``folder``, and name them in the document."""
    for index, photo in enumerate(content.photos.items):
        item = document["photos"]["items"][index]
        item["file"] = f"photo-{index + 1}.jpg"
        try:
            data = store.read(photo.thumbnail_key, _MAX_THUMBNAIL_BYTES)
        except ObjectMissing:
            item["file"] = None
            continue
        (folder / item["file"]).write_bytes(data)


def _compile(folder: Path, document: dict[str, Any], path: Path, moment: datetime) -> None:
    """Lay out a document. The compiler reads nothing outside ``folder``, and rejects what is not PDF/UA-1."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    typst.compile(
        folder / "report.typ",
        output=path,
        root=folder,
        font_paths=fonts,
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"document": json.dumps(document)},
        pdf_standards=["ua-1"],
        timestamp=moment,
    )
