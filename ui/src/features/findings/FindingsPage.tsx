/** One finding at a time, large, with what speaks for it, decided by single keys. */

import { Button, Skeleton } from "@mantine/core";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { asProblem } from "@/api/client";
import { may } from "@/api/here";
import { useHere } from "@/app/here";
import { Empty } from "@/ui/Empty";
import { Key } from "@/ui/Key";
import { ProblemNote } from "@/ui/ProblemNote";
import { findings as words } from "@/words/findings";
import classes from "./FindingsPage.module.css";
import { GroupFinding } from "./GroupFinding";
import { LookForFaults, useEndedAudit } from "./LookForFaults";
import { ReviewHead } from "./ReviewHead";
import { Single } from "./Single";
import { type FindingsWork, useFindings } from "./useFindings";

const route = getRouteApi("/app/p/$project/findings");
const GROUP = "inconsistent_group";

export default function FindingsPage() {
  const { kind } = route.useSearch();
  const audit = useEndedAudit();
  // Another kind is another queue, and so is what another audit found.
  return <FindingsOf key={`${kind ?? ""} ${audit}`} />;
}

function FindingsOf() {
  const here = useHere();
  const search = route.useSearch();
  const navigate = useNavigate();
  const work = useFindings(here, search.kind, search.id);
  const choose = (kind: string | undefined) =>
    void navigate({
      to: "/p/$project/findings",
      params: { project: here.project },
      search: { kind },
    });
  return (
    <div className={classes.page}>
      <ReviewHead work={work} kind={search.kind} choose={choose} />
      <Body work={work} filtered={search.kind !== undefined} all={() => choose(undefined)} />
    </div>
  );
}

interface BodyProps {
  work: FindingsWork;
  filtered: boolean;
  all: () => void;
}

function Body({ work, filtered, all }: BodyProps) {
  const mayDecide = may(useHere().role, "labeler");
  const { current } = work;
  if (current === null) {
    if (work.error) {
      return (
        <div className={classes.note}>
          <ProblemNote problem={asProblem(work.error)} />
        </div>
      );
    }
    if (work.loading) return <Skeleton className={classes.waiting} />;
    return (
      <Empty title={words.empty} text={words.emptyText}>
        {filtered ? <Button onClick={all}>{words.emptyAll}</Button> : <LookForFaults />}
        {mayDecide && work.tally.decided > 0 ? (
          <Button variant="default" rightSection={<Key>U</Key>} onClick={work.undo}>
            {words.decide.undo}
          </Button>
        ) : null}
      </Empty>
    );
  }
  if (current.kind === GROUP)
    return <GroupFinding key={current.id} work={work} finding={current} />;
  return <Single work={work} finding={current} mayDecide={mayDecide} />;
}
