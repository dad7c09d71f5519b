/** The question types, one module for each, as in `api/domain/question_types/`. */
import * as choice from "./choice.js";
import * as date from "./date.js";
import * as duration from "./duration.js";
import { singleInput } from "./inputs.js";
import * as number from "./number.js";
import * as photo from "./photo.js";
import * as scale from "./scale.js";
import * as text from "./text.js";
import * as time from "./time.js";
import * as yesNo from "./yes-no.js";

/**
 * What a module exports, as far as it differs from `DEFAULTS`.
 * @typedef {object} QuestionType
 * @property {(question: any) => string | null} role `radiogroup` or `group` for several inputs, null for one
 * @property {(question: any, field: Field) => Input | null} input the native inputs; null if there are none
 * @property {(question: any, content: any) => any} value the value for a content of the inputs; null if empty
 * @property {(question: any, value: any) => boolean} isEmpty whether a value means that nothing was answered
 * @property {(question: any, value: any) => string | null} findError null for a valid value, or which of the
 *   words `error-…` explain what is wrong with it
 * @property {(question: any) => any[][]} answers the answers to choose from, as keys with their labels
 * @property {(question: any, value: any) => any[]} choices the choices that a value selects, on which other
 *   questions can depend
 * @property {(question: any, value: any) => number} points the points that a valid value earns
 * @property {(question: any) => number} pointsPossible the most points that a value can earn
 * @property {(question: any, value: any) => string} show a value in words
 * @property {(question: any) => string[]} bestValues the values with the most points in words, unless they are
 *   answers to choose from
 * @property {boolean} isFreeText whether a value is what the shopper wrote
 * @property {boolean} isAnsweredByPhotos whether an answer is its photos and has no value
 * @property {boolean} hasTimer whether the list of visits offers a timer for it
 * @property {boolean} hasClearButton whether an optional question needs a button to remove the answer
 */

/**
 * What inputs know about their question, and the functions that change its answer.
 * @typedef {object} Field
 * @property {string} id the beginning of the IDs of its inputs
 * @property {Record<string, string>} labels the ARIA attributes of a single input
 * @property {() => any} answer returns the stored answer
 * @property {(content: any) => void} enter stores what the inputs contain: a text, or a list of chosen keys
 * @property {(part: any) => void} change stores other parts of the answer
 */

/** @typedef {{element: HTMLElement, redraw: () => void}} Input */

/** @type {QuestionType} */
const DEFAULTS = {
  role: () => null,
  input: (question, field) => singleInput(field),
  value: (question, content) => content || null,
  isEmpty: (question, value) => value == null,
  findError: () => null,
  answers: () => [],
  choices: (question, value) => (Array.isArray(value) ? [] : [value]),
  points: () => 0,
  pointsPossible: () => 0,
  show: (question, value) => `${value}`,
  bestValues: () => [],
  isFreeText: false,
  isAnsweredByPhotos: false,
  hasTimer: false,
  hasClearButton: true,
};

const MODULES = { yes_no: yesNo, scale, choice, duration, number, text, time, date, photo };
/** @type {Record<string, QuestionType>} */
const QUESTION_TYPES = Object.fromEntries(
  Object.entries(MODULES).map(([name, module]) => [name, { ...DEFAULTS, ...module }]),
);

/** Returns the type of a question. An unknown type, perhaps from a newer release, takes any text. */
export const typeOf = ({ type }) => QUESTION_TYPES[type] ?? DEFAULTS;

/** Returns a value in words; empty if there is none. */
export const showValue = (question, value) => (value == null ? "" : typeOf(question).show(question, value));
