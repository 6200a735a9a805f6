/** Words of the line. */
export const line = {
  title: "Line",
  none: "No device has told anything yet",
  noneText:
    "A device takes a release and inspects; what it tells is shown here from its first image on.",
  noneDo: "To the releases",
  since: (when: string) => `since ${when}`,
  counts: (ok: string, ng: string) => `${ok} OK, ${ng} NG`,
  errors: (n: string) => `${n} could not be judged`,
  devices: "Devices",
  release: (n: number) => `release ${n}`,
  noRelease: "release unknown",
  outdated: (n: number) => `release ${n} is newer`,
  lastSeen: (when: string) => `last seen ${when}`,
  silent: "silent",
  steady: "No drift",
  drift: "Drift",
  noDrift: "It does not watch for drift",
  rate: "NG by hour",
  hours: "Images by hour",
  most: (n: string) => `at most ${n} in an hour`,
  ok: "OK",
  ng: "NG",
  error: "Error",
  newest: "Newest verdicts",
  nothingNew: "No verdicts yet.",
  alarm: (device: string) => `${device} sees something else than it learned`,
  steps: ["Correct", "Train", "Release", "Swap"],
  stepTexts: [
    "Look at what it doubts and correct the labels.",
    "Learn from the corrected labels.",
    "The gate checks that it judges better and alike on the device.",
    "The device takes the new release.",
  ],
  stepDo: ["To the findings", "To the training", "To the release", "Get the file"],
} as const;

export const verdicts: Record<string, string> = { OK: "OK", NG: "NG", error: "Error" };
