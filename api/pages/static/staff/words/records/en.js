export default {
  recordTitle: "Record of {name}",
  recordPeriod: "The last twelve months. Visits assigned: {n}.",
  recordNone: "No visits were assigned in the last twelve months.",
  recordVisits: "All visits of this person",
  recordFailed: "The record of the shopper could not be loaded.",
  "record-on_time": "On time",
  "record-flagged": "Flagged",
  "record-returned": "Returned",
  "record-rejected": "Rejected",
  "record-declined": "Declined",
  "record-overturned": "Overturned in disputes",
  recordCount: "{n} of {of}",
  recordRate: "{rate}, 95% interval {interval}",
  recordUnsent: { one: "{n} not sent", other: "{n} not sent" },
  recordAnswers: {
    one: "{n} disputed answer decided, too few for a rate",
    other: "{n} disputed answers decided, too few for a rate",
  },
  recordLeniency: "Points given, compared with others at the same stores",
  "recordLeniency-above": "Clearly more points than others",
  "recordLeniency-below": "Clearly fewer points than others",
  "recordLeniency-as_expected": "No clear difference",
  "recordLeniency-too_few": "Not enough visits to compare yet",
  recordDifference: "{difference} points, 98% interval {interval}",
  recordCompared: "{own} visits, compared with {others} visits of {n} other people at the same stores",
  recordTooFew: {
    one:
      "{own} visits can be compared with {others} visits of {n} other person. Each side needs five visits, and " +
      "those of others must be by three people or more.",
    other:
      "{own} visits can be compared with {others} visits of {n} other people. Each side needs five visits, and " +
      "those of others must be by three people or more.",
  },
  recordCaution:
    "A difference is a reason to look at the answers, not proof. Stores may have changed between the visits.",
};
