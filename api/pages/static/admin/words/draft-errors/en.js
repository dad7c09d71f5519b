/** The errors of a draft, by the sentence that the API reports without its numbers: see `draft-errors.js`. */
export default {
  "draft-a-key-is-required": "Enter a key.",
  "draft-a-key-has-to-characters-of-a-z-and-and-begins-with-a-letter-or-digit":
    "A key has {0} to {1} characters of a-z, 0-9, - and _, and begins with a letter or digit.",
  "draft-this-key-is-already-used": "This key is already used.",
  "draft-this-key-is-reserved-for-answers-that-are-not-applicable":
    "This key is reserved for answers that are not applicable.",
  "draft-this-must-be-one-of": "Choose one of these.",
  "draft-a-text-is-required": "Enter a text.",
  "draft-a-text-has-at-most-characters": "A text has at most {0} characters.",
  "draft-a-text-in-at-least-one-language-is-required": "Enter the text in at least one language.",
  "draft-this-must-be-a-language-tag-such-as-en-or-pt-br": "This must be a language tag such as en or pt-BR.",
  "draft-a-checklist-has-at-most-sections-and-questions":
    "A checklist has at most {0} sections and {1} questions.",
  "draft-all-questions-together-have-at-most-points": "All questions together have at most {0} points.",
  "draft-the-pass-mark-must-be-between-and": "The pass mark must be from 0 to 100 per cent.",
  "draft-a-checklist-must-have-at-least-one-section": "Add at least one section.",
  "draft-a-section-must-have-at-least-one-question": "Add at least one question to the section.",
  "draft-the-minimum-must-not-be-negative": "The minimum must not be negative.",
  "draft-the-maximum-must-not-be-below-the-minimum": "The maximum must not be below the minimum.",
  "draft-an-answer-has-at-most-photos": "An answer has at most {0} photos.",
  "draft-a-photo-question-must-allow-at-least-one-photo": "A photo question must allow at least one photo.",
  "draft-points-must-be-integers-and-must-not-be-negative": "Points must be whole numbers, and not negative.",
  "draft-a-question-has-at-most-points": "A question has at most {0} points.",
  "draft-a-private-question-cannot-have-points": "A private question cannot have points.",
  "draft-a-private-question-is-not-scored-so-it-cannot-be-critical":
    "A private question is not scored, so it cannot be critical.",
  "draft-a-question-without-points-cannot-be-critical": "A question without points cannot be critical.",
  "draft-the-key-of-a-question-is-required": "Choose a question.",
  "draft-the-checklist-has-no-such-question": "The checklist has no such question.",
  "draft-these-questions-depend-on-one-another": "These questions depend on one another: {list}",
  "draft-a-question-can-depend-only-on-an-earlier-question":
    "A question can depend only on an earlier question.",
  "draft-at-least-one-answer-is-required": "Choose at least one answer.",
  "draft-at-most-answers-are-allowed": "At most {0} answers are allowed.",
  "draft-only-a-private-question-can-depend-on-a-private-question":
    "Only a private question can depend on a private question.",
  "draft-the-question-has-no-such-answer": "The question has no such answer.",
  "draft-this-answer-is-listed-more-than-once": "This answer is listed more than once.",
  "draft-the-channel-cannot-be-changed-to-or-from-self-check-after-the-first-version":
    "After the first version, the channel can no longer change to or from self-check.",
  "draft-this-differs-from-version-a-new-meaning-requires-a-new-key":
    "This differs from version {0}. A new meaning requires a new key.",
  "draft-a-choice-must-have-to-options": "A choice has {0} to {1} options.",
  "draft-a-scale-must-have-a-minimum-and-a-maximum": "Enter a lowest and a highest value.",
  "draft-the-maximum-must-be-greater-than-the-minimum": "The highest value must be greater than the lowest.",
  "draft-a-scale-has-at-most-steps": "A scale has at most {0} steps.",
  "draft-this-must-contain-points-for-each-of-the-steps": "Enter points for each of the {0} steps.",
  "draft-a-duration-has-at-most-bands": "A duration has at most {0} bands.",
  "draft-the-last-band-must-not-have-up-to": "The last band has no limit: it includes all longer durations.",
  "draft-every-band-except-the-last-must-have-up-to-in-seconds":
    "Every band except the last needs a limit in seconds.",
  "draft-this-must-be-greater-than": "This must be greater than {0}.",
  "draft-this-must-be-yes-or-no": "Choose yes or no.",
};
