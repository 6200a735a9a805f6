import type { Document } from "@/api/types";
import { Bar } from "@/features/report/ClassTable";
import { ceilingOf, metricsOf } from "@/features/report/content";
import { Part } from "@/features/report/Part";
import { percent } from "@/ui/figures";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

/** How much of what is missing is the labels' fault. */
export function CeilingPart({ content }: { content: Document }) {
  const ceiling = ceilingOf(content);
  if (ceiling === null) return null;
  const reached = new Map(metricsOf(content));
  return (
    <Part title={words.ceiling}>
      <p style={{ margin: "4px 0", maxWidth: "82ch" }}>{ceiling.sentence}</p>
      {ceiling.metrics.map(([name, value]) => {
        const here = reached.get(name);
        return (
          <div key={name} style={{ display: "flex", gap: 14, alignItems: "center" }}>
            <Bar value={value} {...(here === undefined ? {} : { mark: here })} />
            <span className={classes.dim}>
              {name}
              {here === undefined ? "" : `; ${words.ceilingHere}: ${percent(here)} %`}
            </span>
          </div>
        );
      })}
      {ceiling.assumes ? <p className={classes.lineText}>{ceiling.assumes}</p> : null}
    </Part>
  );
}
