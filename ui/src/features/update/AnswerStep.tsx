/** One picture at a time: was the verdict right, and if not, what is true. */
import { Button, Skeleton } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { post } from "@/api/client";
import { may, pictureUrl, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { imageQuery, labelBookQuery, projectQuery } from "@/api/queries";
import type { Finding, FindingPage, Settle, Settled, Upkeep } from "@/api/types";
import { useHere } from "@/app/here";
import { ShapesOverlay } from "@/canvas/ShapesOverlay";
import { FROM_DEVICE, upkeepQuery, waitingQuery } from "@/features/update/queries";
import { colorsOf } from "@/ui/classColors";
import { countText, sentence } from "@/ui/figures";
import { Key } from "@/ui/Key";
import { update as words } from "@/words/update";
import classes from "./UpdatePage.module.css";

export function AnswerStep({ upkeep }: { upkeep: Upkeep }) {
  const here = useHere();
  const page = useQuery(waitingQuery(here)).data;
  const finding = page?.items[0];
  if (upkeep.waiting === 0 && !finding) return <p>{words.noneWaiting}</p>;
  if (page === undefined || !finding) return <Skeleton height={260} radius="md" />;
  return <One key={finding.id} finding={finding} left={page.total} />;
}

interface Choice {
  label: string;
  decision: Settle;
}

function One({ finding, left }: { finding: Finding; left: number }) {
  const here = useHere();
  const choices = useChoices(finding);
  const { settle, undo } = useAnswers();
  const able = may(here.role, "labeler");
  const decide = (choice: Choice | undefined) =>
    able && choice && settle.mutate({ finding, decision: choice.decision });
  useHotkeys([
    ...choices.map(
      (choice, i) => [String(i + 1), () => decide(choice)] as [string, () => void],
    ),
    ["u", () => able && undo.mutate()],
  ]);
  const marked = finding.suggestion ?? [];
  return (
    <div className={classes.answer}>
      <Picture finding={finding} />
      <div>
        <p className={classes.strong}>{words.question}</p>
        <p>{sentence(finding.why)}</p>
        <p className={classes.dim}>
          {marked.length > 0
            ? words.seen([...new Set(marked.map((s) => s.label))].join(", "))
            : words.seenNothing}
        </p>
        <div className={classes.answers}>
          {choices.map((choice, i) => (
            <Button
              key={choice.label}
              h={44}
              variant={i === 0 ? "filled" : "default"}
              disabled={!able}
              justify="space-between"
              rightSection={<Key>{String(i + 1)}</Key>}
              onClick={() => decide(choice)}
            >
              {choice.label}
            </Button>
          ))}
          <Button
            h={44}
            variant="default"
            justify="flex-start"
            renderRoot={(root) => (
              <Link
                to="/p/$project/findings"
                params={{ project: here.project }}
                search={{ kind: FROM_DEVICE, id: finding.id }}
                {...root}
              />
            )}
          >
            {words.mark}
          </Button>
          <Button
            h={44}
            variant="subtle"
            justify="space-between"
            disabled={!able}
            rightSection={<Key>U</Key>}
            onClick={() => undo.mutate()}
          >
            {words.back}
          </Button>
        </div>
        <p className={classes.dim} style={{ marginTop: 10 }} aria-live="polite">
          {words.left(countText(left))}
        </p>
      </div>
    </div>
  );
}

function Picture({ finding }: { finding: Finding }) {
  const here = useHere();
  const image = useQuery(imageQuery(here, finding.sha256)).data;
  const book = useQuery(labelBookQuery(here)).data;
  const colors = useMemo(() => colorsOf(book?.classes ?? []), [book]);
  const { width = 4, height = 3 } = image?.card ?? {};
  return (
    <div className={`${classes.picture} pm-stage`} style={{ aspectRatio: width / height }}>
      <img src={pictureUrl(here, finding.sha256, 768)} alt={finding.image_name} />
      {image && finding.suggestion ? (
        <ShapesOverlay
          shapes={finding.suggestion}
          width={width}
          height={height}
          colors={colors}
          dashed
        />
      ) : null}
    </div>
  );
}

/** The answers that one press gives; the first is that the verdict was right. */
function useChoices(finding: Finding): Choice[] {
  const here = useHere();
  const task = useQuery(projectQuery(here)).data?.task;
  const book = useQuery(labelBookQuery(here)).data?.classes;
  return useMemo(() => {
    const out: Choice[] = [];
    const said = finding.suggestion;
    if (said !== null) out.push({ label: words.right, decision: { decision: "correct" } });
    if (task === "classification") {
      for (const { name } of book ?? []) {
        if (said?.some((s) => s.label === name)) continue;
        const shapes = [{ kind: "class" as const, label: name }];
        out.push({ label: words.it(name), decision: { decision: "correct", shapes } });
      }
    } else if (said === null || said.length > 0) {
      out.push({ label: words.good, decision: { decision: "correct", shapes: [] } });
    }
    out.push({ label: words.leave, decision: { decision: "dismiss" } });
    return out;
  }, [finding, task, book]);
}

function useAnswers() {
  const here = useHere();
  const client = useQueryClient();
  const queue = waitingQuery(here).queryKey;
  const onSettled = () => {
    void client.invalidateQueries({ queryKey: keys.part(here, "findings") });
    void client.invalidateQueries({ queryKey: upkeepQuery(here).queryKey });
    void client.invalidateQueries({ queryKey: keys.part(here, "self") });
  };
  return {
    settle: useMutation({
      mutationFn: ({ finding, decision }: { finding: Finding; decision: Settle }) =>
        post<Settled>(projectPath(here, `/findings/${finding.id}/settle`), decision),
      // The next picture is shown at once; what could not be kept comes back.
      onMutate: ({ finding }) => {
        client.setQueryData<FindingPage>(queue, (page) =>
          page === undefined
            ? page
            : {
                ...page,
                total: page.total - 1,
                items: page.items.filter((f) => f.id !== finding.id),
              },
        );
      },
      onSettled,
    }),
    undo: useMutation({
      mutationFn: () => post<Settled>(projectPath(here, "/findings/undo"), {}),
      onSettled,
    }),
  };
}
