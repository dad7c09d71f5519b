"""The kinds of changes that the change feed and webhooks report. Disputes are for webhooks only."""

VISIT_ACCEPTED = "visit.accepted"
#: An accepted visit shows something new: it was accepted again with a new revision, a photo arrived, or a
#: dispute changed it.
VISIT_AMENDED = "visit.amended"
#: an acceptance was taken back
VISIT_WITHDRAWN = "visit.withdrawn"
EXPORT_READY = "export.ready"
DISPUTE_OPENED = "dispute.opened"
DISPUTE_DECIDED = "dispute.decided"
