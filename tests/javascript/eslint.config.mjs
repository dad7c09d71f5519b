/** What ESLint checks in the JavaScript of the pages. Layout is left to Prettier, and types to TypeScript. */
import js from "@eslint/js";
import globals from "globals";

const PAGES = "api/pages/static";

/** What turns text into HTML or code. Pages build elements instead. */
const UNSAFE = [
  "AssignmentExpression[left.property.name=/^(inner|outer)HTML$/]",
  "CallExpression[callee.property.name=/^(insertAdjacentHTML|setHTMLUnsafe)$/]",
  'CallExpression[callee.object.name="document"][callee.property.name=/^write/]',
];

export default [
  { files: [`${PAGES}/**/*.js`], ...js.configs.recommended },
  {
    files: [`${PAGES}/**/*.js`],
    linterOptions: { reportUnusedDisableDirectives: "error" },
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.browser },
    rules: {
      "preserve-caught-error": "off", // the oldest supported browsers have no `cause` of an Error
      eqeqeq: ["error", "always", { null: "ignore" }], // `== null` is also true for undefined
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-restricted-syntax": ["error", ...UNSAFE],
      "no-undef": "error",
      "no-unused-vars": "error",
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
  {
    files: [`${PAGES}/form/*.worker.js`],
    languageOptions: { globals: globals.worker },
  },
  {
    // The server inserts RELEASE and FILES above the source of the service worker.
    files: [`${PAGES}/form/sw.js`],
    languageOptions: {
      sourceType: "script",
      globals: { ...globals.serviceworker, RELEASE: "readonly", FILES: "readonly" },
    },
  },
];
