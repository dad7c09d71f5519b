export default {
  "draft-a-key-is-required": "Escriba una clave.",
  "draft-a-key-has-to-characters-of-a-z-and-and-begins-with-a-letter-or-digit":
    "Una clave tiene de {0} a {1} caracteres de a-z, 0-9, - y _, y empieza por una letra o un dígito.",
  "draft-this-key-is-already-used": "Esta clave ya se usa.",
  "draft-this-key-is-reserved-for-answers-that-are-not-applicable":
    "Esta clave está reservada para las respuestas «No procede».",
  "draft-this-must-be-one-of": "Elija una opción.",
  "draft-a-text-is-required": "Escriba un texto.",
  "draft-a-text-has-at-most-characters": "Un texto tiene como máximo {0} caracteres.",
  "draft-a-text-in-at-least-one-language-is-required": "Escriba el texto al menos en un idioma.",
  "draft-this-must-be-a-language-tag-such-as-en-or-pt-br":
    "Debe ser una etiqueta de idioma, como en o pt-BR.",
  "draft-a-checklist-has-at-most-sections-and-questions":
    "Un cuestionario tiene como máximo {0} secciones y {1} preguntas.",
  "draft-all-questions-together-have-at-most-points":
    "Todas las preguntas juntas tienen como máximo {0} puntos.",
  "draft-the-pass-mark-must-be-between-and": "La nota mínima debe estar entre el 0 y el 100 por ciento.",
  "draft-a-checklist-must-have-at-least-one-section": "Añada al menos una sección.",
  "draft-a-section-must-have-at-least-one-question": "Añada al menos una pregunta a la sección.",
  "draft-the-minimum-must-not-be-negative": "El mínimo no puede ser negativo.",
  "draft-the-maximum-must-not-be-below-the-minimum": "El máximo no puede ser menor que el mínimo.",
  "draft-an-answer-has-at-most-photos": "Una respuesta tiene como máximo {0} fotos.",
  "draft-a-photo-question-must-allow-at-least-one-photo":
    "Una pregunta de foto debe permitir al menos una foto.",
  "draft-points-must-be-integers-and-must-not-be-negative":
    "Los puntos deben ser números enteros y no negativos.",
  "draft-a-question-has-at-most-points": "Una pregunta tiene como máximo {0} puntos.",
  "draft-a-private-question-cannot-have-points": "Una pregunta privada no puede tener puntos.",
  "draft-a-private-question-is-not-scored-so-it-cannot-be-critical":
    "Una pregunta privada no se puntúa, así que no puede ser crítica.",
  "draft-a-question-without-points-cannot-be-critical": "Una pregunta sin puntos no puede ser crítica.",
  "draft-the-key-of-a-question-is-required": "Elija una pregunta.",
  "draft-the-checklist-has-no-such-question": "El cuestionario no tiene esa pregunta.",
  "draft-these-questions-depend-on-one-another": "Estas preguntas dependen unas de otras: {list}",
  "draft-a-question-can-depend-only-on-an-earlier-question":
    "Una pregunta solo puede depender de una anterior.",
  "draft-at-least-one-answer-is-required": "Elija al menos una respuesta.",
  "draft-at-most-answers-are-allowed": "Se permiten como máximo {0} respuestas.",
  "draft-only-a-private-question-can-depend-on-a-private-question":
    "Solo una pregunta privada puede depender de una pregunta privada.",
  "draft-the-question-has-no-such-answer": "La pregunta no tiene esa respuesta.",
  "draft-this-answer-is-listed-more-than-once": "Esta respuesta aparece más de una vez.",
  "draft-the-channel-cannot-be-changed-to-or-from-self-check-after-the-first-version":
    "Después de la primera versión, el canal ya no puede cambiar a autoevaluación ni dejar de serlo.",
  "draft-this-differs-from-version-a-new-meaning-requires-a-new-key":
    "Es distinto de la versión {0}. Un significado nuevo necesita una clave nueva.",
  "draft-a-choice-must-have-to-options": "Se necesitan de {0} a {1} opciones.",
  "draft-a-scale-must-have-a-minimum-and-a-maximum": "Escriba un valor más bajo y uno más alto.",
  "draft-the-maximum-must-be-greater-than-the-minimum": "El valor más alto debe ser mayor que el más bajo.",
  "draft-a-scale-has-at-most-steps": "Una escala tiene como máximo {0} valores.",
  "draft-this-must-contain-points-for-each-of-the-steps":
    "Escriba los puntos de cada uno de los {0} valores.",
  "draft-a-duration-has-at-most-bands": "Una duración tiene como máximo {0} tramos.",
  "draft-the-last-band-must-not-have-up-to":
    "El último tramo no tiene límite: incluye todas las duraciones más largas.",
  "draft-every-band-except-the-last-must-have-up-to-in-seconds":
    "Todos los tramos salvo el último necesitan un límite en segundos.",
  "draft-this-must-be-greater-than": "Debe ser mayor que {0}.",
  "draft-this-must-be-yes-or-no": "Elija sí o no.",
};
