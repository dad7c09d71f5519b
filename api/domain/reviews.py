"""The queue of reviewers: how long a claim lasts, and by what waiting visits can be filtered."""

from datetime import timedelta

#: for so long after the last sign of a reviewer, others see that they are looking at a visit
CLAIM_TIME = timedelta(minutes=10)

#: The values of the filter ``claimed``. A visit is free if nobody else is looking at it.
MINE, BY_OTHERS, FREE = CLAIMED = ("me", "others", "free")
#: the value of the filter ``flag`` for visits without flags, whose checklist is always reviewed
UNFLAGGED = "none"
