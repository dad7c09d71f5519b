"""Every error that the API returns, defined once: type, status, title, and what it means.

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
    """A kind of error. Its type URI is ``/problems/<code>``.

    ``explanation`` is for developers: when the problem occurs, and what to do. It may contain backticks. Only
    errors of HTTP itself have none.
    """

    code: str
    status: int
    title: str
    explanation: str = ""

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
MALFORMED = Problem(
    "malformed-request",
    400,
    "The request is malformed",
    "The request is not valid HTTP, or its body is not valid JSON in UTF-8. Duplicate keys, NaN, and "
    "integers beyond 2⁵³ are not valid either.",
)
NOT_SIGNED_IN = Problem(
    "not-signed-in",
    401,
    "Authentication is required",
    "There is no token, or it is invalid, expired or revoked. With cookies, also if the CSRF header is "
    "missing. Log in, refresh the tokens, or request a new token, and send the request again.",
)
WRONG_CREDENTIALS = Problem(
    "wrong-credentials",
    401,
    "The email address or password is incorrect",
    "No active account has this email address and password.",
)
SECOND_FACTOR_NEEDED = Problem(
    "second-factor-needed",
    401,
    "A code of the second factor is required",
    "The password is correct. Send the login again with `code`: a code of the person's authenticator app, "
    "or one of their recovery codes.",
)
WRONG_CODE = Problem(
    "wrong-code",
    401,
    "The code is incorrect, or was used before",
    "Each code is valid once, and a code of an authenticator app only for about a minute. Wait for the next "
    "one. A wrong code counts as a failed login.",
)
SECOND_FACTOR_SETUP_NEEDED = Problem(
    "second-factor-setup-needed",
    403,
    "You have to set up a second factor first",
    "The organization requires a second factor of this role, and the person has none. Until they have set "
    "one up with `POST /me/totp`, they can use only their own account.",
)
FORBIDDEN = Problem(
    "forbidden",
    403,
    "Your role does not permit this operation",
    "People with this role may never do this. API clients get it for what no scope opens.",
)
INSUFFICIENT_SCOPE = Problem(
    "insufficient-scope",
    403,
    "The token lacks the scope for this operation",
    "The operation needs a scope that the token does not have. `detail` names it. Request a token with "
    "the scope, or ask an administrator to give it to the client.",
)
NOT_FOUND = Problem(
    "not-found",
    404,
    "The resource does not exist",
    "No resource has this address. Check the path for typing errors.",
)
METHOD_NOT_ALLOWED = Problem(
    "method-not-allowed",
    405,
    "This resource does not support the method",
    "The address exists, but not with this method. `Allow` lists the methods that it has.",
)
TOO_LARGE = Problem(
    "too-large",
    413,
    "The request body is too large",
    "The body has more than 1 MiB, or a photo more than 20 MiB.",
)
UNSUPPORTED_TYPE = Problem(
    "unsupported-media-type",
    415,
    "The content type is not supported",
    "The header `Content-Type` is missing, or names a type that the operation does not take.",
)
INVALID = Problem(
    "invalid",
    422,
    "The request has errors",
    "A field, a parameter or their combination is not valid. `errors` points to each of them. Correct "
    "them before sending the request again.",
)
STALE = Problem(
    "stale",
    412,
    "The resource has changed since you read it",
    "Someone else has changed the resource since you read it. Read it again, apply your change to what "
    "it is now, and send the new ETag.",
)
IF_MATCH_REQUIRED = Problem(
    "if-match-required",
    428,
    "The If-Match header is required",
    "An edit must say which state of the resource it is based on. Send the ETag of your last read.",
)
TOO_MANY_FAILURES = Problem(
    "too-many-failures",
    429,
    "Too many failed attempts",
    "Logins failed repeatedly for this account or from this address. Wait as long as `Retry-After` says.",
)
TOO_MANY_PASSWORDS = Problem(
    "too-many-passwords",
    429,
    "Too many passwords at once",
    "Checking a password is a lot of work, on purpose. The server checks few at the same time, and those of "
    "one account only so often. Wait as long as `Retry-After` says.",
)
RATE_LIMITED = Problem(
    "rate-limited",
    429,
    "Too many requests in a short time",
    "The quota of this person or API client is used up. Wait as long as `Retry-After` says.",
)
INTERNAL = Problem(
    "internal-error",
    500,
    "An internal error occurred",
    "The server has an error. Report the `request_id` to the operator. Reads, and requests with an "
    "idempotency key, can be sent again.",
)
UNAVAILABLE = Problem(
    "unavailable",
    503,
    "The service is temporarily unavailable",
    "The database is busy or cannot be reached. Nothing was stored. Wait as long as `Retry-After` "
    "says, and send the request again.",
)
OVERLOADED = Problem(
    "overloaded",
    503,
    "The service has too many requests at present",
    "More requests arrived than the server can work on at once. Nothing was stored. Wait as long as "
    "`Retry-After` says, and send the request again.",
)
IDEMPOTENCY_MISMATCH = Problem(
    "idempotency-mismatch",
    422,
    "The Idempotency-Key was already used with another body",
    "This key belongs to an earlier request with another body. Use a new key for each new request.",
)

# People and places.
WHICH_ORGANIZATION = Problem(
    "which-organization",
    409,
    "The account exists in several organizations",
    "The same email address and password belong to accounts of several organizations. Add "
    "`organization`, the name of one of them.",
)
WRONG_PASSWORD = Problem(
    "wrong-password",
    403,
    "The old password is incorrect",
    "The change of a password needs the old password.",
)
SECOND_FACTOR_EXISTS = Problem(
    "second-factor-exists",
    409,
    "The second factor is enabled already",
    "Disable it first, to set up another app.",
)
NO_SECOND_FACTOR = Problem(
    "no-second-factor",
    409,
    "There is no second factor",
    "Start with `POST /me/totp`, and confirm it with a code.",
)
SECOND_FACTOR_REQUIRED = Problem(
    "second-factor-required",
    409,
    "The organization requires a second factor",
    "People with this role cannot disable their second factor. An administrator can reset it, so that they "
    "set up another one.",
)
OWN_SECOND_FACTOR = Problem(
    "own-second-factor",
    409,
    "You cannot reset your own second factor",
    "Disable it with `POST /me/totp/disable`, which needs the password and a code, or ask another "
    "administrator.",
)
LOGO_NOT_FOUND = Problem(
    "logo-not-found",
    404,
    "The organization has no logo",
    "Upload one with `PUT /organization/logo`.",
)
LOGO_UNUSABLE = Problem(
    "logo-unusable",
    422,
    "The logo cannot be used",
    "The bytes are not a picture of the type that was declared, or one with too many pixels.",
)
USER_NOT_FOUND = Problem(
    "user-not-found",
    404,
    "The user does not exist",
    "No person of the organization has this ID.",
)
LAST_ADMIN = Problem(
    "last-admin",
    409,
    "The organization needs an active administrator",
    "The last active administrator can be neither disabled nor given another role. Invited administrators "
    "count once they have accepted.",
)
USER_DISABLED = Problem(
    "user-disabled",
    409,
    "The person is disabled",
    "A disabled person cannot be invited. Enable them first.",
)
LINK_EXPIRED = Problem(
    "link-expired",
    410,
    "The link is not valid, or no longer",
    "The link has expired, was used, or was replaced by a newer one. Request a new one.",
)
SESSION_NOT_FOUND = Problem(
    "session-not-found",
    404,
    "The session does not exist",
    "The caller has no session with this ID, or it has ended.",
)
REGION_NOT_FOUND = Problem(
    "region-not-found",
    404,
    "The region does not exist",
    "No region has this ID, or the caller may not see it.",
)
LOCATION_NOT_FOUND = Problem(
    "location-not-found",
    404,
    "The location does not exist",
    "No location has this ID, or the caller may not see it.",
)
ALREADY_EXISTS = Problem(
    "already-exists",
    409,
    "The resource already exists",
    "Another resource already has this code, email address or key.",
)

# Saved views.
SAVED_VIEW_NOT_FOUND = Problem(
    "saved-view-not-found",
    404,
    "The saved view does not exist",
    "No view has this ID, or it is a private view of another person.",
)
NOT_OWN_SAVED_VIEW = Problem(
    "not-own-saved-view",
    403,
    "The saved view belongs to another person",
    "Only its owner and administrators can change or delete a shared view.",
)

# API clients.
API_CLIENT_NOT_FOUND = Problem(
    "api-client-not-found",
    404,
    "The API client does not exist",
    "No API client of the organization has this ID.",
)
API_CLIENT_REVOKED = Problem(
    "api-client-revoked",
    409,
    "The API client is revoked",
    "A revoked API client cannot be changed. Create another one.",
)

# Tokens of API clients. The codes are the errors of RFC 6749, section 5.2, with hyphens.
INVALID_CLIENT = Problem(
    "invalid-client",
    401,
    "The client ID or secret is incorrect",
    "There is no HTTP Basic header, or its client ID or secret is wrong, or the client is revoked.",
)
INVALID_TOKEN_REQUEST = Problem(
    "invalid-request",
    400,
    "The token request is malformed",
    "A parameter is missing, duplicated or unknown. Only `grant_type` and `scope` are accepted.",
)
UNSUPPORTED_GRANT_TYPE = Problem(
    "unsupported-grant-type",
    400,
    "The grant type is not supported",
    "`grant_type` must be `client_credentials`.",
)
INVALID_SCOPE = Problem(
    "invalid-scope",
    400,
    "The client does not have this scope",
    "The client does not have every scope that was requested.",
)

# Webhooks.
WEBHOOK_NOT_FOUND = Problem(
    "webhook-not-found",
    404,
    "The webhook does not exist",
    "No webhook has this ID. API clients see only the webhooks that they created.",
)
WEBHOOK_DISABLED = Problem(
    "webhook-disabled",
    409,
    "The webhook is disabled",
    "Nothing is sent to a disabled webhook. Enable it first.",
)
TOO_MANY_WEBHOOKS = Problem(
    "too-many-webhooks",
    409,
    "The organization has too many webhooks",
    "An organization can have up to 100. Delete webhooks that are no longer used.",
)
DELIVERY_NOT_FOUND = Problem(
    "delivery-not-found",
    404,
    "The delivery does not exist",
    "The webhook has no delivery with this ID. Deliveries are kept for 30 days.",
)

# Checklists.
CHECKLIST_NOT_FOUND = Problem(
    "checklist-not-found",
    404,
    "The checklist does not exist",
    "No checklist or version has this key and number.",
)
DRAFT_NOT_FOUND = Problem(
    "draft-not-found",
    404,
    "The checklist has no draft",
    "The organization has not written a checklist with this key.",
)
REVISION_NOT_FOUND = Problem(
    "revision-not-found",
    404,
    "The draft has no such revision",
    "The draft has no revision with this ID. Revisions are deleted 90 days after they were replaced.",
)
CHECKLIST_RETIRED = Problem(
    "checklist-retired",
    409,
    "The checklist is retired",
    "No new visits are assigned with a retired checklist, so its visits cannot be reassigned. "
    "Publishing its draft brings it back.",
)

# Quotas and targets.
QUOTA_NOT_FOUND = Problem(
    "quota-not-found",
    404,
    "The quota does not exist",
    "No quota that the caller may see has this ID. Managers see those of their regions.",
)
TARGET_NOT_FOUND = Problem(
    "target-not-found",
    404,
    "The target does not exist",
    "No target that the caller may see has this ID. Managers see those of their locations and regions.",
)

# Visits and submissions.
VISIT_NOT_FOUND = Problem(
    "visit-not-found",
    404,
    "The visit does not exist",
    "No visit has this ID, or the caller may not know of it. Managers and API clients know of accepted "
    "visits only.",
)
SUBMISSION_NOT_FOUND = Problem(
    "submission-not-found",
    404,
    "The visit has no submission",
    "Nothing was submitted for the visit yet, or the caller may not see it yet.",
)
RESTART_FEED = Problem(
    "restart-feed",
    409,
    "The visits that you may see have changed, so read the feed again from the beginning",
    "The caller may see other locations than before, or the data were restored from a backup. Delete "
    "your copy and begin with an empty `changed_after`.",
)
WRONG_STATUS = Problem(
    "wrong-status",
    409,
    "The status of the visit does not allow this operation",
    "The visit cannot be cancelled, reassigned, declined or moved to another window in its present status. "
    "Read it again.",
)
BATCH_NOT_FOUND = Problem(
    "batch-not-found",
    404,
    "The batch does not exist",
    "No list of visits that was assigned has this ID, or the caller may not know of it.",
)
ROTATION_LOCKOUT = Problem(
    "rotation-lockout",
    409,
    "The shopper visited this location too recently",
    "The shopper was at this location, or is due there, within the organization's lock-out days. "
    "Choose another shopper, or send `override`.",
)
SUBMISSION_CONFLICT = Problem(
    "submission-conflict",
    409,
    "This revision is already stored with different content",
    "The revision was sent before, with other content. What was stored first stays.",
)
REVISION_UNEXPECTED = Problem(
    "revision-unexpected",
    409,
    "The visit does not accept this revision now",
    "A next revision is only accepted while the visit is returned.",
)
REVIEW_CONFLICT = Problem(
    "review-conflict",
    409,
    "The current revision or decision is another one",
    "The visit has a newer revision or decision than the one that this decision is about. Read the "
    "visit again and decide again.",
)
NOT_WAITING = Problem(
    "not-waiting",
    409,
    "The visit does not wait for a decision",
    "Only visits that wait for a reviewer can be claimed. This one was decided on, or has no answers yet.",
)
VISIT_CLAIMED = Problem(
    "visit-claimed",
    409,
    "Another reviewer is looking at this visit",
    "Their claim expires ten minutes after they last looked. Send `take_over` to claim the visit anyway. "
    "Claims prevent no decision.",
)
UNDO_TOO_LATE = Problem(
    "undo-too-late",
    409,
    "The decision cannot be undone",
    "Only the reviewer who made a decision can undo it, within ten minutes, while it is the current one and "
    "replaces no other. Replace the decision instead.",
)
OWN_VISIT = Problem(
    "own-visit",
    403,
    "You made this visit yourself",
    "Somebody else must review or dispute a visit that the caller made.",
)
EXPENSE_NOT_FOUND = Problem(
    "expense-not-found",
    404,
    "The expense does not exist",
    "The visit has no expense with this ID, or the caller may not know of it.",
)
EXPENSE_DECIDED = Problem(
    "expense-decided",
    409,
    "The expense was already decided",
    "A reviewer has approved or rejected the expense, so it can be neither corrected nor withdrawn. Claim "
    "another one.",
)
EXPENSES_NOT_PAID = Problem(
    "expenses-not-paid",
    409,
    "Expenses of this visit are not paid",
    "The organization pays no expenses, paid none when the visit was assigned, or has another currency now.",
)
VISIT_NOT_PAID = Problem(
    "visit-not-paid",
    409,
    "This visit is not paid",
    "The organization paid its shoppers nothing when the visit was assigned, or the visit is a self-check.",
)
NOTHING_TO_PAY = Problem(
    "nothing-to-pay",
    409,
    "The visit has nothing to pay yet",
    "Amounts can be set while the visit waits for a decision, and after it was accepted or rejected.",
)
MESSAGE_NOT_FOUND = Problem(
    "message-not-found",
    404,
    "The message does not exist",
    "No message has this ID, or the caller may not know of it.",
)
MESSAGE_ANSWERED = Problem(
    "message-answered",
    409,
    "The message is already answered",
    "The first answer stays. It cannot be replaced by another one, and the message cannot be withdrawn.",
)
TOO_MANY_MESSAGES = Problem(
    "too-many-messages",
    409,
    "Too many messages about this visit are not answered yet",
    "Up to five messages of a visit may be open. Wait for an answer, or withdraw a message.",
)
SHOPPER_UNAVAILABLE = Problem(
    "shopper-unavailable",
    409,
    "The shopper of this visit cannot answer",
    "The shopper was disabled or deleted, or the organization no longer keeps who made the visit.",
)

# Disputes.
DISPUTE_NOT_FOUND = Problem(
    "dispute-not-found",
    404,
    "The dispute does not exist",
    "No dispute has this ID, or the caller may not know of it.",
)
DISPUTE_CLOSED = Problem(
    "dispute-closed",
    409,
    "The visit can no longer be disputed",
    "The organization allows disputes for a number of days after the acceptance (`dispute_days`), or not at "
    "all.",
)
DISPUTE_EXISTS = Problem(
    "dispute-exists",
    409,
    "The visit was already disputed",
    "There can be one dispute for each acceptance of a visit, even if it was withdrawn.",
)
DISPUTE_NOT_OPEN = Problem(
    "dispute-not-open",
    409,
    "The dispute is no longer open",
    "The dispute was decided or withdrawn in the meantime. Read it again.",
)
OWN_DECISION = Problem(
    "own-decision",
    403,
    "You cannot decide a dispute about your own decision",
    "Another reviewer must decide, because you accepted the visit. This does not apply if there is no other "
    "reviewer.",
)

# Photos.
PHOTO_NOT_FOUND = Problem(
    "photo-not-found",
    404,
    "The photo does not exist",
    "No photo has this ID, or the caller may not see it.",
)
PHOTO_REMOVED = Problem(
    "photo-removed",
    410,
    "The photo was removed",
    "The organization keeps photos for a limited number of months after the visit. The answers and the score "
    "stay.",
)
PHOTO_CONFLICT = Problem(
    "photo-conflict",
    409,
    "This photo ID is already used for another photo",
    "The photo is already stored with other bytes. Use a new ID for another photo.",
)
TOO_MANY_PHOTOS = Problem(
    "too-many-photos",
    409,
    "The visit has too many photos",
    "A visit can have at most 500 photos, and at most 100 that are declared and not confirmed yet. Declaring "
    "a photo again does not count.",
)
PHOTO_NOT_UPLOADED = Problem(
    "photo-not-uploaded",
    409,
    "The photo has not been uploaded",
    "The bytes have not arrived. Declare the photo again, upload it to the new link, and confirm it.",
)
PHOTO_UNUSABLE = Problem(
    "photo-unusable",
    422,
    "The photo cannot be used",
    "The bytes are not those that were declared, not a picture, or a picture with too many pixels. "
    "Declare the photo again with other bytes.",
)
STORE_UNAVAILABLE = Problem(
    "photo-store-unavailable",
    503,
    "The photo store is unavailable",
    "The photo store cannot be reached. Wait as long as `Retry-After` says, and send the request again.",
)
UPLOAD_REJECTED = Problem(
    "upload-refused",
    403,
    "The link does not allow this upload",
    "The link is not valid or has expired. Declare the photo again to get a new one.",
)
UPLOAD_MISMATCH = Problem(
    "upload-different",
    400,
    "The bytes differ from those that were declared",
    "Length, type or SHA-256 of the bytes differ from the declaration.",
)
UPLOAD_EXISTS = Problem(
    "upload-exists",
    412,
    "The photo has already been uploaded",
    "These bytes are already there. Confirm the photo.",
)

# Exports.
EXPORT_NOT_FOUND = Problem(
    "export-not-found",
    404,
    "The export does not exist",
    "No export of the caller has this ID. Exports of others cannot be seen.",
)
EXPORTS_QUEUED = Problem(
    "exports-queued",
    429,
    "Too many exports of your organization are waiting",
    "One export of an organization runs at a time, and five wait. Try again when one is done.",
)
EXPORT_NOT_READY = Problem(
    "export-not-ready",
    409,
    "The export has no file, or not yet",
    "The file is not finished, or the export failed. Read the export to see which.",
)
EXPORT_EXPIRED = Problem(
    "export-expired",
    410,
    "The file of the export has been deleted",
    "Files are deleted after 24 hours. Request the export again.",
)
EXPORT_LINK_EXPIRED = Problem(
    "export-link-expired",
    410,
    "The link to the file is not valid, or has expired",
    "A link is valid for 10 minutes. Read the export again to get a new one.",
)
EXPORT_RIGHTS_CHANGED = Problem(
    "export-rights-changed",
    409,
    "You may no longer see everything in this file",
    "The regions or scopes of the caller have changed since. Request the export again.",
)


def list_problems() -> list[Problem]:
    """Return all problems, in the order of this module."""
    return [problem for problem in globals().values() if isinstance(problem, Problem)]
