/** All studies, how far each is, and what the person can do next in it. */

import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { may } from "@/api/here";
import type { Study } from "@/api/types";
import { useAccount, useHere } from "@/app/here";
import { Empty } from "@/ui/Empty";
import { whenText } from "@/ui/figures";
import { PageHead } from "@/ui/PageHead";
import { agreement as words } from "@/words/agreement";
import classes from "./Studies.module.css";

interface StudiesProps {
  studies: readonly Study[];
  make: () => void;
}

export function Studies({ studies, make }: StudiesProps) {
  const mayMake = may(useHere().role, "admin");
  if (studies.length === 0) {
    return (
      <>
        <PageHead title={words.title} />
        <Empty title={words.empty} text={words.emptyText}>
          {mayMake ? <Button onClick={make}>{words.newStudy}</Button> : null}
        </Empty>
      </>
    );
  }
  return (
    <>
      <PageHead title={words.title} text={words.text}>
        {mayMake ? <Button onClick={make}>{words.newStudy}</Button> : null}
      </PageHead>
      <ul className={classes.list}>
        {studies.map((study) => (
          <StudyRow key={study.id} study={study} />
        ))}
      </ul>
    </>
  );
}

function StudyRow({ study }: { study: Study }) {
  const { project, role } = useHere();
  const { session } = useAccount();
  const me = session.person?.name ?? "";
  const mine = study.progress.filter((p) => p.labeler === me);
  const left = mine.reduce((n, p) => n + p.total - p.answered, 0);
  const begun = mine.some((p) => p.answered > 0);
  const to = { to: "/p/$project/agreement", params: { project } } as const;
  return (
    <li className={classes.study}>
      <div className={classes.words}>
        <h2>{study.name || words.unnamed}</h2>
        <p>
          {words.size(study.images, study.labelers.length, study.trials)} ·{" "}
          {words.made(study.author, whenText(study.created))}
        </p>
      </div>
      <dl className={classes.progress}>
        {study.labelers.map((labeler) => (
          <div key={labeler}>
            <dt>{labeler}</dt>
            <dd>
              {study.progress
                .filter((p) => p.labeler === labeler)
                .map((p) => (
                  <span
                    key={p.trial}
                    className={classes.bar}
                    role="img"
                    aria-label={`${words.trial(p.trial)}: ${words.answered(p.answered, p.total)}`}
                    title={`${words.trial(p.trial)}: ${words.answered(p.answered, p.total)}`}
                  >
                    <span style={{ width: `${(100 * p.answered) / Math.max(p.total, 1)}%` }} />
                  </span>
                ))}
            </dd>
          </div>
        ))}
      </dl>
      <div className={classes.actions}>
        {left > 0 && may(role, "labeler") ? (
          <Link {...to} search={{ study: study.id, view: "label" }} className={classes.main}>
            {begun ? words.goOn(left) : words.label}
          </Link>
        ) : null}
        <Link
          {...to}
          search={{ study: study.id, view: "report" }}
          className={classes.second}
          data-off={!study.complete || undefined}
          title={study.complete ? undefined : words.reportSoon}
        >
          {words.report}
        </Link>
      </div>
    </li>
  );
}
