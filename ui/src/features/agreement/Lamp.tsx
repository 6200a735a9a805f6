/** A traffic light with its word: color, sign and word say the same. */

import classes from "./Lamp.module.css";
import type { Grade } from "./report";

const SIGNS: Record<Grade, string> = {
  acceptable: "●",
  marginal: "▲",
  "not acceptable": "■",
  "cannot be said": "–",
};

export function Lamp({ grade, text }: { grade: Grade; text: string }) {
  return (
    <span className={classes.lamp} data-grade={grade}>
      <span aria-hidden="true">{SIGNS[grade]}</span> {text}
    </span>
  );
}
