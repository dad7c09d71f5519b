"""Base classes of the schemas, and strict fields.

The fields never convert between JSON types: ``"5"`` is not an integer, and ``1`` is not a boolean. Otherwise,
a value could be stored that the client did not send. Each ValidationError becomes a 422 with a JSON pointer.
"""

import math
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from typing import Any, cast

import marshmallow as ma
from marshmallow import fields, validate

from api.domain.access import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from api.domain.fields import LANGUAGE
from api.domain.months import format_month, parse_month
from api.domain.times import format_utc, get_time_zones
from schemas.descriptions import get_description
from schemas.examples import get_example
from schemas.writing import build_writer

MAX_INTEGER = 2**53
#: a month from 0001-01 to 9999-12
MONTH_PATTERN = "^([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-(0[1-9]|1[0-2])$"
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:[0-5]\d)",
    re.ASCII,
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Patterns in the OpenAPI document. They match exactly what the server accepts.

#: a text without NUL
TEXT_PATTERN = r"^[^\x00]*$"
#: a text without NUL that is not blank, by the definition of white space in Python
NON_BLANK_PATTERN = r"^[^\x00]*[^\s\x00\x1c-\x1f\x85][^\x00]*$"
UUID_PATTERN = f"^{_UUID.pattern}$"
_PHONE_CHARACTER = r"[0-9A-Za-z +().,/#*-]"
#: a telephone number as people write it, with at least one digit; allows an extension, or 0800 FLOWERS
PHONE_PATTERN = f"^{_PHONE_CHARACTER}*[0-9]{_PHONE_CHARACTER}*$"
RANDOM_ID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"


class Schema(ma.Schema):
    """A JSON object. Unknown fields are rejected."""

    class Meta:
        """Rejects unknown fields."""

        unknown = ma.RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Set description and example of a field for the OpenAPI document, unless the field defines them."""
        name = field_obj.data_key or field_name
        inner = field_obj.inner if isinstance(field_obj, fields.List) else field_obj
        texts: dict[str, Any] = {"description": get_description(type(self).__mro__, name)}
        if not isinstance(inner, fields.Nested):
            texts["example"] = get_example(type(self).__mro__, name)
        known = {word: text for word, text in texts.items() if text is not None}
        field_obj.metadata = {**known, **field_obj.metadata}

    @cached_property
    def _write(self) -> Callable[[Any], dict[str, Any]]:
        return build_writer(self)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Return what marshmallow's own ``dump`` returns, in a tenth of the time.

        IDs and times are returned unchanged, and orjson writes them. Times must be in UTC.
        """
        if self.many if many is None else many:
            return [self._write(item) for item in obj]
        return self._write(obj)


class FullMatch(validate.Regexp):
    """The whole text matches a pattern. The pattern has ``^`` and ``$`` for the OpenAPI document."""

    def __init__(self, pattern: str, **kwargs: Any) -> None:
        super().__init__(pattern, **kwargs)
        self.pattern = pattern

    def __call__(self, value: Any) -> Any:
        """Raise ValidationError unless the text matches. With ``$`` alone, a final newline would pass."""
        if not re.fullmatch(self.pattern, value):
            raise ma.ValidationError(self._format_error(value))
        return value


class Text(fields.String):
    """A string of ``min_length`` to ``max_length`` characters, where None means no limit.

    It must not be blank, unless ``min_length`` is 0.
    """

    def __init__(self, max_length: int | None = 200, min_length: int = 1, **kwargs: Any) -> None:
        metadata = {
            "pattern": NON_BLANK_PATTERN if min_length else TEXT_PATTERN,
            **kwargs.pop("metadata", {}),
        }
        length = validate.Length(min=min_length, max=max_length)
        super().__init__(validate=length, metadata=metadata, **kwargs)
        self.min_length = min_length

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ma.ValidationError("This must be a string.")
        if self.min_length and not value.strip():
            raise ma.ValidationError("This must not be blank.")
        return value


class PhoneNumber(Text):
    """A telephone number as people write it, such as ``+44 20 7946 0018 ext. 2``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, metadata={"pattern": PHONE_PATTERN}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        number = super()._deserialize(value, attr, data, **kwargs)
        if not re.fullmatch(PHONE_PATTERN, number):
            raise ma.ValidationError(
                "This must be a telephone number: digits, and spaces, letters or + - ( ) . , / # *"
            )
        return number


class Password(Text):
    """A new password of 8 to 256 characters, which is not blank."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_PASSWORD_LENGTH, min_length=MIN_PASSWORD_LENGTH, **kwargs)


class Integer(fields.Integer):
    """An integer from ``minimum`` to ``maximum``. ``5.7``, ``"5"`` and ``true`` are not integers."""

    def __init__(self, minimum: int = -MAX_INTEGER, maximum: int = MAX_INTEGER, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(minimum, maximum), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ma.ValidationError("This must be a whole number.")
        return value


class QueryInteger(fields.Integer):
    """An integer in a query string, where all values are strings."""

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(minimum, maximum), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", str(value)):
            raise ma.ValidationError("This must be a whole number.")
        return int(value)


class QueryNumber(fields.Float):
    """A number from ``minimum`` to ``maximum`` in a query string, such as ``0.075``."""

    def __init__(self, minimum: float, maximum: float, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(minimum, maximum), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", str(value)):
            raise ma.ValidationError("This must be a number.")
        return float(value)


class Number(fields.Float):
    """A finite number from ``minimum`` to ``maximum``."""

    def __init__(self, minimum: float = -MAX_INTEGER, maximum: float = MAX_INTEGER, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(minimum, maximum), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise ma.ValidationError("This must be a number.")
        return value


class Boolean(fields.Boolean):
    """``true`` or ``false``. ``1`` and ``"true"`` are not booleans."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ma.ValidationError("This must be true or false.")
        return value


class QueryBoolean(fields.Boolean):
    """``true`` or ``false`` in a query string."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if value not in ("true", "false"):
            raise ma.ValidationError("This must be true or false.")
        return cast(str, value) == "true"


class Id(fields.UUID):
    """A UUID in lowercase."""

    pattern = UUID_PATTERN

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": self.pattern, **kwargs.pop("metadata", {})}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> uuid.UUID:
        if not isinstance(value, str) or not _UUID.fullmatch(value):
            raise ma.ValidationError("This must be a UUID in lowercase.")
        return uuid.UUID(value)


class RandomId(Id):
    """A UUID of version 4 that a phone generated. Other versions can reveal the phone and the time."""

    pattern = RANDOM_ID_PATTERN

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> uuid.UUID:
        random_id = super()._deserialize(value, attr, data, **kwargs)
        if random_id.version != 4:
            raise ma.ValidationError("This must be a random UUID (version 4).")
        return random_id


class Url(fields.URL):
    """An absolute URL."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"format": "uri", **kwargs.pop("metadata", {})}, **kwargs)


class Constant(fields.Constant):
    """A string that is always the same. Some distinguish the alternatives of a schema."""


class Time(fields.DateTime):
    """A time in the format of RFC 3339 with an offset. Responses contain it in UTC."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format_utc(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = parse_time(value) if isinstance(value, str) else None
        if moment is None:
            raise ma.ValidationError("This must be a time with an offset, such as 2026-01-31T09:30:00+01:00.")
        return moment


class Day(fields.Date):
    """A day in the format ``YYYY-MM-DD``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            raise ma.ValidationError("This must be a day, YYYY-MM-DD.") from None


class Month(fields.Field[int]):
    """A month in the format ``YYYY-MM``. Its internal value is year · 12 + month − 1."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"type": "string", "pattern": MONTH_PATTERN, "example": "2026-01"}
        super().__init__(metadata={**metadata, **kwargs.pop("metadata", {})}, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format_month(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            return parse_month(value)
        except (ValueError, TypeError):
            raise ma.ValidationError("This must be a month, YYYY-MM.") from None


class Enum(fields.String):
    """One of a fixed set of strings."""

    def __init__(self, allowed: Sequence[str], **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(allowed), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ma.ValidationError("This must be a string.")
        return value


class WordList(fields.String):
    """A list of fixed words, at most ``maximum`` of them, in a query string. It loads as a tuple.

    The words are separated by commas. Some clients repeat the parameter for each word instead.
    """

    def __init__(self, words: Sequence[str], maximum: int, **kwargs: Any) -> None:
        items = {"type": "string", "enum": list(words)}
        metadata = {"type": "array", "items": items, "minItems": 1, "maxItems": maximum}
        super().__init__(metadata=metadata, **kwargs)
        self.words, self.maximum = words, maximum

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        words = tuple(str(value).split(","))
        for word in words:
            if word not in self.words:
                raise ma.ValidationError(f"{word!r} is not one of {', '.join(self.words)}.")
        if len(words) > self.maximum:
            raise ma.ValidationError(f"Must have at most {self.maximum} values.")
        return words


class Localized(fields.Field):
    """A text for people: a string, or an object that maps a language to a string."""

    #: the component of the OpenAPI document
    component: Mapping[str, Any] = {
        "description": "A text for people: a string, or an object that maps languages to strings.",
        "anyOf": [
            {"type": "string", "pattern": TEXT_PATTERN},
            {
                "type": "object",
                "title": "Translations",
                "propertyNames": {"pattern": f"^{LANGUAGE.pattern}$"},
                "additionalProperties": {"type": "string", "pattern": TEXT_PATTERN},
            },
        ],
        "examples": ["Store visit", {"en": "Store visit", "es": "Visita a la tienda"}],
    }

    def __init__(self, **kwargs: Any) -> None:
        null = [{"type": "null"}] if kwargs.get("allow_none") else []
        super().__init__(metadata={"anyOf": [{"$ref": "#/components/schemas/Text"}, *null]}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            return value
        if not isinstance(value, Mapping):
            raise ma.ValidationError("This must be a string, or an object that maps languages to strings.")
        for language, text in value.items():
            if not LANGUAGE.fullmatch(language):
                raise ma.ValidationError({language: ["This must be a language tag such as en or pt-BR."]})
            if not isinstance(text, str):
                raise ma.ValidationError({language: ["This must be a string."]})
        return value


class TimeZone(Text):
    """The name of an IANA time zone, such as ``Europe/Madrid``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        if name not in get_time_zones():
            raise ma.ValidationError("This must be a time zone such as Europe/Madrid.")
        return name


class NamedPlace(Schema):
    """A summary of a region or location."""

    id = Id(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)


class Position(Schema):
    """The position of a phone in degrees, and its accuracy in metres."""

    latitude = Number(-90, 90, required=True)
    longitude = Number(-180, 180, required=True)
    accuracy_m = Number(0, 100_000_000, allow_none=True)


class Query(Schema):
    """A query string. Results are cached, because clients send the same queries again and again."""

    @cached_property
    def _load_cached(self) -> Callable[[tuple[tuple[str, str], ...]], Any]:
        return lru_cache(maxsize=500)(lambda items: super(Query, self).load(dict(items), unknown=ma.RAISE))

    def load(self, data: Mapping[str, str], **_options: Any) -> dict[str, Any]:  # type: ignore[override]
        """Return the values of the parameters. Raises ValidationError."""
        return dict(self._load_cached(tuple(data.items())))


class PageQuery(Query):
    """The query parameters of every list."""

    limit = QueryInteger(1, 500, load_default=50)
    cursor = fields.String()


def parse_time(text: str) -> datetime | None:
    """Return a time in UTC, or None if the text is not an RFC 3339 time with an offset."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def page_of(item: Schema) -> type[Schema]:
    """Return the schema of a page of a list. ``item`` is the schema of its items."""
    return cast(
        type[Schema],
        Schema.from_dict(
            {
                "items": fields.List(fields.Nested(item), required=True),
                "next": Url(allow_none=True, required=True),
            },
            name=f"{type(item).__name__}Page",
        ),
    )
