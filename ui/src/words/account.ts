/** Words of one's own account. */
export const account = {
  title: "Your account",
  text: (name: string, email: string) => `${name}, ${email}`,
  password: "Password",
  old: "The password you have",
  fresh: "The new password",
  freshHint: "At least ten characters. A few words are easier to keep than signs.",
  repeat: "The new password once more",
  differs: "This is not the same as above.",
  change: "Change the password",
  changed: "The password is changed. All other browsers are signed out.",
  sessions: "Where you are signed in",
  sessionsText: (others: number) =>
    others === 0
      ? "Only in this browser."
      : `Here, and in ${others === 1 ? "one other browser" : `${others} other browsers`}.`,
  here: "this browser",
  unknownBrowser: "A browser that did not say which",
  since: "Signed in",
  used: "Last used",
  end: "Sign out everywhere else",
  endSure: "Every other browser asks for your password again. This one stays signed in.",
  ended: "You are signed in here alone now.",
  tokens: "Your tokens",
  tokensText: "Programs use a token instead of your password, and may at most what you may.",
} as const;
