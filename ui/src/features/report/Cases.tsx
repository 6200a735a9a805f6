/** The images behind a figure of the report. */
import { Button, Skeleton } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { get } from "@/api/client";
import { pictureUrl, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { imageQuery, labelBookQuery } from "@/api/queries";
import type { ReportCase, ReportCases } from "@/api/types";
import { useHere } from "@/app/here";
import { ShapesOverlay } from "@/canvas/ShapesOverlay";
import { colorsOf } from "@/ui/classColors";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

export interface CasesQuestion {
  truth?: string | undefined;
  said?: string | undefined;
  wrong?: boolean | undefined;
}

const PAGE = 10;

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
        {items.map((item) => (
          <CaseTile
            key={`${item.card.sha256} ${item.truth} ${item.said}`}
            run={run}
            item={item}
          />
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

/** A case with its labels, and with what this very run said where that is still known. */
function CaseTile({ run, item }: { run: string; item: ReportCase }) {
  const here = useHere();
  const { card, truth, said, score, why } = item;
  const detail = useQuery({ ...imageQuery(here, card.sha256), staleTime: Infinity }).data;
  const book = useQuery(labelBookQuery(here)).data;
  const colors = useMemo(() => colorsOf(book?.classes ?? []), [book]);
  const size = { width: card.width, height: card.height, colors };
  return (
    <Link
      className={classes.case}
      to="/p/$project/annotate/$sha"
      params={{ project: here.project, sha: card.sha256 }}
      title={[card.name, why].filter(Boolean).join(": ")}
    >
      <span className={classes.casePicture}>
        <img src={pictureUrl(here, card.sha256, 384)} alt={card.name} loading="lazy" />
        {detail?.labels.consensus ? (
          <ShapesOverlay shapes={detail.labels.consensus} {...size} />
        ) : null}
        {detail?.prediction?.run === run ? (
          <ShapesOverlay shapes={detail.prediction.shapes} {...size} dashed />
        ) : null}
      </span>
      <span className={classes.caseText}>
        {why || `${truth} → ${said}`} ({score.toFixed(2)})
      </span>
    </Link>
  );
}
