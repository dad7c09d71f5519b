"""Compression: large responses to GET are sent as gzip, with a separate ETag, if the client accepts it."""

import gzip
import zlib
from collections.abc import Iterable, Iterator

from flask import Response, request

from api.http.etags import GZIP_SUFFIX, apply_if_none_match

#: smaller bodies hardly shrink
MINIMUM_BYTES = 1024
#: results within a few per cent of the smallest size, in half the time
LEVEL = 5
TYPES = ("application/json", "text/csv")
#: zlib's number for the format of gzip with the largest window
_GZIP_FORMAT = 31


def negotiate_encoding(response: Response) -> Response:
    """Return the response to a GET as gzip if the client accepts that, or a 304 if the client already has it.

    Responses that create something or issue tokens are never compressed, because they do not answer a GET.
    Responses that already have a content encoding stay as they are.
    """
    use_gzip = False
    if _is_compressible(response):
        # response.vary would parse the header only to append one word.
        vary = response.headers.get("Vary")
        response.headers["Vary"] = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
        use_gzip = request.accept_encodings["gzip"] > 0
    if use_gzip and "ETag" in response.headers:
        etag, _ = response.get_etag()
        response.set_etag(f"{etag}{GZIP_SUFFIX}")
    response = apply_if_none_match(response)
    if use_gzip and response.status_code != 304:
        if response.is_streamed:
            response.response = _compress_stream(response.iter_encoded())
        else:
            response.set_data(gzip.compress(response.get_data(), LEVEL, mtime=0))
        response.content_encoding = "gzip"
    return response


def _is_compressible(response: Response) -> bool:
    is_text = response.headers.get("Content-Type", "").startswith(TYPES)
    if not is_text or "Content-Encoding" in response.headers:
        return False
    if response.is_streamed:  # a file has a length
        return "Content-Length" not in response.headers
    return len(response.get_data()) >= MINIMUM_BYTES


def _compress_stream(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the gzip form of a body that comes in chunks, each as soon as it is there."""
    compressor = zlib.compressobj(LEVEL, wbits=_GZIP_FORMAT)
    for chunk in chunks:
        yield compressor.compress(chunk) + compressor.flush(zlib.Z_SYNC_FLUSH)
    yield compressor.flush()
