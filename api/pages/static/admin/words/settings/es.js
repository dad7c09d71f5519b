export default {
  organizationName: "Nombre de la organización",
  organizationNameHint:
    "Aparece en todas las páginas. Quien tiene varias cuentas lo escribe al iniciar sesión.",
  color: "Color",
  colorHint:
    "El color de botones y enlaces en todas las páginas, por ejemplo #1a4d8f. Vacío para el habitual {standard}.",
  pickColor: "Elegir un color",
  sample: "Muestra",
  contrastGood: "El contraste del texto blanco sobre este color es de {contrast} : 1, fácil de leer.",
  contrastLow:
    "El contraste del texto blanco sobre este color es de {contrast} : 1, difícil de leer. Debe ser de {least} : 1 como mínimo.",
  noColor: "Escriba un color con # y seis cifras o letras de la a a la f, por ejemplo #1a4d8f.",
  languages: "Idiomas de los cuestionarios",
  languagesHint:
    "El editor ofrece estos idiomas. Escriba sus códigos separados por comas, por ejemplo en, es, pt-BR.",
  lockoutDays: "Días de bloqueo",
  lockoutDaysHint:
    "Los días que deben pasar como mínimo entre dos visitas de un mismo cliente misterioso al mismo local.",
  disputeDays: "Días para reclamar sobre una visita",
  disputeDaysHint:
    "Cuánto tiempo después de su aceptación pueden los gerentes reclamar sobre una visita. 0 no permite reclamaciones.",
  answerDays: "Días para decidir una reclamación",
  answerDaysHint: "Después, la reclamación está atrasada. Sigue abierta hasta que decide un revisor.",
  alertDays: "Avisar tras estos días sin visitas",
  alertDaysHint:
    "Se avisa una vez a los responsables de un local que lleva tanto tiempo sin visitas. Vacío para no avisar nunca.",
  acceptEvery: "Periodo de aceptación en minutos",
  acceptEveryHint:
    "Las visitas sin avisos se aceptan juntas al final de cada periodo, para que ningún local sepa cuándo vino " +
    "alguien. Con 0 se acepta cada visita al momento. Vacío para el periodo del servidor.",
  currency: "Moneda de honorarios y gastos",
  currencyHint:
    "Un código como EUR o GBP. Vacío si no paga aquí a sus clientes misteriosos: entonces ninguna página menciona " +
    "honorarios ni gastos.",
  defaultFee: "Honorarios por visita",
  defaultFeeHint:
    "Lo que recibe un cliente misterioso por una visita aceptada. Se aplica a las visitas que asigne a partir de ahora.",
  maxExpenses: "Máximo de gastos por visita",
  maxExpensesHint:
    "Los clientes misteriosos pueden solicitar hasta este importe, con fotos de sus recibos. Vacío si no paga gastos.",
  briefing: "Instrucciones previas",
  briefingHint:
    "Los clientes misteriosos las leen en el formulario antes de la primera pregunta y lo confirman. Una línea " +
    "vacía empieza otro párrafo. Vacío si no hay instrucciones.",
  requireFactor: "Exigir un segundo factor",
  requireFactorHint:
    "Las personas con estas funciones inician sesión con una contraseña y un código de una aplicación de su teléfono. " +
    "Quien aún no lo tenga lo configurará en cuanto use el programa, antes de poder hacer otra cosa.",
  "roles-admin": "Administradores",
  "roles-reviewer": "Revisores",
  "roles-manager": "Responsables",
  "roles-shopper": "Clientes misteriosos",
  allHaveFactor: "{role}: todos tienen un segundo factor.",
  withoutFactor: "{role} sin segundo factor: {names}.",
  manyWithoutFactor: "{role} sin segundo factor: {names} y {rest} más.",
  keepPhotos: "Conservar las fotos, en meses",
  keepPhotosHint:
    "Las fotos de visitas más antiguas se eliminan. Las respuestas y puntuaciones permanecen. Déjelo vacío para conservarlas siempre.",
  keepPersonalData: "Conservar los datos personales, en meses",
  keepPersonalDataHint:
    "De las visitas más antiguas se elimina quién las hizo, cuándo exactamente y dónde. Las cuentas desactivadas " +
    "desde hace más tiempo se eliminan. Las respuestas y puntuaciones permanecen. Déjelo vacío para conservarlo todo siempre.",
  deletesPhotos: {
    one: "Se eliminarán las fotos de visitas de hace más de {n} mes.",
    other: "Se eliminarán las fotos de visitas de hace más de {n} meses.",
  },
  deletesPersonalData: {
    one: "Se eliminará quién hizo las visitas de hace más de {n} mes, y también las cuentas desactivadas desde hace más tiempo.",
    other:
      "Se eliminará quién hizo las visitas de hace más de {n} meses, y también las cuentas desactivadas desde hace más tiempo.",
  },
  deletesForGood: "Esto comienza en menos de una hora y no se puede deshacer.",
  saveAndDelete: "Guardar y eliminar",
  logo: "Logotipo",
  logoHint: "PNG, JPEG o WebP, de 256 KiB como máximo. Sustituye al nombre en la barra de todas las páginas.",
  logoOf: "El logotipo de {name}",
  noLogo: "No hay logotipo. Las páginas muestran el nombre.",
  removeLogo: "Quitar el logotipo",
  logoReplaced: "El logotipo se ha sustituido.",
  logoRemoved: "El logotipo se ha quitado.",
  logoTooLarge: "Este archivo tiene más de 256 KiB. Elija uno más pequeño.",
};
