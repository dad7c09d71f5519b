"""The keys of photos in the store. The row of a photo names its objects before they are written.

Each declaration has a random token, the end of its upload key. While the photo waits, its row names every key
with this token. Then it names the two pictures that are kept, and nothing else. So an object that no row
names was replaced or abandoned: no row will ever name it again. Whether an object may be removed therefore
depends neither on a clock nor on what other processes do at the same time.
"""

import re
import uuid

from api.models.photos import Photo

UPLOAD_PREFIX, PICTURE_PREFIX = "incoming/", "photos/"

_ID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_KEY = re.compile(rf"(?:{UPLOAD_PREFIX}|{PICTURE_PREFIX}){_ID}[./]{_ID}\..+")


def create_upload_key(visit_id: uuid.UUID, photo_id: uuid.UUID) -> str:
    """Return the key for the upload of a new declaration."""
    return f"{UPLOAD_PREFIX}{visit_id}.{photo_id}.{uuid.uuid4()}"


def create_picture_keys(photo: Photo) -> tuple[str, str]:
    """Return new keys for the picture and the thumbnail of a declared photo.

    Each attempt to store them has keys of its own, so that none overwrites what another one stored.
    """
    prefix = f"{_get_picture_prefix(photo)}{uuid.uuid4()}"
    return f"{prefix}.jpg", f"{prefix}.thumbnail.jpg"


def find_photo_id(key: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """Return the visit and the photo that a key belongs to, or None if it is not the key of a photo."""
    match = _KEY.fullmatch(key)
    return (uuid.UUID(match[1]), uuid.UUID(match[2])) if match else None


def is_named(photo: Photo, key: str) -> bool:
    """Return whether the row of a photo names this key."""
    if photo.status == "stored":
        return key in (photo.key, photo.thumbnail_key)
    if photo.status == "awaiting_upload":
        return key == photo.upload_key or key.startswith(_get_picture_prefix(photo))
    return False


def _get_picture_prefix(photo: Photo) -> str:
    token = photo.upload_key.rpartition(".")[2]
    return f"{PICTURE_PREFIX}{photo.visit_id}/{photo.id}.{token}."
