/** Numeric rules of the label book in words, as `core/label_book.py` says them. */

import type { Rule } from "@/api/types";

export const measureNames: Record<Rule["measure"], string> = {
  length: "length",
  area: "area",
  short_side: "short side",
};

export function unitText(rule: Pick<Rule, "measure" | "unit">): string {
  return rule.measure === "area" ? `${rule.unit}²` : rule.unit;
}

/** "length at least 3 mm and at most 12 mm". */
export function ruleText(rule: Rule): string {
  const unit = unitText(rule);
  const parts: string[] = [];
  if (rule.minimum != null) parts.push(`at least ${rule.minimum} ${unit}`);
  if (rule.maximum != null) parts.push(`at most ${rule.maximum} ${unit}`);
  return `${measureNames[rule.measure]} ${parts.join(" and ")}`;
}

/** Three digits that count: "2.41 mm", "127 px". */
export function valueText(value: number, rule: Pick<Rule, "measure" | "unit">): string {
  const digits = value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
  return `${digits} ${unitText(rule)}`;
}
