import { Table } from "@mantine/core";
import type { ClassRow, Ranged } from "@/features/report/content";
import { ClassChip } from "@/ui/ClassChip";
import type { ClassColor } from "@/ui/classColors";
import { DataTable } from "@/ui/DataTable";
import { betweenText, type Proportion, percent } from "@/ui/figures";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

interface ClassTableProps {
  rows: readonly ClassRow[];
  colors: (name: string) => ClassColor;
}

export function ClassTable({ rows, colors }: ClassTableProps) {
  const areas = rows.some((r) => r.overlap !== null);
  const heads = areas
    ? [words.class, words.overlap]
    : [words.class, words.support, words.found, words.rightWhenCalled];
  return (
    <DataTable
      heads={heads}
      rows={rows.map((row) => (
        <Table.Tr key={row.name}>
          <Table.Td>
            <ClassChip name={row.name} color={colors(row.name)} />
          </Table.Td>
          {areas ? (
            <Table.Td>
              <Shown value={row.overlap} />
            </Table.Td>
          ) : (
            <>
              <Table.Td>{row.support}</Table.Td>
              <Table.Td>
                <Counted value={row.found} />
              </Table.Td>
              <Table.Td>
                <Counted value={row.right} />
              </Table.Td>
            </>
          )}
        </Table.Tr>
      ))}
    />
  );
}

function Counted({ value }: { value: Proportion | null }) {
  if (value === null || value.total === 0) return "–";
  const share = value.count / value.total;
  return (
    <>
      <Bar value={{ value: share, low: value.low, high: value.high }} />
      {value.count} of {value.total} <span className={classes.dim}>({betweenText(value)})</span>
    </>
  );
}

function Shown({ value }: { value: Ranged | null }) {
  if (value === null) return "–";
  return (
    <>
      <Bar value={value} />
      {percent(value.value)} % <span className={classes.dim}>({betweenText(value)})</span>
    </>
  );
}

export function Bar({ value, mark }: { value: Ranged; mark?: number }) {
  return (
    <svg
      className={classes.bar}
      viewBox="0 0 100 12"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect width="100" y="4" height="4" rx="2" fill="var(--pm-line)" />
      <rect
        x={100 * value.low}
        width={Math.max(0.5, 100 * (value.high - value.low))}
        y="4"
        height="4"
        fill="var(--pm-accent-text)"
        fillOpacity=".4"
      />
      <rect x={100 * value.value - 1} width="2" height="12" fill="var(--pm-accent-text)" />
      {mark === undefined ? null : (
        <rect x={100 * mark - 1} width="2" height="12" fill="var(--mantine-color-text)" />
      )}
    </svg>
  );
}
