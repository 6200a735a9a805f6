import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./ReportPage.module.css";

interface PartProps {
  title: string;
  text?: string;
  /** On the right of the title. */
  aside?: ReactNode;
  children: ReactNode;
}

/** A part of the report under its heading. */
export function Part({ title, text, aside, children }: PartProps) {
  return (
    <section className={classes.part}>
      <div className={classes.partHead}>
        <Title order={2} fz="lg">
          {title}
        </Title>
        {aside}
      </div>
      {text ? <p className={classes.lineText}>{text}</p> : null}
      {children}
    </section>
  );
}
