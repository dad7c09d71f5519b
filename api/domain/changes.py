"""The kinds of changes that the change feed and webhooks report."""

VISIT_ACCEPTED = "visit.accepted"
#: An accepted visit shows something new: it was accepted again with a new revision, or a photo arrived.
VISIT_AMENDED = "visit.amended"
#: an acceptance was taken back
VISIT_WITHDRAWN = "visit.withdrawn"
EXPORT_READY = "export.ready"
