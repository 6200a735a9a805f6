/** A finding about a whole group of labels, settled as one. */

import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { may } from "@/api/here";
import { labelBookQuery } from "@/api/queries";
import type { Finding } from "@/api/types";
import { useHere } from "@/app/here";
import { classStyles } from "@/canvas/palette";
import { Empty } from "@/ui/Empty";
import { Key } from "@/ui/Key";
import { findings as words } from "@/words/findings";
import classes from "./FindingsPage.module.css";
import { GroupView } from "./GroupView";
import { readGroup } from "./group";
import { evidenceQuery, type FindingsWork } from "./useFindings";
import { useLetters } from "./useLetters";

export function GroupFinding({ work, finding }: { work: FindingsWork; finding: Finding }) {
  const here = useHere();
  const book = useQuery(labelBookQuery(here)).data;
  const evidence = useQuery(evidenceQuery(here, finding.id));
  const styles = useMemo(() => classStyles(book?.classes ?? []), [book]);
  const off = !may(here.role, "labeler");
  const group = readGroup(evidence.data?.group ?? null);
  const settle = (label: string, note: string) =>
    work.settle(finding, { decision: "correct", label, whole_group: true, note });
  const keep = () => work.settle(finding, { decision: "dismiss", whole_group: true });
  const sides = group?.sides ?? [];
  useLetters({
    "1": sides[0] && !off ? () => settle(sides[0]?.label ?? "", "") : undefined,
    "2": sides[1] && !off ? () => settle(sides[1]?.label ?? "", "") : undefined,
    k: off ? undefined : keep,
    s: work.skip,
    u: off ? undefined : work.undo,
  });
  if (group) {
    return <GroupView group={group} styles={styles} off={off} settle={settle} keep={keep} />;
  }
  if (evidence.isPending) return <Skeleton className={classes.waiting} />;
  return (
    <Empty title={finding.title} text={`${finding.why} ${words.group.gone}`}>
      <Button variant="default" rightSection={<Key>S</Key>} onClick={work.skip}>
        {words.decide.skip}
      </Button>
    </Empty>
  );
}
