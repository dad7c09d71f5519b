export default {
  // Questions
  mostLost: "Where most points are lost",
  pointsLost: { one: "{count} point lost", other: "{count} points lost" },
  earnedOf: "{earned} of {possible} points",
  goodAnswer: "{answer} is good",
  commentsOf: { one: "{count} comment", other: "{count} comments" },
  noCommentsYet: "No comments",
  everyLocation: "All locations",
  allQuestions: "All questions",
  // Comments
  searchComments: "Search comments",
  answersWith: "Answers",
  "points-any": "All answers",
  "points-lost": "Points lost",
  "points-full": "Full points",
  onlyWholeVisits: "Only comments about visits as a whole.",
  allTheComments: "Show all comments",
  allComments: { one: "{count} comment", other: "{count} comments" },
  firstComments: {
    one: "The latest comment. There are more.",
    other: "The latest {count} comments. There are more.",
  },
  noCommentsFound: "No comments match these filters.",
  searchGoesOn: "Searching earlier visits…",
  // Photos
  photoAt: "{subject} {place}, {day}",
  allPhotos: { one: "{count} photo", other: "{count} photos" },
  firstPhotos: {
    one: "The latest photo. There are more.",
    other: "The latest {count} photos. There are more.",
  },
  noPhotos: "No photos match these filters.",
  previousPhoto: "Previous",
  nextPhoto: "Next",
};
