export default {
  "said-a-key-is-required": "Escriba una clave.",
  "said-a-key-has-to-characters-of-a-z-and-and-begins-with-a-letter-or-digit":
    "Una clave tiene de {0} a {1} caracteres de a-z, 0-9, - y _, y empieza por una letra o un dígito.",
  "said-this-key-is-already-used": "Esta clave ya se usa.",
  "said-this-key-is-reserved-for-answers-that-are-not-applicable":
    "Esta clave está reservada para las respuestas «No procede».",
  "said-this-must-be-one-of": "Elija una opción.",
  "said-a-text-is-required": "Escriba un texto.",
  "said-a-text-has-at-most-characters": "Un texto tiene como máximo {0} caracteres.",
  "said-a-text-in-at-least-one-language-is-required": "Escriba el texto al menos en un idioma.",
  "said-this-must-be-a-language-tag-such-as-en-or-pt-br": "Debe ser una etiqueta de idioma, como en o pt-BR.",
  "said-a-checklist-has-at-most-sections-and-questions":
    "Un cuestionario tiene como máximo {0} secciones y {1} preguntas.",
  "said-all-questions-together-have-at-most-points":
    "Todas las preguntas juntas tienen como máximo {0} puntos.",
  "said-the-pass-mark-must-be-between-and": "La nota mínima debe estar entre el 0 y el 100 por ciento.",
  "said-a-checklist-must-have-at-least-one-section": "Añada al menos una sección.",
  "said-a-section-must-have-at-least-one-question": "Añada al menos una pregunta a la sección.",
  "said-the-minimum-must-not-be-negative": "El mínimo no puede ser negativo.",
  "said-the-maximum-must-not-be-below-the-minimum": "El máximo no puede ser menor que el mínimo.",
  "said-an-answer-has-at-most-photos": "Una respuesta tiene como máximo {0} fotos.",
  "said-a-photo-question-must-allow-at-least-one-photo":
    "Una pregunta de foto debe permitir al menos una foto.",
  "said-points-must-be-integers-and-must-not-be-negative":
    "Los puntos deben ser números enteros y no negativos.",
  "said-a-question-has-at-most-points": "Una pregunta tiene como máximo {0} puntos.",
  "said-a-private-question-cannot-have-points": "Una pregunta privada no puede tener puntos.",
  "said-a-private-question-is-not-scored-so-it-cannot-be-critical":
    "Una pregunta privada no se puntúa, así que no puede ser crítica.",
  "said-a-question-without-points-cannot-be-critical": "Una pregunta sin puntos no puede ser crítica.",
  "said-the-key-of-a-question-is-required": "Elija una pregunta.",
  "said-the-checklist-has-no-such-question": "El cuestionario no tiene esa pregunta.",
  "said-these-questions-depend-on-one-another": "Estas preguntas dependen unas de otras: {list}",
  "said-a-question-can-depend-only-on-an-earlier-question":
    "Una pregunta solo puede depender de una anterior.",
  "said-at-least-one-answer-is-required": "Elija al menos una respuesta.",
  "said-at-most-answers-are-allowed": "Se permiten como máximo {0} respuestas.",
  "said-only-a-private-question-can-depend-on-a-private-question":
    "Solo una pregunta privada puede depender de una pregunta privada.",
  "said-the-question-has-no-such-answer": "La pregunta no tiene esa respuesta.",
  "said-this-answer-is-listed-more-than-once": "Esta respuesta aparece más de una vez.",
  "said-the-channel-cannot-be-changed-to-or-from-self-check-after-the-first-version":
    "Después de la primera versión, el canal ya no puede cambiar a autoevaluación ni dejar de serlo.",
  "said-this-differs-from-version-a-new-meaning-requires-a-new-key":
    "Es distinto de la versión {0}. Un significado nuevo necesita una clave nueva.",
  "said-a-choice-must-have-to-options": "Se necesitan de {0} a {1} opciones.",
  "said-a-scale-must-have-a-minimum-and-a-maximum": "Escriba un valor más bajo y uno más alto.",
  "said-the-maximum-must-be-greater-than-the-minimum": "El valor más alto debe ser mayor que el más bajo.",
  "said-a-scale-has-at-most-steps": "Una escala tiene como máximo {0} valores.",
  "said-this-must-contain-points-for-each-of-the-steps": "Escriba los puntos de cada uno de los {0} valores.",
  "said-a-duration-has-at-most-bands": "Una duración tiene como máximo {0} tramos.",
  "said-the-last-band-must-not-have-up-to":
    "El último tramo no tiene límite: incluye todas las duraciones más largas.",
  "said-every-band-except-the-last-must-have-up-to-in-seconds":
    "Todos los tramos salvo el último necesitan un límite en segundos.",
  "said-this-must-be-greater-than": "Debe ser mayor que {0}.",
  "said-this-must-be-yes-or-no": "Elija sí o no.",
};
