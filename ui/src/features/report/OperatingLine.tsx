/** Escapes against overkill, with a handle on the curve and the two costs beside it. */
import { Button, NumberInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { get } from "@/api/client";
import { projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Report } from "@/api/types";
import { useHere } from "@/app/here";
import {
  costPerImage,
  costsOf,
  curveOf,
  type Outcome,
  outcomeAt,
  outcomeOf,
  pointAt,
} from "@/features/report/content";
import { OperatingCurve } from "@/features/report/OperatingCurve";
import { RateFigure } from "@/features/report/RateFigure";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

interface OperatingLineProps {
  run: string;
  report: Report;
  outcome: Outcome;
}

const SETTLE_MS = 400;

export function OperatingLine({ run, report, outcome }: OperatingLineProps) {
  const known = costsOf(report.content);
  const [costs, setCosts] = useState(known);
  const [held, setHeld] = useState<number | null>(null);
  const curve = curveOf(report.curve);
  const chosen = useChoice(run, costs, known);
  const base = chosen ?? outcome;
  const place = held ?? pointAt(curve, base.threshold);
  const point = curve[place];
  const shown = held === null || point === undefined ? base : outcomeAt(point, outcome);
  const moved =
    held !== null || costs.escape !== known.escape || costs.overkill !== known.overkill;
  const setCost = (part: Partial<typeof costs>) => {
    setCosts({ ...costs, ...part });
    setHeld(null);
  };
  return (
    <div className={classes.line}>
      <div className={classes.lineChart}>
        <h2 className={classes.lineTitle}>{words.curve}</h2>
        <p className={classes.lineText}>{words.curveText}</p>
        {curve.length > 1 ? (
          <OperatingCurve
            curve={curve}
            place={place}
            shown={shown}
            saved={pointAt(curve, outcome.threshold)}
            onPlace={setHeld}
          />
        ) : (
          <p>{words.noCurve}</p>
        )}
      </div>
      <div className={classes.lineSide}>
        <RateFigure
          name={words.escapes}
          what={words.escapesWhat}
          tone="var(--pm-ng)"
          value={shown.escapes}
        />
        <RateFigure
          name={words.overkill}
          what={words.overkillWhat}
          tone="var(--pm-warn)"
          value={shown.overkill}
        />
        <div className={classes.costs}>
          <NumberInput
            label={words.costEscape}
            min={0}
            value={costs.escape}
            onChange={(v) => setCost({ escape: Number(v) || 0 })}
          />
          <NumberInput
            label={words.costOverkill}
            min={0}
            value={costs.overkill}
            onChange={(v) => setCost({ overkill: Number(v) || 0 })}
          />
        </div>
        <div className={classes.note}>
          {words.handleText(shown.threshold.toFixed(2))},{" "}
          {words.cost(costPerImage(shown, costs).toFixed(2))}
        </div>
        {moved ? (
          <div>
            <Button
              variant="default"
              onClick={() => {
                setHeld(null);
                setCosts(known);
              }}
            >
              {words.reset}
            </Button>
            <div className={classes.note} style={{ marginTop: 6 }}>
              {words.notSaved}
            </div>
          </div>
        ) : null}
      </div>
    </div>
  );
}

type Costs = ReturnType<typeof costsOf>;

/** What the server chooses on validation images at other costs; null at those of the run. */
function useChoice(run: string, costs: Costs, known: Costs): Outcome | null {
  const here = useHere();
  const [settled] = useDebouncedValue(costs, SETTLE_MS);
  const other = settled.escape !== known.escape || settled.overkill !== known.overkill;
  const asked = useQuery({
    queryKey: keys.part(here, "report", run, settled.escape, settled.overkill),
    queryFn: ({ signal }) =>
      get<Report>(
        projectPath(here, `/runs/${run}/report`),
        { escape_cost: settled.escape, overkill_cost: settled.overkill },
        signal,
      ),
    enabled: other && settled.escape + settled.overkill > 0,
    placeholderData: keepPreviousData,
  });
  return other && asked.data ? outcomeOf(asked.data.content) : null;
}
