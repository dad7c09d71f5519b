"""The texts of notices in English."""

from api.domain import notices
from api.domain.languages import MONTH_NAMES
from api.jobs.mails.words.notices.format import NoticeText, Words

WORDS = Words(
    notices={
        notices.WEEKLY_DIGEST: NoticeText(
            "New results from one store",
            "New results from {count} stores",
            "These stores have new results since your last digest, the lowest score first. Each score covers "
            "the six months up to the month shown.",
            "Open the dashboard",
        ),
        notices.ALERTS: NoticeText(
            "One place needs your attention",
            "{count} places need your attention",
            "Each score covers the months that were judged, up to the month shown.",
            "Open the dashboard",
        ),
        notices.DISPUTE_OUTCOMES: NoticeText(
            "One of your disputes was decided",
            "{count} of your disputes were decided",
            "You will find the decisions, with their reasons, in the dashboard.",
            "Open the disputes",
        ),
        notices.REVIEWS_WAITING: NoticeText(
            "One visit has waited over 48 hours for a review",
            "{count} visits have waited over 48 hours for a review",
            "Shoppers and stores are waiting for a decision.",
            "Open the reviews",
        ),
        notices.DISPUTES_OPENED: NoticeText(
            "One dispute is open",
            "{count} disputes are open",
            "There are new ones. Managers are waiting for a decision.",
            "Open the disputes",
        ),
        notices.WEBHOOKS_FAILING: NoticeText(
            "A webhook is failing",
            "{count} webhooks are failing",
            "Your systems may be missing events. Events that failed can be sent again for 30 days.",
            "Open the webhooks",
        ),
        notices.QUOTAS_SHORT: NoticeText(
            "A quota lacks visits",
            "{count} quotas lack visits",
            "Their period ends within a week, and these visits have yet to be assigned.",
            "Open the plan",
        ),
        notices.VISITS_ASSIGNED: NoticeText(
            "You have a new visit",
            "You have {count} new visits",
            "Open each visit once while you are online. Its questions are then on your phone.",
            "Open your visits",
        ),
        notices.VISITS_CLOSING: NoticeText(
            "A visit ends within 48 hours",
            "{count} visits end within 48 hours",
            "If you cannot make a visit, decline it, so that somebody else can.",
            "Open your visits",
        ),
        notices.VISITS_RETURNED: NoticeText(
            "A visit was returned to you",
            "{count} visits were returned to you",
            "A reviewer asks you to change something. You will find what it is in the visit.",
            "Open your visits",
        ),
    },
    reasons={
        notices.DROP: "Clearly lower than in the six months before",
        notices.TARGET_MISSED: "Target missed",
        notices.CRITICAL_FAILURE: "A critical failure",
        notices.NO_VISIT: "No visit for {days} days",
    },
    columns={
        "store": "Store",
        "month": "Month",
        "score": "Score",
        "until": "Until",
        "receiver": "Receiver",
        "state": "State",
        "region": "Region",
        "missing": "Missing visits",
    },
    webhook_states={False: "Failing", True: "Switched off after failures"},
    months=MONTH_NAMES["en"],
    month_format="{month} {year}",
    time_format="{day} {month} {year}, {time}",
    decimal_mark=".",
    percent="{n}%",
    more="and {count} more",
    footer="You get this mail because you have an account at {organization}.",
    unsubscribe="Stop mails of this kind",
)
