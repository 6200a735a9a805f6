/** Words of the export. */
import type { Task } from "@/api/types";

export const exporting = {
  title: "Export",
  text: "Images and labels as files that other programs read. Nothing in the project changes.",
  format: "Format",
  fits: "Fits this project",
  others: "Other formats, which may lose a part of the labels",
  which: "Which labels",
  now: "As they stand now",
  frozen: (when: string, images: string) => `Frozen ${when}, ${images}`,
  go: "Export",
  running: (format: string) => `Writing ${format}`,
  failed: "Nothing was exported",
  earlier: "Exports",
  none: "Nothing has been exported yet.",
  done: "Done",
  download: "Download",
  files: (n: string, one: boolean) => `${n} ${one ? "image" : "images"}`,
  lost: "What this format could not hold",
  size: "Size",
  when: "When",
  what: "Format",
  by: "By",
  viewer: "To export you need the role labeler. What others exported can be downloaded below.",
  unlabeled: "There is nothing to export yet",
  unlabeledText: "An export holds labeled images. Label some, or import images with labels.",
} as const;

/** The formats that can be written, with what each is for. */
export const formats: Record<string, { title: string; text: string }> = {
  coco: {
    title: "COCO",
    text: "One JSON file. Boxes and outlines; most training code reads it.",
  },
  yolo: { title: "YOLO", text: "One text file per image. Boxes and outlines." },
  voc: { title: "Pascal VOC", text: "One XML file per image. Boxes." },
  labelme: { title: "LabelMe", text: "One JSON file per image. Boxes and outlines." },
  masks: { title: "Mask images", text: "One image per image in which pixels name the class." },
  mvtec: { title: "MVTec", text: "Good parts and defects in folders, masks beside them." },
  folders: { title: "Class folders", text: "One folder per class of the whole image." },
  csv: { title: "CSV table", text: "One row per label. Opens in a spreadsheet." },
  images: { title: "Images alone", text: "The files without labels." },
};

/** What holds all labels of a task, the usual one first. */
export const fitting: Record<Task, readonly string[]> = {
  detection: ["coco", "yolo", "voc", "labelme", "csv"],
  segmentation: ["coco", "masks", "labelme"],
  classification: ["folders", "csv"],
  anomaly: ["mvtec", "coco", "masks"],
};
