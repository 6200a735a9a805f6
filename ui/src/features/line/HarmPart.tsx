/** Whether a drift does harm: pictures drawn at random, how many are labeled, and what they say. */
import { Button, Progress } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { asProblem, get, post } from "@/api/client";
import { may, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Harm } from "@/api/types";
import { useHere } from "@/app/here";
import { countText, whenText } from "@/ui/figures";
import { ProblemNote } from "@/ui/ProblemNote";
import { harm as words } from "@/words/harm";
import classes from "./LinePage.module.css";

const USUAL = 60;
const WAITING = "meta.picked = random and labeled = no";

export function HarmPart() {
  const here = useHere();
  const client = useQueryClient();
  const key = keys.part(here, "harm");
  const found = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => get<Harm>(projectPath(here, "/harm"), undefined, signal),
    retry: false,
  });
  const draw = useMutation({
    mutationFn: () => post<Harm>(projectPath(here, "/harm"), { count: USUAL }),
    meta: { quiet: true },
    onSuccess: (told) => {
      client.setQueryData(key, told);
      void client.invalidateQueries({ queryKey: keys.part(here, "images") });
    },
  });
  const harm = found.data;
  // Where there is no release to compare with, there is nothing to test.
  if (harm === undefined || harm.since === null) return null;
  return (
    <section className={classes.harm} aria-label={words.title}>
      <h3 className={classes.harmTitle}>
        {harm.drawn.length > 0 ? words.verdicts[harm.verdict] : words.title}
      </h3>
      {harm.drawn.length === 0 ? (
        <p className={classes.alarmText}>{words.untested(whenText(harm.since), USUAL)}</p>
      ) : (
        <Drawn harm={harm} />
      )}
      {draw.isError ? <ProblemNote problem={asProblem(draw.error)} /> : null}
      <div className={classes.alarmDo}>
        {harm.waiting > 0 ? <LabelThem harm={harm} /> : null}
        {harm.waiting === 0 && (harm.drawn.length === 0 || harm.verdict === "more labels") ? (
          <Button
            variant="default"
            size="md"
            loading={draw.isPending}
            disabled={!may(here.role, "operator")}
            onClick={() => draw.mutate()}
          >
            {harm.drawn.length === 0 ? words.draw(USUAL) : words.drawMore(USUAL)}
          </Button>
        ) : null}
      </div>
    </section>
  );
}

function Drawn({ harm }: { harm: Harm }) {
  const labeled = harm.drawn.length - harm.waiting;
  const told = words.labeled(countText(labeled), countText(harm.drawn.length));
  return (
    <>
      <div className={classes.harmProgress}>
        <Progress
          value={(100 * labeled) / harm.drawn.length}
          aria-label={told}
          size="lg"
          style={{ flex: 1 }}
        />
        <span>{told}</span>
      </div>
      {labeled > 0 ? (
        harm.sentences.map((said) => (
          <p key={said} className={classes.alarmText}>
            {said}
          </p>
        ))
      ) : (
        <p className={classes.alarmText}>{words.first}</p>
      )}
    </>
  );
}

function LabelThem({ harm }: { harm: Harm }) {
  const here = useHere();
  const next = harm.drawn.find((image) => image.defective === null);
  if (next === undefined || !may(here.role, "labeler")) return null;
  return (
    <Button
      variant="default"
      size="md"
      renderRoot={(root) => (
        <Link
          to="/p/$project/annotate/$sha"
          params={{ project: here.project, sha: String(next.sha256) }}
          search={{ filter: WAITING }}
          {...root}
        />
      )}
    >
      {words.label(countText(harm.waiting))}
    </Button>
  );
}
