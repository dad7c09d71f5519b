import staff from "../../staff/words/es.js";

export default {
  ...staff,
  invitation: "Aceptar la invitación",
  invitationWhy:
    "Elija una contraseña. Después inicie sesión con ella y con la dirección de correo de la invitación.",
  accept: "Aceptar",
  accepted: "Le damos la bienvenida",
  yourName: "Su nombre",
  yourNameHint: "Como lo ven los demás.",
  password: "Contraseña nueva",
  passwordHint: "Al menos 8 caracteres. Varias palabras son fáciles de recordar y difíciles de adivinar.",
  newPassword: "Elija una contraseña nueva",
  savePassword: "Guardar la contraseña",
  passwordSaved: "Su contraseña nueva se ha guardado",
  forgotten: "Contraseña olvidada",
  forgottenWhy: "Le enviamos un enlace con el que puede elegir una contraseña nueva.",
  email: "Correo electrónico",
  organization: "Organización",
  sendLink: "Enviar el enlace",
  lookIntoMail: "Mire su correo",
  lookIntoMailWhy:
    "Si hay una cuenta con la dirección {email}, el enlace está en camino. Es válido durante 60 minutos. Si no llega ningún correo, mire en la carpeta de correo no deseado o pida un enlace a la persona que administra su cuenta.",
  expired: "Este enlace ya no es válido",
  invitationExpired:
    "Se ha usado, se ha sustituido por otro o tiene más de 7 días. Pida uno nuevo a la persona que administra su cuenta.",
  resetExpired: "Se ha usado, se ha sustituido por otro o tiene más de 60 minutos. Pida uno nuevo.",
  unsubscribe: "No recibir más correos de este tipo",
  unsubscribeWhy: "Los demás correos siguen llegando. En su cuenta puede activar o desactivar cada tipo.",
  unsubscribeDo: "No recibir estos correos",
  unsubscribed: "No recibirá más correos de este tipo",
  unsubscribedWhy: "Puede volver a activarlos en su cuenta.",
  unsubscribeExpired: "Use el enlace de un correo más reciente o desactive los correos en su cuenta.",
  toTheAccount: "Su cuenta",
  signInWhere: "¿Dónde quiere iniciar sesión?",
  toTheForm: "Hacer visitas a tiendas",
  toTheDashboard: "Ver puntuaciones, revisar visitas o administrar",
};
