"""Every flag of a visit, registered once: its code, when it is raised, its words and the fields it carries.

A flag is raised by calling its kind: ``flags.LATE(span="1 day")``. The rules that raise flags are in
``api/domain/evidence.py``. The reviewers' pages have words for each code in every language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

#: what a flag can point at, in addition to its code and detail
FIELDS = ("photo_id", "question", "other_visit_id", "other_photo_id", "other_question")


@dataclass(frozen=True, slots=True)
class Flag:
    """A reason for a person to look at a visit.

    ``photo_id`` and ``question`` are of the visit itself; a comment without a question is the one on the
    visit as a whole. Fields that begin with ``other`` are of the earlier visit in which the same was seen.
    """

    code: str
    detail: str
    photo_id: UUID | None = None
    question: str | None = None
    other_visit_id: UUID | None = None
    other_photo_id: UUID | None = None
    other_question: str | None = None

    def __post_init__(self) -> None:
        kind = FLAG_KINDS.get(self.code)
        if kind is None:
            raise ValueError(f"The flag {self.code!r} is not registered in api/domain/flags.py.")
        unknown = [name for name in FIELDS if getattr(self, name) is not None and name not in kind.fields]
        if unknown:
            raise ValueError(f"The flag {self.code!r} does not carry {', '.join(unknown)}.")


@dataclass(frozen=True, slots=True)
class FlagKind:
    """A kind of flag.

    ``detail`` is what the flag says, with the names of its values in braces; ``variants`` are other wordings
    by their names. ``fields`` are those of ``FIELDS`` that the flag may carry.
    """

    code: str
    raised_when: str
    detail: str
    variants: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()

    def __call__(
        self,
        variant: str | None = None,
        *,
        photo_id: UUID | None = None,
        question: str | None = None,
        other_visit_id: UUID | None = None,
        other_photo_id: UUID | None = None,
        other_question: str | None = None,
        **values: str,
    ) -> Flag:
        """Return a flag of this kind, its detail filled with ``values``."""
        detail = self.detail if variant is None else self.variants[variant]
        return Flag(
            self.code,
            detail.format(**values),
            photo_id=photo_id,
            question=question,
            other_visit_id=other_visit_id,
            other_photo_id=other_photo_id,
            other_question=other_question,
        )


#: every kind of flag by its code, in the order in which they are registered
FLAG_KINDS: dict[str, FlagKind] = {}


def _register(
    code: str,
    *,
    raised_when: str,
    detail: str,
    variants: Mapping[str, str] | None = None,
    fields: tuple[str, ...] = (),
) -> FlagKind:
    if code in FLAG_KINDS:
        raise ValueError(f"The flag {code!r} is registered twice.")
    kind = FLAG_KINDS[code] = FlagKind(code, raised_when, detail, variants or {}, fields)
    return kind


# When the visit was made.
LATE = _register(
    "late",
    raised_when="The visit finished after its window closed.",
    detail="Finished {span} after the window closed.",
)
EARLY = _register(
    "early",
    raised_when="The visit started before its window opened.",
    detail="Started {span} before the window opened.",
)
CLOCK_OFF = _register(
    "clock-off",
    raised_when=(
        "`Device-Time` differs from the server's time by more than 10 minutes, or the phone's times of the "
        "visit are impossible. The visit's times are corrected."
    ),
    detail="The phone's clock was {span} {direction}.",
    variants={
        "impossible": (
            "By the phone's clock the visit finished {span} {direction} its receipt; "
            "its times were corrected by the time of receipt."
        ),
        "reversed": "By the phone's clock the visit finished before it started.",
    },
)
TOO_FAST = _register(
    "too-fast",
    raised_when="The visit took under 2 seconds per answered question.",
    detail="{questions} answered in {seconds} seconds.",
)

# Where it was made.
FAR_FROM_LOCATION = _register(
    "far-from-location",
    raised_when="A visit in person was sent from over 300 m away, after deducting the position's accuracy.",
    detail="The phone was {distance} from the location, give or take {accuracy}.",
)

# What was sent.
PHOTO_SEEN_BEFORE = _register(
    "photo-seen-before",
    raised_when="An earlier visit of the organization has the same picture.",
    detail="The same picture is in another visit.",
    fields=("photo_id", "other_visit_id", "other_photo_id"),
)
PHOTO_NOT_FROM_VISIT = _register(
    "photo-not-from-visit",
    raised_when="A photo was taken over an hour outside the visit, or over 1 km from the location.",
    detail="The photo was {reasons}.",
    fields=("photo_id",),
)
COMMENT_SEEN_BEFORE = _register(
    "comment-seen-before",
    raised_when=(
        "An earlier visit of the organization has the same comment or text answer of 30 characters or more."
    ),
    detail="The same comment is in another visit.",
    fields=("question", "other_visit_id", "other_question"),
)
PHOTOS_MISSING = _register(
    "photos-missing",
    raised_when="Photos are still missing 7 days after the receipt.",
    detail="{photos} still missing after seven days.",
)

# What became of the visit.
CANCELLED = _register(
    "cancelled",
    raised_when="Answers arrived for a visit that was cancelled or declined.",
    detail="The visit was {status} before its answers came.",
)
STORE_CLOSED = _register(
    "store-closed",
    raised_when="The shopper found the store closed.",
    detail="The shopper found the store closed.",
)
