/** A plain table: headings above, rows below, a skeleton while it loads. */
import { Skeleton, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { frame } from "@/words/frame";

interface DataTableProps {
  heads: readonly ReactNode[];
  /** Rows as <Table.Tr>; undefined while they are not known. */
  rows: readonly ReactNode[] | undefined;
  empty?: ReactNode;
}

const SKELETONS = ["a", "b", "c"];

export function DataTable({ heads, rows, empty }: DataTableProps) {
  if (rows === undefined) {
    return SKELETONS.map((key) => <Skeleton key={key} height={34} my={10} />);
  }
  if (rows.length === 0) return <Text c="dimmed">{empty}</Text>;
  return (
    <Table.ScrollContainer minWidth={520} type="native">
      <Table verticalSpacing="xs" horizontalSpacing="sm" fz="sm">
        <Table.Thead>
          <Table.Tr>
            {heads.map((head, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: headings never move
              <Table.Th key={i} fw={550} c="dimmed">
                {head === "" ? <span className="pm-hidden">{frame.actions}</span> : head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{rows}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
