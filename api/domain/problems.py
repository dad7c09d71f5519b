"""Every refusal of the program, once: its type, its status and its title.

A problem is raised by calling it: ``raise problems.VISIT_NOT_FOUND()``. The routes turn the exception into a
problem document (RFC 9457).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong in a body: a JSON pointer (RFC 6901) to it, and what is wrong in words."""

    pointer: str
    detail: str


def pointer(*parts: str | int) -> str:
    """Return the JSON pointer (RFC 6901) that leads through these keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


class ProblemError(Exception):
    """A problem that happened: raised by any layer, answered by the routes, and nothing is stored."""

    def __init__(
        self,
        problem: "Problem",
        detail: str | None = None,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail or problem.title)
        self.problem = problem
        self.detail = detail or problem.title
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of refusal; ``code`` makes its type URI ``/problems/<code>``."""

    code: str
    status: int
    title: str

    def __call__(
        self,
        detail: str | None = None,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> ProblemError:
        """Return this problem as an exception to raise."""
        return ProblemError(self, detail, errors=errors, headers=headers, extra=extra)


def invalid_field(pointer: str, detail: str) -> ProblemError:
    """Return the refusal of a body (422) that has one thing wrong, at ``pointer``."""
    return INVALID(errors=[FieldError(pointer, detail)])


# The request itself.
MALFORMED = Problem("malformed-request", 400, "The request cannot be read")
NOT_SIGNED_IN = Problem("not-signed-in", 401, "Sign in first")
WRONG_CREDENTIALS = Problem("wrong-credentials", 401, "E-mail address or password is wrong")
FORBIDDEN = Problem("forbidden", 403, "Your role may not do this")
NOT_FOUND = Problem("not-found", 404, "There is nothing here")
METHOD_NOT_ALLOWED = Problem("method-not-allowed", 405, "This address does not take that method")
TOO_LARGE = Problem("too-large", 413, "The body is too large")
UNSUPPORTED_TYPE = Problem("unsupported-media-type", 415, "This content type is not taken here")
INVALID = Problem("invalid", 422, "Something in the request has to be corrected")
STALE = Problem("stale", 412, "It was changed since you read it")
IF_MATCH_REQUIRED = Problem("if-match-required", 428, "Send If-Match with the ETag that you read")
TOO_MANY_FAILURES = Problem("too-many-failures", 429, "Too many failed attempts")
INTERNAL = Problem("internal-error", 500, "Something went wrong on our side")
UNAVAILABLE = Problem("unavailable", 503, "The server cannot do this right now")
IDEMPOTENCY_MISMATCH = Problem("idempotency-mismatch", 422, "This Idempotency-Key was used with another body")

# People and places.
WHICH_ORGANIZATION = Problem("which-organization", 409, "Several organizations know this account")
WRONG_PASSWORD = Problem("wrong-password", 403, "The old password is wrong")
USER_NOT_FOUND = Problem("user-not-found", 404, "There is no such person")
REGION_NOT_FOUND = Problem("region-not-found", 404, "There is no such region")
LOCATION_NOT_FOUND = Problem("location-not-found", 404, "There is no such location")
ALREADY_EXISTS = Problem("already-exists", 409, "There is one like that already")

# Checklists.
CHECKLIST_NOT_FOUND = Problem("checklist-not-found", 404, "There is no such checklist")
DRAFT_NOT_FOUND = Problem("draft-not-found", 404, "There is no draft of this checklist")
CHECKLIST_RETIRED = Problem("checklist-retired", 409, "This checklist is retired")

# Visits and submissions.
VISIT_NOT_FOUND = Problem("visit-not-found", 404, "There is no such visit")
SUBMISSION_NOT_FOUND = Problem("submission-not-found", 404, "Nothing was submitted for this visit")
WRONG_STATUS = Problem("wrong-status", 409, "The visit is not in a status that allows this")
ROTATION_LOCKOUT = Problem("rotation-lockout", 409, "The shopper was at this location too recently")
SUBMISSION_CONFLICT = Problem("submission-conflict", 409, "Other content is stored for this revision")
REVISION_UNEXPECTED = Problem("revision-unexpected", 409, "This revision is not expected now")
REVIEW_CONFLICT = Problem("review-conflict", 409, "Another revision or decision is current")
OWN_VISIT = Problem("own-visit", 403, "Nobody may review their own visit")

# Photos.
PHOTO_NOT_FOUND = Problem("photo-not-found", 404, "There is no such photo")
PHOTO_CONFLICT = Problem("photo-conflict", 409, "Other bytes are stored under this photo's id")
PHOTO_NOT_UPLOADED = Problem("photo-not-uploaded", 409, "The photo's bytes have not arrived")
PHOTO_UNUSABLE = Problem("photo-unusable", 422, "The photo cannot be used")
STORE_UNAVAILABLE = Problem("photo-store-unavailable", 503, "The photo store cannot be reached")
UPLOAD_REJECTED = Problem("upload-refused", 403, "The link does not allow this upload")
UPLOAD_MISMATCH = Problem("upload-different", 400, "These are not the bytes that were declared")
UPLOAD_EXISTS = Problem("upload-exists", 412, "The bytes are there already")
