/** Words of the home of a project. */
export const next = {
  title: "Next",
  text: "What brings the most for your time, the most urgent first.",
  emptyTitle: "Nothing is left to do that Pitmark could name",
  emptyText: "New images, new labels or a new release will bring something.",
  noImagesTitle: "Begin with images",
  noImagesText: "Fifty well-labeled images are enough to find out what is possible.",
  noImagesDo: "Bring images in",
  expected: "expected",
  minutes: (text: string) => `${text} of your time`,
  unknown: "gain not known yet",
  basis: "What this rests on",
  go: "Begin",
  doIt: "Do it now",
  started: "Started",
  more: (n: number) => `${n} more`,
  fewer: "Show fewer",
  brought: "What earlier steps brought",
  course: "Escapes and overkill, run by run",
  courseText: "Each point is a run on images that it had not seen; the bars are the intervals.",
  courseNone: "After two trainings their course is shown here.",
  escapes: "Escapes",
  overkill: "Overkill",
  command: "As a command",
  copyCommand: "Copy command",
} as const;

export const stages = {
  start: "To begin with",
  trust: "So that figures can be trusted",
  improve: "To get better",
  run: "To run",
} as const;
