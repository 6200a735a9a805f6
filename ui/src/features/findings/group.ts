/** The evidence of a group finding, as `ops/labels/inconsistency.py` writes it. */

import type { Document } from "@/api/types";

export interface GroupSide {
  condition: string;
  label: string;
  votes: number;
  total: number;
}

export interface GroupThing {
  sha256: string;
  image: string;
  labeler: string;
  label: string;
  box_xyxy: number[] | null;
}

export interface GroupEvidence {
  column: string;
  sides: [GroupSide, GroupSide];
  alike: number;
  difference: { value: number; low: number; high: number };
  sentence: string;
  pairs: [GroupThing, GroupThing][];
}

/** The document as what it is, or null where a newer server says it otherwise. */
export function readGroup(document: Document | null): GroupEvidence | null {
  const group = document as unknown as GroupEvidence | null;
  const sound = group && Array.isArray(group.sides) && group.sides.length === 2;
  return sound && Array.isArray(group.pairs) ? group : null;
}
