import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { labelBookQuery } from "@/api/queries";
import type { Report, Run } from "@/api/types";
import { useHere } from "@/app/here";
import { CeilingPart } from "@/features/report/CeilingPart";
import { ClassTable } from "@/features/report/ClassTable";
import { ComparePart } from "@/features/report/ComparePart";
import { ConfusionMatrix } from "@/features/report/ConfusionMatrix";
import { classRowsOf, confusionOf, outcomeOf } from "@/features/report/content";
import { ExpertPart } from "@/features/report/ExpertPart";
import { OperatingLine } from "@/features/report/OperatingLine";
import { Part } from "@/features/report/Part";
import { SlicesPart } from "@/features/report/SlicesPart";
import { WrongPart } from "@/features/report/WrongPart";
import { colorsOf } from "@/ui/classColors";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

const route = getRouteApi("/app/p/$project/report");

interface ReportPartsProps {
  report: Report;
  runs: readonly Run[];
}

export function ReportParts({ report, runs }: ReportPartsProps) {
  const here = useHere();
  const { truth, said } = route.useSearch();
  const goto = route.useNavigate();
  const book = useQuery(labelBookQuery(here)).data;
  const colors = useMemo(() => colorsOf(book?.classes ?? []), [book]);
  const { content, sentences, run } = report;
  const outcome = outcomeOf(content);
  const confusion = confusionOf(content);
  const rows = classRowsOf(content);
  const [verdict, ...limits] = sentences;
  return (
    <>
      <p className={classes.verdict}>{verdict}</p>
      {limits[0] ? <p className={classes.limit}>{limits[0]}</p> : null}
      {outcome ? <OperatingLine run={run.id} report={report} outcome={outcome} /> : null}
      <WrongPart run={run.id} outcome={outcome} />
      {confusion ? (
        <Part title={words.confusion} text={words.confusionText}>
          <ConfusionMatrix
            run={run.id}
            confusion={confusion}
            chosen={truth !== undefined && said !== undefined ? { truth, said } : null}
            onChoose={(cell) =>
              void goto({
                search: (s) => ({ ...s, truth: cell?.truth, said: cell?.said }),
                replace: true,
                resetScroll: false,
              })
            }
          />
        </Part>
      ) : null}
      {rows.length > 0 ? (
        <Part title={words.classes}>
          <ClassTable rows={rows} colors={colors} />
        </Part>
      ) : null}
      <SlicesPart />
      <CeilingPart content={content} />
      <ComparePart run={run} runs={runs} />
      <ExpertPart report={report} />
    </>
  );
}
