export default {
  errorTitle: "Error: {title}",
  email: "Email address",
  password: "Password",
  forgottenPassword: "Forgotten password?",
  organization: "Organization",
  wrongPassword: "The email address or password is wrong.",
  whichOrganization:
    "Your email address belongs to accounts of several organizations. Enter the name of the one you want.",
  tooManyFailures: {
    one: "Too many attempts. Try again in {n} minute.",
    other: "Too many attempts. Try again in {n} minutes.",
  },
  fillIn: "Enter your email address and password.",
  // The second factor
  oneTimeCode: "Code",
  oneTimeCodeHint: "Enter the 6 digits that your authenticator app shows. You can also use a recovery code.",
  recoveryCode: "Recovery code",
  recoveryCodeHint:
    "Enter one of the codes that you stored when you set up the second factor. Each works once.",
  useRecoveryCode: "Use a recovery code",
  useApp: "Use the authenticator app",
  otherAccount: "Use another account",
  enterCode: "Enter the code.",
  wrongCode: "This code is wrong or was used before. Wait until the app shows a new one.",
  wrongRecoveryCode: "This recovery code is wrong or was used before. Use another one.",
};
