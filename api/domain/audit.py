"""The audit log: what its entries can be about."""

from datetime import timedelta

#: how long an entry is kept
RETENTION = timedelta(days=400)

#: Everything of a kind that somebody sees within this time shares an entry.
VIEWING_TIME = timedelta(hours=1)

#: the kinds of things that entries are about
SUBJECTS = (
    ORGANIZATION := "organization",
    REGION := "region",
    LOCATION := "location",
    USER := "user",
    CHECKLIST := "checklist",
    VISIT := "visit",
    DISPUTE := "dispute",
    EXPORT := "export",
    API_CLIENT := "api_client",
    WEBHOOK := "webhook",
    QUOTA := "quota",
    TARGET := "target",
)

ORGANIZATION_PAYMENTS_EXPORTED = "organization.payments_exported"
ORGANIZATION_PAYMENTS_VIEWED = "organization.payments_viewed"
USER_LOGGED_IN = "user.logged_in"
USER_LOGIN_FAILED = "user.login_failed"
USER_LOGGED_OUT = "user.logged_out"
USER_INVITED = "user.invited"
USER_PASSWORD_FORGOTTEN = "user.password_forgotten"  # noqa: S105
USER_TOKEN_REUSED = "user.token_reused"  # noqa: S105
USER_SECOND_FACTOR_ENABLED = "user.second_factor_enabled"
USER_SECOND_FACTOR_DISABLED = "user.second_factor_disabled"
USER_SECOND_FACTOR_RESET = "user.second_factor_reset"
USER_RECOVERY_CODE_USED = "user.recovery_code_used"
USER_RECOVERY_CODES_REPLACED = "user.recovery_codes_replaced"
USER_DELETED = "user.deleted"
VISIT_REVIEWED = "visit.reviewed"
VISIT_SHOPPER_ASKED = "visit.shopper_asked"
VISIT_MESSAGE_WITHDRAWN = "visit.message_withdrawn"
VISIT_PHOTOS_VIEWED = "visit.photos_viewed"
VISIT_PAYMENT_CHANGED = "visit.payment_changed"
EXPORT_DOWNLOADED = "export.downloaded"
API_CLIENT_SECRET_REPLACED = "api_client.secret_replaced"  # noqa: S105
WEBHOOK_TESTED = "webhook.tested"
WEBHOOK_REDELIVERED = "webhook.redelivered"

ACTIONS = (
    "organization.created",
    "organization.updated",
    ORGANIZATION_PAYMENTS_EXPORTED,
    ORGANIZATION_PAYMENTS_VIEWED,
    "region.created",
    "region.updated",
    "location.created",
    "location.updated",
    "user.created",
    "user.updated",
    "user.password_changed",
    USER_INVITED,
    USER_PASSWORD_FORGOTTEN,
    USER_LOGGED_IN,
    USER_LOGIN_FAILED,
    USER_LOGGED_OUT,
    USER_TOKEN_REUSED,
    USER_SECOND_FACTOR_ENABLED,
    USER_SECOND_FACTOR_DISABLED,
    USER_SECOND_FACTOR_RESET,
    USER_RECOVERY_CODE_USED,
    USER_RECOVERY_CODES_REPLACED,
    USER_DELETED,
    "checklist.created",
    "checklist.published",
    "checklist.retired",
    "checklist.restored",
    "checklist.updated",
    "visit.assigned",
    "visit.updated",
    "visit.cancelled",
    "visit.declined",
    VISIT_REVIEWED,
    VISIT_SHOPPER_ASKED,
    VISIT_MESSAGE_WITHDRAWN,
    VISIT_PHOTOS_VIEWED,
    VISIT_PAYMENT_CHANGED,
    "dispute.opened",
    "dispute.decided",
    "dispute.withdrawn",
    "export.requested",
    EXPORT_DOWNLOADED,
    "api_client.created",
    "api_client.updated",
    "api_client.revoked",
    API_CLIENT_SECRET_REPLACED,
    "webhook.created",
    "webhook.updated",
    "webhook.deleted",
    "webhook.secret_replaced",
    WEBHOOK_TESTED,
    WEBHOOK_REDELIVERED,
    "quota.created",
    "quota.updated",
    "quota.deleted",
    "target.created",
    "target.updated",
    "target.deleted",
)
