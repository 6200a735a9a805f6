/** A key of the keyboard, as shown on buttons and in lists of keys. */
import classes from "./Key.module.css";

export function Key({ children }: { children: string }) {
  return (
    <span className={classes.key} aria-hidden="true">
      {children}
    </span>
  );
}
