"""The texts of mails in English: subject, what comes before the link, its label, what comes after it."""

TEXTS = {
    "mail-invitation": (
        "Your invitation from {organization}",
        (
            "Hello {name},",
            "{organization} has invited you to its mystery-shopping programme. Choose a password to begin. "
            "You will then sign in with the address {email}.",
        ),
        "Accept the invitation",
        ("The link works for 7 days, and once.", "If you do not expect this mail, you can ignore it."),
    ),
    "mail-password-reset": (
        "Choose a new password for {organization}",
        (
            "Hello {name},",
            "Somebody asked for a new password for your account {email} at {organization}.",
        ),
        "Choose a new password",
        (
            "The link works for 60 minutes, and once.",
            "If that was not you, you can ignore this mail. Your password stays as it is.",
        ),
    ),
    "mail-password-changed": (
        "Your password for {organization} was changed",
        (
            "Hello {name},",
            "The password of your account {email} at {organization} was changed, and you were signed out on "
            "your other devices.",
            "If you did not do this, choose a new password now: use “Forgotten password?” on the page where "
            "you sign in, and tell your administrator.",
        ),
        "Open the page",
        (),
    ),
}
