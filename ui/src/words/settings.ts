/** Words of the page about the project itself. */
export const settings = {
  title: "Project",
  text: "What this project is called, what it is for, and how to end it.",
  name: "Name",
  rename: "Rename",
  renamed: (name: string) => `The project is called ${name} now.`,
  renameHint:
    "Images, labels, releases, roles and tokens stay. Programs must use the new name.",
  task: "Task",
  taskHint: "It was chosen when the project was made and cannot change: labels depend on it.",
  made: "Made",
  holds: "Holds",
  count: (images: string, labeled: string, runs: string, releases: string) =>
    `${images}, ${labeled} of them labeled; ${runs} and ${releases}`,
  viewer: "Only an admin of the project can rename or delete it.",
  remove: "Delete the project",
  removeText: (images: string) =>
    `${images}, all labels, trainings and releases are deleted and cannot be brought back. Files that another project uses stay. Bundles on devices go on working.`,
  removeKeep: "To keep a copy, export the labels and download the releases first.",
  typeName: (name: string) => `Type ${name} to confirm`,
  removeDo: "Delete for good",
  removed: (name: string) => `The project ${name} is deleted.`,
} as const;
