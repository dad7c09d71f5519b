/** The errors of a draft, by the sentence that the API reports without its numbers: see `staff/api-words.js`. */
export default {
  "said-a-key-is-required": "Enter a key.",
  "said-a-key-has-to-characters-of-a-z-and-and-begins-with-a-letter-or-digit":
    "A key has {0} to {1} characters of a-z, 0-9, - and _, and begins with a letter or digit.",
  "said-this-key-is-already-used": "This key is already used.",
  "said-this-key-is-reserved-for-answers-that-are-not-applicable":
    "This key is reserved for answers that are not applicable.",
  "said-this-must-be-one-of": "Choose one of these.",
  "said-a-text-is-required": "Enter a text.",
  "said-a-text-has-at-most-characters": "A text has at most {0} characters.",
  "said-a-text-in-at-least-one-language-is-required": "Enter the text in at least one language.",
  "said-this-must-be-a-language-tag-such-as-en-or-pt-br": "This must be a language tag such as en or pt-BR.",
  "said-a-checklist-has-at-most-sections-and-questions":
    "A checklist has at most {0} sections and {1} questions.",
  "said-all-questions-together-have-at-most-points": "All questions together have at most {0} points.",
  "said-the-pass-mark-must-be-between-and": "The pass mark must be from 0 to 100 per cent.",
  "said-a-checklist-must-have-at-least-one-section": "Add at least one section.",
  "said-a-section-must-have-at-least-one-question": "Add at least one question to the section.",
  "said-the-minimum-must-not-be-negative": "The minimum must not be negative.",
  "said-the-maximum-must-not-be-below-the-minimum": "The maximum must not be below the minimum.",
  "said-an-answer-has-at-most-photos": "An answer has at most {0} photos.",
  "said-a-photo-question-must-allow-at-least-one-photo": "A photo question must allow at least one photo.",
  "said-points-must-be-integers-and-must-not-be-negative": "Points must be whole numbers, and not negative.",
  "said-a-question-has-at-most-points": "A question has at most {0} points.",
  "said-a-private-question-cannot-have-points": "A private question cannot have points.",
  "said-a-private-question-is-not-scored-so-it-cannot-be-critical":
    "A private question is not scored, so it cannot be critical.",
  "said-a-question-without-points-cannot-be-critical": "A question without points cannot be critical.",
  "said-the-key-of-a-question-is-required": "Choose a question.",
  "said-the-checklist-has-no-such-question": "The checklist has no such question.",
  "said-these-questions-depend-on-one-another": "These questions depend on one another: {list}",
  "said-a-question-can-depend-only-on-an-earlier-question":
    "A question can depend only on an earlier question.",
  "said-at-least-one-answer-is-required": "Choose at least one answer.",
  "said-at-most-answers-are-allowed": "At most {0} answers are allowed.",
  "said-only-a-private-question-can-depend-on-a-private-question":
    "Only a private question can depend on a private question.",
  "said-the-question-has-no-such-answer": "The question has no such answer.",
  "said-this-answer-is-listed-more-than-once": "This answer is listed more than once.",
  "said-the-channel-cannot-be-changed-to-or-from-self-check-after-the-first-version":
    "After the first version, the channel can no longer change to or from self-check.",
  "said-this-differs-from-version-a-new-meaning-requires-a-new-key":
    "This differs from version {0}. A new meaning requires a new key.",
  "said-a-choice-must-have-to-options": "A choice has {0} to {1} options.",
  "said-a-scale-must-have-a-minimum-and-a-maximum": "Enter a lowest and a highest value.",
  "said-the-maximum-must-be-greater-than-the-minimum": "The highest value must be greater than the lowest.",
  "said-a-scale-has-at-most-steps": "A scale has at most {0} steps.",
  "said-this-must-contain-points-for-each-of-the-steps": "Enter points for each of the {0} steps.",
  "said-a-duration-has-at-most-bands": "A duration has at most {0} bands.",
  "said-the-last-band-must-not-have-up-to": "The last band has no limit: it includes all longer durations.",
  "said-every-band-except-the-last-must-have-up-to-in-seconds":
    "Every band except the last needs a limit in seconds.",
  "said-this-must-be-greater-than": "This must be greater than {0}.",
  "said-this-must-be-yes-or-no": "Choose yes or no.",
};
