/** What the gate found, check by check, with the pictures on which both versions disagree. */
import { pictureUrl } from "@/api/here";
import type { Document } from "@/api/types";
import { useHere } from "@/app/here";
import { type Apart, apartOf, checksOf } from "@/features/update/steps";
import { plural } from "@/ui/figures";
import { CheckIcon, CloseIcon } from "@/ui/icons";
import { update as words } from "@/words/update";
import classes from "./UpdatePage.module.css";

const SHOWN = 12;

export function Checks({ of }: { of: Document }) {
  const over = Array.isArray(of.overridden) ? of.overridden.map(String) : [];
  return (
    <ul className={classes.checks} aria-label={words.checks}>
      {checksOf(of).map((check) => (
        <li key={check.name} data-verdict={check.verdict}>
          {check.verdict === "passed" ? (
            <CheckIcon size={18} />
          ) : check.verdict === "failed" ? (
            <CloseIcon size={18} />
          ) : (
            <span className={classes.dash} />
          )}
          <span>
            <strong>{check.title}</strong>
            {`: ${words.verdicts[check.verdict] ?? check.verdict}. ${check.reason}`}
            {over.includes(check.name) ? (
              <span className={classes.dim}>{` ${words.over(check.title)}`}</span>
            ) : null}
          </span>
          <Disagreements apart={apartOf(check)} />
        </li>
      ))}
    </ul>
  );
}

function Disagreements({ apart }: { apart: readonly Apart[] }) {
  const here = useHere();
  if (apart.length === 0) return null;
  return (
    <section className={classes.apart} aria-label={words.apart(plural(apart.length, "part"))}>
      {apart.slice(0, SHOWN).map((one) => (
        <figure key={one.sha256} style={{ margin: 0 }}>
          <img src={pictureUrl(here, one.sha256, 192)} alt={one.name} loading="lazy" />
          <figcaption>{words.apartOne(one.old, one.new)}</figcaption>
        </figure>
      ))}
    </section>
  );
}
