/** Words of the list of projects. */
import type { Task } from "@/api/types";

export const projects = {
  title: "Projects",
  add: "New project",
  none: "The first project",
  noneText:
    "A project is one part and what can be wrong with it. Fifty images are enough to begin.",
  noneSample: "Nothing at hand? The command pitmark demo makes a sample factory.",
  noneViewer: "There is no project yet. An admin of the organisation can make one.",
  labeled: (labeled: string, images: string) => `${labeled} of ${images} labeled`,
  noImages: "No images yet",
  findings: (n: string, one: boolean) => `${n} ${one ? "finding" : "findings"} open`,
  newTitle: "New project",
  name: "What is inspected",
  namePlaceholder: "such as casings, or gearbox housings",
  question: "What should be found out about a part?",
  create: "Create the project",
} as const;

export const taskTexts: Record<Task, string> = {
  classification: "One word for the whole image: good, or which defect.",
  detection: "A box around every defect.",
  segmentation: "The outline of every defect, to measure it.",
  anomaly: "Learn from good parts alone and show what is unlike them.",
};
