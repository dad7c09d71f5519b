"""Packing: large answers leave as gzip where the caller takes it, each form with an ETag of its own."""

import gzip

from flask import Response, request

from api.http.etags import PACKED, unless_known

#: what is smaller hardly shrinks
LEAST_BYTES = 1024
#: within a few per cent of the smallest at half of the time
LEVEL = 5
TYPES = ("application/json", "text/csv")


def as_taken(response: Response) -> Response:
    """Return the answer to a GET in the form that the caller takes, or a 304 where he has that already.

    Nothing that creates or hands out tokens is packed: those are no GETs. What was packed before stays.
    """
    packs = False
    if _is_large(response):
        # Caches are told that it has two forms; response.vary would take the header apart for that.
        others = response.headers.get("Vary")
        response.headers["Vary"] = f"{others}, Accept-Encoding" if others else "Accept-Encoding"
        packs = request.accept_encodings["gzip"] > 0
    if packs and "ETag" in response.headers:
        tag, _ = response.get_etag()
        response.set_etag(f"{tag}{PACKED}")
    response = unless_known(response)
    if packs and response.status_code != 304:
        response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
        response.content_encoding = "gzip"
    return response


def _is_large(response: Response) -> bool:
    """Whether an answer is worth packing."""
    is_text = response.headers.get("Content-Type", "").startswith(TYPES)
    return is_text and "Content-Encoding" not in response.headers and len(response.get_data()) >= LEAST_BYTES
