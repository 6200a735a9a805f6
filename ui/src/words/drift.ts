/** Words of the course of drift. */
export const drift = {
  title: "Drift over time",
  text: "How sure each device is that its images no longer look as they did at the release. At the limit it raises an alarm.",
  watch: (name: string) => `Drift at ${name}`,
  told: (when: string) => `told ${when}`,
  calm: (images: string) => `No drift in ${images} images.`,
  evidence: "Evidence for a drift, in powers of ten",
  limit: (n: string) => `limit ${n}`,
  alarmAt: (image: string) => `Alarm at image ${image}`,
  named: "what the alarm names",
  furthest: "furthest from the reference just now",
  usual: "Usual for single images of the reference",
  began: (low: string, high: string) => `It began between images ${low} and ${high}.`,
  onlyAt: (places: string) => `Only at ${places}.`,
  image: (n: string) => `image ${n}`,
  hover: "Point at the chart to read it.",
  read: (image: string, evidence: string, value: string, usual: string) =>
    `Up to image ${image}: evidence ${evidence}, ${value} (reference ${usual})`,
  spoken: (now: string, limit: string, alarms: number) =>
    `Evidence ${now} of a limit of ${limit}, ${alarms === 1 ? "1 alarm" : `${alarms} alarms`}`,
  newest: "To label first:",
  more: (n: number) => `and ${n} more`,
} as const;

const COMPONENTS: Record<string, string> = {
  brightness: "Brightness",
  contrast: "Contrast",
  dark_share: "Nearly black area",
  saturated_share: "Overexposed area",
  sharpness: "Sharpness",
  noise: "Noise",
  red_balance: "Red against green",
  blue_balance: "Blue against green",
  left_right: "Right half against left",
  top_bottom: "Lower half against upper",
  vignetting: "Center against border",
  score: "Score of the model",
  distance: "Distance from the usual look",
};

/** A figure that drift is watched by, as people call it. */
export function componentName(name: string): string {
  return COMPONENTS[name] ?? `Look of the parts (${name})`;
}
