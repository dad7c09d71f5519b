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
};
