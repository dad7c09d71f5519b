export default {
  // A location
  whatChanged: "What changed",
  comparedWith: "Compared with {period}: {score}",
  noQuestionChanged: "No question clearly changed.",
  beforeAndNow: "from {before} to {now}",
  weakest: "Weakest questions",
  noWeakQuestion: "No question lost points in enough visits to judge it.",
  lostPoints: { one: "{n} of {of} points lost", other: "{n} of {of} points lost" },
  allComments: "All comments",
  allPhotos: "All photos",
  latestWords: "Latest comments and photos",
  noWordsYet: "There are no comments or photos in this period.",
  // A region
  storesInOrder: "Locations, best first",
  latestVisits: "Latest visits",
  progress: "Progress",
  quotaWords: {
    one: "{title}, {period}: {n} of {of} visits of the quota",
    other: "{title}, {period}: {n} of {of} visits of the quota",
  },
  progressWords: "Of all checklists together, self-checks included.",
  // A map
  mapWords: "Each shape is a location. It says how the location compares with all others.",
  mapOf: {
    one: "Map of {count} location. A list has the same.",
    other: "Map of {count} locations. A list has the same.",
  },
  markWords: {
    one: "{name}: {verdict}, {score}, {n} visit",
    other: "{name}: {verdict}, {score}, {n} visits",
  },
  groupWords: { one: "{n} location. {verdicts}", other: "{n} locations. {verdicts}. Show them larger" },
  wholeMap: "Show all",
  noPositions: "None of these locations has a position.",
  noPosition: "Not on the map",
  metres: "{n} m",
  kilometres: "{n} km",
  // Targets
  targetOf: {
    one: "Target of {score} over the current month:",
    other: "Target of {score} over the latest {n} months:",
  },
  "target-met": "met.",
  "target-missed": "missed.",
  "target-unsure": "not clear yet.",
  visitsToTell: {
    one: "About {count} more visit would tell.",
    other: "About {count} more visits would tell.",
  },
};
