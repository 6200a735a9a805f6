/** Words of the frame: rail, top bar, states that every page has. */
import type { JobState, Role, Task } from "@/api/types";

export const frame = {
  product: "Pitmark",
  rail: {
    next: "Next",
    images: "Images",
    book: "Label book",
    agreement: "Agreement",
    findings: "Findings",
    train: "Train",
    report: "Report",
    release: "Release",
    line: "Line",
  },
  more: {
    export: "Export",
    datasheet: "Datasheet",
    settings: "Name, task, deleting",
  },
  railLabel: "Pages of the project",
  skip: "Skip to the page",
  projects: "Projects",
  people: "People",
  account: "Your account",
  settings: "Project settings",
  search: "Search or go to",
  searchKey: "Ctrl K",
  allProjects: "All projects",
  signOut: "Sign out",
  licenses: "Licenses of its parts",
  colors: { light: "Light", dark: "Dark", auto: "As the system" },
  colorsLabel: "Appearance",
  organisation: "Organisation",
  loading: "Loading",
  retry: "Try again",
  reload: "Load the page again",
  undo: "Undo",
  close: "Close",
  cancel: "Cancel",
  back: "Back",
  copy: "Copy",
  copied: "Copied",
  offline: "No connection to the server. The page keeps what you did and tries again.",
  stale: "Not current: no connection.",
  notFound: "There is no such page.",
  notFoundHint: "The address may be old. The projects are on the first page.",
  broken: "This page has stopped.",
  keys: "Keys",
  actions: "More",
  jobs: {
    none: "Nothing is running.",
    one: "1 job running",
    many: (n: number) => `${n} jobs running`,
    title: "Jobs",
    cancel: "Cancel",
    waiting: "waiting for its turn",
  },
  palette: {
    title: "Search or go to",
    hint: "A page, a project or an action",
    images: (text: string) => `Images with "${text}" in their name`,
    nothing: "Nothing by that name.",
    pages: "Pages",
    projects: "Projects",
    actions: "Actions",
  },
} as const;

export const jobKinds: Record<string, string> = {
  import: "Import",
  snapshot: "Freeze the data",
  train: "Train",
  audit: "Look for label faults",
  release: "Release",
  feasibility: "Check feasibility",
  needs: "What the data needs",
  slices: "Look for weak spots",
  duplicates: "Look for duplicates",
  synthesize: "Make defects",
  map: "Draw the map",
  export: "Export",
  datasheet: "Write the datasheet",
  shortcuts: "Look for shortcuts",
  groups: "Propose groups",
};

export const jobStates: Record<JobState, string> = {
  queued: "Waiting",
  running: "Running",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const roles: Record<Role, string> = {
  owner: "Owner",
  admin: "Admin",
  labeler: "Labeler",
  viewer: "Viewer",
};

export const tasks: Record<Task, string> = {
  classification: "Sort parts",
  detection: "Find defects",
  segmentation: "Outline defects",
  anomaly: "Good parts only",
};
