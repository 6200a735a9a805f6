import { UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { Cases, type CasesQuestion } from "@/features/report/Cases";
import type { Outcome } from "@/features/report/content";
import { Part } from "@/features/report/Part";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

const KINDS = [
  { label: words.wrongAll, question: { wrong: true } },
  { label: words.wrongEscapes, question: { truth: "NG", said: "OK" } },
  { label: words.wrongOverkill, question: { truth: "OK", said: "NG" } },
] as const satisfies readonly { label: string; question: CasesQuestion }[];

export function WrongPart({ run, outcome }: { run: string; outcome: Outcome | null }) {
  const [kind, setKind] = useState(0);
  const counts = [null, outcome?.escapes.count, outcome?.overkill.count];
  return (
    <Part title={words.wrong} text={words.wrongText}>
      <div className={classes.chips}>
        {KINDS.map(({ label }, i) => (
          <UnstyledButton
            key={label}
            className={classes.chip}
            aria-pressed={kind === i}
            onClick={() => setKind(i)}
          >
            {label}
            {counts[i] == null ? "" : ` ${counts[i]}`}
          </UnstyledButton>
        ))}
      </div>
      <Cases run={run} question={KINDS[kind]?.question ?? KINDS[0].question} />
    </Part>
  );
}
