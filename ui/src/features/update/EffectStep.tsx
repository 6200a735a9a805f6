/** The share of NG before the swap and since, with their intervals on one scale. */
import type { PartTotals, Swap } from "@/api/types";
import { countText, shareText, wilson } from "@/ui/figures";
import { update as words } from "@/words/update";
import classes from "./UpdatePage.module.css";

export function EffectStep({ swap }: { swap: Swap | null }) {
  if (swap === null) return <p>{words.noEffect}</p>;
  return (
    <dl className={classes.effect}>
      <Share name={words.before(swap.version_before)} parts={swap.before} />
      <Share name={words.after(swap.version)} parts={swap.since} />
    </dl>
  );
}

function Share({ name, parts }: { name: string; parts: PartTotals }) {
  const found = wilson(parts.ng, parts.ng + parts.ok);
  const left = (share: number) => `${100 * share}%`;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {found.total === 0 ? words.wait : words.ng(shareText(found, words.parts))}
        {parts.error > 0 ? `, ${words.errors(countText(parts.error))}` : ""}
        {found.total > 0 ? (
          <div className={classes.bar} aria-hidden="true">
            <span style={{ left: left(found.low), right: left(1 - found.high) }} />
            <i style={{ left: left((found.count / found.total) * 0.99) }} />
          </div>
        ) : null}
      </dd>
    </>
  );
}
