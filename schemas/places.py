"""Regions and locations."""

from marshmallow import fields

from schemas.base import (
    Boolean,
    Enum,
    Id,
    NamedPlace,
    Number,
    PageQuery,
    PhoneNumber,
    QueryBoolean,
    Schema,
    Text,
    Time,
    TimeZone,
    WordList,
    page_of,
)
from schemas.imports import ImportResult


class RegionWrite(Schema):
    """The fields of a region that administrators can set."""

    name = Text(200, required=True)
    code = Text(64, required=True)
    parent_id = Id(allow_none=True)
    external_id = Text(200, allow_none=True)
    closed = Boolean()


class RegionRow(RegionWrite):
    """A row of an import of regions. It refers to the parent by its code."""

    class Meta(RegionWrite.Meta):
        """Replaces the ID of the parent by its code."""

        exclude = ("parent_id",)

    parent_code = Text(64, allow_none=True)


class RegionEdit(RegionWrite):
    """Changes of a region."""


class RegionCounts(Schema):
    """How many locations are directly in a region, and how many visits to them the caller may see."""

    locations = fields.Integer(required=True)
    visits = fields.Integer(required=True)


class Region(Schema):
    """A region."""

    id = Id(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    parent_id = Id(required=True, allow_none=True)
    external_id = fields.String(required=True, allow_none=True)
    closed = fields.Boolean(required=True)
    created_at = Time(required=True)
    counts = fields.Nested(RegionCounts())


class RegionsQuery(PageQuery):
    """Filters of the list of regions."""

    q = Text(200)
    status = Enum(("open", "closed"))
    include = WordList(("counts",), 1, load_default=tuple)
    code = Text(64)
    name = Text(200)
    external_id = Text(200)
    parent_id = Id()
    closed = QueryBoolean()


class LocationWrite(Schema):
    """The fields of a location that administrators can set."""

    code = Text(64, required=True)
    name = Text(200, required=True)
    region_id = Id(required=True)
    address = Text(500, allow_none=True)
    phone = PhoneNumber(allow_none=True)
    time_zone = TimeZone(required=True)
    latitude = Number(-90, 90, allow_none=True)
    longitude = Number(-180, 180, allow_none=True)
    external_id = Text(200, allow_none=True)
    closed = Boolean()


class LocationEdit(LocationWrite):
    """Changes of a location."""


class LocationRow(LocationWrite):
    """A row of an import of locations. It refers to the region by its code."""

    class Meta(LocationWrite.Meta):
        """Replaces the ID of the region by its code."""

        exclude = ("region_id",)

    region_code = Text(64, required=True)


class LocationCounts(Schema):
    """How many visits to a location the caller may see."""

    visits = fields.Integer(required=True)


class Location(Schema):
    """A location."""

    id = Id(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    region_id = Id(required=True)
    address = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    time_zone = fields.String(required=True)
    latitude = fields.Float(required=True, allow_none=True)
    longitude = fields.Float(required=True, allow_none=True)
    external_id = fields.String(required=True, allow_none=True)
    closed = fields.Boolean(required=True)
    created_at = Time(required=True)
    counts = fields.Nested(LocationCounts())


class LocationsQuery(PageQuery):
    """Filters of the list of locations."""

    q = Text(200)
    status = Enum(("open", "closed"))
    include = WordList(("counts",), 1, load_default=tuple)
    code = Text(64)
    name = Text(200)
    time_zone = Text(64)
    external_id = Text(200)
    region_id = Id()
    within = Id()
    closed = QueryBoolean()


class LocationImportResult(ImportResult):
    """What an import of locations did, or would do."""

    imported = fields.Integer(required=True, metadata={"deprecated": True})


class ProgressMonth(Schema):
    """The number of visits in progress, whose window opens in the month, and of accepted visits."""

    month = fields.String(required=True)
    out = fields.Integer(required=True, allow_none=True)
    accepted = fields.Integer(required=True)
    self_checks = fields.Integer(required=True)


class Progress(Schema):
    """The progress of the visits of a region, by month."""

    region = fields.Nested(NamedPlace(), required=True)
    months = fields.List(fields.Nested(ProgressMonth()), required=True)


REGION_PAGE = page_of(Region())
LOCATION_PAGE = page_of(Location())
