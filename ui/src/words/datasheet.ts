/** Words of the datasheet. */
export const datasheet = {
  title: "Datasheet",
  text: "What these data are, how they were made and what they are good for: for whoever must answer for them.",
  none: "There is no datasheet yet",
  noneText:
    "It describes frozen data. A training freezes them; until then they can be frozen here.",
  freeze: "Freeze the data as they are",
  freezing: "Freezing the data",
  of: (snapshot: string, when: string) => `Snapshot ${snapshot}, as of ${when}.`,
  blanks: (n: number) =>
    n === 0
      ? "Every question has an answer."
      : `${n} ${n === 1 ? "question" : "questions"} only a person can answer.`,
  firstBlank: "To the first of them",
  again: "Bring it up to date",
  working: "Writing",
  answer: "Answer",
  add: "Add a remark",
  change: "Change",
  blank: "Nobody has answered this yet.",
  ownLabel: (question: string) => `Your answer: ${question}`,
  save: "Save",
  byPerson: "Answered by a person",
  byProject: "From the project",
  download: "Download",
  forms: {
    html: "As a page (HTML)",
    markdown: "As text (Markdown)",
    json: "As data (JSON)",
    croissant: "For data catalogs (Croissant)",
  },
  contents: "Contents",
} as const;
