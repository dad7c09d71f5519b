export default {
  recordTitle: "Historial de {name}",
  recordPeriod: "Los últimos doce meses. Visitas asignadas: {n}.",
  recordNone: "No se asignó ninguna visita en los últimos doce meses.",
  recordVisits: "Todas las visitas de esta persona",
  recordFailed: "No se ha podido cargar el historial del cliente misterioso.",
  "record-on_time": "A tiempo",
  "record-flagged": "Con avisos",
  "record-returned": "Devueltas",
  "record-rejected": "Rechazadas",
  "record-declined": "Declinadas",
  "record-overturned": "Corregidas o anuladas tras una reclamación",
  recordCount: "{n} de {of}",
  recordRate: "{rate}, intervalo del 95\u00a0% {interval}",
  recordUnsent: { one: "{n} sin enviar", other: "{n} sin enviar" },
  recordAnswers: {
    one: "{n} respuesta reclamada y resuelta, insuficiente para una tasa",
    other: "{n} respuestas reclamadas y resueltas, insuficientes para una tasa",
  },
  recordLeniency: "Puntos que da, en comparación con otros en los mismos locales",
  "recordLeniency-above": "Claramente más puntos que otros",
  "recordLeniency-below": "Claramente menos puntos que otros",
  "recordLeniency-as_expected": "Sin diferencia clara",
  "recordLeniency-too_few": "Aún no hay suficientes visitas para comparar",
  recordDifference: "{difference} puntos, intervalo del 98\u00a0% {interval}",
  recordCompared:
    "{own} visitas, comparadas con {others} visitas de otras {n} personas en los mismos locales",
  recordTooFew: {
    one:
      "Se pueden comparar {own} visitas con {others} visitas de otra persona. Hacen falta cinco visitas por cada " +
      "lado, y que las de otros sean de al menos tres personas.",
    other:
      "Se pueden comparar {own} visitas con {others} visitas de otras {n} personas. Hacen falta cinco visitas " +
      "por cada lado, y que las de otros sean de al menos tres personas.",
  },
  recordCaution:
    "Una diferencia es un motivo para mirar las respuestas, no una prueba. Los locales pueden haber cambiado " +
    "entre las visitas.",
};
