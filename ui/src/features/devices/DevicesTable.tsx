/** The table of devices, a page at a time: however many there are, one question each. */
import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useHere } from "@/app/here";
import { DeviceRow } from "@/features/devices/DeviceRow";
import { devicesQuery, narrowed, type Wanted } from "@/features/devices/queries";
import { DataTable } from "@/ui/DataTable";
import { QueryProblem } from "@/ui/QueryProblem";
import { devices as words } from "@/words/devices";
import classes from "./DevicesPage.module.css";

const { heads } = words;
const LEAST_TOP = 0.1;

export function DevicesTable({ wanted }: { wanted: Wanted }) {
  const here = useHere();
  // The names behind which the pages so far began; the last one is shown.
  const [begins, setBegins] = useState<readonly string[]>([""]);
  const list = useQuery(devicesQuery(here, wanted, begins.at(-1) ?? ""));
  if (list.isError && list.data === undefined) {
    return <QueryProblem query={list} />;
  }
  const items = list.data?.items;
  const after = list.data?.after ?? null;
  const most = Math.max(LEAST_TOP, ...(items ?? []).map((d) => d.ng_rate ?? 0)) * 1.25;
  const first = items?.[0]?.name ?? "";
  const last = items?.at(-1)?.name ?? "";
  return (
    <>
      <div className={classes.table} data-stale={list.isPlaceholderData || undefined}>
        <DataTable
          heads={[heads.device, heads.release, heads.seen, heads.ng, heads.drift, heads.outbox]}
          empty={narrowed(wanted) ? words.noMatch : words.none}
          rows={items?.map((device) => (
            <DeviceRow key={device.name} device={device} most={most} />
          ))}
        />
      </div>
      {begins.length > 1 || after !== null ? (
        <div className={classes.pager}>
          <Text c="dimmed" fz="sm">
            {words.range(first, last)}
          </Text>
          <Button
            variant="default"
            disabled={begins.length < 2}
            onClick={() => setBegins(begins.slice(0, -1))}
          >
            {words.earlier}
          </Button>
          <Button
            variant="default"
            disabled={after === null || list.isPlaceholderData}
            onClick={() => after !== null && setBegins([...begins, after])}
          >
            {words.later}
          </Button>
        </div>
      ) : null}
    </>
  );
}
