export default {
  errorTitle: "Error: {title}",
  email: "Correo electrónico",
  password: "Contraseña",
  forgottenPassword: "¿Ha olvidado su contraseña?",
  organization: "Organización",
  wrongPassword: "El correo electrónico o la contraseña no son correctos.",
  whichOrganization:
    "Su correo electrónico pertenece a cuentas de varias organizaciones. Escriba el nombre de la que quiere.",
  tooManyFailures: {
    one: "Demasiados intentos. Inténtelo de nuevo dentro de {n} minuto.",
    other: "Demasiados intentos. Inténtelo de nuevo dentro de {n} minutos.",
  },
  fillIn: "Escriba su correo electrónico y contraseña.",
};
