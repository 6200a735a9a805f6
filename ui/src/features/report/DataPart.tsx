/** What analyses said of the data when they last ran. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { analysisQuery } from "@/api/queries";
import { useHere } from "@/app/here";
import { JobButton } from "@/features/report/JobButton";
import { Part } from "@/features/report/Part";
import { whenText } from "@/ui/figures";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

const ANALYSES = [
  ["feasibility", words.feasibility],
  ["needs", words.needs],
] as const;

export function DataPart() {
  return (
    <Part title={words.data}>
      {ANALYSES.map(([kind, title]) => (
        <OneAnalysis key={kind} kind={kind} title={title} />
      ))}
      <DatasheetLine />
    </Part>
  );
}

function DatasheetLine() {
  const here = useHere();
  const found = useQuery(analysisQuery(here, "datasheet")).data;
  return (
    <div className={classes.analysis}>
      <div className={classes.analysisHead}>
        <strong style={{ fontWeight: 600 }}>{words.datasheet}</strong>
        <span className={classes.dim} style={{ flex: 1 }}>
          {found?.made ? words.made(whenText(found.made)) : ""}
        </span>
        <Button
          variant="default"
          renderRoot={(root) => (
            <Link to="/p/$project/datasheet" params={{ project: here.project }} {...root} />
          )}
        >
          {words.datasheetOpen}
        </Button>
      </div>
      <span className={classes.dim}>
        {words.datasheetText} {found?.sentences[0] ?? ""}
      </span>
    </div>
  );
}

function OneAnalysis({ kind, title }: { kind: string; title: string }) {
  const here = useHere();
  const found = useQuery(analysisQuery(here, kind)).data;
  return (
    <div className={classes.analysis}>
      <div className={classes.analysisHead}>
        <strong style={{ fontWeight: 600 }}>{title}</strong>
        <span className={classes.dim} style={{ flex: 1 }}>
          {found?.made ? words.made(whenText(found.made)) : ""}
        </span>
        <JobButton kind={kind} label={found?.document ? words.again : words.run_} />
      </div>
      {found?.document ? (
        <ul className={classes.sentences}>
          {found.sentences.map((s) => (
            <li key={s}>{s}</li>
          ))}
        </ul>
      ) : (
        <span className={classes.dim}>{words.never}</span>
      )}
    </div>
  );
}
