/** The images behind a figure of the report. */
import { Button, Skeleton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "@/api/client";
import { pictureUrl, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { ReportCases } from "@/api/types";
import { useHere } from "@/app/here";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

export interface CasesQuestion {
  truth?: string | undefined;
  said?: string | undefined;
  wrong?: boolean | undefined;
}

const PAGE = 18;

export function Cases({ run, question }: { run: string; question: CasesQuestion }) {
  const here = useHere();
  const cases = useInfiniteQuery({
    queryKey: keys.part(here, "cases", run, question),
    queryFn: ({ pageParam, signal }) =>
      get<ReportCases>(
        projectPath(here, `/runs/${run}/cases`),
        { ...question, offset: pageParam, limit: PAGE },
        signal,
      ),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      const shown = pages.reduce((sum, p) => sum + p.items.length, 0);
      return last.items.length === 0 || shown >= last.total ? undefined : shown;
    },
  });
  if (cases.data === undefined) return <Skeleton height={150} radius="md" mt="sm" />;
  const items = cases.data.pages.flatMap((p) => p.items);
  if (items.length === 0) return <p className={classes.dim}>{words.nothingWrong}</p>;
  return (
    <>
      <div className={`${classes.cases} pm-stage`}>
        {items.map(({ card, truth, said, score }) => (
          <Link
            key={`${card.sha256} ${truth} ${said}`}
            className={classes.case}
            to="/p/$project/annotate/$sha"
            params={{ project: here.project, sha: card.sha256 }}
            title={card.name}
          >
            <img src={pictureUrl(here, card.sha256, 384)} alt={card.name} loading="lazy" />
            <span className={classes.caseText}>
              {truth} → {said} ({score.toFixed(2)})
            </span>
          </Link>
        ))}
      </div>
      {cases.hasNextPage ? (
        <Button mt="sm" variant="default" onClick={() => void cases.fetchNextPage()}>
          {words.more}
        </Button>
      ) : null}
    </>
  );
}
