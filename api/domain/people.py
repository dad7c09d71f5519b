"""The status of people, the links that they get, and the mails that go to them."""

from datetime import timedelta

INVITED, ACTIVE, DISABLED = STATUSES = ("invited", "active", "disabled")

#: what a link is for
INVITATION, PASSWORD_RESET = LINK_PURPOSES = ("invitation", "password-reset")
#: purpose → how long a link is valid
LINK_LIFETIMES = {INVITATION: timedelta(days=7), PASSWORD_RESET: timedelta(minutes=60)}
#: purpose → the page that a link opens
LINK_PAGES = {INVITATION: "/invitation", PASSWORD_RESET: "/password"}
#: Nobody can fill the mailbox of a person: within this time, they get one link to reset their password.
RESET_INTERVAL = timedelta(minutes=5)

# Kinds of events whose task is a mail to a person.
INVITATION_MAIL = "mail-invitation"
PASSWORD_RESET_MAIL = "mail-password-reset"  # noqa: S105  (a kind of event)
PASSWORD_CHANGED_MAIL = "mail-password-changed"  # noqa: S105
#: A notice, whose kind and content are in the data of the event
NOTICE_MAIL = "mail-notice"
#: Somebody has forgotten their password. The worker finds out who, so that the response does not show it.
PASSWORD_FORGOTTEN = "password-forgotten"  # noqa: S105
#: A login has failed. The worker finds out whose, so that the duration of the response does not show it.
LOGIN_FAILED = "login-failed"
MAIL_EVENTS = (INVITATION_MAIL, PASSWORD_RESET_MAIL, PASSWORD_CHANGED_MAIL, NOTICE_MAIL, PASSWORD_FORGOTTEN)
