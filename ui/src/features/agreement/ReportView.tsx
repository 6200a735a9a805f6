/** The report of a study: what it comes to, tables, disagreements, and the rule to agree on. */

import { Button, Loader, Skeleton, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { labelBookQuery } from "@/api/queries";
import type { Study } from "@/api/types";
import { useHere } from "@/app/here";
import { classStyles } from "@/canvas/palette";
import { PageHead } from "@/ui/PageHead";
import { QueryProblem } from "@/ui/QueryProblem";
import { agreement as words } from "@/words/agreement";
import { PartedImage } from "./PartedImage";
import { reportQuery, rulesQuery } from "./queries";
import classes from "./ReportView.module.css";
import { RuleCard } from "./RuleCard";
import { type Figures, limitOf, type Report, readReport } from "./report";
import { ClassTable, Kappa, LabelerTable, PairTable } from "./Tables";

const FIRST_SHOWN = 6;
const FIRST_SENTENCES = 3;

interface ReportViewProps {
  study: Study | undefined;
  id: string;
  leave: () => void;
}

export function ReportView({ study, id, leave }: ReportViewProps) {
  const here = useHere();
  const query = useQuery(reportQuery(here, id));
  return (
    <>
      <PageHead
        title={study?.name || words.report}
        text={study ? words.size(study.images, study.labelers.length, study.trials) : null}
      >
        <Button variant="default" onClick={leave}>
          {words.back}
        </Button>
      </PageHead>
      {query.error ? <QueryProblem query={query} /> : null}
      {query.isPending ? <Skeleton h={360} /> : null}
      {query.data ? (
        <>
          <Summary report={readReport(query.data.report)} />
          <div className={classes.beside}>
            <Parted report={readReport(query.data.report)} study={id} />
            <Rules study={id} />
          </div>
          <Details report={readReport(query.data.report)} />
        </>
      ) : null}
    </>
  );
}

/** The limits to agree on; what cannot be said is said in a line each. */
function Rules({ study }: { study: string }) {
  const here = useHere();
  const rules = useQuery(rulesQuery(here, study));
  const book = useQuery(labelBookQuery(here)).data;
  const styles = useMemo(() => classStyles(book?.classes ?? []), [book]);
  if (rules.error) return null;
  const [found, others] = [
    rules.data?.filter((rule) => rule.limit !== null) ?? [],
    rules.data?.filter((rule) => rule.limit === null) ?? [],
  ];
  return (
    <section className={classes.part}>
      <h2>{words.rules}</h2>
      {rules.isPending ? (
        <div className={classes.looking} role="status">
          <Loader size="xs" /> {words.rule.looking}
        </div>
      ) : null}
      {found.map((rule) => (
        <RuleCard
          key={`${rule.first} ${rule.second}`}
          rule={rule}
          study={study}
          styles={styles}
        />
      ))}
      {rules.isSuccess && found.length === 0 ? <p>{words.rule.none}</p> : null}
      <ul className={classes.others}>
        {others.map((rule) => (
          <li key={`${rule.first} ${rule.second}`}>{rule.sentence}</li>
        ))}
      </ul>
    </section>
  );
}

function Summary({ report }: { report: Report }) {
  const [verdict, ...more] = report.sentences;
  const [all, setAll] = useState(false);
  return (
    <>
      <p className={classes.verdict}>{verdict}</p>
      <div className={classes.panels}>
        {report.figures.map((figures) => (
          <AlphaPanel key={figures.kind} report={report} figures={figures} />
        ))}
      </div>
      <ul className={classes.sentences}>
        {(all ? more : more.slice(0, FIRST_SENTENCES)).map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      {!all && more.length > FIRST_SENTENCES ? (
        <Button variant="subtle" size="compact-sm" mt={6} onClick={() => setAll(true)}>
          {words.allSentences(more.length)}
        </Button>
      ) : null}
    </>
  );
}

function AlphaPanel({ report, figures }: { report: Report; figures: Figures }) {
  const { value, low, high } = figures.alpha;
  const place = (v: number) => `${100 * Math.min(1, Math.max(0, v))}%`;
  return (
    <div className={classes.panel}>
      <h2>{words.panel(words.things[figures.kind] ?? figures.kind)}</h2>
      <Kappa found={figures.alpha} limit={limitOf(report, "kappa")} />
      {value !== null && low !== null && high !== null ? (
        <div className={classes.range} aria-hidden="true">
          <span style={{ left: place(low), width: `calc(${place(high)} - ${place(low)})` }} />
          <b style={{ left: place(value) }} />
        </div>
      ) : null}
    </div>
  );
}

function Details({ report }: { report: Report }) {
  return (
    <>
      {report.figures.map((figures) => (
        <LabelerTable key={figures.kind} report={report} figures={figures} />
      ))}
      {report.figures.map((figures) => (
        <ClassTable key={figures.kind} report={report} figures={figures} />
      ))}
      {report.figures.map((figures) => (
        <PairTable key={figures.kind} report={report} figures={figures} />
      ))}
      {report.confused.length > 0 ? (
        <section className={classes.part}>
          <h2>{words.confused}</h2>
          <ul className={classes.sentences}>
            {report.confused.map(([a, b, n]) => (
              <li key={`${a} ${b}`}>{words.confusedText(a, b, n)}</li>
            ))}
          </ul>
        </section>
      ) : null}
    </>
  );
}

/** Images on which people part: what everybody said of each, picture beside picture. */
function Parted({ report, study }: { report: Report; study: string }) {
  const here = useHere();
  const book = useQuery(labelBookQuery(here)).data;
  const styles = useMemo(() => classStyles(book?.classes ?? []), [book]);
  const [shown, setShown] = useState(FIRST_SHOWN);
  const [close, setClose] = useState(true);
  return (
    <section className={classes.part}>
      <div className={classes.partedHead}>
        <h2>
          {words.parted} <span>{words.partedHint}</span>
        </h2>
        <Switch
          label={words.partedClose}
          checked={close}
          onChange={(event) => setClose(event.currentTarget.checked)}
        />
      </div>
      {report.parted.length === 0 ? <p>{words.partedNone}</p> : null}
      {report.parted.slice(0, shown).map((one) => (
        <PartedImage key={one.sha256} study={study} one={one} styles={styles} close={close} />
      ))}
      {shown < report.parted.length ? (
        <Button variant="default" mt="md" onClick={() => setShown(shown + 2 * FIRST_SHOWN)}>
          {words.morePictures}
        </Button>
      ) : null}
    </section>
  );
}
