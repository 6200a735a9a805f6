import { Button, Table } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { asProblem, get } from "@/api/client";
import { organisationPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { AuditLine } from "@/api/types";
import { useAccount } from "@/app/here";
import { DataTable } from "@/ui/DataTable";
import { whenText } from "@/ui/figures";
import { ProblemNote } from "@/ui/ProblemNote";
import { people } from "@/words/people";
import classes from "./PeoplePage.module.css";

const PAGE = 100;

export function Log() {
  const { organisation } = useAccount().membership;
  const log = useInfiniteQuery({
    queryKey: keys.audit(organisation),
    queryFn: ({ pageParam, signal }) =>
      get<AuditLine[]>(
        organisationPath(organisation, "/audit"),
        { before: pageParam, limit: PAGE },
        signal,
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
  });
  if (log.isError) return <ProblemNote problem={asProblem(log.error)} />;
  return (
    <>
      <DataTable
        heads={[people.when, people.who, people.what, ""]}
        empty={people.noLog}
        rows={log.data?.pages.flat().map((line) => (
          <Table.Tr key={line.id}>
            <Table.Td style={{ whiteSpace: "nowrap" }}>{whenText(line.at)}</Table.Td>
            <Table.Td style={{ whiteSpace: "nowrap" }}>{line.who}</Table.Td>
            <Table.Td>
              {line.action} {line.object}
            </Table.Td>
            <Table.Td className={classes.details}>{detailsText(line.details)}</Table.Td>
          </Table.Tr>
        ))}
      />
      {log.hasNextPage ? (
        <Button mt="md" variant="default" onClick={() => void log.fetchNextPage()}>
          {people.more}
        </Button>
      ) : null}
    </>
  );
}

const HASH = /[0-9a-f]{40,}/g;

function detailsText(details: AuditLine["details"]): string {
  return Object.entries(details)
    .map(
      ([name, value]) =>
        `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
    )
    .join(", ")
    .replace(HASH, (hash) => hash.slice(0, 12));
}
