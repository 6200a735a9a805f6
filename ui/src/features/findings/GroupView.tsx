/** Two rules for one look: both sides in two columns, pair by pair, and the rule asked for. */

import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { pictureUrl } from "@/api/here";
import { imageQuery } from "@/api/queries";
import { useHere } from "@/app/here";
import { type ClassStyle, styleOf } from "@/canvas/palette";
import { Shot } from "@/canvas/Shot";
import type { CanvasShape } from "@/canvas/shapes/shape";
import { ClassChip } from "@/ui/ClassChip";
import { percent } from "@/ui/figures";
import { Key } from "@/ui/Key";
import { findings } from "@/words/findings";
import classes from "./GroupView.module.css";
import type { GroupEvidence, GroupSide, GroupThing } from "./group";

const words = findings.group;
const MOST_PAIRS = 24;

interface GroupViewProps {
  group: GroupEvidence;
  styles: readonly ClassStyle[];
  off: boolean;
  settle: (label: string, rule: string) => void;
  keep: () => void;
}

export function GroupView({ group, styles, off, settle, keep }: GroupViewProps) {
  const [rule, setRule] = useState("");
  const { project } = useHere();
  const [one, two] = group.sides;
  const { value, low, high } = group.difference;
  const points = (share: number) => (100 * share).toFixed(0);
  return (
    <div className={classes.view}>
      <h2 className={classes.question}>{words.question(one.label, two.label)}</h2>
      <p className={classes.told}>
        {words.alike(group.alike, group.column)}.{" "}
        {words.apart(points(value), points(low), points(high))}
      </p>
      <div className={classes.columns}>
        {group.sides.map((side, n) => (
          <SideHead key={side.condition} side={side} styles={styles} place={n} />
        ))}
        {group.pairs.slice(0, MOST_PAIRS).flatMap((pair, n) =>
          pair.map((thing, side) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: pairs keep their order
            <Thing key={`${n} ${side}`} thing={thing} styles={styles} />
          )),
        )}
      </div>
      <div className={classes.decide}>
        <TextInput
          label={words.rule}
          description={words.ruleHint}
          placeholder={words.rulePlaceholder}
          value={rule}
          maxLength={500}
          disabled={off}
          onChange={(event) => setRule(event.currentTarget.value)}
        />
        <div className={classes.buttons}>
          {group.sides.map((side, n) => (
            <Button
              key={side.label}
              variant="default"
              disabled={off}
              rightSection={<Key>{String(n + 1)}</Key>}
              onClick={() => settle(side.label, rule.trim())}
            >
              {findings.decide.side(side.label)}
            </Button>
          ))}
          <Button variant="default" disabled={off} rightSection={<Key>K</Key>} onClick={keep}>
            {findings.decide.keepGroup}
          </Button>
          <Link
            className={classes.link}
            to="/p/$project/book"
            params={{ project }}
            search={{ class: one.label }}
          >
            {words.toBook}
          </Link>
        </div>
      </div>
    </div>
  );
}

interface SideHeadProps {
  side: GroupSide;
  styles: readonly ClassStyle[];
  place: number;
}

function SideHead({ side, styles }: SideHeadProps) {
  return (
    <div className={classes.side}>
      <p className={classes.condition}>{side.condition}</p>
      <ClassChip name={side.label} color={styleOf(styles, side.label)} />
      <span className={classes.quiet}>
        {words.share(side.votes, side.total)}
        {side.total > 0 ? ` (${percent(side.votes / side.total)} %)` : ""}
      </span>
    </div>
  );
}

function Thing({ thing, styles }: { thing: GroupThing; styles: readonly ClassStyle[] }) {
  const here = useHere();
  const card = useQuery(imageQuery(here, thing.sha256)).data?.card;
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = thing.box_xyxy ?? [];
  const shapes: CanvasShape[] = thing.box_xyxy
    ? [{ kind: "box", label: thing.label, xyxy: [x1, y1, x2, y2] }]
    : [];
  return (
    <figure className={classes.thing}>
      {card ? (
        <Shot
          url={(side) => pictureUrl(here, thing.sha256, side)}
          size={[card.width, card.height]}
          label={words.by(thing.labeler, thing.label)}
          styles={styles}
          shapes={shapes}
          focus={thing.box_xyxy ? [x1, y1, x2, y2] : null}
          ratio={16 / 10}
          width={360}
        />
      ) : (
        <div className={classes.blank} />
      )}
      <figcaption>{words.by(thing.labeler, thing.label)}</figcaption>
    </figure>
  );
}
