/** A page that scrolls: its content has the width of the work. */
import type { ReactNode } from "react";
import classes from "./Page.module.css";

interface PageProps {
  /** "text" for reading, "wide" for tables and charts. */
  width?: "text" | "wide";
  children: ReactNode;
}

export function Page({ width = "wide", children }: PageProps) {
  return (
    <div className={classes.page} data-width={width}>
      {children}
    </div>
  );
}
