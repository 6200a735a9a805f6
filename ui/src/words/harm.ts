/** Words of the test for harm. */
export const harm = {
  title: "Does it do harm?",
  verdicts: {
    harmless: "It is harmless",
    retrain: "It does harm: retrain",
    "more labels": "Not clear yet whether it does harm",
  },
  untested: (since: string, count: number) =>
    `Not every change matters. Of the parts since the alarm (${since}), ${count} are drawn at random; your labels tell whether the verdicts still hold.`,
  draw: (count: number) => `Draw ${count} images to label`,
  drawMore: (count: number) => `Draw ${count} more`,
  label: (n: string) => `Label the ${n} that wait`,
  labeled: (m: string, n: string) => `${m} of ${n} labeled`,
  first: "Label them in the order in which they come; you may stop as soon as it is clear.",
} as const;
