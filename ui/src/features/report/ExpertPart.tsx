/** For those who want the figures under their names in the field. */
import { Table } from "@mantine/core";
import { useMemo } from "react";
import type { Report } from "@/api/types";
import { metricsOf } from "@/features/report/content";
import { DataTable } from "@/ui/DataTable";
import { LineChart } from "@/ui/LineChart";
import { metricNames, report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

export function ExpertPart({ report }: { report: Report }) {
  const { content, history, run } = report;
  const points = useMemo(() => history.filter((p) => typeof p.loss === "number"), [history]);
  const xs = useMemo(() => points.map((p, i) => p.step ?? p.images ?? i), [points]);
  const ys = useMemo(() => points.map((p) => p.loss ?? 0), [points]);
  return (
    <details className={classes.fold}>
      <summary>{words.expert}</summary>
      <DataTable
        heads={["", ""]}
        rows={metricsOf(content)
          .filter(([name]) => !name.endsWith("_rate"))
          .map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Td>{metricNames[name] ?? name}</Table.Td>
              <Table.Td>{(100 * value).toFixed(1)} %</Table.Td>
            </Table.Tr>
          ))}
      />
      {xs.length > 1 ? (
        <>
          <p className={classes.dim}>{words.curveLoss}</p>
          <LineChart xs={xs} ys={ys} xName={words.images} yName={words.loss} />
        </>
      ) : null}
      <p className={classes.dim}>{words.settings}</p>
      <pre style={{ fontSize: 12.5, overflowX: "auto" }}>
        {JSON.stringify({ run: run.id, snapshot: run.snapshot, ...run.settings }, null, 2)}
      </pre>
    </details>
  );
}
