export default {
  email: "E-mail address",
  password: "Password",
  organization: "Organization",
  wrongPassword: "E-mail address or password is wrong.",
  whichOrganization: "Several organizations know you. Write the name of the one you want.",
  tooManyFailures: { one: "Too many attempts. Try again in {n} minute.", other: "Too many attempts. Try again in {n} minutes." },
  fillIn: "Write your e-mail address and your password.",
};
