export default {
  email: "Correo electrónico",
  password: "Contraseña",
  organization: "Organización",
  wrongPassword: "El correo o la contraseña no son correctos.",
  whichOrganization: "Varias organizaciones le conocen. Escriba el nombre de la que quiere.",
  tooManyFailures: { one: "Demasiados intentos. Pruebe de nuevo dentro de {n} minuto.", other: "Demasiados intentos. Pruebe de nuevo dentro de {n} minutos." },
  fillIn: "Escriba su correo electrónico y su contraseña.",
};
