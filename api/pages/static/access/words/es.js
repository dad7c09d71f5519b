import staff from "../../staff/words/es.js";

export default {
  ...staff,
  invitation: "Aceptar la invitación",
  invitationWhy:
    "Elige una contraseña. Después inicia sesión con ella y con la dirección de correo de la invitación.",
  accept: "Aceptar",
  accepted: "Te damos la bienvenida",
  yourName: "Tu nombre",
  yourNameHint: "Como lo ven los demás.",
  password: "Contraseña nueva",
  passwordHint: "Al menos 8 caracteres. Varias palabras son fáciles de recordar y difíciles de adivinar.",
  newPassword: "Elige una contraseña nueva",
  savePassword: "Guardar la contraseña",
  passwordSaved: "Tu contraseña nueva se ha guardado",
  forgotten: "Contraseña olvidada",
  forgottenWhy: "Te enviamos un enlace con el que puedes elegir una contraseña nueva.",
  email: "Correo electrónico",
  organization: "Organización",
  sendLink: "Enviar el enlace",
  lookIntoMail: "Mira tu correo",
  lookIntoMailWhy:
    "Si hay una cuenta con la dirección {email}, el enlace está en camino. Es válido durante 60 minutos. Si no llega ningún correo, mira en la carpeta de correo no deseado o pide un enlace a la persona que administra tu cuenta.",
  expired: "Este enlace ya no es válido",
  invitationExpired:
    "Se ha usado, se ha sustituido por otro o tiene más de 7 días. Pide uno nuevo a la persona que administra tu cuenta.",
  resetExpired: "Se ha usado, se ha sustituido por otro o tiene más de 60 minutos. Pide uno nuevo.",
  signInWhere: "¿Dónde quieres iniciar sesión?",
  toTheForm: "Hacer visitas a tiendas",
  toTheDashboard: "Ver puntuaciones, revisar visitas o administrar",
};
