export default {
  direction: "ltr",
  demoData: "Datos de demostración",
  demoBanner: "Estos datos de demostración son de una organización ficticia.",
  product: "Cliente misterioso",
  title: "Sus visitas",
  errorTitle: "Error: {title}",
  // Iniciar sesión
  signIn: "Iniciar sesión",
  signOut: "Cerrar sesión",
  signOutSure: {
    one:
      "Hay una visita o respuesta sin enviar. Se conservará en este teléfono hasta que vuelva a iniciar " +
      "sesión.",
    other:
      "Hay {n} visitas y respuestas sin enviar. Se conservarán en este teléfono hasta que vuelva a iniciar " +
      "sesión.",
  },
  cancel: "Cancelar",
  language: "Idioma",
  noSignal: "No hay cobertura. Inténtelo de nuevo dentro de un momento.",
  busy: "El servidor está ocupado. Inténtelo de nuevo dentro de un momento.",
  signedOut: "La sesión ha terminado. Todo sigue en este teléfono. Inicie sesión para continuar el envío.",
  secondFactorNeeded:
    "Su organización exige un segundo factor al iniciar sesión. Todo sigue en este teléfono. Configure el segundo " +
    "factor para continuar el envío.",
  setUpSecondFactor: "Configurar el segundo factor",
  // La lista
  toDo: "Pendientes",
  waiting: "Por enviar",
  past: "Visitas anteriores",
  more: "Más",
  noVisits: "No tiene visitas pendientes.",
  returned: "Devuelta",
  withdrawn: "Retirada",
  "channel-in_person": "en persona",
  "channel-telephone": "por teléfono",
  "channel-message": "por mensaje",
  "channel-self_check": "autoevaluación",
  notBefore: "No antes del {time}.",
  until: "Hasta el {time}",
  closes: "Termina {when} ({time})",
  closed: "El plazo terminó {when}. Envíe sus respuestas de todos modos: alguien las revisará.",
  storeTime: "hora de la tienda",
  openMap: "Abrir el mapa",
  call: "Llamar al {number}",
  progress: "{done} de {all} respondidas",
  optionalCount: { one: "{n} opcional", other: "{n} opcionales" },
  notYetHere: "Necesita cobertura la primera vez que abra esta visita.",
  sendNow: "Enviar ahora",
  unsent: {
    one: "Hay una visita sin enviar. Se empezó {time}.",
    other: "Hay {n} visitas sin enviar. La más antigua se empezó {time}.",
  },
  mayBeCleared:
    "Este navegador puede borrar lo que hay en el teléfono, por ejemplo tras siete días sin abrir esta " +
    "página. Para mayor seguridad, instale esta página como aplicación o envíe pronto sus respuestas.",
  install: "Instalar la aplicación",
  installApple: "Para instalarla, toque Compartir y después Añadir a pantalla de inicio.",
  installWords: "Instale esta página como aplicación: se abre antes y guarda mejor sus respuestas.",
  dismiss: "No volver a mostrar este mensaje",
  offlineReady: "Todo listo para trabajar sin cobertura.",
  offlineNotReady: "Aún no se puede trabajar sin cobertura.",
  // Qué pasó con una visita
  "outcome-submitted": "Recibida, a la espera de una decisión",
  "outcome-accepted": "Aceptada",
  "outcome-rejected": "No aceptada",
  "outcome-returned": "Devuelta a usted",
  "outcome-cancelled": "Cancelada: no tiene que hacer esta visita",
  "outcome-declined": "Usted rechazó esta visita",
  // Mensajes
  messages: { one: "Una pregunta para usted", other: "Preguntas para usted" },
  message: "Pregunta de quien revisa",
  answerNow: "Responder",
  yourAnswer: "Su respuesta",
  sendAnswer: "Enviar la respuesta",
  answerMissing: "Escriba su respuesta.",
  editAnswer: "Cambiar la respuesta",
  removeAnswerSure: "Su respuesta no se envió. ¿Quiere borrarla de este teléfono para siempre?",
  "answer-waiting": "Guardada en este teléfono. Se enviará cuando haya cobertura.",
  "answer-sending": "Enviando…",
  "answer-sent": "Enviada. Gracias.",
  // Un cuestionario
  back: "Visitas",
  toChange: "Qué cambiar:",
  notes: {
    one: "Hay una nota sobre una pregunta:",
    other: "Hay notas sobre {n} preguntas:",
  },
  saved: "Guardado en este teléfono",
  saving: "Guardando…",
  notSaved: "Sin guardar",
  "answer-yes": "Sí",
  "answer-no": "No",
  scaleOf: "{value} de {maximum}",
  minutes: "{time} min",
  upToMinutes: "Hasta {time} min",
  optional: "opcional",
  notApplicable: "No procede",
  clear: "Borrar",
  seconds: "segundos",
  startTimer: "Iniciar cronómetro",
  stop: "Parar",
  comment: "Comentario",
  why: "Explique por qué",
  addComment: "Añadir un comentario",
  takePhoto: "Hacer una foto",
  choosePhoto: "Elegir una foto",
  photo: "Foto {n}",
  photoCount: { one: "{n} foto", other: "{n} fotos" },
  remove: "Quitar",
  shrinking: "Reduciéndola…",
  photosNotAdded: {
    one: "No se ha añadido {n} foto porque esta pregunta no admite más.",
    other: "No se han añadido {n} fotos porque esta pregunta no admite más.",
  },
  sentBefore: "ya enviada",
  cannotBeShown: "no se puede mostrar aquí",
  diskFull: "No se ha podido guardar porque el teléfono está lleno. Libere espacio e inténtelo de nuevo.",
  notStored:
    "No se ha podido guardar porque ha fallado el almacenamiento del navegador. No cierre esta página: " +
    "lo vuelve a intentar.",
  tryAgain: "Intentarlo de nuevo",
  openElsewhere: "Esta visita está abierta en otra pestaña.",
  goOnHere: "Continuar aquí",
  // Revisar y enviar
  review: "Revisar y enviar",
  errorCount: {
    one: "{n} respuesta falta o no es válida",
    other: "{n} respuestas faltan o no son válidas",
  },
  allAnswered: "Todas las preguntas obligatorias están respondidas.",
  noAnswer: "Sin respuesta",
  "error-value": "Falta una respuesta",
  "error-photos": "Falta una foto",
  "error-comment": "Explique por qué",
  "error-number": "Escriba un número",
  "error-seconds": "Escriba segundos enteros",
  "error-date": "Escriba una fecha entre 1900 y 2100",
  "error-time": "Escriba una hora",
  "error-text": "Escriba como máximo 10.000 caracteres",
  "error-comment-length": "Acorte el comentario a 10.000 caracteres",
  lastComment: "¿Algo más? (opcional)",
  addPosition: "Añadir mi posición",
  locating: "Buscando su posición…",
  positionAdded: "Su posición se enviará con las respuestas.",
  noPosition:
    "El teléfono no ha facilitado su posición. Permita que esta página acceda a la ubicación e inténtelo " +
    "de nuevo.",
  send: "Enviar",
  // No se pudo hacer
  unable: "No he podido hacer esta visita",
  storeWasClosed: "La tienda estaba cerrada",
  closedTitle: "Está informando de que la tienda estaba cerrada",
  closedWords: "Alguien revisará su informe. No cuenta en la puntuación de la tienda.",
  closedAnswers: "Sus respuestas a las preguntas no se envían.",
  closedNeedsEvidence: "Añada una foto de la tienda cerrada o describa lo que encontró.",
  closedPhoto: "Una foto de la tienda cerrada",
  closedComment: "¿Qué encontró? (opcional)",
  notClosed: "La tienda estaba abierta: responder a las preguntas",
  decline: "Rechazar esta visita",
  declineReason: "¿Por qué no puede hacer esta visita?",
  declineReasonMissing: "Escriba un motivo.",
  declineSure: "¿Rechazar esta visita? Sus respuestas se quitan de este teléfono. No se puede deshacer.",
  declineNeedsSignal:
    "No hay cobertura, así que es posible que la visita no se haya rechazado. Inténtelo de nuevo cuando " +
    "la haya.",
  // Enviado
  sentTitle: "Envío de su visita",
  done: "Listo. No tiene nada más que hacer.",
  onItsWay: "Guardado en este teléfono. Se han enviado {done} de {all} partes.",
  needsYou: "Algo no se ha podido enviar y necesita su atención.",
  sendingProgress: "Enviado hasta ahora",
  answers: "Respuestas",
  "state-waiting": "por enviar",
  "state-sending": "enviándose…",
  "state-sent": "enviado",
  "state-needs-you": "necesita su atención",
  "state-left-out": "sin incluir",
  mayClose: "Puede cerrar esta página. Para terminar el envío, vuelva a abrirla cuando tenga cobertura.",
  saveCopy: "Guardar una copia",
  correct: "Corregir las respuestas",
  removeFromPhone: "Quitar de este teléfono",
  removeYes: "Quitar",
  removeSure: {
    one: "{place}: las respuestas y {n} foto no se han enviado. ¿Quitarlas definitivamente de este teléfono?",
    other:
      "{place}: las respuestas y {n} fotos no se han enviado. ¿Quitarlas definitivamente de este teléfono?",
  },
  anotherPhoto: "Elegir otra foto",
  leavePhotoOut: "Enviar sin esta foto",
  details: "Detalles",
  receivedAt: "Recibido",
  revision: "Revisión",
  hash: "Huella",
  "problem-submission-conflict":
    "Ya se han recibido otras respuestas de esta visita, quizá desde otro teléfono.",
  "problem-revision-unexpected":
    "El servidor no espera estas respuestas ahora, quizá porque ya se han recibido otras.",
  "now-open": "La visita está abierta ahora: inténtelo de nuevo.",
  "now-submitted":
    "Las otras respuestas están pendientes de una decisión. Si se le devuelve la visita, podrá corregir y " +
    "enviar estas.",
  "now-accepted": "Las otras respuestas se han aceptado. No queda nada por hacer.",
  "now-rejected": "Las otras respuestas se han rechazado. No se puede enviar nada más.",
  "now-returned": "Se le ha devuelto la visita. Corrija estas respuestas y envíelas en su lugar.",
  "problem-message-answered": "Ya se recibió otra respuesta, quizá desde otro teléfono.",
  "problem-message-not-found": "Esta pregunta ya no existe, así que no hace falta responder.",
  "problem-no-photo": "Este archivo no es una foto que se pueda enviar. Elija otra foto.",
  "problem-photo-empty": "Esta foto está vacía. Hágala de nuevo o elija otra.",
  "problem-photo-too-large": "Esta foto ocupa más de 20 MB. Elija otra foto.",
  "problem-photo-unreadable": "El teléfono ya no puede leer esta foto. Elija otra foto.",
  "problem-photo-unusable":
    "El servidor no puede usar esta foto. Elija otra o envíe las respuestas sin ella.",
  "problem-photo-conflict":
    "Se ha recibido otra foto en lugar de esta. Guarde una copia o envíe las respuestas sin ella.",
  "problem-too-many-photos":
    "Esta visita tiene demasiadas fotos. Guarde una copia o envíe las respuestas sin esta foto.",
  "problem-visit-not-found":
    "El servidor no encuentra esta visita. Guarde una copia y pregunte a la persona que se la asignó.",
  "problem-forbidden":
    "Esta cuenta no está autorizada a enviar esta visita. Guarde una copia y pregunte a la persona que se " +
    "la asignó.",
  "problem-too-large": "Las respuestas son demasiado grandes para enviarlas. Acorte los textos más largos.",
  "problem-invalid": "Hay que corregir algunas respuestas.",
  // Problemas
  notFound: "No se ha encontrado esta visita.",
  noSignalYet: "Necesita cobertura la primera vez que abra esta página. Inténtelo de nuevo cuando la tenga.",
  storageBroken:
    "No se puede usar el almacenamiento del navegador. Libere espacio en el teléfono o salga del modo " +
    "privado, y después inténtelo de nuevo.",
  storageBlocked:
    "Hay una versión anterior de este formulario abierta en otra pestaña. Ciérrela para continuar aquí.",
  needsHttps: "Esta página solo funciona por https.",
  oldBrowser:
    "Este navegador es demasiado antiguo para este formulario. Use Safari 15.4, Chrome 90, Firefox 115 o " +
    "una versión posterior.",
};
