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
  // The second factor
  oneTimeCode: "Código",
  oneTimeCodeHint:
    "Escriba los 6 dígitos que muestra su aplicación de autenticación. También puede usar un código de recuperación.",
  recoveryCode: "Código de recuperación",
  recoveryCodeHint:
    "Escriba uno de los códigos que guardó al configurar el segundo factor. Cada uno sirve una sola vez.",
  useRecoveryCode: "Usar un código de recuperación",
  useApp: "Usar la aplicación de autenticación",
  otherAccount: "Usar otra cuenta",
  enterCode: "Escriba el código.",
  wrongCode: "Este código no es correcto o ya se ha usado. Espere a que la aplicación muestre uno nuevo.",
  wrongRecoveryCode: "Este código de recuperación no es correcto o ya se ha usado. Use otro.",
};
