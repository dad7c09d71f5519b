export default {
  payment: "Honorarios y gastos",
  "paymentWhen-waiting":
    "Al aceptar la visita se aprueban estos importes, salvo los gastos cuyos recibos no han llegado o que se " +
    "soliciten o cambien mientras tanto. Para pagar otro importe, cámbielo y guárdelo antes.",
  "paymentWhen-none": "Los importes se pueden cambiar cuando haya respuestas.",
  "paymentWhen-returned":
    "El cliente misterioso corrige la visita. Los importes se pueden cambiar cuando se envíe de nuevo.",
  "paymentWhen-accepted": "La visita está aceptada. Un importe que cambie cuenta de inmediato.",
  "paymentWhen-rejected":
    "La visita fue rechazada, así que no se paga nada. Para pagar algo de todos modos, escriba el importe y " +
    "el motivo.",
  paymentTotal: "Total: {amount}",
  paymentApproved: "Aprobado: {amount}",
  saveAmounts: "Guardar los importes",
  approveAmounts: "Aprobar estos importes",
  toPay: "A pagar ({currency})",
  whyOther: "¿Por qué otro importe? El cliente misterioso lo lee.",
  amountWrong: "Escriba un importe, por ejemplo 12,50.",
  moreThanClaimed: "Es más de lo que se solicitó.",
  reasonMissing: "Escriba el motivo de otro importe.",
  receipt: "Recibo {n}",
  receiptMissing: "la foto no ha llegado",
  receiptRemoved: "la foto ya no se conserva",
  receiptSeen: "Esta foto también se envió con",
  otherVisit: "otra visita",
  "expense-fee": "Honorarios",
  "expense-purchase": "Compra",
  "expense-travel": "Transporte",
  "expense-parking": "Aparcamiento",
  "expense-other": "Otro",
  "payment-claimed": "Pendiente de decisión",
  "payment-approved": "Aprobado",
  "payment-changed": "Se han aprobado {amount}",
  "payment-not_paid": "No se paga",
  preparedAmount: "Con la visita se aprobarán {amount}",
  // La página
  claims: "Gastos por decidir",
  claimsWhat:
    "La visita se aceptó automáticamente, o estos gastos se solicitaron o cambiaron después de revisarla.",
  firstOnly: "Estas son las primeras {n}.",
  noClaims: "No hay gastos por decidir.",
  payroll: "Nómina",
  payrollWhat:
    "Lo que se aprobó en estos días (UTC). Cada importe pertenece a un solo día, así que con períodos que no " +
    "se solapan nada se paga dos veces. Un cambio posterior aparece como diferencia en su propio día.",
  dayNotOver: "En estos días aún se puede aprobar algo. Para descargarlos, elija días hasta el {day}.",
  "payroll-from": "Desde",
  "payroll-to": "Hasta",
  noPayments: "No se aprobó nada en estos días.",
  payrollCsv: "Descargar para la nómina (CSV)",
  visit: "Visita",
  shopper: "Cliente misterioso",
  claimed: "Solicitado",
  day: "Día de la visita",
  expenses: "Gastos",
  total: "Total",
  approvedOn: "Aprobado",
  someone: "(eliminado)",
  totals: {
    one: "por {n} visita: {fee} de honorarios y {expenses} de gastos",
    other: "por {n} visitas: {fee} de honorarios y {expenses} de gastos",
  },
};
