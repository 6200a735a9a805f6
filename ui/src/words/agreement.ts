/** Words of the agreement page. */

function plural(n: number, one: string): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : `${one}s`}`;
}

export const agreement = {
  title: "Agreement",
  text: "Before a model learns from labels, find out whether the people who make them mean the same.",
  newStudy: "New study",
  studies: "Studies",
  empty: "No study yet",
  emptyText:
    "Some images, several labelers, repeated blind: the factory's attribute agreement analysis. It shows who sees what differently, and which rule would settle it.",
  back: "All studies",
  unnamed: "Study",
  size: (images: number, labelers: number, trials: number) =>
    `${plural(images, "image")} × ${plural(labelers, "labeler")} × ${plural(trials, "trial")}`,
  made: (who: string, when: string) => `by ${who}, ${when}`,
  complete: "Complete",
  label: "Label blind",
  goOn: (left: number) => `Go on (${left} left)`,
  report: "Report",
  reportSoon: "The report is there when everybody has answered.",
  trial: (n: number) => `trial ${n}`,
  answered: (answered: number, total: number) => `${answered} of ${total}`,
  wizard: {
    title: "A new study",
    steps: ["Who", "How many", "Trials"],
    who: "Who labels?",
    whoHint:
      "Two people at least: one alone can only be compared with themselves and with what is held to be true.",
    nobody: "Invite people first: they label under their own name.",
    howMany: "How many images?",
    images: "Images",
    howManyHint:
      "They are chosen evenly over the classes; half of them are those on which people or models are in doubt.",
    precise: (width: string) => `Kappa will be known to about ± ${width}.`,
    trialsTitle: "How often does everybody label them?",
    trials: {
      1: "Once: who agrees with whom",
      2: "Twice: who agrees with themselves, too",
      3: "Three times: a narrower interval for that",
    },
    trialsHint:
      "In an order of its own each time. Leave a day between, so that nobody remembers.",
    name: "Name of the study",
    namePlaceholder: "For instance: before line 2",
    sum: (looks: number, minutes: string) =>
      `${looks.toLocaleString("en")} looks in all, ${minutes} for each person.`,
    back: "Back",
    next: "Next",
    start: "Start the study",
  },
  blind: {
    title: "Blind labeling",
    note: "Nobody's labels are shown here, and yours are not labels of the project.",
    place: (place: number, total: number, trial: number) =>
      `Image ${place} of ${total}, trial ${trial}`,
    stageLabel: (place: number) => `Image ${place} of the study`,
    next: "Next",
    nothing: "Nothing to label",
    good: "Good part",
    done: "That was the last one",
    doneText: "Your answers are kept. The report is there when everybody has answered.",
    trialDone: (n: number) => `Trial ${n} is done`,
    trialText: "Leave a day before the next one if you can, so that you do not remember.",
    nextTrial: (n: number) => `Begin trial ${n}`,
    notSaved: "The answer was not saved. It is still on the page.",
    leave: "Leave",
  },
  reportTitle: {
    classes: "Labeler by labeler: the class of images",
    verdicts: "Labeler by labeler: OK or NG",
    objects: "Labeler by labeler: marked objects",
  } as Record<string, string>,
  things: { classes: "classes", verdicts: "OK or NG", objects: "objects" } as Record<
    string,
    string
  >,
  panel: (kind: string) => `Agreement on ${kind}`,
  between: (low: string, high: string) => `between ${low} and ${high}`,
  noInterval: "too few images for an interval",
  columns: {
    labeler: "Labeler",
    self: "With themselves",
    others: "With the others",
    effectiveness: "Effectiveness",
    misses: "Misses",
    falseAlarms: "False alarms",
    without: "Without them",
    class: "Class",
    called: "Called",
    alpha: "Kappa of the class",
    positive: "Another one says it too",
    pair: "Labelers",
    same: "The same",
    kappa: "Kappa",
  },
  allSentences: (n: number) => `All ${n} sentences`,
  perClass: "Class by class",
  pairs: "Labeler against labeler",
  grades: {
    acceptable: "acceptable",
    marginal: "marginal",
    "not acceptable": "not acceptable",
    "cannot be said": "cannot be said",
    notShown: (grade: string) => `${grade}, not shown`,
  },
  kappaWords: { veryGood: "very good", good: "good", moderate: "moderate", poor: "poor" },
  parted: "Images on which people part",
  partedHint:
    "The worst first. Solid: what somebody else says otherwise; dashed: what all say.",
  partedClose: "Close up",
  partedNone: "Everybody said the same of every image.",
  openImage: "Open the image",
  morePictures: "More",
  confused: "What is taken for what",
  confusedText: (a: string, b: string, n: number) =>
    `${a} and ${b}: ${plural(n, "pair")} of answers`,
  rules: "A rule that would settle it",
  rule: {
    looking: "Looking for a rule. This takes up to a minute.",
    question: (first: string, second: string) => `${first} or ${second}?`,
    limit: "Limit",
    handle: (value: string) => `Limit at ${value}`,
    handleHint: "Drag the handle, or use the arrow keys",
    agrees: (n: number, total: number) => `${n} of ${total} answers agree with this limit.`,
    above: (name: string) => `${name} from here on`,
    below: (name: string) => `${name} below`,
    interval: (low: string, high: string) =>
      `People change somewhere between ${low} and ${high}.`,
    near: "Nearest to the limit",
    reason: "Why, in one line",
    accept: "Write it into the label book",
    accepted: (revision: number) =>
      `Written as revision ${revision} of the label book. Labels that break it wait among the findings.`,
    open: "Open",
    only: "An admin of the project can accept a rule.",
    none: "No rule was found that explains where people part.",
    thing: (value: string, said: string) => `${value}: ${said}`,
  },
} as const;
