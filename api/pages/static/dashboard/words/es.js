import staff from "../../staff/words/es.js";

export default {
  ...staff,
  title: "Resultados",
  // El marco
  savedViews: "Vistas guardadas",
  "page-overview": "Resumen",
  "page-locations": "Locales",
  onTheMap: "Ver en un mapa",
  "page-map": "Mapa",
  "page-sections": "Secciones",
  "page-questions": "Preguntas",
  "page-comments": "Comentarios",
  "page-photos": "Fotos",
  "page-reviews": "Revisiones",
  "page-disputes": "Reclamaciones",
  "page-payments": "Pagos",
  forManagers: "Esta página es para gerentes y revisores",
  toTheForm: "Ir a sus visitas",
  // Filtros y tablas
  from: "Desde",
  to: "Hasta",
  period: "Período",
  "period-so-far": "Este mes hasta hoy",
  "period-last-month": "Último mes",
  "period-last-3": "Últimos 3 meses",
  "period-last-6": "Últimos 6 meses",
  "period-last-12": "Últimos 12 meses",
  "period-all": "Todas las visitas",
  "period-other": "Otros meses",
  region: "Región",
  regions: "Regiones",
  periodBackwards: "El período acaba antes de empezar.",
  checklist: "Cuestionario",
  allRegions: "Todas sus regiones",
  allChecklists: "Todos los cuestionarios",
  rowsShown: "Se muestran {n} de {of}",
  columns: "Columnas",
  "by-section": "Secciones",
  "by-fundamental": "Fundamentos",
  allShown: "Total",
  mixed:
    "Estas visitas usan cuestionarios distintos, así que los locales no se clasifican y no se " +
    "comprueba si los cambios son significativos. Elija un solo cuestionario para comparar " +
    "datos equivalentes.",
  onlyChecklist: {
    one: "Mostrar solo «{title}» ({n} visita)",
    other: "Mostrar solo «{title}» ({n} visitas)",
  },
  noLocations: "Aquí no hay locales.",
  noVisits: "Sin visitas",
  none: "Ninguno.",
  // Descargas
  download: "Descargar",
  downloadWhat: "Archivo",
  "download-scores": "Puntuaciones de esta página",
  "download-visits": "Visitas, una por fila",
  "download-answers": "Respuestas, una por fila",
  "download-report": "Informe para una reunión",
  createFile: "Crear archivo",
  downloadWaiting: "Esperando al servidor…",
  downloadProgress: "{done} de {of}",
  downloadReady: "El archivo está listo.",
  saveFile: "Guardarlo",
  downloadsWait: "Hay varias descargas de su organización en espera. Inténtelo de nuevo en un minuto.",
  downloadFailed: "No se ha podido crear el archivo.",
  // Cifras
  location: "Local",
  place: "Lugar",
  score: "Resultado",
  interval: "Intervalo del 95\u00a0%",
  visits: "Visitas",
  rank: "Puesto",
  change: "Cambio",
  joinedMonths: "Por trimestres, porque algunos meses tienen menos de {n} visitas.",
  month: "Mes",
  months: "Meses",
  worstSection: "Peor sección",
  passed: "Aprobadas",
  criticalFailures: "Fallos críticos",
  ofAll: "{n} de {of}",
  ofVisits: { one: "{n} visita", other: "{n} visitas" },
  ofRanked: "de {n}",
  tooFewVisits: "muy pocas visitas",
  rose: "subida clara",
  fell: "bajada clara",
  mayBeChance: "puede deberse al azar",
  tooFewNow: "muy pocas visitas",
  tooFewBefore: "muy pocas visitas antes",
  nothingBefore: "sin datos para comparar",
  notComparable: "no comparable",
  noneTested: "No se ha podido evaluar ningún cambio.",
  byChance: {
    one: "Se ha evaluado {n} cambio. Cambios claros esperables solo por azar: {expected}.",
    other: "Se han evaluado {n} cambios. Cambios claros esperables solo por azar: {expected}.",
  },
  about: "aproximadamente {n}",
  fewerThanOne: "menos de 1",
  // Veredictos
  verdict: "Frente al conjunto",
  "verdict-above": "Claramente por encima",
  "verdict-as_expected": "Según lo esperado",
  "verdict-below": "Claramente por debajo",
  "verdict-too_few": "Aún faltan visitas",
  "verdict-none": "Sin comparación",
  // Gráficos
  scoreAndInterval: "{score}, intervalo del 95\u00a0% {interval}",
  trendWords: "De {first} a {last}, {n} de {of} meses con visitas",
  trendSoFarWords: "De {first} a {last} hasta hoy, {n} de {of} meses con visitas",
  soFar: "{month}, hasta hoy",
  soFarLegend: "Hueco: este mes, hasta hoy",
  monthsWords: {
    one: "Resultado de {n} mes, abajo también como tabla",
    other: "Resultados de {n} meses, abajo también como tabla",
  },
  monthWords: "{month}: {score}, intervalo del 95\u00a0% {interval}, visitas: {n}",
  asTable: "Mostrar como tabla",
  caterpillarWords:
    "Cada barra es el intervalo del 98\u00a0% del resultado de un local, y la línea discontinua es con lo " +
    "que se comparan: el resultado de todas las visitas que puede ver, {comparison}. Un local está " +
    "claramente por encima o por debajo si lo está toda su barra.",
  caterpillarTooFew: "Ningún local tiene al menos cinco visitas y otros con los que compararse.",
  caterpillarMixed: "Este gráfico necesita visitas de un solo cuestionario. Elija uno arriba.",
  caterpillarLabel: "Resultados de {n} locales con sus intervalos del 98\u00a0%, como en la tabla de arriba",
  caterpillarTitle: "{name}: {score}, intervalo del 98\u00a0% {interval}. {verdict}",
  lowestFirst: "Primero el resultado más bajo →",
  verdictCount: "{words}: {n}",
  // Cómo se calculan las cifras
  howCalculated: "Cómo se calcula esta cifra",
  "explain-nothing": "No hay visitas aceptadas en este período.",
  "explain-points": {
    one: "{earned} de {possible} puntos, en {n} visita.",
    other: "{earned} de {possible} puntos, en {n} visitas.",
  },
  "explain-score":
    "Puntos obtenidos divididos entre puntos posibles, en todas las visitas aceptadas del " +
    "período: {score}. Las preguntas no aplicables no cuentan en ninguno de los dos totales.",
  "explain-interval":
    "Intervalo del 95\u00a0%: {interval}. Indica cuánto podría alejarse el resultado del que " +
    "daría un número ilimitado de visitas. Es un intervalo t basado en la variación entre " +
    "visitas; dos visitas supuestas evitan que parezca demasiado estrecho cuando hay pocas.",
  "explain-wilson":
    "Intervalo del 95\u00a0%: {interval}. Es un intervalo de Wilson para la proporción de " +
    "puntos obtenidos, en el que cada visita cuenta como un ensayo.",
  "explain-spread": "El resultado de una visita suele diferir de este en {spread}.",
  "explain-indicative": "Menos de {n} visitas: muy pocas para sacar conclusiones.",
  "explain-no-disputes": "Ninguna reclamación cambió esta puntuación.",
  "explain-disputes":
    "Sin reclamaciones, la puntuación sería {before}. Los gerentes suelen reclamar sobre respuestas que perdieron puntos, así que las reclamaciones tienden a subir la puntuación.",
  "explain-change":
    "{now} (visitas: {n}), frente a {before} (visitas: {m}) en el período anterior de igual " +
    "duración: {difference} puntos porcentuales.",
  "explain-change-interval":
    "Intervalo del 95\u00a0% de la diferencia: {interval}, a partir de los intervalos de ambos períodos.",
  "explain-significant":
    "«{verdict}»: un cambio se considera claro si ambos períodos tienen al menos {n} visitas y " +
    "el intervalo no incluye el cero.",
  "explain-mixed":
    "Las visitas usan cuestionarios distintos, así que no se comprueba si el cambio es significativo.",
  "explain-rank": "Por su resultado, ocupa el puesto {rank} entre los {of} locales con visitas suficientes.",
  "explain-rank-range":
    "Teniendo en cuenta el azar, el puesto podría estar entre el {best} y el {worst}. Locales " +
    "cuyo intervalo está totalmente por encima de este: {above}; totalmente por debajo: " +
    "{below}.",
  "explain-verdict-comparison":
    "Se compara con {comparison}, el resultado de todas las visitas del mismo cuestionario y período que " +
    "puede ver.",
  "explain-verdict-interval": "Intervalo del 98\u00a0% de este resultado: {interval}.",
  "explain-verdict-above":
    "Todo él está por encima de la comparación, así que el resultado es claramente superior.",
  "explain-verdict-below":
    "Todo él está por debajo de la comparación, así que el resultado es claramente inferior.",
  "explain-verdict-as_expected":
    "La comparación está dentro del intervalo, así que la diferencia puede deberse al azar. Con más " +
    "visitas podría verse una.",
  "explain-verdict-chance":
    "De 100 locales exactamente tan buenos como la comparación, alrededor de uno se vería así de claro " +
    "solo por azar.",
  "explain-verdict-too_few": "Un resultado con menos de {n} visitas no se valora.",
  "explain-verdict-visits": "Visitas hasta ahora: {n}.",
  "explain-verdict-none":
    "No hay con qué comparar este resultado: las visitas usan varios cuestionarios, o usted no puede ver " +
    "otras visitas con este.",
  "explain-visit": "{earned} de {possible} puntos: {score}.",
  "explain-visit-unscored": "Esta visita no tiene resultado porque no había puntos posibles.",
  "explain-visit-passed": "Aprobada: alcanzó la puntuación mínima del cuestionario, sin fallos críticos.",
  "explain-visit-failed": "No aprobada: no alcanzó la puntuación mínima del cuestionario.",
  "explain-visit-critical": {
    one: "No aprobada: {n} fallo crítico.",
    other: "No aprobada: {n} fallos críticos.",
  },
  // Resumen
  attention: "Lo que destaca",
  needsLook: "Conviene mirar",
  noneNeedsLook: "Ningún local está claramente por debajo de los demás ni ha bajado claramente.",
  weakestQuestion: "{score} de los puntos, todos sus locales {all}",
  noWeakestQuestion: "Ninguna pregunta está por sí sola claramente por debajo de la de sus otros locales.",
  goesWell: "Va bien",
  verdictsByChance: {
    one: "Se ha valorado {n} local. Veredictos claros esperables solo por azar: {expected}.",
    other: "Se han valorado {n} locales. Veredictos claros esperables solo por azar: {expected}.",
  },
  noneJudged: "No se ha podido valorar ningún local.",
  clearDropsMixed:
    "Si las visitas usan cuestionarios distintos, los resultados no se valoran y los cambios no se evalúan.",
  inVisits: "en {n} de {of} visitas",
  withoutVisits: "Sin visitas aceptadas de {from} a {to}",
  earlierVisits: { one: "{n} visita antes", other: "{n} visitas antes" },
  noEarlierVisits: "ninguna anterior en este período",
  andMore: "y {n} más",
  acceptedVisits: "Visitas de clientes misteriosos: {n}",
  acceptedSelfChecks: "autoevaluaciones: {n}",
  visitsInProgress: "en curso: {n}",
  inProgress: "En curso",
  // Un lugar
  itsLocations: "Todos los locales de esta región",
  children: "Locales y regiones",
  fundamentals: "Fundamentos",
  fundamental: "Fundamento",
  noFundamentals: "Ninguna visita midió un fundamento.",
  shoppersScore: "Clientes misteriosos",
  selfCheckWords:
    "Resultados de los clientes misteriosos junto a los que se da el propio personal. En el " +
    "gráfico, el anillo indica el resultado del personal.",
  question: "Pregunta",
  answers: "Respuestas",
  "answer-yes": "Sí",
  "answer-no": "No",
  "answer-answered": "Respondida",
  "answer-not_applicable": "No aplicable",
  visit: "Visita",
  // Una visita
  visitTo: "{location}, {day}",
  byVersion: "{title}, versión {version}",
  visitPassed: "Aprobada",
  notPassedCritical: {
    one: "No aprobada: {n} fallo crítico",
    other: "No aprobada: {n} fallos críticos",
  },
  notPassedMark: "No aprobada: por debajo de {mark}",
  visitPointsLost: { one: "{n} punto perdido", other: "{n} puntos perdidos" },
  otherVisits: "Otras visitas a este local",
  visitBefore: "Visita anterior: {day}",
  visitAfter: "Visita siguiente: {day}",
  visitNumber: "Visita {n} de {of}",
  lastWord: "Sobre la visita en conjunto",
  pointsOf: "{earned} de {possible}",
  critical: "crítica",
  photoMissing: "Esta foto no se ha recibido.",
  photoAbsent: "Esta foto no se puede mostrar.",
  photoRemoved:
    "Esta foto se ha eliminado, porque su organización conserva las fotos por un tiempo limitado.",
  ownVisit: "Usted hizo esta visita. Los gerentes podrán verla cuando se acepte.",
  toOwnVisit: "Sus respuestas",
  scaleOf: "{value} de {maximum}",
  minutes: "{time} min",
  upToMinutes: "Hasta {time} min",
  seconds: "segundos",
  startTimer: "Iniciar cronómetro",
  stop: "Parar",
  photoOf: "Foto {n}: {question}",
  storeClosed: "El local estaba cerrado",
  storeClosedWords: "Esta visita no cuenta en ninguna puntuación.",
  photoOfClosedStore: "Foto {n}: el local estaba cerrado",
  "part-night": "madrugada",
  "part-morning": "mañana",
  "part-afternoon": "tarde",
  "part-evening": "noche",
  // Secciones y preguntas
  tones: "Resultado en tanto por ciento; ▼ marca menos de 80, ▲ a partir de 85:",
  thinTone: "Línea discontinua, sin color: menos de cinco visitas.",
  questionWords:
    "Proporción de puntos obtenidos sobre los posibles. En las preguntas de sí o no, proporción " +
    "de buenas respuestas.",
  // Answers after a dispute
  "amendment-amended": "Corregida tras una reclamación. Enviado: {value}",
  "amendment-set_aside": "Anulada tras una reclamación: la pregunta no cuenta.",
  "amendment-hidden": "No cuenta: una reclamación corrigió la respuesta de la que depende esta pregunta.",
};
