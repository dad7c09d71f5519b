export default {
  organizationName: "Name of the organization",
  organizationNameHint: "Shown on all pages. People with several accounts enter it to log in.",
  color: "Colour",
  colorHint:
    "The colour of buttons and links on all pages, such as #1a4d8f. Empty for the standard {standard}.",
  pickColor: "Choose a colour",
  sample: "Sample",
  contrastGood: "The contrast of white text on this colour is {contrast} : 1, which is easy to read.",
  contrastLow:
    "The contrast of white text on this colour is {contrast} : 1, which is hard to read. It must be at least {least} : 1.",
  noColor: "Enter a colour as # and six digits or letters from a to f, such as #1a4d8f.",
  languages: "Languages of checklists",
  languagesHint:
    "The editor offers these languages. Enter their codes, separated by commas, such as en, es, pt-BR.",
  lockoutDays: "Lock-out days",
  lockoutDaysHint: "The least number of days between two visits of one shopper to the same location.",
  disputeDays: "Days to dispute a visit",
  disputeDaysHint: "How long after its acceptance managers can dispute a visit. 0 allows no disputes.",
  answerDays: "Days to decide a dispute",
  answerDaysHint: "A dispute is overdue afterwards. It stays open until a reviewer decides.",
  alertDays: "Alert after days without a visit",
  alertDaysHint: "Managers are told of a store once, when it has had no visit for so long. Empty for never.",
  acceptEvery: "Acceptance period in minutes",
  acceptEveryHint:
    "Visits without flags are accepted together at the end of each period, so that a store cannot tell when " +
    "somebody came. 0 accepts each visit at once. Empty for the period of the server.",
  currency: "Currency of fees and expenses",
  currencyHint:
    "A code such as EUR or GBP. Empty if you do not pay your shoppers here: then no page mentions fees or expenses.",
  defaultFee: "Fee for a visit",
  defaultFeeHint:
    "What a shopper gets for a visit that is accepted. It applies to visits that you assign from now on.",
  maxExpenses: "Most expenses for a visit",
  maxExpensesHint:
    "Shoppers can claim up to this amount, with photos of their receipts. Empty if you pay no expenses.",
  briefing: "Briefing",
  briefingHint:
    "Shoppers read this in the form before the first question, and confirm it. An empty line begins a new " +
    "paragraph. Empty for no briefing.",
  requireFactor: "Require a second factor",
  requireFactorHint:
    "People in these roles sign in with a password and a code from an app on their phone. Whoever has none sets " +
    "it up at the next opportunity, before they can do anything else.",
  "roles-admin": "Administrators",
  "roles-reviewer": "Reviewers",
  "roles-manager": "Managers",
  "roles-shopper": "Shoppers",
  allHaveFactor: "{role}: everyone has a second factor.",
  withoutFactor: "{role} without a second factor: {names}.",
  manyWithoutFactor: "{role} without a second factor: {names} and {rest} more.",
  keepPhotos: "Keep photos, in months",
  keepPhotosHint:
    "Photos of visits that were longer ago are deleted. Answers and scores stay. Empty to keep them permanently.",
  keepPersonalData: "Keep personal data, in months",
  keepPersonalDataHint:
    "For visits that were longer ago, it is deleted who made them, when exactly and where. Accounts that have been " +
    "disabled for longer are deleted. Answers and scores stay. Empty to keep all this permanently.",
  deletesPhotos: {
    one: "Photos of visits that were more than {n} month ago will be deleted.",
    other: "Photos of visits that were more than {n} months ago will be deleted.",
  },
  deletesPersonalData: {
    one: "Who made a visit will be deleted if it was more than {n} month ago, and so will accounts that have been disabled for longer.",
    other:
      "Who made a visit will be deleted if it was more than {n} months ago, and so will accounts that have been disabled for longer.",
  },
  deletesForGood: "This begins within an hour and cannot be undone.",
  saveAndDelete: "Save and delete",
  logo: "Logo",
  logoHint: "PNG, JPEG or WebP, at most 256 KiB. It takes the place of the name in the bar of all pages.",
  logoOf: "The logo of {name}",
  noLogo: "There is no logo. The pages show the name.",
  removeLogo: "Remove logo",
  logoReplaced: "The logo was replaced.",
  logoRemoved: "The logo was removed.",
  logoTooLarge: "This file has more than 256 KiB. Choose a smaller one.",
};
