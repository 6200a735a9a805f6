/** Words of members, invitations, tokens and the audit log. */
import type { Role, Scope } from "@/api/types";

export const people = {
  title: "People",
  text: (organisation: string) => `Who belongs to ${organisation}, and what they may do.`,
  tabs: {
    members: "Members",
    invitations: "Invitations",
    tokens: "Tokens",
    log: "Log",
  },
  name: "Name",
  role: "Role",
  inProjects: "Otherwise in projects",
  since: "Since",
  you: "you",
  remove: "Remove",
  removeSure: (name: string) =>
    `${name} can no longer sign in here, and their tokens end. What they labeled stays.`,
  removed: (name: string) => `${name} is no longer a member.`,
  roleChanged: (name: string, role: string) => `${name} is now ${role.toLowerCase()}.`,
  roleChangedIn: (name: string, role: string, project: string) =>
    `${name} is ${role.toLowerCase()} in ${project} now.`,
  roleIn: (project: string, role: string) => `${project}: ${role}`,
  roleAsElsewhere: (name: string, project: string) =>
    `${name} gets the general role in ${project} again`,
  addProject: "Another role in a project",
  everywhere: "The whole organisation",
  project: "Project",
  set: "Set",
  invite: "Invite",
  email: "E-mail",
  inviteDo: "Make the link",
  inviteDone: "Send this link. It is shown once, works once, and for seven days.",
  expires: "Ends",
  invitedBy: "Invited by",
  takeBack: "Take back",
  takenBack: (email: string) => `The invitation of ${email} no longer works.`,
  noInvitations: "No open invitations.",
  tokenOf: "Whose",
  revokeSure: (name: string) => `Programs that use the token ${name} stop working at once.`,
  newToken: "New token",
  tokenName: "What it is for",
  tokenNameHint: "Such as the program or the station that uses it.",
  scope: "It may",
  days: "Days until it ends",
  tokenDo: "Make the token",
  tokenDone: "Keep this secret now. It is shown once and cannot be read again.",
  lastUsed: "Last used",
  never: "never",
  revoke: "Revoke",
  revoked: (name: string) => `The token ${name} no longer works.`,
  noTokens: "No tokens. Programs use one instead of a password.",
  when: "When",
  who: "Who",
  what: "What",
  more: "Show more",
  noLog: "Nothing has happened yet.",
} as const;

export const roleHints: Record<Role, string> = {
  owner: "everything, also who belongs here",
  admin: "projects, label book, training, releases, people",
  labeler: "label, answer, settle findings, upload",
  operator: "also correct what devices said, update and roll back, within limits",
  viewer: "look at everything",
};

export const scopes: Record<Scope, string> = {
  read: "read",
  label: "read and label",
  operate: "read, label and update",
  manage: "read, label and manage",
};
