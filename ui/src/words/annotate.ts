/** Words of the page where images are labeled. */

export const annotate = {
  title: "Annotate",
  stageLabel: (name: string, shapes: number) =>
    `Image ${name} with ${shapes} ${shapes === 1 ? "shape" : "shapes"}. Tools and shapes are in the panels beside it.`,
  classes: "Classes",
  classesHint: "The key gives the class",
  noClasses: "The label book has no classes yet.",
  toBook: "Open the label book",
  shapes: "In this image",
  noShapes: "Nothing marked",
  removeShape: (label: string) => `Delete ${label}`,
  nothing: "Nothing to label",
  good: "Good part",
  acceptAll: (count: number) => (count === 1 ? "Accept suggestion" : `Accept all ${count}`),
  suggestedPercent: (percent: number) => `suggested, ${percent} %`,
  state: {
    unlabeled: "Not labeled yet",
    waiting: "What you pressed waits for the image",
    labeled: "Labeled",
    labeledBy: (who: string) => `Labeled by ${who}`,
    yours: "Labeled by you",
    nothing: "Nothing to mark",
  },
  goOn: "Go on after a decision",
  previous: "Previous image",
  next: "Next image",
  strip: "Images",
  place: (place: number, total: number) =>
    `${place.toLocaleString("en")} of ${total.toLocaleString("en")}`,
  keys: "Keys",
  saving: {
    saved: "Saved",
    saving: "Saving",
    offline: (count: number) => `Offline: ${count} kept on this computer`,
    signedOut: (count: number) => `Signed out: ${count} kept on this computer`,
    waiting: (count: number) =>
      `The labels of ${count === 1 ? "one image" : `${count} images`} are kept on this computer until the server takes them.`,
    refused: "Not accepted",
    refusedTitle: "The server did not accept the labels of an image",
    refusedIn: (project: string) => `In the project ${project}.`,
    again: "Open the image",
    drop: "Give these labels up",
    restored: "Labels that had not reached the server were restored.",
    notKept:
      "This computer has no room for unsent labels. Stay on the page until they are saved.",
  },
  viewer: "You can look, but not label.",
  copied: (count: number, asked: number) => {
    const shapes = count === 1 ? "1 shape" : `${count} shapes`;
    const rest = asked > count ? `; ${asked - count} did not fit on this image` : "";
    return `${shapes} copied from the image before${rest}`;
  },
  noneFits: (asked: number) =>
    asked === 1
      ? "The shape does not fit on this image, which has another size."
      : "None of the shapes fits on this image, which has another size.",
  lastImage: "This is the last image.",
  firstImage: "This is the first image.",
  missing: "There is no such image.",
  missingHint: "It may have been removed from the project.",
  toImages: "To the images",
} as const;
