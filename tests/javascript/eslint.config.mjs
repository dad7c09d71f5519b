/** What ESLint checks in the JavaScript of the pages. Layout is left to Prettier, and types to TypeScript. */
import js from "@eslint/js";
import globals from "globals";

const PAGES = "api/pages/static";

export default [
  { files: [`${PAGES}/**/*.js`], ...js.configs.recommended },
  {
    files: [`${PAGES}/**/*.js`],
    linterOptions: { reportUnusedDisableDirectives: "error" },
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.browser },
    rules: {
      "preserve-caught-error": "off", // Error has no `cause` in the oldest browsers of the form
      eqeqeq: ["error", "always", { null: "ignore" }], // `== null` is also true of undefined
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
    // The server writes RELEASE and FILES above the service worker's own text.
    files: [`${PAGES}/form/sw.js`],
    languageOptions: {
      sourceType: "script",
      globals: { ...globals.serviceworker, RELEASE: "readonly", FILES: "readonly" },
    },
  },
];
