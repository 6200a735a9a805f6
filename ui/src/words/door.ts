/** Words of signing in, the first start and invitations. */
export const door = {
  title: "Sign in",
  email: "E-mail",
  password: "Password",
  signIn: "Sign in",
  name: "Your name",
  homeless: "You belong to no organisation",
  homelessHint: "Ask an owner of yours to invite you. Their invitation comes as a link.",
  forgot: "Password lost? An owner can make a new invitation for your address.",
  setupTitle: "The first start",
  setupText:
    "Nobody has an account here yet. You become the owner; everybody else is invited by you.",
  setupToken: "One-time token",
  setupTokenHint: "The server printed it when it started.",
  passwordHint: "At least 10 characters. Long is better than complicated.",
  setupDo: "Create the owner",
  done: "There is an owner already.",
  inviteTitle: (organisation: string) => `Join ${organisation}`,
  inviteText: (email: string, role: string) =>
    `The invitation is for ${email}; your role will be ${role.toLowerCase()}.`,
  inviteKnown: "You have an account here. Your password shows that it is you.",
  inviteDo: "Join",
  invitePassword: "Choose a password",
} as const;
