/** The name of a class with its color. */
import { type ClassColor, swatch } from "@/ui/classColors";
import classes from "./ClassChip.module.css";

interface ClassChipProps {
  name: string;
  color: ClassColor;
  /** On the dark stage around pictures. */
  onStage?: boolean;
}

export function ClassChip({ name, color, onStage = false }: ClassChipProps) {
  return (
    <span className={classes.chip} data-stage={onStage || undefined} title={name}>
      <span
        className={classes.swatch}
        style={{ background: swatch(color) }}
        aria-hidden="true"
      />
      <span className={classes.name}>{name}</span>
    </span>
  );
}
