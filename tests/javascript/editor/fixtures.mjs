/** A checklist with two sections, one condition and two languages in one text. */
export const CHECKLIST = {
  key: "visit",
  title: { en: "A visit", es: "Una visita" },
  channel: "in_person",
  sections: [
    {
      key: "welcome",
      title: "Welcome",
      questions: [
        { key: "greeting", text: "Were you greeted?", type: "yes_no", points: 2 },
        { key: "wait", text: "How long did you wait?", type: "duration" },
        {
          key: "till",
          text: { en: "Which till?", es: "¿Qué caja?" },
          type: "choice",
          options: [
            { key: "left", label: "Left", points: 1 },
            { key: "right", label: "Right" },
          ],
        },
      ],
    },
    {
      key: "goodbye",
      title: "Goodbye",
      questions: [
        { key: "problem", text: "A problem?", type: "yes_no" },
        {
          key: "apology",
          text: "An apology?",
          type: "yes_no",
          only_if: { question: "problem", is: ["yes"] },
        },
        {
          key: "queue",
          text: "A queue?",
          type: "yes_no",
          only_if: { question: "till", is: ["left", "right"] },
        },
      ],
    },
  ],
};

/** Returns the keys of the questions of each section. */
export const outlineOf = (document) =>
  document.sections.map(({ key, questions }) => [key, questions.map((question) => question.key)]);
