import { Select, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { asProblem, get } from "@/api/client";
import { projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Comparison, Run } from "@/api/types";
import { useHere } from "@/app/here";
import { ChangedImages } from "@/features/report/ChangedImages";
import { changedOf, withRunNames } from "@/features/report/content";
import { Part } from "@/features/report/Part";
import { ProblemNote } from "@/ui/ProblemNote";
import { runNames } from "@/ui/runNames";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

const route = getRouteApi("/app/p/$project/report");
const FIRST_SHOWN = 8;
const MOST_SHOWN = 60;

export function ComparePart({ run, runs }: { run: Run; runs: readonly Run[] }) {
  const here = useHere();
  const { other } = route.useSearch();
  const goto = route.useNavigate();
  const [shown, setShown] = useState(FIRST_SHOWN);
  const others = runs.filter((r) => r.id !== run.id);
  const chosen = others.find((r) => r.id === other);
  const found = useQuery({
    queryKey: keys.part(here, "compare", run.id, chosen?.id, shown),
    queryFn: ({ signal }) =>
      get<Comparison>(
        projectPath(here, `/runs/${run.id}/compare/${chosen?.id}`),
        { shown },
        signal,
      ),
    enabled: chosen !== undefined,
    // More of the same pair of runs joins what is shown; another pair must not look like it.
    placeholderData: (last, query) =>
      query?.queryKey.at(-2) === chosen?.id ? last : undefined,
  });
  if (others.length === 0) return null;
  const called = runNames(runs);
  const nameOf = (r: Run) => called.get(r.id) ?? r.id;
  const names = runs.map((r) => ({ id: r.id, name: words.runName(nameOf(r)) }));
  const choice = (
    <Select
      w={200}
      aria-label={words.compareWith}
      placeholder={words.compareWith}
      value={chosen?.id ?? null}
      data={others.map((r) => ({ value: r.id, label: nameOf(r) }))}
      onChange={(id) =>
        void goto({
          search: (s) => ({ ...s, other: id ?? undefined }),
          replace: true,
          resetScroll: false,
        })
      }
    />
  );
  return (
    <Part title={words.compare} aside={choice}>
      {chosen === undefined ? <p className={classes.dim}>{words.compareNone}</p> : null}
      {found.isError ? <ProblemNote problem={asProblem(found.error)} /> : null}
      {chosen && found.isPending ? <Skeleton height={48} mt="sm" /> : null}
      {found.data ? (
        <ul className={classes.sentences}>
          {found.data.sentences.map((s) => (
            <li key={s}>{withRunNames(s, names)}</li>
          ))}
        </ul>
      ) : null}
      {found.data && chosen ? (
        <ChangedImages
          changed={found.data.changed}
          totals={changedOf(found.data.content)}
          names={[nameOf(chosen), nameOf(run)]}
          onMore={moreOf(found.data, shown) ? () => setShown(MOST_SHOWN) : null}
        />
      ) : null}
    </Part>
  );
}

function moreOf(found: Comparison, shown: number): boolean {
  const { worse, better } = changedOf(found.content);
  return shown < MOST_SHOWN && found.changed.length < worse + better;
}
