export default {
  errorTitle: "Error: {title}",
  email: "Email address",
  password: "Password",
  organization: "Organization",
  wrongPassword: "The email address or the password is wrong.",
  whichOrganization: "Several organizations know you. Enter the name of the one you want.",
  tooManyFailures: {
    one: "Too many attempts. Try again in {n} minute.",
    other: "Too many attempts. Try again in {n} minutes.",
  },
  fillIn: "Enter your email address and your password.",
};
