/** Words of the findings page. */
import { splits } from "@/words/images";

export const findings = {
  title: "Findings",
  empty: "Nothing is waiting",
  emptyText:
    "No open finding is left in this list. An audit looks for label faults with models that never saw the label in question.",
  emptyAll: "Show all kinds",
  audit: "Look for label faults",
  auditRunning: "An audit is running. Findings appear here when it is done.",
  kinds: "Kind",
  allKinds: "All kinds",
  kindCount: (title: string, open: number) => `${title} (${open.toLocaleString("en")})`,
  left: (n: number) => (n === 1 ? "1 open" : `${n.toLocaleString("en")} open`),
  visit: (decided: number, faults: number) =>
    decided === 0
      ? ""
      : `This visit: ${decided} decided, ${faults} ${faults === 1 ? "fault" : "faults"}`,
  recent: "of the last were faults",
  recentText: (count: number, total: number) => `${count} of the last ${total} were faults`,
  noRecent: "No decisions yet",
  chance: (percent: string) => `${percent} % likely`,
  twin: (name: string, split: string | null, classes: readonly string[]) =>
    [name, split === null ? "" : `for ${splits[split] ?? split}`, classes.join(", ")]
      .filter(Boolean)
      .join(" · "),
  decide: {
    correct: "Correct as suggested",
    accept: "Yes, it is so",
    keep: "Keep as it is",
    edit: "Edit",
    skip: "Skip",
    undo: "Undo",
    next: "Next",
    side: (label: string) => `${label} is right`,
    keepGroup: "Keep all labels as they are",
  },
  done: {
    correct: "Corrected.",
    accept: "Noted.",
    dismiss: "Kept as it is.",
    undone: "Taken back.",
    nothingToUndo: "There is no decision to take back.",
  },
  failed: (name: string) => `${name}: the decision was not saved.`,
  change: {
    title: "What would change",
    renamed: (from: string, to: string) => `${from} becomes ${to}`,
    added: (label: string) => `${label} is added`,
    removed: (label: string) => `${label} goes`,
    redrawn: (label: string) => `${label} is drawn anew`,
    none: "No label changes; the finding is noted as true.",
  },
  legend: {
    labeled: "as labeled",
    suggested: "as suggested",
    predicted: "as the model sees it",
  },
  layers: "Show",
  why: "Here because",
  neighbors: "What looks alike",
  neighborAlike: (percent: number) => `${percent} % alike`,
  prediction: "What the model says",
  predictionNone: "It sees nothing here.",
  predictionMore: (n: number) => `and ${n} less certain`,
  predictionUnseen: "It never saw this label.",
  rules: "What the label book says",
  said: "Who labeled it when",
  saidNothing: "nothing marked",
  review: "review",
  evidence: "What speaks for it",
  overview: "The whole image",
  stageLabel: (name: string, title: string) => `Image ${name}. ${title}`,
  edit: {
    title: "Edit the labels",
    save: "Save as corrected",
    cancel: "Cancel",
    hint: "Draw what is true. Saving decides the finding.",
  },
  group: {
    rule: "Which rule holds?",
    ruleHint: "In one line; it is kept with every label that changes",
    rulePlaceholder: "For instance: from 3 mm on it is a scratch",
    question: (one: string, two: string) => `${one} or ${two}?`,
    share: (votes: number, total: number) => `${votes} of ${total}`,
    alike: (n: number, column: string) =>
      `${n} labels of things that look alike depend on: ${column}`,
    apart: (points: string, low: string, high: string) =>
      `Compared look by look, the two sides are ${points} points apart (between ${low} and ${high}).`,
    toBook: "Write it into the label book",
    by: (who: string, label: string) => `${who}: ${label}`,
    gone: "The audit that found this group is gone. Audit again.",
  },
  closed: {
    by: (state: string, who: string) => `${state} by ${who}`,
    states: {
      open: "Open",
      accepted: "Noted as true",
      corrected: "Corrected",
      dismissed: "Kept as it was",
    },
    takeBack: "Take back",
  },
  viewer: "You can look, but not decide.",
} as const;
