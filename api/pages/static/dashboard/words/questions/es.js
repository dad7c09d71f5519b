export default {
  // Preguntas
  mostLost: "Donde se pierden más puntos",
  pointsLost: { one: "{count} punto perdido", other: "{count} puntos perdidos" },
  earnedOf: "{earned} de {possible} puntos",
  goodAnswer: "Respuesta correcta: {answer}",
  commentsOf: { one: "{count} comentario", other: "{count} comentarios" },
  noCommentsYet: "Sin comentarios",
  everyLocation: "Todos los locales",
  allQuestions: "Todas las preguntas",
  // Comentarios
  searchComments: "Buscar en los comentarios",
  answersWith: "Respuestas",
  "points-any": "Todas las respuestas",
  "points-lost": "Con puntos perdidos",
  "points-full": "Con todos los puntos",
  onlyWholeVisits: "Solo comentarios sobre las visitas en conjunto.",
  allTheComments: "Mostrar todos los comentarios",
  allComments: { one: "{count} comentario", other: "{count} comentarios" },
  firstComments: {
    one: "El último comentario. Hay más.",
    other: "Los {count} últimos comentarios. Hay más.",
  },
  noCommentsFound: "Ningún comentario coincide con estos filtros.",
  searchGoesOn: "Buscando en visitas anteriores…",
  // Fotos
  photoAt: "{subject} {place}, {day}",
  allPhotos: { one: "{count} foto", other: "{count} fotos" },
  firstPhotos: {
    one: "La última foto. Hay más.",
    other: "Las {count} últimas fotos. Hay más.",
  },
  noPhotos: "Ninguna foto coincide con estos filtros.",
  previousPhoto: "Anterior",
  nextPhoto: "Siguiente",
};
