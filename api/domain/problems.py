"""Every error that the API returns, defined once: type, status and title.

Raise a problem by calling it: ``raise problems.VISIT_NOT_FOUND()``. The HTTP layer turns the exception into a
problem document (RFC 9457).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error in one field of a request: a JSON pointer (RFC 6901) to the field, and a message."""

    pointer: str
    detail: str


def pointer(*parts: str | int) -> str:
    """Return the JSON pointer (RFC 6901) for a path of keys and indexes, which are escaped."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


class ProblemError(Exception):
    """The exception for a problem. The request's transaction is rolled back.

    ``detail`` defaults to the title of the problem. ``errors`` are field errors, ``headers`` additional
    response headers, and ``extra`` additional members of the problem document.
    """

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
    """A kind of error. Its type URI is ``/problems/<code>``."""

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
    """Return the error for a request (422) with one field error, at ``pointer``."""
    return INVALID(errors=[FieldError(pointer, detail)])


# Requests.
MALFORMED = Problem("malformed-request", 400, "The request is malformed")
NOT_SIGNED_IN = Problem("not-signed-in", 401, "Authentication is required")
WRONG_CREDENTIALS = Problem("wrong-credentials", 401, "The email address or password is incorrect")
FORBIDDEN = Problem("forbidden", 403, "Your role does not permit this operation")
INSUFFICIENT_SCOPE = Problem("insufficient-scope", 403, "The token lacks the scope for this operation")
NOT_FOUND = Problem("not-found", 404, "The resource does not exist")
METHOD_NOT_ALLOWED = Problem("method-not-allowed", 405, "This resource does not support the method")
TOO_LARGE = Problem("too-large", 413, "The request body is too large")
UNSUPPORTED_TYPE = Problem("unsupported-media-type", 415, "The content type is not supported")
INVALID = Problem("invalid", 422, "The request has errors")
STALE = Problem("stale", 412, "The resource has changed since you read it")
IF_MATCH_REQUIRED = Problem("if-match-required", 428, "The If-Match header is required")
TOO_MANY_FAILURES = Problem("too-many-failures", 429, "Too many failed attempts")
RATE_LIMITED = Problem("rate-limited", 429, "Too many requests in a short time")
INTERNAL = Problem("internal-error", 500, "An internal error occurred")
UNAVAILABLE = Problem("unavailable", 503, "The service is temporarily unavailable")
IDEMPOTENCY_MISMATCH = Problem(
    "idempotency-mismatch", 422, "The Idempotency-Key was already used with another body"
)

# People and places.
WHICH_ORGANIZATION = Problem("which-organization", 409, "The account exists in several organizations")
WRONG_PASSWORD = Problem("wrong-password", 403, "The old password is incorrect")
USER_NOT_FOUND = Problem("user-not-found", 404, "The user does not exist")
REGION_NOT_FOUND = Problem("region-not-found", 404, "The region does not exist")
LOCATION_NOT_FOUND = Problem("location-not-found", 404, "The location does not exist")
ALREADY_EXISTS = Problem("already-exists", 409, "The resource already exists")

# API clients.
API_CLIENT_NOT_FOUND = Problem("api-client-not-found", 404, "The API client does not exist")
API_CLIENT_REVOKED = Problem("api-client-revoked", 409, "The API client is revoked")

# Tokens of API clients. The codes are the errors of RFC 6749, section 5.2, with hyphens.
INVALID_CLIENT = Problem("invalid-client", 401, "The client ID or secret is incorrect")
INVALID_TOKEN_REQUEST = Problem("invalid-request", 400, "The token request is malformed")
UNSUPPORTED_GRANT_TYPE = Problem("unsupported-grant-type", 400, "The grant type is not supported")
INVALID_SCOPE = Problem("invalid-scope", 400, "The client does not have this scope")

# Webhooks.
WEBHOOK_NOT_FOUND = Problem("webhook-not-found", 404, "The webhook does not exist")
WEBHOOK_DISABLED = Problem("webhook-disabled", 409, "The webhook is disabled")
TOO_MANY_WEBHOOKS = Problem("too-many-webhooks", 409, "The organization has too many webhooks")
DELIVERY_NOT_FOUND = Problem("delivery-not-found", 404, "The delivery does not exist")

# Checklists.
CHECKLIST_NOT_FOUND = Problem("checklist-not-found", 404, "The checklist does not exist")
DRAFT_NOT_FOUND = Problem("draft-not-found", 404, "The checklist has no draft")
CHECKLIST_RETIRED = Problem("checklist-retired", 409, "The checklist is retired")

# Visits and submissions.
VISIT_NOT_FOUND = Problem("visit-not-found", 404, "The visit does not exist")
SUBMISSION_NOT_FOUND = Problem("submission-not-found", 404, "The visit has no submission")
RESTART_FEED = Problem(
    "restart-feed", 409, "The visits that you may see have changed, so read the feed again from the beginning"
)
WRONG_STATUS = Problem("wrong-status", 409, "The status of the visit does not allow this operation")
ROTATION_LOCKOUT = Problem("rotation-lockout", 409, "The shopper visited this location too recently")
SUBMISSION_CONFLICT = Problem(
    "submission-conflict", 409, "This revision is already stored with different content"
)
REVISION_UNEXPECTED = Problem("revision-unexpected", 409, "The visit does not accept this revision now")
REVIEW_CONFLICT = Problem("review-conflict", 409, "The current revision or decision is another one")
OWN_VISIT = Problem("own-visit", 403, "You cannot review your own visit")

# Photos.
PHOTO_NOT_FOUND = Problem("photo-not-found", 404, "The photo does not exist")
PHOTO_CONFLICT = Problem("photo-conflict", 409, "This photo ID is already used for another photo")
PHOTO_NOT_UPLOADED = Problem("photo-not-uploaded", 409, "The photo has not been uploaded")
PHOTO_UNUSABLE = Problem("photo-unusable", 422, "The photo cannot be used")
STORE_UNAVAILABLE = Problem("photo-store-unavailable", 503, "The photo store is unavailable")
UPLOAD_REJECTED = Problem("upload-refused", 403, "The link does not allow this upload")
UPLOAD_MISMATCH = Problem("upload-different", 400, "The bytes differ from those that were declared")
UPLOAD_EXISTS = Problem("upload-exists", 412, "The photo has already been uploaded")

# Exports.
EXPORT_NOT_FOUND = Problem("export-not-found", 404, "The export does not exist")
EXPORTS_QUEUED = Problem("exports-queued", 429, "Too many exports of your organization are waiting")
EXPORT_NOT_READY = Problem("export-not-ready", 409, "The export has no file, or not yet")
EXPORT_EXPIRED = Problem("export-expired", 410, "The file of the export has been deleted")
EXPORT_LINK_EXPIRED = Problem("export-link-expired", 410, "The link to the file is not valid, or has expired")
EXPORT_RIGHTS_CHANGED = Problem("export-rights-changed", 409, "You may no longer see everything in this file")
