export default {
  // Un local
  whatChanged: "Qué ha cambiado",
  comparedWith: "Frente a {period}: {score}",
  noQuestionChanged: "Ninguna pregunta ha cambiado claramente.",
  beforeAndNow: "de {before} a {now}",
  weakest: "Preguntas más débiles",
  noWeakQuestion: "Ninguna pregunta ha perdido puntos en suficientes visitas para valorarla.",
  lostPoints: { one: "{n} de {of} puntos perdidos", other: "{n} de {of} puntos perdidos" },
  allComments: "Todos los comentarios",
  allPhotos: "Todas las fotos",
  latestWords: "Últimos comentarios y fotos",
  noWordsYet: "No hay comentarios ni fotos en este período.",
  // Una región
  storesInOrder: "Locales, del mejor al peor",
  latestVisits: "Últimas visitas",
  progress: "Avance",
  quotaWords: {
    one: "{title}, {period}: {n} de {of} visitas de la cuota",
    other: "{title}, {period}: {n} de {of} visitas de la cuota",
  },
  progressWords: "De todos los cuestionarios juntos, incluidas las autoevaluaciones.",
  // Un mapa
  mapWords: "Cada forma es un local. Indica cómo queda frente a los demás.",
  mapOf: {
    one: "Mapa de {count} local. Una lista dice lo mismo.",
    other: "Mapa de {count} locales. Una lista dice lo mismo.",
  },
  markWords: {
    one: "{name}: {verdict}, {score}, {n} visita",
    other: "{name}: {verdict}, {score}, {n} visitas",
  },
  groupWords: { one: "{n} local. {verdicts}", other: "{n} locales. {verdicts}. Ampliarlos" },
  wholeMap: "Mostrar todo",
  noPositions: "Ninguno de estos locales tiene posición.",
  noPosition: "No está en el mapa",
  metres: "{n} m",
  kilometres: "{n} km",
  // Objetivos
  targetOf: {
    one: "Objetivo de {score} en el mes en curso:",
    other: "Objetivo de {score} en los últimos {n} meses:",
  },
  "target-met": "alcanzado.",
  "target-missed": "no alcanzado.",
  "target-unsure": "aún no está claro.",
  visitsToTell: {
    one: "Lo aclararía aproximadamente {count} visita más.",
    other: "Lo aclararían unas {count} visitas más.",
  },
};
