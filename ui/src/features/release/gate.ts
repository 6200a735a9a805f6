/** The record of a release's gate in words. */
import type { Document } from "@/api/types";
import { plural } from "@/ui/figures";
import { release as words } from "@/words/release";

export interface GateLine {
  name: string;
  ok: boolean;
  text: string;
}

/** One line per check; a release that goes back says which one it is. */
export function gateLines(gate: Document): GateLine[] {
  const lines: GateLine[] = [];
  for (const name of ["fp32", "int8"] as const) {
    const replay = gate[name] as Document | undefined;
    if (typeof replay?.ok !== "boolean") continue;
    const { ok, images, largest, tolerance, flipped } = replay;
    const text = words.golden(
      plural(Number(images), "image"),
      small(Number(largest)),
      small(Number(tolerance)),
    );
    const turned = Array.isArray(flipped) ? flipped.length : 0;
    lines.push({
      name: words[name],
      ok,
      text: turned > 0 ? `${text}; ${words.flipped(turned)}` : text,
    });
  }
  const choice = gate.quantization as Document | undefined;
  if (typeof choice?.why === "string" && choice.chosen == null) {
    lines.push({ name: words.int8, ok: true, text: choice.why });
  }
  if (typeof gate.content_of === "number") {
    lines.push({ name: words.gate, ok: true, text: words.sameAs(gate.content_of) });
  }
  return lines;
}

function small(value: number): string {
  return value !== 0 && value < 0.001
    ? value.toExponential(0)
    : String(Number(value.toFixed(4)));
}
