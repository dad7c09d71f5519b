"""Duplicates: the same picture in two visits, found by its bytes or by its difference hash."""

import uuid
from typing import Any

from sqlalchemy import Row, Select, bindparam, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.models.photos import ARRIVED, Photo
from uploads.fingerprint import measure_hash_distance, split_into_bands

#: in bits of 64
MAX_HASH_DISTANCE = 3


def _select_by_band(
    column: InstrumentedAttribute[int | None], parameter: str
) -> Select[uuid.UUID, uuid.UUID, str | None]:
    return select(Photo.visit_id, Photo.id, Photo.difference_hash).where(
        Photo.organization_id == bindparam("organization_id"),
        column == bindparam(parameter),
        Photo.status.in_(ARRIVED),
    )


#: the stored photos that share one of the four bands of a hash. As a union, each part uses the index of
#: its band. With OR, SQLite reads every photo
LOOK_ALIKES = union_all(
    *(
        _select_by_band(column, f"band_{number}")
        for number, column in enumerate((Photo.band_0, Photo.band_1, Photo.band_2, Photo.band_3))
    )
)


def get_band_parameters(difference_hash: int) -> dict[str, int]:
    """Return the four bands of a difference hash, as parameters of ``LOOK_ALIKES``."""
    return {f"band_{number}": band for number, band in enumerate(split_into_bands(difference_hash))}


def find_duplicate(
    session: Session, photo: Photo, difference_hash: int | None
) -> Row[*tuple[Any, ...]] | None:
    """Return the same picture in another visit of the organization (``visit_id`` and ``id``), or None.

    Pictures are the same if their bytes are equal, or if their difference hashes differ in at most
    ``MAX_HASH_DISTANCE`` of 64 bits.
    """
    same = session.execute(
        select(Photo.visit_id, Photo.id)
        .where(
            Photo.organization_id == photo.organization_id,
            Photo.sha256 == photo.sha256,
            Photo.status.in_(ARRIVED),
            Photo.visit_id != photo.visit_id,
        )
        .limit(1)
    ).first()
    if same is not None:
        return same
    if difference_hash is None:
        return None
    parameters = {"organization_id": photo.organization_id, **get_band_parameters(difference_hash)}
    for other in session.execute(LOOK_ALIKES, parameters):
        distance = measure_hash_distance(int(other.difference_hash, 16), difference_hash)
        if other.visit_id != photo.visit_id and distance <= MAX_HASH_DISTANCE:
            return other
    return None
