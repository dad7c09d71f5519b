import staff from "../../staff/words/en.js";

export default {
  ...staff,
  title: "Scores",
  // The frame
  savedViews: "Saved views",
  "page-overview": "Overview",
  "page-locations": "Locations",
  onTheMap: "Show on a map",
  "page-map": "Map",
  "page-sections": "Sections",
  "page-questions": "Questions",
  "page-comments": "Comments",
  "page-photos": "Photos",
  "page-reviews": "Reviews",
  forManagers: "This page is for managers and reviewers",
  toTheForm: "Go to your visits",
  // Filters and tables
  from: "From",
  to: "To",
  region: "Region",
  regions: "Regions",
  periodBackwards: "The period ends before it begins.",
  checklist: "Checklist",
  allRegions: "All your regions",
  allChecklists: "All checklists",
  rowsShown: "{n} of {of} shown",
  columns: "Columns",
  "by-section": "Sections",
  "by-fundamental": "Fundamentals",
  allShown: "Total",
  mixed:
    "These visits use different checklists, so locations are not ranked and changes are not " +
    "tested for significance. Choose one checklist to compare like with like.",
  onlyChecklist: {
    one: "Show only “{title}” ({n} visit)",
    other: "Show only “{title}” ({n} visits)",
  },
  noLocations: "There are no locations here.",
  noVisits: "No visits",
  none: "None.",
  // Downloads
  download: "Download",
  downloadWhat: "File",
  "download-scores": "Scores of this page",
  "download-visits": "Visits, one row for each",
  "download-answers": "Answers, one row for each",
  "download-report": "Report for a meeting",
  createFile: "Create file",
  downloadWaiting: "Waiting for the server…",
  downloadProgress: "{done} of {of}",
  downloadReady: "The file is ready.",
  saveFile: "Save it",
  downloadsWait: "Several downloads of your organization are waiting. Try again in a minute.",
  downloadFailed: "The file could not be created.",
  // Figures
  location: "Location",
  place: "Place",
  score: "Score",
  interval: "95% interval",
  visits: "Visits",
  rank: "Rank",
  change: "Change",
  period: "Period",
  joinedMonths: "In quarters, because some months have fewer than {n} visits.",
  month: "Month",
  months: "Months",
  worstSection: "Worst section",
  passed: "Passed",
  criticalFailures: "Critical failures",
  ofAll: "{n} of {of}",
  ofVisits: { one: "{n} visit", other: "{n} visits" },
  ofRanked: "of {n}",
  tooFewVisits: "too few visits",
  rose: "clear rise",
  fell: "clear drop",
  mayBeChance: "could be chance",
  tooFewNow: "too few visits",
  tooFewBefore: "too few visits before",
  nothingBefore: "nothing to compare with",
  notComparable: "not comparable",
  noneTested: "No changes could be tested.",
  byChance: {
    one: "{n} change was tested. Clear changes expected by chance alone: {expected}.",
    other: "{n} changes were tested. Clear changes expected by chance alone: {expected}.",
  },
  fallsByChance: {
    one: "{n} change was tested. Clear drops expected by chance alone: {expected}.",
    other: "{n} changes were tested. Clear drops expected by chance alone: {expected}.",
  },
  about: "about {n}",
  fewerThanOne: "fewer than 1",
  // Verdicts
  verdict: "Compared with all",
  "verdict-above": "Clearly above",
  "verdict-as_expected": "As expected",
  "verdict-below": "Clearly below",
  "verdict-too_few": "Not enough visits yet",
  "verdict-none": "Not compared",
  // Charts
  scoreAndInterval: "{score}, 95% interval {interval}",
  trendWords: "From {first} to {last}, {n} of {of} months with visits",
  monthsWords: {
    one: "Scores of {n} month, also as a table below",
    other: "Scores of {n} months, also as a table below",
  },
  monthWords: "{month}: {score}, 95% interval {interval}, visits: {n}",
  asTable: "Show as a table",
  funnel: "Locations outside the range expected by chance",
  funnelWords:
    "The overall score is {score}. A single visit's score typically differs from its location's " +
    "score by {spread}. The more visits a location has, the closer its score should be to the " +
    "overall score: by chance alone, 95% of locations fall within the inner lines and 99.8% " +
    "within the outer lines.",
  funnelTooFew: "Too few locations have at least five visits.",
  outside998: "Outside the outer lines:",
  outside95: "Between the inner and outer lines:",
  outsideByChance: "By chance alone, about {n} of {of} would fall outside the inner lines.",
  funnelMixed: "This chart needs visits from a single checklist. Choose one above.",
  above: "above: {names}.",
  below: "below: {names}.",
  // How numbers are calculated
  howCalculated: "How this number is calculated",
  "explain-nothing": "There are no accepted visits in this period.",
  "explain-points": {
    one: "{earned} of {possible} points, in {n} visit.",
    other: "{earned} of {possible} points, in {n} visits.",
  },
  "explain-score":
    "Points earned divided by points possible, across all accepted visits in the period: " +
    "{score}. Questions that did not apply are left out of both totals.",
  "explain-interval":
    "95% interval: {interval}. This is how far the score could be from the result of an " +
    "unlimited number of visits. It is a t interval based on how much the visits vary; two " +
    "assumed visits keep it from looking too narrow when there are few visits.",
  "explain-wilson":
    "95% interval: {interval}. This is a Wilson interval for the share of points earned, " +
    "counting each visit as one trial.",
  "explain-spread": "A visit's score typically differs from this one by {spread}.",
  "explain-indicative": "Fewer than {n} visits: too few to draw conclusions.",
  "explain-change":
    "{now} (visits: {n}), compared with {before} (visits: {m}) in the previous period of the " +
    "same length: {difference} percentage points.",
  "explain-change-interval":
    "95% interval of the difference: {interval}, based on the intervals of both periods.",
  "explain-significant":
    "“{verdict}”: a change is called clear if both periods have at least {n} visits and the " +
    "interval does not include zero.",
  "explain-mixed": "The visits use different checklists, so the change is not tested for significance.",
  "explain-rank": "Ranked {rank} by score among the {of} locations with enough visits.",
  "explain-rank-range":
    "Allowing for chance, the rank could be anywhere from {best} to {worst}. Locations whose " +
    "interval is entirely above this one: {above}; entirely below: {below}.",
  "explain-verdict-comparison":
    "Compared with {comparison}, the score of all visits of the same checklist and period that you can see.",
  "explain-verdict-interval": "98% interval of this score: {interval}.",
  "explain-verdict-above": "All of it is above the comparison, so this score is clearly above.",
  "explain-verdict-below": "All of it is below the comparison, so this score is clearly below.",
  "explain-verdict-as_expected":
    "The comparison is within it, so the difference could be chance. More visits may show one.",
  "explain-verdict-chance":
    "Of 100 stores that are exactly as good as the comparison, about one would look this clear by chance.",
  "explain-verdict-too_few": "A score of fewer than {n} visits is not judged.",
  "explain-verdict-visits": "Visits so far: {n}.",
  "explain-verdict-none":
    "There is nothing to compare this score with: either the visits use several checklists, or you can " +
    "see no other visits with this one.",
  "explain-visit": "{earned} of {possible} points: {score}.",
  "explain-visit-unscored": "This visit has no score, because no points were possible.",
  "explain-visit-passed": "Passed: the visit reached the checklist's pass mark with no critical failures.",
  "explain-visit-failed": "Not passed: the visit did not reach the checklist's pass mark.",
  "explain-visit-critical": {
    one: "Not passed: {n} critical failure.",
    other: "Not passed: {n} critical failures.",
  },
  // Overview
  attention: "Needs attention",
  clearDrops: "Clear drops",
  clearDropsMixed: "Where visits use different checklists, changes are not tested for significance.",
  dropTo: "{difference} to {score}",
  inVisits: "in {n} of {of} visits",
  withoutVisits: "No accepted visits from {from} to {to}",
  earlierVisits: { one: "{n} visit before", other: "{n} visits before" },
  noEarlierVisits: "none earlier in this period",
  andMore: "and {n} more",
  completedAndInProgress: "Visits completed: {made}, in progress: {out}",
  inProgress: "In progress",
  // A place
  itsLocations: "All locations in this region",
  children: "Stores and regions",
  fundamentals: "Fundamentals",
  fundamental: "Fundamental",
  shoppersScore: "Shoppers",
  selfCheckWords:
    "Shoppers' scores next to the scores that store staff gave themselves. In the chart, the " +
    "ring shows the staff's score.",
  question: "Question",
  answers: "Answers",
  "answer-yes": "Yes",
  "answer-no": "No",
  "answer-answered": "Answered",
  "answer-not_applicable": "Does not apply",
  visit: "Visit",
  // A visit
  visitTo: "{location}, {day}",
  byVersion: "{title}, version {version}",
  visitPassed: "Passed",
  notPassedCritical: {
    one: "Not passed: {n} critical failure",
    other: "Not passed: {n} critical failures",
  },
  notPassedMark: "Not passed: below {mark}",
  pointsLost: { one: "{n} point lost", other: "{n} points lost" },
  otherVisits: "Other visits to this location",
  previousVisit: "Previous visit: {day}",
  nextVisit: "Next visit: {day}",
  visitNumber: "Visit {n} of {of}",
  lastWord: "About the visit as a whole",
  pointsOf: "{earned} of {possible}",
  critical: "critical",
  photoMissing: "This photo has not been received.",
  photoAbsent: "This photo cannot be shown.",
  photoRemoved: "This photo was removed, because your organization keeps photos for a limited time.",
  ownVisit: "You made this visit yourself. Managers can see it once it is accepted.",
  toOwnVisit: "Your answers",
  scaleOf: "{value} of {maximum}",
  minutes: "{time} min",
  seconds: "seconds",
  startTimer: "Start timer",
  stop: "Stop",
  photoOf: "Photo {n}: {question}",
  storeClosed: "The store was closed",
  storeClosedWords: "This visit does not count towards any score.",
  photoOfClosedStore: "Photo {n}: the store was closed",
  "part-night": "night",
  "part-morning": "morning",
  "part-afternoon": "afternoon",
  "part-evening": "evening",
  // Sections and questions
  tones: "Score in per cent; ▼ marks scores below 80, ▲ scores from 85:",
  thinTone: "Dashed, without colour: fewer than five visits.",
  questionWords: "Share of possible points earned. For yes-or-no questions, the share of good answers.",
};
