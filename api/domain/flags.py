"""Every flag of a visit, registered once: its code, when it is raised, its detail and its fields.

Raise a flag by calling its kind: ``flags.LATE(span="1 day")``. The rules that raise flags are in
``api/domain/evidence.py``. The reviewers' pages have texts for each code in every language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

#: the optional fields of a flag: what it refers to
FIELDS = ("photo_id", "question", "other_visit_id", "other_photo_id", "other_question")


@dataclass(frozen=True, slots=True)
class Flag:
    """A reason for a reviewer to look at a visit.

    ``photo_id`` and ``question`` refer to the visit itself. A flag about a comment without a question refers
    to the comment on the visit as a whole. Fields that begin with ``other`` refer to the earlier visit with
    the same photo or comment.

    Raises ValueError if the code is not registered, or if a field is set that it is not registered with.
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
            raise ValueError(f"The flag {self.code!r} does not have the fields {', '.join(unknown)}.")


@dataclass(frozen=True, slots=True)
class FlagKind:
    """A kind of flag.

    ``raised_when`` describes the rule for the API documentation. ``detail`` is the message, with the names of
    its values in braces. ``variants`` are alternative messages by name. ``fields`` are those of ``FIELDS``
    that the flag can have.
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
        """Return a flag of this kind, with ``values`` inserted into its detail.

        Raises KeyError if a value of the detail, or the variant, is missing.
        """
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


#: every kind of flag by its code, in the order of registration
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


# The times of the visit.
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
        "`Device-Time` differs from the server's time by more than 10 minutes, or the times that the phone "
        "sent are impossible. The times of the visit are corrected."
    ),
    detail="The phone's clock was {span} {direction}.",
    variants={
        "impossible": (
            "According to the phone's clock, the visit finished {span} {direction} it was received. "
            "Its times were corrected by the time of receipt."
        ),
        "reversed": "According to the phone's clock, the visit finished before it started.",
    },
)
TOO_FAST = _register(
    "too-fast",
    raised_when="The visit took less than 2 seconds per answered question.",
    detail="{questions} answered in {seconds} seconds.",
)

# Its position.
FAR_FROM_LOCATION = _register(
    "far-from-location",
    raised_when=(
        "A visit in person was sent from more than 300 m away, after deducting the accuracy of the position."
    ),
    detail="The phone was {distance} from the location, give or take {accuracy}.",
)

# Its photos and comments.
PHOTO_SEEN_BEFORE = _register(
    "photo-seen-before",
    raised_when="An earlier visit of the organization has the same picture.",
    detail="The same picture is in another visit.",
    fields=("photo_id", "other_visit_id", "other_photo_id"),
)
PHOTO_NOT_FROM_VISIT = _register(
    "photo-not-from-visit",
    raised_when=(
        "A photo was taken more than an hour before or after the visit, or more than 1 km from the location."
    ),
    detail="The photo was {reasons}.",
    fields=("photo_id",),
)
COMMENT_SEEN_BEFORE = _register(
    "comment-seen-before",
    raised_when=(
        "An earlier visit of the organization has the same comment or text answer, of at least 30 characters."
    ),
    detail="The same comment is in another visit.",
    fields=("question", "other_visit_id", "other_question"),
)
PHOTOS_MISSING = _register(
    "photos-missing",
    raised_when="Photos are still missing 7 days after the submission was received.",
    detail="{photos} still missing after seven days.",
)

# Its status and outcome.
CANCELLED = _register(
    "cancelled",
    raised_when="A submission was received for a visit that was cancelled or declined.",
    detail="The visit was {status} before its answers were received.",
)
STORE_CLOSED = _register(
    "store-closed",
    raised_when="The shopper found the store closed.",
    detail="The shopper found the store closed.",
)
