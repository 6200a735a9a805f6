import { Select, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { asProblem, get } from "@/api/client";
import { projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Comparison, Run } from "@/api/types";
import { useHere } from "@/app/here";
import { withRunNames } from "@/features/report/content";
import { Part } from "@/features/report/Part";
import { whenText } from "@/ui/figures";
import { ProblemNote } from "@/ui/ProblemNote";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

const route = getRouteApi("/app/p/$project/report");

export function ComparePart({ run, runs }: { run: Run; runs: readonly Run[] }) {
  const here = useHere();
  const { other } = route.useSearch();
  const goto = route.useNavigate();
  const others = runs.filter((r) => r.id !== run.id);
  const chosen = others.find((r) => r.id === other);
  const found = useQuery({
    queryKey: keys.part(here, "compare", run.id, chosen?.id),
    queryFn: ({ signal }) =>
      get<Comparison>(
        projectPath(here, `/runs/${run.id}/compare/${chosen?.id}`),
        undefined,
        signal,
      ),
    enabled: chosen !== undefined,
  });
  if (others.length === 0) return null;
  const names = runs.map((r) => ({ id: r.id, name: words.runName(whenText(r.created)) }));
  const choice = (
    <Select
      w={200}
      aria-label={words.compareWith}
      placeholder={words.compareWith}
      value={chosen?.id ?? null}
      data={others.map((r) => ({ value: r.id, label: whenText(r.created) }))}
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
    </Part>
  );
}
